/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config: files, their modes, the key folder, the file that is shipped, and memory that runs out. */
/* LDWRAP: malloc calloc realloc reallocarray strdup strndup */
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_reading.h"
#include "folder.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define KEY(name) "key \"" name "\" { secret = \"" SECRET "\" allow = {\"self A\"} }\n"

struct place {
	struct folder folder;
	char main_file[PATH_MAX];
};

/* A folder with ddnsd.conf (FRAME and this text behind it, mode 0600) and keys.d, but no made.d. */
static void
place_make(struct place *place, const char *text)
{
	char keys[PATH_MAX];
	char content[8192];

	folder_make(&place->folder);
	assert_int_equal(mkdir(folder_entry(&place->folder, "keys.d", keys), 0750), 0);
	(void)snprintf(content, sizeof(content),
	    FRAME "keys-directory = \"%s\" made-keys-directory = \"%s/made.d\"\n%s", keys,
	    place->folder.path, text);
	folder_write(&place->folder, "ddnsd.conf", content);
	assert_int_equal(chmod(folder_entry(&place->folder, "ddnsd.conf", place->main_file), 0600),
	    0);
}

static void
place_remove(struct place *place)
{
	folder_remove(&place->folder);
}

static void
set_mode(const struct place *place, const char *name, mode_t mode)
{
	char path[PATH_MAX];

	assert_int_equal(chmod(folder_entry(&place->folder, name, path), mode), 0);
}

static void
write_key_file(const struct place *place, const char *name, const char *text)
{
	folder_write(&place->folder, name, text);
	set_mode(place, name, 0640);
}

/* Reads ddnsd.conf; in the errors and warnings the folder's path becomes "@". */
static void
place_read(const struct place *place, struct reading *reading)
{
	const char *path = place->folder.path;
	struct buffer *const texts[] = { &reading->errors, &reading->warnings };

	reading_of_file(reading, place->main_file);
	for (size_t i = 0; i < COUNT(texts); i++) {
		char *found = strstr(texts[i]->data, path);

		for (; found != NULL; found = strstr(found, path)) {
			*found = '@';
			memmove(found + 1, found + strlen(path), strlen(found + strlen(path)) + 1);
		}
	}
}

static void
expect_place_errors(const struct place *place, const char *errors)
{
	struct reading reading;

	place_read(place, &reading);
	assert_string_equal(reading.errors.data, errors);
	assert_int_equal(reading.status, STATUS_MALFORMED);
	reading_release(&reading);
}

/* Good, with that many keys and these warnings. */
static void
expect_place_keys(const struct place *place, size_t keys, const char *warnings)
{
	struct reading reading;

	place_read(place, &reading);
	assert_string_equal(reading.errors.data, "");
	assert_string_equal(reading.warnings.data, warnings);
	assert_int_equal(keyring_count(reading.config->keyring), keys);
	assert_string_equal(reading.config->file, place->main_file);
	reading_release(&reading);
}

/* --- the key folder --- */

static void
each_file_of_the_key_folder_may_hold_keys(void **state)
{
	struct place place;

	(void)state;
	place_make(&place, KEY("main"));
	write_key_file(&place, "keys.d/a.conf", KEY("a"));
	write_key_file(&place, "keys.d/b.conf", "# two of them\n" KEY("b") KEY("c"));
	write_key_file(&place, "keys.d/empty.conf", "");
	expect_place_keys(&place, 4, "");
	place_remove(&place);
}

static void
a_missing_key_folder_is_fine(void **state)
{
	struct place place;
	char path[PATH_MAX];

	(void)state;
	place_make(&place, KEY("main"));
	assert_int_equal(rmdir(folder_entry(&place.folder, "keys.d", path)), 0);
	expect_place_keys(&place, 1, "");
	place_remove(&place);
}

