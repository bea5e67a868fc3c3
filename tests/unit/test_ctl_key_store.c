/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tools/ctl/key_store: key files are never replaced by a new key, and changed whole or not at all.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "folder.h"

#include "tools/ctl/key_store.h"

static struct folder folder;
static char problem[KEY_STORE_PROBLEM_MAX];

static int
set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	folder_remove(&folder);
	return 0;
}

static enum status
add(const char *name, const char *content)
{
	struct buffer text;
	enum status status;

	buffer_init(&text, KEY_FILE_MAX);
	assert_int_equal(buffer_append_text(&text, content), STATUS_OK);
	status = key_store_add(folder.path, name, &text, problem);
	buffer_release(&text);
	return status;
}

static enum status
replace(const struct key_place *place, const char *content)
{
	struct buffer text;
	enum status status;

	buffer_init(&text, KEY_FILE_MAX);
	assert_int_equal(buffer_append_text(&text, content), STATUS_OK);
	status = key_store_replace(place, &text, problem);
	buffer_release(&text);
	return status;
}

static void
a_new_file_is_for_its_owner_and_group_whatever_the_umask(void **state)
{
	mode_t before = umask(0);

	(void)state;
	assert_int_equal(add("laptop", "key \"laptop\" {}\n"), STATUS_OK);
	(void)umask(0777);
	assert_int_equal(add("nas", "key \"nas\" {}\n"), STATUS_OK);
	(void)umask(before);
	assert_int_equal(folder_mode(&folder, "laptop.conf"), 0640);
	assert_int_equal(folder_mode(&folder, "nas.conf"), 0640);
	folder_expect(&folder, "laptop.conf", "key \"laptop\" {}\n");
	assert_int_equal(folder_count(&folder), 2);
}

static void
a_file_that_is_there_is_never_replaced(void **state)
{
	(void)state;
	folder_write(&folder, "laptop.conf", "mine");
	assert_int_equal(add("laptop", "key \"laptop\" {}\n"), STATUS_NAME_EXISTS);
	assert_non_null(strstr(problem, "laptop.conf is there already"));
	folder_expect(&folder, "laptop.conf", "mine");
	assert_int_equal(folder_count(&folder), 1);
}

static void
a_link_that_leads_nowhere_is_not_followed(void **state)
{
	char path[PATH_MAX];

	(void)state;
	assert_int_equal(symlink("elsewhere", folder_entry(&folder, "laptop.conf", path)), 0);
	assert_int_equal(add("laptop", "key \"laptop\" {}\n"), STATUS_NAME_EXISTS);
	assert_int_equal(access(folder_entry(&folder, "elsewhere", path), F_OK), -1);
}

static void
a_link_to_a_key_is_no_key_of_the_folder(void **state)
{
	struct key_place place;
	char path[PATH_MAX];

	(void)state;
	folder_write(&folder, "elsewhere", "key \"laptop\" { secret = \"AAAA\" }\n");
	assert_int_equal(symlink("elsewhere", folder_entry(&folder, "laptop.conf", path)), 0);
	assert_int_equal(key_store_find(folder.path, "laptop", &place, problem), STATUS_REFUSED);
	assert_non_null(strstr(problem, "laptop.conf is no plain file"));
	assert_int_equal(place.text.length, 0);
	key_place_release(&place);
}

static void
a_folder_that_others_may_write_is_not_safe(void **state)
{
	(void)state;
	assert_true(key_store_is_safe(folder.path));
	assert_int_equal(chmod(folder.path, 0770), 0);
	assert_false(key_store_is_safe(folder.path));
	assert_int_equal(chmod(folder.path, 0702), 0);
	assert_false(key_store_is_safe(folder.path));
	assert_int_equal(chmod(folder.path, 0700), 0);
}

static void
a_missing_folder_is_told_with_the_command_that_makes_it(void **state)
{
	struct buffer text;

	(void)state;
	buffer_init(&text, KEY_FILE_MAX);
	assert_int_equal(key_store_add("/nowhere/keys.d", "laptop", &text, problem),
	    STATUS_NOT_FOUND);
	assert_non_null(strstr(problem, "install -d"));
	buffer_release(&text);
}

