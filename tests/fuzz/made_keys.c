/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads what the API has written, with the configuration's own parser. Adds nothing to the files. */
#include "made_keys.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "config.h"

#include "world.h"

enum { FILE_MAX = 65536, SECRET_MIN = 28 };

/* Its zones are those of world.c. */
static const char before[] = "zone \"home.arpa\" {}\nzone \"2.0.192.in-addr.arpa\" {}\n"
			     "zone \"" WORLD_LONG_ZONE "\" {}\nlisten \"dns\" { port = 5300 }\n";

/* --- in the place of the kernel --- */

static void
fill(uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size; i++)
		octets[i] = (uint8_t)(37 * i + 1);
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): glibc's begin with "__". */
ssize_t
getrandom(void *octets, size_t size, unsigned flags)
{
	(void)flags;
	fill(octets, size);
	return (ssize_t)size;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* --- the folder --- */

const char *
made_keys_folder(void)
{
	static char path[64];

	/* As long for each process: what is sent has lengths in it. */
	if (path[0] == '\0')
		(void)snprintf(path, sizeof(path), "%s/ddnsd-fuzz-keys-%010d",
		    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid());
	return path;
}

const char *
made_keys_secret(char text[static MADE_KEYS_SECRET_TEXT])
{
	uint8_t octets[MADE_KEYS_SECRET_SIZE];

	fill(octets, sizeof(octets));
	return base64_encode(octets, sizeof(octets), text);
}

/* Calls with each file's name. */
static void
for_each(void (*call)(const char *name, void *context), void *context)
{
	DIR *folder = opendir(made_keys_folder());
	struct dirent *entry;

	if (folder == NULL)
		return;
	while ((entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			call(entry->d_name, context);
	}
	(void)closedir(folder);
}

static void
path_of(const char *name, char path[static PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%s/%s", made_keys_folder(), name);
}

/* --- reading --- */

/* As doors say it: what stands in the file is the key, and nothing else. */
static void
check_key(const char *file, struct key *key)
{
	const struct principal *principal = key_principal(key);
	size_t length = strlen(principal->identity);

	expect(strncmp(file, principal->identity, length) == 0);
	expect(strcmp(file + length, ".conf") == 0);
	expect(!principal->is_admin && !principal->may_tell_leases);
	expect(principal->grant_count > 0 || principal->may_look);
	expect(!key_has_old_secret(key));
}

static void
add_key(struct keyring *keyring, struct key *key, const char *text)
{
	const struct principal *principal = key_principal(key);
	uint8_t secret[TSIG_SECRET_MAX];
	const char *quoted = strstr(text, "secret = \"") + strlen("secret = \"");
	char base64[BASE64_TEXT_SIZE(TSIG_SECRET_MAX)];
	struct key_options options = {
		.name_text = principal->identity,
		.name = principal->name,
		.algorithm = key_algorithm(key),
		.secret = secret,
		.grants = principal->grants,
		.grant_count = principal->grant_count,
		.sources = principal->sources,
		.source_count = principal->source_count,
		.may_look = principal->may_look,
		.updates_per_minute = 60,
		.names_max = principal->names_max,
	};

	(void)snprintf(base64, sizeof(base64), "%.*s", (int)strcspn(quoted, "\""), quoted);
	expect(base64_decode(base64, secret, sizeof(secret), &options.secret_size) == STATUS_OK);
	expect(options.secret_size >= SECRET_MIN);
	expect(keyring_find(keyring, principal->name.wire) == NULL);
	expect(keyring_add(keyring, &options) == STATUS_OK);
}

static void
load_file(const char *name, void *context)
{
	struct config *config = NULL;
	struct buffer errors;
	struct buffer text;
	char path[PATH_MAX];
	struct stat about;

	path_of(name, path);
	expect(lstat(path, &about) == 0 && S_ISREG(about.st_mode));
	expect((about.st_mode & 07777) == 0600);
	buffer_init(&text, FILE_MAX);
	buffer_init(&errors, FILE_MAX);
	(void)buffer_append_text(&text, before);
	expect(file_read(path, &text) == STATUS_OK);
	expect(buffer_append(&text, "", 1) == STATUS_OK && strlen(text.data) + 1 == text.length);
	expect(config_parse("fuzz", text.data, &config, &errors, &errors) == STATUS_OK);
	expect(keyring_count(config->keyring) == 1);
	check_key(name, keyring_next(config->keyring, NULL));
	add_key(context, keyring_next(config->keyring, NULL), text.data);
	config_free(config);
	buffer_release(&text);
	buffer_release(&errors);
}

void
made_keys_load(struct keyring *keyring)
{
	for_each(load_file, keyring);
}

static void
remove_file(const char *name, void *context)
{
	size_t length = strlen(name);
	char path[PATH_MAX];

	(void)context;
	/* No temporary file is left. */
	expect(name[0] != '.' && length > 5 && strcmp(name + length - 5, ".conf") == 0);
	path_of(name, path);
	expect(unlink(path) == 0);
}

void
made_keys_empty(void)
{
	for_each(remove_file, NULL);
	(void)rmdir(made_keys_folder());
}