static void
the_folder_of_keys_that_were_made_is_read_too(void **state)
{
	struct place place;
	char path[PATH_MAX];

	(void)state;
	place_make(&place, KEY("main"));
	assert_int_equal(mkdir(folder_entry(&place.folder, "made.d", path), 0700), 0);
	write_key_file(&place, "keys.d/a.conf", KEY("a"));
	write_key_file(&place, "made.d/b.conf", KEY("b"));
	write_key_file(&place, "made.d/.c.conf.tmp", KEY("c"));
	expect_place_keys(&place, 3, "");

	write_key_file(&place, "made.d/a.conf", "\n" KEY("A"));
	expect_place_errors(&place,
	    "@/made.d/a.conf:2: key \"A\" is given twice, first in @/keys.d/a.conf:1; keep one\n");
	set_mode(&place, "made.d", 0777);
	write_key_file(&place, "made.d/a.conf", "");
	expect_place_errors(&place,
	    "@/made.d: everybody may write to this folder of keys (mode 0777); run: chmod 700 "
	    "@/made.d\n");
	place_remove(&place);
}

/* ddnsd reads as root what its own user puts there. */
static void
a_link_among_the_keys_that_were_made_is_refused(void **state)
{
	struct place place;
	char path[PATH_MAX];

	(void)state;
	place_make(&place, KEY("main"));
	write_key_file(&place, "other", KEY("a"));
	assert_int_equal(symlink("../other", folder_entry(&place.folder, "keys.d/a.conf", path)),
	    0);
	expect_place_keys(&place, 2, "");
	assert_int_equal(mkdir(folder_entry(&place.folder, "made.d", path), 0700), 0);
	assert_int_equal(symlink("../other", folder_entry(&place.folder, "made.d/b.conf", path)),
	    0);
	expect_place_errors(&place,
	    "@/made.d/b.conf: is a symbolic link, which is not followed here; put the file itself "
	    "there\n");
	place_remove(&place);
}

static void
the_folder_of_keys_that_were_made_is_a_folder(void **state)
{
	struct place place;

	(void)state;
	place_make(&place, KEY("main"));
	folder_write(&place.folder, "made.d", "");
	expect_place_errors(&place, "@/made.d: is not a folder, as made-keys-directory must be\n");
	place_remove(&place);
}

static void
a_key_folder_that_is_no_folder_is_an_error(void **state)
{
	struct place place;
	char path[PATH_MAX];

	(void)state;
	place_make(&place, KEY("main"));
	assert_int_equal(rmdir(folder_entry(&place.folder, "keys.d", path)), 0);
	folder_write(&place.folder, "keys.d", "");
	expect_place_errors(&place, "@/keys.d: is not a folder, as keys-directory must be\n");
	place_remove(&place);
}

static void
what_editors_leave_in_the_key_folder_is_passed_by(void **state)
{
	static const char *const names[] = { "keys.d/a.conf~", "keys.d/.a.conf",
		"keys.d/.a.conf.swp", "keys.d/a.conf.tmp", "keys.d/#a.conf#", "keys.d/#a.conf",
		"keys.d/a.conf.bak", "keys.d/.conf", "keys.d/README", "keys.d/a.conf.dpkg-old" };
	struct place place;

	(void)state;
	place_make(&place, "");
	write_key_file(&place, "keys.d/a.conf", KEY("a"));
	for (size_t i = 0; i < COUNT(names); i++)
		write_key_file(&place, names[i], "not a configuration");
	expect_place_keys(&place, 1, "");
	place_remove(&place);
}

static void
a_file_that_seems_to_be_meant_for_a_key_is_warned_of(void **state)
{
	struct place place;
	char path[PATH_MAX];

	(void)state;
	place_make(&place, KEY("main"));
	write_key_file(&place, "keys.d/laptop", KEY("a"));
	write_key_file(&place, "keys.d/phone.key", KEY("b"));
	assert_int_equal(mkdir(folder_entry(&place.folder, "keys.d/old", path), 0750), 0);
	expect_place_keys(&place, 1,
	    "@/keys.d: \"laptop\" is not read, only NAME.conf files are\n"
	    "@/keys.d: \"phone.key\" is not read, only NAME.conf files are\n");
	place_remove(&place);
}