static void
a_key_is_found_in_a_file_of_another_name(void **state)
{
	struct key_place place = { 0 };

	(void)state;
	folder_write(&folder, "a.conf", "key \"one\" {}\nkey \"laptop\" { secret = \"x\" }\n");
	folder_write(&folder, "b.txt", "key \"laptop\" {}\n");
	assert_int_equal(key_store_find(folder.path, "laptop", &place, problem), STATUS_OK);
	assert_non_null(strstr(place.path, "/a.conf"));
	assert_string_equal(place.found.secret, "x");
	key_place_release(&place);
	assert_int_equal(key_store_find(folder.path, "nas", &place, problem), STATUS_NOT_FOUND);
	assert_non_null(strstr(problem, "nas"));
	key_place_release(&place);
}

static void
the_reason_why_its_own_file_is_not_understood_is_told(void **state)
{
	struct key_place place = { 0 };

	(void)state;
	folder_write(&folder, "laptop.conf", "key \"laptop\" { secret = \"hidden\n");
	assert_int_equal(key_store_find(folder.path, "laptop", &place, problem), STATUS_MALFORMED);
	assert_non_null(strstr(problem, "line 1"));
	assert_null(strstr(problem, "hidden"));
	key_place_release(&place);
}

static void
a_changed_file_keeps_its_mode_and_leaves_no_other(void **state)
{
	struct key_place place = { 0 };
	char path[PATH_MAX];

	(void)state;
	folder_write(&folder, "laptop.conf", "key \"laptop\" {}\n");
	assert_int_equal(chmod(folder_entry(&folder, "laptop.conf", path), 0600), 0);
	assert_int_equal(key_store_find(folder.path, "laptop", &place, problem), STATUS_OK);
	assert_int_equal(replace(&place, "new"), STATUS_OK);
	folder_expect(&folder, "laptop.conf", "new");
	assert_int_equal(folder_mode(&folder, "laptop.conf"), 0600);
	assert_int_equal(folder_count(&folder), 1);
	key_place_release(&place);
}

static void
a_file_that_somebody_changed_meanwhile_is_neither_replaced_nor_removed(void **state)
{
	struct key_place place = { 0 };

	(void)state;
	folder_write(&folder, "laptop.conf", "key \"laptop\" {}\n");
	assert_int_equal(key_store_find(folder.path, "laptop", &place, problem), STATUS_OK);
	folder_write(&folder, "laptop.conf", "key \"laptop\" {} # by hand\n");
	assert_int_equal(replace(&place, "new"), STATUS_REFUSED);
	assert_int_equal(key_store_remove(&place, problem), STATUS_REFUSED);
	assert_non_null(strstr(problem, "changed meanwhile"));
	folder_expect(&folder, "laptop.conf", "key \"laptop\" {} # by hand\n");
	assert_int_equal(folder_count(&folder), 1);
	key_place_release(&place);
}

static enum status
find_made(const char *path, const char *name)
{
	struct key_place place = { 0 };
	enum status status = key_store_find_made(path, name, &place, problem);

	key_place_release(&place);
	return status;
}

static void
what_the_daemon_may_write_is_not_followed_anywhere(void **state)
{
	static const char text[] = "key \"laptop\" { secret = \"x\" }\n";
	struct key_place place = { 0 };
	struct buffer read;
	char path[PATH_MAX];
	char other[PATH_MAX];

	(void)state;
	folder_write(&folder, "laptop.conf", text);
	assert_int_equal(key_store_find_made(folder.path, "laptop", &place, problem), STATUS_OK);
	assert_int_equal(replace(&place, text), STATUS_OK);
	key_place_release(&place);
	/* A second name: of whose file? */
	assert_int_equal(link(folder_entry(&folder, "laptop.conf", path),
			     folder_entry(&folder, "elsewhere", other)),
	    0);
	assert_int_equal(find_made(folder.path, "laptop"), STATUS_REFUSED);
	assert_non_null(strstr(problem, "laptop.conf is no plain file"));
	buffer_init(&read, KEY_FILE_MAX);
	assert_int_equal(key_store_read_made(path, &read), STATUS_REFUSED);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(key_store_read_made(path, &read), STATUS_OK);
	assert_memory_equal(read.data, text, sizeof(text) - 1);
	buffer_release(&read);
	/* A link, and something that would keep us waiting. */
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_int_equal(find_made(folder.path, "laptop"), STATUS_REFUSED);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(find_made(folder.path, "laptop"), STATUS_REFUSED);
	assert_int_equal(find_made(folder.path, "nas"), STATUS_NOT_FOUND);
}

