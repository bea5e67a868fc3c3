/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tools/ctl/tls_names and tls_store: what a certificate is for, and its files, whole or not at all. */
#include <errno.h>
#include <stdbool.h>
#include <strings.h>
#include <sys/stat.h>

#include "folder.h"

#include "tools/ctl/tls_names.h"
#include "tools/ctl/tls_store.h"

/* --- names --- */

static void
names_and_addresses_are_told_apart_and_kept_once(void **state)
{
	struct tls_names names = { .count = 0 };

	(void)state;
	assert_int_equal(tls_names_add(&names, "Pi.Home.Arpa."), STATUS_OK);
	assert_int_equal(tls_names_add(&names, "pi.home.arpa"), STATUS_OK);
	assert_int_equal(tls_names_add(&names, "192.0.2.1"), STATUS_OK);
	assert_int_equal(tls_names_add(&names, "2001:DB8::0:1"), STATUS_OK);
	assert_int_equal(tls_names_add(&names, "2001:db8::1"), STATUS_OK);
	assert_int_equal(tls_names_add(&names, "*.lab.home.arpa"), STATUS_OK);
	assert_int_equal(tls_names_add(&names, "my_host"), STATUS_OK);
	assert_int_equal(names.count, 5);
	assert_string_equal(names.names[0].text, "pi.home.arpa");
	assert_int_equal(names.names[0].address.family, 0);
	assert_string_equal(names.names[1].text, "192.0.2.1");
	assert_int_equal(names.names[1].address.family, 4);
	assert_string_equal(names.names[2].text, "2001:db8::1");
	assert_int_equal(names.names[2].address.family, 6);
	assert_string_equal(names.names[3].text, "*.lab.home.arpa");
}

static void
what_is_neither_a_name_nor_an_address_is_malformed(void **state)
{
	static const char *const texts[] = { "", ".", "..", "a b", "a..b", "*", "*.", "a.*.b", "-a",
		"192.0.2", "192.0.2.256", "b\xc3\xbc.home.arpa", "http://pi", "pi:8053", "a/b",
		"::g", "a\n" };
	static char longest[300];
	struct tls_names names = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (tls_names_add(&names, texts[i]) != STATUS_MALFORMED)
			fail_msg("\"%s\" was taken", texts[i]);
	}
	memset(longest, 'a', sizeof(longest) - 1);
	assert_int_equal(tls_names_add(&names, longest), STATUS_MALFORMED);
	assert_int_equal(names.count, 0);
}

static void
there_is_a_ceiling(void **state)
{
	struct tls_names names = { .count = 0 };
	char text[16];

	(void)state;
	for (int i = 0; i < TLS_NAMES_MAX; i++) {
		(void)snprintf(text, sizeof(text), "n%d", i);
		assert_int_equal(tls_names_add(&names, text), STATUS_OK);
	}
	assert_int_equal(tls_names_add(&names, "one-more"), STATUS_TOO_LARGE);
	assert_int_equal(tls_names_add(&names, "n3"), STATUS_OK);
}

static void
a_machine_is_called_by_its_host_name_alone_and_in_the_zone(void **state)
{
	struct tls_names names = { .count = 0 };
	char host[256];
	char full[512];
	bool has_host = false;
	bool has_full = false;

	(void)state;
	assert_int_equal(gethostname(host, sizeof(host)), 0);
	host[strcspn(host, ".")] = '\0';
	(void)snprintf(full, sizeof(full), "%s.lab.example", host);
	tls_names_add_machine(&names, "lab.example");
	for (size_t i = 0; i < names.count; i++) {
		has_host = has_host || strcasecmp(names.names[i].text, host) == 0;
		has_full = has_full || strcasecmp(names.names[i].text, full) == 0;
		assert_string_not_equal(names.names[i].text, "127.0.0.1");
		assert_string_not_equal(names.names[i].text, "::1");
		assert_int_not_equal(strncmp(names.names[i].text, "fe80:", 5), 0);
	}
	assert_true(has_host);
	assert_true(has_full);
}

static void
a_machine_calls_itself_by_its_loopback_names(void **state)
{
	struct tls_names names = { .count = 0 };

	(void)state;
	assert_int_equal(tls_names_add(&names, "localhost"), STATUS_OK);
	tls_names_add_loopback(&names);
	assert_int_equal(names.count, 3);
	assert_string_equal(names.names[1].text, "127.0.0.1");
	assert_int_equal(names.names[1].address.family, 4);
	assert_string_equal(names.names[2].text, "::1");
	assert_int_equal(names.names[2].address.family, 6);
}

/* --- files --- */

static struct folder folder;
static char problem[TLS_STORE_PROBLEM_MAX];