static void
a_key_file_holds_keys_only(void **state)
{
	struct place place;

	(void)state;
	place_make(&place, "");
	write_key_file(&place, "keys.d/a.conf",
	    "log = syslog\n" KEY("a") "zone \"lan\" { ttl = 3 }\n");
	expect_place_errors(&place,
	    "@/keys.d/a.conf:1: \"log\" is unknown here; allowed: key\n"
	    "@/keys.d/a.conf:3: \"zone\" is unknown here; allowed: key\n");
	place_remove(&place);
}

static void
the_same_key_in_two_files_is_told_with_both_places(void **state)
{
	struct place place;

	(void)state;
	place_make(&place, KEY("a"));
	write_key_file(&place, "keys.d/1.conf", KEY("b"));
	write_key_file(&place, "keys.d/2.conf", "\n" KEY("B") KEY("A"));
	expect_place_errors(&place,
	    "@/keys.d/2.conf:2: key \"B\" is given twice, first in @/keys.d/1.conf:1; keep one\n"
	    "@/keys.d/2.conf:3: key \"A\" is given twice, first in @/ddnsd.conf:4; keep one\n");
	place_remove(&place);
}

static void
errors_of_all_files_are_told_at_once(void **state)
{
	struct place place;

	(void)state;
	place_make(&place, "log = x");
	write_key_file(&place, "keys.d/1.conf", "key");
	write_key_file(&place, "keys.d/2.conf", "key k { }");
	write_key_file(&place, "keys.d/3.conf", "key \"");
	expect_place_errors(&place,
	    "@/ddnsd.conf:4: log: \"x\" is unknown; allowed: stderr, syslog\n"
	    "@/keys.d/1.conf:1: { is missing behind \"key\"; write: key \"NAME\" { ... }\n"
	    "@/keys.d/2.conf:1: secret: key \"k\" has none; set it to 128 bits or more in base64, as "
	    "\"head -c 32 /dev/urandom | base64\" prints\n"
	    "@/keys.d/3.conf:1: this string does not end on its line; \" is missing\n");
	place_remove(&place);
}

static void
the_name_of_a_file_forges_no_line(void **state)
{
	struct place place;

	(void)state;
	place_make(&place, "");
	write_key_file(&place, "keys.d/a\nb.conf", "x");
	expect_place_errors(&place, "@/keys.d/a?b.conf:1: = is missing behind \"x\"\n");
	place_remove(&place);
}

/* --- modes and kinds of files --- */

static void
a_key_file_that_everybody_may_read_is_an_error(void **state)
{
	struct place place;

	(void)state;
	place_make(&place, "");
	write_key_file(&place, "keys.d/a.conf", KEY("a"));
	set_mode(&place, "keys.d/a.conf", 0644);
	expect_place_errors(&place,
	    "@/keys.d/a.conf: it holds keys and everybody may read it (mode 0644); run: chmod 640 "
	    "@/keys.d/a.conf\n");
	set_mode(&place, "keys.d/a.conf", 0642);
	expect_place_errors(&place,
	    "@/keys.d/a.conf: everybody may write to it (mode 0642); run: chmod 640 "
	    "@/keys.d/a.conf\n");
	set_mode(&place, "keys.d/a.conf", 0640);
	expect_place_keys(&place, 1, "");
	place_remove(&place);
}

