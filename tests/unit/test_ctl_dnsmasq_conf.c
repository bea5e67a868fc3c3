/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tools/ctl/dnsmasq_conf: a tree of configuration files, read as dnsmasq reads it. */
#include <stdbool.h>
#include <sys/stat.h>

#include "folder.h"

#include "tools/ctl/dnsmasq_conf.h"

static struct folder folder;
static struct dnsmasq_conf *conf;

static int
set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	conf = dnsmasq_conf_new(folder.path);
	return conf == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	dnsmasq_conf_free(conf);
	folder_remove(&folder);
	return 0;
}

static void
make_folder(const char *name)
{
	char path[PATH_MAX];

	assert_int_equal(mkdir(folder_entry(&folder, name, path), 0755), 0);
}

static void
read_text(const char *text)
{
	folder_write(&folder, "conf", text);
	assert_int_equal(dnsmasq_conf_read_file(conf, "/conf"), STATUS_OK);
}

/* The options read, as "name=value" each in a line. */
static void
expect(const char *expected)
{
	char text[4096] = "";

	for (size_t i = 0; i < dnsmasq_conf_count(conf); i++) {
		const struct dnsmasq_option *option = dnsmasq_conf_at(conf, i);
		size_t length = strlen(text);

		(void)snprintf(text + length, sizeof(text) - length, "%s=%s\n", option->name,
		    option->value);
	}
	assert_string_equal(text, expected);
}

static void
options_are_read_without_blanks_and_comments(void **state)
{
	(void)state;
	read_text("# comment\n"
		  "  domain = home.arpa  # ours\n"
		  "expand-hosts\n"
		  "\n"
		  "txt-record=a#b,c\r\n"
		  "addn-hosts=/a\\b\n"
		  "cname=\"a # b\",\"c\\\"d\"");
	expect("domain=home.arpa\nexpand-hosts=\ntxt-record=a#b,c\naddn-hosts=/a\\b\n"
	       "cname=a # b,c\"d\n");
}

static void
a_place_is_the_file_and_its_line(void **state)
{
	const struct dnsmasq_option *option;

	(void)state;
	read_text("#\n\nlocal=/home.arpa/\n");
	option = dnsmasq_conf_last(conf, "local");
	assert_non_null(option);
	assert_string_equal(option->file, "/conf");
	assert_int_equal(option->line, 3);
	assert_null(dnsmasq_conf_last(conf, "server"));
}

static void
a_folder_is_read_in_order_and_without_what_dnsmasq_skips(void **state)
{
	(void)state;
	make_folder("d");
	make_folder("d/sub.conf");
	folder_write(&folder, "d/b.conf", "port=2\n");
	folder_write(&folder, "d/a", "port=1\n");
	folder_write(&folder, "d/.hidden", "port=3\n");
	folder_write(&folder, "d/old~", "port=4\n");
	folder_write(&folder, "d/#x#", "port=5\n");
	folder_write(&folder, "d/#y", "port=6\n");
	folder_write(&folder, "d/c.dpkg-old", "port=7\n");
	assert_int_equal(dnsmasq_conf_read_folder(conf, "/d/,.dpkg-dist,.dpkg-old"), STATUS_OK);
	expect("port=6\nport=1\nport=2\n");
	assert_true(dnsmasq_conf_reads_folder(conf, "/d"));
	assert_true(dnsmasq_conf_reads_folder(conf, "/d/"));
	assert_false(dnsmasq_conf_reads_folder(conf, "/etc"));
}

static void
a_suffix_with_a_star_lets_through_only_what_has_it(void **state)
{
	(void)state;
	make_folder("d");
	folder_write(&folder, "d/a.conf", "port=1\n");
	folder_write(&folder, "d/b.conf.bak", "port=2\n");
	folder_write(&folder, "d/c", "port=3\n");
	assert_int_equal(dnsmasq_conf_read_folder(conf, "/d,*.conf"), STATUS_OK);
	expect("port=1\n");
}

static void
files_lead_to_files_and_each_is_read_once(void **state)
{
	(void)state;
	make_folder("d");
	folder_write(&folder, "d/one.conf", "conf-file=/conf\nconf-file=/two\nport=1\n");
	folder_write(&folder, "two", "port=2\nconf-dir=/d\n");
	read_text("conf-dir=/d,*.conf\nport=3\n");
	expect("conf-dir=/d,*.conf\nconf-file=/conf\nconf-file=/two\nport=2\nconf-dir=/d\nport=1\n"
	       "port=3\n");
	assert_string_equal(dnsmasq_conf_problems(conf), "");
}