static void
a_folder_that_is_a_link_is_not_the_daemons(void **state)
{
	char path[PATH_MAX];

	(void)state;
	folder_write(&folder, "laptop.conf", "key \"laptop\" { secret = \"x\" }\n");
	assert_int_equal(symlink(".", folder_entry(&folder, "made", path)), 0);
	assert_int_equal(find_made(path, "laptop"), STATUS_NOT_FOUND);
	/* An administrator's own folder may be one. */
	assert_int_equal(find_made(folder.path, "laptop"), STATUS_OK);
}

static void
a_file_of_somebody_else_in_the_daemons_folder_is_refused(void **state)
{
	char path[PATH_MAX];

	(void)state;
	if (geteuid() != 0)
		skip();
	folder_write(&folder, "laptop.conf", "key \"laptop\" { secret = \"x\" }\n");
	assert_int_equal(chown(folder.path, 1, 1), 0);
	assert_int_equal(find_made(folder.path, "laptop"), STATUS_OK);
	assert_int_equal(chown(folder_entry(&folder, "laptop.conf", path), 1, 1), 0);
	assert_int_equal(find_made(folder.path, "laptop"), STATUS_OK);
	assert_int_equal(chown(path, 2, 1), 0);
	assert_int_equal(find_made(folder.path, "laptop"), STATUS_REFUSED);
}

static void
a_change_goes_where_the_file_was_read(void **state)
{
	struct key_place place = { 0 };
	char made[PATH_MAX];
	char moved[PATH_MAX];
	char other[PATH_MAX];
	static const char text[] = "key \"laptop\" { secret = \"x\" }\n";

	(void)state;
	assert_int_equal(mkdir(folder_entry(&folder, "made", made), 0700), 0);
	assert_int_equal(mkdir(folder_entry(&folder, "other", other), 0700), 0);
	folder_write(&folder, "made/laptop.conf", text);
	folder_write(&folder, "other/laptop.conf", "another's\n");
	assert_int_equal(key_store_find_made(made, "laptop", &place, problem), STATUS_OK);
	/* Whoever has the folder puts another in its place. */
	assert_int_equal(rename(made, folder_entry(&folder, "moved", moved)), 0);
	assert_int_equal(symlink("other", made), 0);
	assert_int_equal(replace(&place, "new"), STATUS_OK);
	folder_expect(&folder, "moved/laptop.conf", "new");
	folder_expect(&folder, "other/laptop.conf", "another's\n");
	key_place_release(&place);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_new_file_is_for_its_owner_and_group_whatever_the_umask),
		TEST(a_file_that_is_there_is_never_replaced),
		TEST(a_link_that_leads_nowhere_is_not_followed),
		TEST(a_link_to_a_key_is_no_key_of_the_folder),
		TEST(a_folder_that_others_may_write_is_not_safe),
		TEST(a_missing_folder_is_told_with_the_command_that_makes_it),
		TEST(a_key_is_found_in_a_file_of_another_name),
		TEST(the_reason_why_its_own_file_is_not_understood_is_told),
		TEST(a_changed_file_keeps_its_mode_and_leaves_no_other),
		TEST(a_file_that_somebody_changed_meanwhile_is_neither_replaced_nor_removed),
		TEST(what_the_daemon_may_write_is_not_followed_anywhere),
		TEST(a_folder_that_is_a_link_is_not_the_daemons),
		TEST(a_file_of_somebody_else_in_the_daemons_folder_is_refused),
		TEST(a_change_goes_where_the_file_was_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