static void
ddnsd_conf_may_be_readable_by_everybody_unless_it_holds_keys(void **state)
{
	struct place place;

	(void)state;
	place_make(&place, "network ::1 { allow = {\"*.home.arpa\"} }");
	set_mode(&place, "ddnsd.conf", 0644);
	expect_place_keys(&place, 0, "");
	set_mode(&place, "ddnsd.conf", 0606);
	expect_place_errors(&place,
	    "@/ddnsd.conf: everybody may write to it (mode 0606); run: chmod 640 @/ddnsd.conf\n");
	place_remove(&place);

	place_make(&place, KEY("a"));
	set_mode(&place, "ddnsd.conf", 0604);
	expect_place_errors(&place,
	    "@/ddnsd.conf: it holds keys and everybody may read it (mode 0604); run: chmod 640 "
	    "@/ddnsd.conf\n");
	place_remove(&place);
}

static void
a_key_folder_that_everybody_may_write_to_is_an_error(void **state)
{
	struct place place;

	(void)state;
	place_make(&place, "");
	set_mode(&place, "keys.d", 0777);
	expect_place_errors(&place,
	    "@/keys.d: everybody may write to this folder of keys (mode 0777); run: chmod 750 "
	    "@/keys.d\n");
	place_remove(&place);
}

static void
what_is_no_regular_file_is_an_error_and_not_waited_for(void **state)
{
	struct place place;
	char path[PATH_MAX];

	(void)state;
	place_make(&place, "");
	assert_int_equal(mkdir(folder_entry(&place.folder, "keys.d/1.conf", path), 0750), 0);
	assert_int_equal(mkfifo(folder_entry(&place.folder, "keys.d/2.conf", path), 0600), 0);
	assert_int_equal(symlink("/dev/zero", folder_entry(&place.folder, "keys.d/3.conf", path)),
	    0);
	assert_int_equal(symlink("nowhere", folder_entry(&place.folder, "keys.d/4.conf", path)), 0);
	expect_place_errors(&place,
	    "@/keys.d/1.conf: is not a regular file; a text file is expected here\n"
	    "@/keys.d/2.conf: is not a regular file; a text file is expected here\n"
	    "@/keys.d/3.conf: is not a regular file; a text file is expected here\n"
	    "@/keys.d/4.conf: cannot be opened: not found\n");
	place_remove(&place);
}

static void
a_link_to_a_key_file_is_followed_and_its_own_mode_counts(void **state)
{
	struct place place;
	char path[PATH_MAX];

	(void)state;
	place_make(&place, "");
	write_key_file(&place, "elsewhere", KEY("a"));
	assert_int_equal(symlink("../elsewhere",
			     folder_entry(&place.folder, "keys.d/1.conf", path)),
	    0);
	expect_place_keys(&place, 1, "");
	set_mode(&place, "elsewhere", 0644);
	expect_place_errors(&place,
	    "@/keys.d/1.conf: it holds keys and everybody may read it (mode 0644); run: chmod 640 "
	    "@/keys.d/1.conf\n");
	place_remove(&place);
}

static void
a_file_that_is_not_there_or_a_folder_is_an_error(void **state)
{
	struct place place;

	(void)state;
	place_make(&place, "");
	(void)folder_entry(&place.folder, "other.conf", place.main_file);
	expect_place_errors(&place, "@/other.conf: cannot be opened: not found\n");
	(void)folder_entry(&place.folder, "keys.d", place.main_file);
	expect_place_errors(&place,
	    "@/keys.d: is not a regular file; a text file is expected here\n");
	place_remove(&place);
}

static void
a_file_with_a_nul_or_of_more_than_a_mebibyte_is_an_error(void **state)
{
	enum { SIZE = 1024 * 1024 + 1 };
	struct place place;
	FILE *file;

	(void)state;
	place_make(&place, "");
	file = fopen(place.main_file, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(FRAME "\0x", 1, sizeof(FRAME) + 1, file), sizeof(FRAME) + 1);
	assert_int_equal(fclose(file), 0);
	expect_place_errors(&place,
	    "@/ddnsd.conf: holds a NUL byte; a text file is expected here\n");
	assert_int_equal(truncate(place.main_file, SIZE), 0);
	expect_place_errors(&place,
	    "@/ddnsd.conf: is larger than 1048576 bytes, the most that is read\n");
	place_remove(&place);
}