static void
what_cannot_be_followed_is_told(void **state)
{
	(void)state;
	read_text("conf-file=/gone\nconf-script=/bin/true\nport=1\n");
	assert_non_null(strstr(dnsmasq_conf_problems(conf), "/gone: is not there"));
	assert_non_null(strstr(dnsmasq_conf_problems(conf), "/bin/true: a conf-script"));
	assert_non_null(dnsmasq_conf_last(conf, "port"));
}

static void
a_command_line_is_read_with_short_and_long_options(void **state)
{
	static const char arguments[] = "dnsmasq\0-kE\0-x\0/run/d.pid\0-7/d,.dpkg-old\0"
					"--addn-hosts=/hosts\0--local\0/home.arpa/\0-p\0"
					"5353\0--domain\0a.example";

	(void)state;
	make_folder("d");
	folder_write(&folder, "d/x", "port=1\n");
	folder_write(&folder, "default", "port=2\n");
	assert_int_equal(dnsmasq_conf_read_command(conf, arguments, sizeof(arguments), "/default"),
	    STATUS_OK);
	expect("k=\nexpand-hosts=\npid-file=/run/d.pid\nconf-dir=/d,.dpkg-old\nport=1\n"
	       "addn-hosts=/hosts\nlocal=/home.arpa/\nport=5353\ndomain=a.example\nport=2\n");
}

static void
a_named_configuration_file_takes_the_place_of_the_default(void **state)
{
	static const char arguments[] = "dnsmasq\0-C\0/mine";

	(void)state;
	folder_write(&folder, "mine", "port=1\n");
	folder_write(&folder, "default", "port=2\n");
	assert_int_equal(dnsmasq_conf_read_command(conf, arguments, sizeof(arguments), "/default"),
	    STATUS_OK);
	expect("conf-file=/mine\nport=1\n");
}

static void
a_default_file_that_is_missing_is_fine(void **state)
{
	static const char arguments[] = "dnsmasq";

	(void)state;
	assert_int_equal(dnsmasq_conf_read_command(conf, arguments, sizeof(arguments), "/none"),
	    STATUS_OK);
	expect("");
	assert_string_equal(dnsmasq_conf_problems(conf), "");
}

static void
paths_are_the_same_without_their_last_slash(void **state)
{
	(void)state;
	read_text("addn-hosts=/run/hosts/\n");
	assert_non_null(dnsmasq_conf_exact(conf, "addn-hosts", "/run/hosts"));
	assert_null(dnsmasq_conf_exact(conf, "addn-hosts", "/run/host"));
	assert_null(dnsmasq_conf_exact(conf, "hostsdir", "/run/hosts"));
}

static void
a_domain_is_covered_by_itself_and_by_those_above_it(void **state)
{
	const char *rest = NULL;

	(void)state;
	read_text("server=/example.com/Home.Arpa/127.0.0.1#2136\nserver=192.0.2.1\nlocal=/lan/\n");
	assert_non_null(dnsmasq_conf_domain(conf, "server", "home.arpa", &rest));
	assert_string_equal(rest, "127.0.0.1#2136");
	assert_non_null(dnsmasq_conf_domain(conf, "server", "lab.home.arpa", NULL));
	assert_null(dnsmasq_conf_domain(conf, "server", "myhome.arpa", NULL));
	assert_null(dnsmasq_conf_domain(conf, "server", "arpa", NULL));
	assert_null(dnsmasq_conf_domain(conf, "local", "home.arpa", NULL));
	assert_non_null(dnsmasq_conf_domain(conf, "local", "lan", &rest));
	assert_string_equal(rest, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(options_are_read_without_blanks_and_comments),
		TEST(a_place_is_the_file_and_its_line),
		TEST(a_folder_is_read_in_order_and_without_what_dnsmasq_skips),
		TEST(a_suffix_with_a_star_lets_through_only_what_has_it),
		TEST(files_lead_to_files_and_each_is_read_once),
		TEST(what_cannot_be_followed_is_told),
		TEST(a_command_line_is_read_with_short_and_long_options),
		TEST(a_named_configuration_file_takes_the_place_of_the_default),
		TEST(a_default_file_that_is_missing_is_fine),
		TEST(paths_are_the_same_without_their_last_slash),
		TEST(a_domain_is_covered_by_itself_and_by_those_above_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