static int
set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	problem[0] = '\0';
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	folder_remove(&folder);
	return 0;
}

static void
both_files_are_written_and_the_key_is_closed_to_others(void **state)
{
	mode_t before = umask(0);

	(void)state;
	assert_int_equal(tls_store_write(folder.path, "certificate", "key", false, problem),
	    STATUS_OK);
	(void)umask(before);
	folder_expect(&folder, TLS_CERTIFICATE_FILE, "certificate");
	folder_expect(&folder, TLS_KEY_FILE, "key");
	assert_int_equal(folder_mode(&folder, TLS_CERTIFICATE_FILE), 0644);
	assert_int_equal(folder_mode(&folder, TLS_KEY_FILE) & 0137, 0);
	assert_int_equal(folder_mode(&folder, TLS_KEY_FILE) & 0600, 0600);
	assert_int_equal(folder_count(&folder), 2);
}

static void
the_folder_is_made_but_not_its_parents(void **state)
{
	char path[PATH_MAX];
	struct stat about;

	(void)state;
	assert_int_equal(tls_store_write(folder_entry(&folder, "tls", path), "c", "k", false,
			     problem),
	    STATUS_OK);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0755);
	assert_int_equal(tls_store_write(folder_entry(&folder, "no/tls", path), "c", "k", false,
			     problem),
	    STATUS_NOT_FOUND);
	assert_non_null(strstr(problem, "no/tls"));
}

static void
what_is_there_is_kept_unless_it_may_be_replaced(void **state)
{
	static const char *const files[] = { TLS_CERTIFICATE_FILE, TLS_KEY_FILE };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char path[PATH_MAX];

		folder_write(&folder, files[i], "mine");
		assert_true(tls_store_is_taken(folder.path, false, problem));
		assert_int_equal(tls_store_write(folder.path, "c", "k", false, problem),
		    STATUS_NAME_EXISTS);
		assert_non_null(strstr(problem, files[i]));
		assert_non_null(strstr(problem, "--force"));
		folder_expect(&folder, files[i], "mine");
		assert_int_equal(folder_count(&folder), 1);
		assert_int_equal(unlink(folder_entry(&folder, files[i], path)), 0);
	}
	folder_write(&folder, TLS_KEY_FILE, "mine");
	assert_false(tls_store_is_taken(folder.path, true, problem));
	assert_int_equal(tls_store_write(folder.path, "c", "k", true, problem), STATUS_OK);
	folder_expect(&folder, TLS_KEY_FILE, "k");
	assert_int_equal(folder_mode(&folder, TLS_KEY_FILE) & 0007, 0);
	assert_int_equal(folder_count(&folder), 2);
}

static void
a_link_is_replaced_and_not_followed(void **state)
{
	char target[PATH_MAX];
	char path[PATH_MAX];

	(void)state;
	folder_write(&folder, "precious", "precious");
	assert_int_equal(symlink(folder_entry(&folder, "precious", target),
			     folder_entry(&folder, TLS_KEY_FILE, path)),
	    0);
	assert_int_equal(tls_store_write(folder.path, "c", "k", false, problem),
	    STATUS_NAME_EXISTS);
	assert_int_equal(tls_store_write(folder.path, "c", "k", true, problem), STATUS_OK);
	folder_expect(&folder, "precious", "precious");
	folder_expect(&folder, TLS_KEY_FILE, "k");
	(void)folder_mode(&folder, TLS_KEY_FILE);
}

static void
a_folder_that_others_may_write_is_refused_with_the_mend(void **state)
{
	(void)state;
	assert_int_equal(chmod(folder.path, 0777), 0);
	assert_int_equal(tls_store_write(folder.path, "c", "k", false, problem), STATUS_REFUSED);
	assert_non_null(strstr(problem, "chmod go-w"));
	assert_int_equal(folder_count(&folder), 0);
}

int
main(void)
{
#define FILES(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_addresses_are_told_apart_and_kept_once),
		cmocka_unit_test(what_is_neither_a_name_nor_an_address_is_malformed),
		cmocka_unit_test(there_is_a_ceiling),
		cmocka_unit_test(a_machine_is_called_by_its_host_name_alone_and_in_the_zone),
		cmocka_unit_test(a_machine_calls_itself_by_its_loopback_names),
		FILES(both_files_are_written_and_the_key_is_closed_to_others),
		FILES(the_folder_is_made_but_not_its_parents),
		FILES(what_is_there_is_kept_unless_it_may_be_replaced),
		FILES(a_link_is_replaced_and_not_followed),
		FILES(a_folder_that_others_may_write_is_refused_with_the_mend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