static void
a_path_longer_than_any_is_an_error(void **state)
{
	char path[PATH_MAX + 1];
	struct reading reading;

	(void)state;
	memset(path, 'p', PATH_MAX);
	path[PATH_MAX] = '\0';
	reading_of_file(&reading, path);
	assert_non_null(strstr(reading.errors.data, ": longer than a path can be\n"));
	reading_release(&reading);
}

static void
other_files_in_a_hostsdir_are_warned_of(void **state)
{
	struct place place;
	char path[PATH_MAX];
	char content[8192];

	(void)state;
	place_make(&place, "");
	assert_int_equal(mkdir(folder_entry(&place.folder, "hosts", path), 0755), 0);
	folder_write(&place.folder, "hosts/ddnsd", "");
	folder_write(&place.folder, "hosts/.ddnsd.tmp", "");
	folder_write(&place.folder, "hosts/x~", "");
	folder_write(&place.folder, "keys.d/k.conf", KEY("k"));
	set_mode(&place, "keys.d/k.conf", 0600);
	(void)snprintf(content, sizeof(content),
	    FRAME "keys-directory = \"%s/keys.d\" made-keys-directory = \"\"\n"
		  "publish { mode = hostsdir file = \"%s/hosts/ddnsd\" }\n",
	    place.folder.path, place.folder.path);
	folder_write(&place.folder, "ddnsd.conf", content);
	expect_place_keys(&place, 1, "");
	folder_write(&place.folder, "hosts/other.swp", "");
	expect_place_keys(&place, 1,
	    "@/ddnsd.conf: publish: @/hosts/ also holds \"other.swp\", which dnsmasq reads as a hosts "
	    "file in mode \"hostsdir\"; give the file a folder of its own\n");
	place_remove(&place);
}

/* --- accounts and programs --- */

static void
an_account_that_does_not_exist_is_an_error(void **state)
{
	struct place place;

	(void)state;
	place_make(&place, KEY("k") "user = \"no-such-user\"\ngroup = \"no-such-group\"\n");
	expect_place_errors(&place,
	    "@/ddnsd.conf:5: user: there is no user \"no-such-user\"; run: useradd --system "
	    "no-such-user, or name one that exists\n"
	    "@/ddnsd.conf:6: group: there is no group \"no-such-group\"; run: groupadd --system "
	    "no-such-group, or name one that exists\n");
	place_remove(&place);
	place_make(&place, KEY("k") "user = \"root\" group = \"root\"");
	expect_place_keys(&place, 1, "");
	place_remove(&place);
}

/* Mode "command" with FOLDER/name, and the warning: the path, then this text. */
static void
expect_command_warning(const struct place *place, const char *name, const char *text)
{
	char content[8192];
	char warning[1024];

	(void)snprintf(content, sizeof(content),
	    FRAME "keys-directory = \"\" made-keys-directory = \"\"\n" KEY(
		"k") "publish { mode = \"command\"\n"
		     "command = \"%s/%s\" }\n",
	    place->folder.path, name);
	folder_write(&place->folder, "ddnsd.conf", content);
	(void)snprintf(warning, sizeof(warning),
	    "@/ddnsd.conf:6: command: @/%s cannot be run: %s\n", name, text);
	expect_place_keys(place, 1, text[0] != '\0' ? warning : "");
}

static void
a_command_that_cannot_be_run_is_warned_of(void **state)
{
	struct place place;

	(void)state;
	place_make(&place, "");
	expect_command_warning(&place, "missing", "not found; put the program there");
	expect_command_warning(&place, "keys.d", "it is not a file; name a program");
	folder_write(&place.folder, "tell", "#!/bin/sh\n");
	expect_command_warning(&place, "tell", "permission denied; run: chmod a+x @/tell");
	set_mode(&place, "tell", 0755);
	expect_command_warning(&place, "tell", "");
	place_remove(&place);
}

