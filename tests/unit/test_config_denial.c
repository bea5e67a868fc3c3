/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config/denial: what is said to whom of a file that may not be read. Real files, invented accounts. */
/* LDWRAP: geteuid getegid getpwuid getpwnam getgrgid group_member */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "folder.h"

#include "config/denial.h"

enum { OUR_UID = 1234, OUR_GID = 1235, OTHER_GID = 77, NOBODY = 65534 };

static struct folder folder;
static bool is_in_every_group;

uid_t __real_geteuid(void);
uid_t __wrap_geteuid(void);
uid_t
__wrap_geteuid(void)
{
	return OUR_UID;
}

gid_t __wrap_getegid(void);
gid_t
__wrap_getegid(void)
{
	return OUR_GID;
}

struct passwd *__wrap_getpwuid(uid_t uid);
struct passwd *
__wrap_getpwuid(uid_t uid)
{
	static char name[] = "pi";
	static struct passwd ours = { .pw_name = name };

	return uid == OUR_UID ? &ours : NULL;
}

struct passwd *__wrap_getpwnam(const char *name);
struct passwd *
__wrap_getpwnam(const char *name)
{
	static struct passwd other = { .pw_gid = OTHER_GID };

	return strcmp(name, "ddnsd") == 0 ? &other : NULL;
}

struct group *__wrap_getgrgid(gid_t gid);
struct group *
__wrap_getgrgid(gid_t gid)
{
	static char our_name[] = "pi-group";
	static char other_name[] = "keepers";
	static struct group ours = { .gr_name = our_name };
	static struct group other = { .gr_name = other_name };

	return gid == OUR_GID ? &ours : &other;
}

int __wrap_group_member(gid_t gid);
int
__wrap_group_member(gid_t gid)
{
	(void)gid;
	return is_in_every_group ? 1 : 0;
}

/* FOLDER/keys.d/a.conf, of a group that is not root's. */
static void
make_files(mode_t folder_mode, mode_t file_mode)
{
	char path[PATH_MAX];

	folder_make(&folder);
	assert_int_equal(chmod(folder.path, 0755), 0);
	assert_int_equal(mkdir(folder_entry(&folder, "keys.d", path), 0700), 0);
	folder_write(&folder, "keys.d/a.conf", "");
	(void)folder_entry(&folder, "keys.d/a.conf", path);
	if (__real_geteuid() == 0)
		assert_int_equal(chown(path, 0, OTHER_GID), 0);
	assert_int_equal(chmod(path, file_mode), 0);
	(void)folder_entry(&folder, "keys.d", path);
	if (__real_geteuid() == 0)
		assert_int_equal(chown(path, 0, OTHER_GID), 0);
	assert_int_equal(chmod(path, folder_mode), 0);
}

static void
remove_files(void)
{
	char path[PATH_MAX];

	assert_int_equal(chmod(folder_entry(&folder, "keys.d", path), 0700), 0);
	folder_remove(&folder);
}

/* What is said of FOLDER/name; the folder's path becomes "@". */
static void
expect_denial(const char *name, bool is_folder, const char *user, const char *group,
    const char *expected)
{
	size_t length = strlen(folder.path);
	char text[CONFIG_DENIAL_MAX];
	char path[PATH_MAX];

	config_denial(folder_entry(&folder, name, path), is_folder, user, group, text);
	for (char *at = strstr(text, folder.path); at != NULL; at = strstr(at, folder.path)) {
		*at = '@';
		memmove(at + 1, at + length, strlen(at + length) + 1);
	}
	assert_string_equal(text, expected);
}

static void
a_file_that_is_closed_to_all_is_to_be_given_to_the_group_that_ddnsd_has(void **state)
{
	(void)state;
	make_files(0755, 0600);
	is_in_every_group = false;
	expect_denial("keys.d/a.conf", false, "", "",
	    " for the user \"pi\"; run: chown root:pi-group @/keys.d/a.conf && chmod 640 "
	    "@/keys.d/a.conf");
	expect_denial("keys.d/a.conf", false, "ddnsd", "",
	    " for the user \"pi\"; run: chown root:keepers @/keys.d/a.conf && chmod 640 "
	    "@/keys.d/a.conf");
	expect_denial("keys.d/a.conf", false, "ddnsd", "dns",
	    " for the user \"pi\"; run: chown root:dns @/keys.d/a.conf && chmod 640 "
	    "@/keys.d/a.conf");
	remove_files();
}

static void
a_folder_that_cannot_be_listed_is_to_be_opened_for_that_group(void **state)
{
	(void)state;
	make_files(0710, 0600);
	is_in_every_group = false;
	expect_denial("keys.d", true, "", "dns",
	    " for the user \"pi\"; run: chgrp dns @/keys.d && chmod g+rx @/keys.d");
	remove_files();
}

static void
what_its_group_may_read_is_right_and_the_user_is_not(void **state)
{
	(void)state;
	make_files(0750, 0640);
	is_in_every_group = false;
	expect_denial("keys.d/a.conf", false, "", "",
	    " for the user \"pi\"; @/keys.d/a.conf is for the group \"keepers\": run ddnsd as a "
	    "user in it");
	expect_denial("keys.d", true, "", "",
	    " for the user \"pi\"; @/keys.d is for the group \"keepers\": run ddnsd as a user in "
	    "it");
	is_in_every_group = true;
	expect_denial("keys.d/a.conf", false, "", "",
	    " for the user \"pi\"; run: chown root:pi-group @/keys.d/a.conf && chmod 640 "
	    "@/keys.d/a.conf");
	remove_files();
}

static void
a_folder_on_the_way_is_named_when_it_is_what_keeps_us_out(void **state)
{
	bool is_root = __real_geteuid() == 0;

	(void)state;
	make_files(0, 0640);
	is_in_every_group = false;
	if (is_root)
		assert_int_equal(seteuid(NOBODY), 0);
	expect_denial("keys.d/a.conf", false, "", "",
	    " for the user \"pi\"; run: chgrp pi-group @/keys.d && chmod g+rx @/keys.d");
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	remove_files();

	make_files(0710, 0640);
	if (is_root) {
		assert_int_equal(seteuid(NOBODY), 0);
		expect_denial("keys.d/a.conf", false, "", "",
		    " for the user \"pi\"; @/keys.d is for the group \"keepers\": run ddnsd as a "
		    "user in it");
		assert_int_equal(seteuid(0), 0);
	}
	remove_files();
}

static void
a_file_that_is_gone_meanwhile_is_still_told_of(void **state)
{
	(void)state;
	folder_make(&folder);
	is_in_every_group = false;
	expect_denial("a.conf", false, "", "dns",
	    " for the user \"pi\"; run: chown root:dns @/a.conf && chmod 640 @/a.conf");
	folder_remove(&folder);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_file_that_is_closed_to_all_is_to_be_given_to_the_group_that_ddnsd_has),
		cmocka_unit_test(a_folder_that_cannot_be_listed_is_to_be_opened_for_that_group),
		cmocka_unit_test(what_its_group_may_read_is_right_and_the_user_is_not),
		cmocka_unit_test(a_folder_on_the_way_is_named_when_it_is_what_keeps_us_out),
		cmocka_unit_test(a_file_that_is_gone_meanwhile_is_still_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