static void
a_command_that_the_mode_does_not_use_is_not_looked_for(void **state)
{
	struct place place;

	(void)state;
	place_make(&place, KEY("k") "publish { command = \"/nowhere/tell\" }");
	expect_place_keys(&place, 1, "");
	place_remove(&place);
}

/* --- the file that is shipped --- */

static void
the_shipped_file_works_as_it_is(void **state)
{
	struct reading reading;

	(void)state;
	reading_of_file(&reading, "conf/ddnsd.conf");
	assert_string_equal(reading.errors.data, "");
	assert_int_equal(reading.config->dns.listen_count, 2);
	assert_string_equal(reading.config->control.socket, "/run/ddnsd/control.sock");
	assert_string_equal(reading.config->dhcp.file, "/var/lib/misc/dnsmasq.leases");
	assert_true(reading.config->dhcp.has_zone);
	reading_release(&reading);
}

/* A line "#name = value", "#name "title" {" or "#}": an option or block that is shown. */
static bool
is_shown(const char *line)
{
	const char *name = line + 1 + strspn(line + 1, " ");
	const char *rest = name + strspn(name, "abcdefghijklmnopqrstuvwxyz-");

	return *name == '}' || (rest > name && (strncmp(rest, " = ", 3) == 0 || rest[1] == '"'));
}

/* The shipped file with the # taken away from all that it shows. */
static void
read_all_shown(char text[static 65536])
{
	FILE *file = fopen("conf/ddnsd.conf", "r");
	size_t length = 0;
	char line[512];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		char *hash = line + strspn(line, " ");

		if (*hash == '#' && is_shown(hash))
			*hash = ' ';
		/* The one option without a default that works. */
		if (strstr(line, " secret = \"\"") != NULL)
			(void)snprintf(line, sizeof(line), " secret = \"" SECRET "\"\n");
		length += (size_t)snprintf(text + length, 65536 - length, "%s", line);
		assert_true(length < 65536);
	}
	assert_int_equal(fclose(file), 0);
}

static void
the_defaults_that_the_shipped_file_shows_are_the_real_ones(void **state)
{
	static char text[65536];
	struct reading shipped;
	struct reading shown;
	struct buffer changes;

	(void)state;
	read_all_shown(text);
	reading_of_file(&shipped, "conf/ddnsd.conf");
	reading_of_text(&shown, text);
	assert_string_equal(shown.errors.data, "");
	buffer_init(&changes, 65536);
	config_describe_changes(shipped.config, shown.config, &changes);
	assert_int_equal(buffer_append(&changes, "", 1), STATUS_OK);
	assert_string_equal(changes.data,
	    "key laptop: added\nlisten http: added\nnetwork 192.168.1.0/24: added\n"
	    "peer dnsmasq: added\n"
	    "zone 1.168.192.in-addr.arpa: added\n");
	buffer_release(&changes);
	reading_release(&shown);
	reading_release(&shipped);
}

/* --- memory --- */

static long allocations_left = -1; /* until one fails; negative: none does */

static bool
fails(void)
{
	if (allocations_left < 0)
		return false;
	return allocations_left-- == 0;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *
__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
void *
__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	return fails() ? NULL : __real_reallocarray(memory, count, size);
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *
__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

char *__real_strndup(const char *text, size_t size);
char *__wrap_strndup(const char *text, size_t size);
char *
__wrap_strndup(const char *text, size_t size)
{
	return fails() ? NULL : __real_strndup(text, size);
}

static void
each_allocation_may_fail_and_is_told(void **state)
{
	struct place place;
	enum status status = STATUS_NO_MEMORY;
	long number = 0;

	(void)state;
	place_make(&place,
	    KEY("a") "network ::1 { allow = {\"*.home.arpa\"} }\n"
		     "listen http { look = {::1} hosts = {a.b} }\n"
		     "control { }\npeer a { user = root allow = {lease, \"*.home.arpa\"} }\n"
		     "leases { pins = \"02:00:00:00:00:01 a\" ignore += \"02:00:00:00:00:02\" }");
	write_key_file(&place, "keys.d/a.conf",
	    "key b { secret = \"" SECRET "\" secret-old = \"" SECRET "\" from = {::1}\n"
	    "allow = {self, look} interface-ids = {\"self ::1\"} }");
	for (; status == STATUS_NO_MEMORY; number++) {
		struct config *config = NULL;
		struct buffer errors;
		struct buffer warnings;

		/* Their memory is the caller's matter, and there beforehand. */
		buffer_init(&errors, 4096);
		buffer_init(&warnings, 4096);
		assert_int_equal(buffer_reserve(&errors, 4096), STATUS_OK);
		assert_int_equal(buffer_reserve(&warnings, 4096), STATUS_OK);
		allocations_left = number;
		status = config_load(place.main_file, &config, &errors, &warnings);
		allocations_left = -1;
		if (status == STATUS_NO_MEMORY) {
			assert_null(config);
			assert_true(errors.length > strlen("out of memory\n"));
		}
		config_free(config);
		buffer_release(&errors);
		buffer_release(&warnings);
		assert_true(number < 10000);
	}
	assert_int_equal(status, STATUS_OK);
	assert_true(number > 20);
	place_remove(&place);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_file_of_the_key_folder_may_hold_keys),
		cmocka_unit_test(a_missing_key_folder_is_fine),
		cmocka_unit_test(the_folder_of_keys_that_were_made_is_read_too),
		cmocka_unit_test(a_link_among_the_keys_that_were_made_is_refused),
		cmocka_unit_test(the_folder_of_keys_that_were_made_is_a_folder),
		cmocka_unit_test(a_key_folder_that_is_no_folder_is_an_error),
		cmocka_unit_test(what_editors_leave_in_the_key_folder_is_passed_by),
		cmocka_unit_test(a_file_that_seems_to_be_meant_for_a_key_is_warned_of),
		cmocka_unit_test(a_key_file_holds_keys_only),
		cmocka_unit_test(the_same_key_in_two_files_is_told_with_both_places),
		cmocka_unit_test(errors_of_all_files_are_told_at_once),
		cmocka_unit_test(the_name_of_a_file_forges_no_line),
		cmocka_unit_test(a_key_file_that_everybody_may_read_is_an_error),
		cmocka_unit_test(ddnsd_conf_may_be_readable_by_everybody_unless_it_holds_keys),
		cmocka_unit_test(a_key_folder_that_everybody_may_write_to_is_an_error),
		cmocka_unit_test(what_is_no_regular_file_is_an_error_and_not_waited_for),
		cmocka_unit_test(a_link_to_a_key_file_is_followed_and_its_own_mode_counts),
		cmocka_unit_test(a_file_that_is_not_there_or_a_folder_is_an_error),
		cmocka_unit_test(a_file_with_a_nul_or_of_more_than_a_mebibyte_is_an_error),
		cmocka_unit_test(a_path_longer_than_any_is_an_error),
		cmocka_unit_test(other_files_in_a_hostsdir_are_warned_of),
		cmocka_unit_test(an_account_that_does_not_exist_is_an_error),
		cmocka_unit_test(a_command_that_cannot_be_run_is_warned_of),
		cmocka_unit_test(a_command_that_the_mode_does_not_use_is_not_looked_for),
		cmocka_unit_test(the_shipped_file_works_as_it_is),
		cmocka_unit_test(the_defaults_that_the_shipped_file_shows_are_the_real_ones),
		cmocka_unit_test(each_allocation_may_fail_and_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
