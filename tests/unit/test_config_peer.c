/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config: the blocks control and peer, and each thing that may be wrong with them. */
#include <grp.h>
#include <pwd.h>

#include "config_reading.h"
#include "folder.h"

#define CONTROL "control { }\n"

/* --- control --- */

static void
a_control_block_opens_the_socket_for_the_daemons_group(void **state)
{
	struct reading reading;
	const struct config *config = expect_good(&reading, FRAME "control { }");

	(void)state;
	assert_string_equal(config->control.socket, "/run/ddnsd/control.sock");
	assert_string_equal(config->control.group, "");
	assert_int_equal(config->control.mode, 0660);
	reading_release(&reading);
}

static void
a_control_block_says_where_and_for_whom(void **state)
{
	struct reading reading;
	const struct config *config = expect_good(&reading,
	    FRAME "control { socket = /s group = adm mode = 600 }");

	(void)state;
	assert_string_equal(config->control.socket, "/s");
	assert_string_equal(config->control.group, "adm");
	assert_int_equal(config->control.mode, 0600);
	reading_release(&reading);
	expect_good(&reading, FRAME "control { socket = \"\" mode = \"0640\" }");
	assert_string_equal(reading.config->control.socket, "");
	assert_int_equal(reading.config->control.mode, 0640);
	reading_release(&reading);
}

#define NOT_A_MODE(text)                                                           \
	"3: mode: \"" text                                                         \
	"\" is not a mode that is allowed here; allowed: 0600 to 0666, octal and " \
	"without x, as 0660 for the group"

static void
what_a_control_block_cannot_have_is_told(void **state)
{
	static const struct refusal table[] = {
		{ "control {\nsocket = \"control.sock\" }",
		    "4: socket: \"control.sock\" is not an absolute path; allowed: a path that begins "
		    "with /, or \"\"" },
		{ "control { socket = \"/run/ddnsd/\" }",
		    "3: socket: names a folder; allowed: the path of a socket" },
		{ "control { socket = \"/run/..\" }",
		    "3: socket: names a folder; allowed: the path of a socket" },
		{ "control { socket = \"/run/.\" }",
		    "3: socket: names a folder; allowed: the path of a socket" },
		{ "control { mode = \"\" }", NOT_A_MODE("") },
		{ "control { mode = \"rw\" }", NOT_A_MODE("rw") },
		{ "control { mode = \"0680\" }", NOT_A_MODE("0680") },
		{ "control { mode = \"0o660\" }", NOT_A_MODE("0o660") },
		{ "control { mode = \"00660\" }", NOT_A_MODE("00660") },
		{ "control { mode = \"0770\" }", NOT_A_MODE("0770") },
		{ "control { mode = \"0661\" }", NOT_A_MODE("0661") },
		{ "control { mode = \"2660\" }", NOT_A_MODE("2660") },
		{ "control { mode = \"0460\" }", NOT_A_MODE("0460") },
		{ "control { mode = \"0260\" }", NOT_A_MODE("0260") },
		{ "control { socket = s mode = 7\nname = 1 }\ncontrol { }",
		    "4: \"name\" is unknown in a block of control; allowed: socket, group, mode\n"
		    "t.conf:5: control is given twice, first in line 3; join the blocks\n"
		    "t.conf:3: socket: \"s\" is not an absolute path; allowed: a path that begins with "
		    "/, or \"\"\n"
		    "t.conf:3: mode: \"7\" is not a mode that is allowed here; allowed: 0600 to 0666, "
		    "octal and without x, as 0660 for the group" },
		{ "control \"x\" { }", "3: control takes no name; write: control { ... }" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

static void
a_path_longer_than_a_sockets_can_be_is_refused(void **state)
{
	struct reading reading;
	char text[512];

	(void)state;
	stretch(text, sizeof(text), FRAME "control { socket = /", 's', 106, " }");
	expect_good(&reading, text);
	assert_int_equal(reading.config->control.socket[106], 's');
	reading_release(&reading);
	stretch(text, sizeof(text), FRAME "control { socket = /", 's', 107, " }");
	expect_errors(text,
	    "t.conf:3: socket: 108 characters, longer than a socket's path can be; allowed: at most "
	    "107\n");
	stretch(text, sizeof(text), FRAME "control { group = ", 'g', 64, " }");
	expect_errors(text, "t.conf:3: group: longer than 63 characters\n");
}

#define GRANTED "network ::1 { allow = \"zone home.arpa\" }\n"

static void
a_socket_for_everybody_is_warned_of(void **state)
{
	(void)state;
	expect_warnings(FRAME GRANTED "control {\nmode = 0666 }",
	    "t.conf:5: mode: 0666 lets every user of this machine connect and read all names; 0660 "
	    "lets the group\n");
	expect_warnings(FRAME GRANTED "control { mode = 0602 }",
	    "t.conf:4: mode: 0602 lets every user of this machine connect and read all names; 0660 "
	    "lets the group\n");
	expect_warnings(FRAME GRANTED "control { mode = 0664 }", "");
}

/* --- peers --- */

static void
a_peer_becomes_a_principal_with_an_identity_of_its_own(void **state)
{
	struct reading reading;
	const struct config *config = expect_good(&reading,
	    FRAME CONTROL "limits { updates-per-minute = 9 names-per-key = 8 }\n"
			  "peer \"dnsmasq\" { user = dnsmasq allow = {lease} }\n"
			  "peer web_1 { group = www-data allow = {\"*.home.arpa A\", LEASE,\n"
			  "  \"nas.home.arpa\"} updates-per-minute = 0 names-per-key = 3 }\n"
			  "peer \"Chief-2\" { user = \"anna\" group = \"adm\" admin = true }\n");
	const struct peer_principal *peer = &config->peers[0];

	(void)state;
	assert_string_equal(reading.warnings.data, "");
	assert_int_equal(config->peer_count, 3);
	assert_int_equal(peer->principal.kind, PRINCIPAL_PEER);
	assert_string_equal(peer->principal.identity, "@dnsmasq");
	assert_true(peer->has_user);
	assert_false(peer->has_group);
	assert_true(peer->principal.may_tell_leases);
	assert_false(peer->principal.is_admin);
	assert_int_equal(peer->principal.grant_count, 0);
	assert_int_equal(peer->principal.source_count, 0);
	assert_int_equal(peer->principal.names_max, 8);
	assert_int_equal(peer->principal.updates.per_minute, 9);

	peer = &config->peers[1];
	assert_string_equal(peer->principal.identity, "@web_1");
	assert_false(peer->has_user);
	assert_true(peer->has_group);
	assert_true(peer->principal.may_tell_leases);
	assert_int_equal(peer->principal.grant_count, 2);
	assert_int_equal(peer->principal.grants[0].pattern, GRANT_BELOW);
	assert_int_equal(peer->principal.grants[1].pattern, GRANT_EXACT);
	assert_int_equal(peer->principal.names_max, 3);
	assert_int_equal(peer->principal.updates.per_minute, 0);

	peer = &config->peers[2];
	assert_string_equal(peer->principal.identity, "@Chief-2");
	assert_true(peer->has_user);
	assert_true(peer->has_group);
	assert_true(peer->principal.is_admin);
	assert_true(peer->principal.may_tell_leases);
	reading_release(&reading);
}

static void
without_lease_a_peer_may_not_tell_of_leases(void **state)
{
	struct reading reading;

	(void)state;
	expect_good(&reading, FRAME CONTROL "peer a { user = a allow = {\"zone home.arpa\"} }");
	assert_false(reading.config->peers[0].principal.may_tell_leases);
	reading_release(&reading);
}

static void
an_account_that_was_not_looked_up_fits_nobody(void **state)
{
	struct reading reading;

	(void)state;
	expect_good(&reading, FRAME CONTROL "peer a { user = root group = root allow = lease }");
	assert_true(reading.config->peers[0].uid == (uid_t)-1);
	assert_true(reading.config->peers[0].gid == (gid_t)-1);
	reading_release(&reading);
}

#define NOT_A_TITLE(text) \
	"3: peer \"" text "\": not a title; allowed: letters, digits, - and _, at most 63"

static void
what_a_peer_cannot_have_is_told(void **state)
{
	static const struct refusal table[] = {
		{ "peer \"\" { user = a allow = lease }", NOT_A_TITLE("") },
		{ "peer \"a b\" { user = a allow = lease }", NOT_A_TITLE("a b") },
		{ "peer \"@a\" { user = a allow = lease }", NOT_A_TITLE("@a") },
		{ "peer \"a.b\" { user = a allow = lease }", NOT_A_TITLE("a.b") },
		{ "peer { user = a }",
		    "3: peer needs a name in front of {; write: peer \"NAME\" { ... }" },
		{ "peer lease { user = a allow = lease }",
		    "3: peer \"lease\": this title is ddnsd's own; choose another, as the user's name" },
		{ "peer Admin { user = a allow = lease }",
		    "3: peer \"Admin\": this title is ddnsd's own; choose another, as the user's name" },
		{ "peer a { user = a allow = lease }\npeer b { user = b allow = lease }\n"
		  "peer A { user = c allow = lease }",
		    "5: peer \"A\" is given twice, first in line 3; keep one" },
		{ "peer a {\nallow = lease }",
		    "3: peer \"a\" is nobody; set its user, its group, or both" },
		{ "peer a { user = a allow = {\"self A\"} }",
		    "3: allow: \"self A\": self is a key's own name, and a peer has none; allowed: "
		    "lease, look, NAME, *.NAME, zone NAME" },
		{ "peer a { user = a allow = {lease,\n\"*.self\"} }",
		    "3: allow: \"*.self\": self is a key's own name, and a peer has none; allowed: "
		    "lease, look, NAME, *.NAME, zone NAME" },
		{ "peer a { user = a\nallow = {\"home.arpa b\"}\nadmin = 2\n"
		  "updates-per-minute = -2\nnames-per-key = 1000001 }",
		    "5: admin: \"2\" is neither true nor false; allowed: true, false, yes, no, on, off\n"
		    "t.conf:4: allow: \"home.arpa b\": the type is unknown; write its name, TYPE and a "
		    "number, or ANY\n"
		    "t.conf:6: updates-per-minute: -2 is not allowed; allowed: -1 to 1000000\n"
		    "t.conf:7: names-per-key: 1000001 is not allowed; allowed: -1 to 1000000" },
	};
	char text[512];
	char errors[512];

	(void)state;
	EXPECT_REFUSALS(table);
	stretch(text, sizeof(text), FRAME "peer ", 't', 64, " { user = a allow = lease }");
	stretch(errors, sizeof(errors), "t.conf:3: peer \"", 't', 64,
	    "\": not a title; allowed: letters, digits, - and _, at most 63\n");
	expect_errors(text, errors);
	stretch(text, sizeof(text), FRAME "peer a { user = ", 'u', 64, " allow = lease }");
	expect_errors(text, "t.conf:3: user: longer than 63 characters\n");
}

static void
a_peer_that_can_do_nothing_is_warned_of(void **state)
{
	(void)state;
	expect_warnings(FRAME CONTROL "peer a { user = a }",
	    "t.conf:4: peer \"a\" allows nothing: allow is empty\n");
	expect_warnings(FRAME CONTROL "peer a { user = a admin = true }", "");
	expect_warnings(FRAME CONTROL "peer a { user = a allow = lease }", "");
	expect_warnings(FRAME CONTROL "peer a { user = a\nallow = {\"nas.lan\"} }",
	    "t.conf:5: allow: \"nas.lan\" lies in none of the zones, so it allows nothing\n");
	expect_warnings(FRAME "\npeer a { user = a allow = lease }",
	    "t.conf:4: peer \"a\" cannot connect, as there is no socket; add: control { }\n");
	expect_warnings(FRAME "control { socket = \"\" } peer a { user = a allow = lease }",
	    "t.conf:3: peer \"a\" cannot connect, as there is no socket; add: control { }\n");
}

static void
lease_is_a_name_like_others_to_a_key(void **state)
{
	(void)state;
	expect_warnings(FRAME "key k { secret = \"" SECRET "\" allow = lease }",
	    "t.conf:3: allow: \"lease\" lies in none of the zones, so it allows nothing\n");
}

/* --- accounts --- */

static void
accounts_of_peers_and_of_the_socket_exist(void **state)
{
	struct folder folder;
	struct reading reading;
	char path[PATH_MAX];
	const struct passwd *nobody = getpwnam("nobody");
	const struct group *group = getgrnam("nogroup");

	(void)state;
	assert_non_null(nobody);
	assert_non_null(group);
	folder_make(&folder);
	folder_write(&folder, "ddnsd.conf",
	    FRAME
	    "keys-directory = \"\" made-keys-directory = \"\"\ncontrol {\ngroup = no-such-group }\n"
	    "peer a {\nuser = no-such-user\ngroup = no-such-group allow = lease }\n");
	(void)folder_entry(&folder, "ddnsd.conf", path);
	reading_of_file(&reading, path);
	assert_non_null(strstr(reading.errors.data,
	    "ddnsd.conf:5: group: there is no group \"no-such-group\"; run: groupadd --system "
	    "no-such-group, or name one that exists\n"));
	assert_non_null(strstr(reading.errors.data,
	    "ddnsd.conf:7: user: there is no user \"no-such-user\"; run: useradd --system "
	    "no-such-user, or name one that exists\n"));
	assert_non_null(strstr(reading.errors.data, "ddnsd.conf:8: group: there is no group"));
	reading_release(&reading);

	folder_write(&folder, "ddnsd.conf",
	    FRAME "keys-directory = \"\" made-keys-directory = \"\"\ncontrol { group = nogroup }\n"
		  "peer a { user = nobody allow = lease }\n"
		  "peer b { group = nogroup allow = lease }\n");
	reading_of_file(&reading, path);
	assert_string_equal(reading.errors.data, "");
	assert_string_equal(reading.config->control.group, "nogroup");
	assert_true(reading.config->peers[0].uid == nobody->pw_uid);
	assert_true(reading.config->peers[1].gid == group->gr_gid);
	reading_release(&reading);
	folder_remove(&folder);
}

/* --- changes --- */

static void
changes_of_control_and_peers_are_named(void **state)
{
	(void)state;
	expect_changes(FRAME, FRAME "control { }\npeer a { user = a allow = lease }",
	    "control: added\npeer a: added\n");
	expect_changes(FRAME CONTROL "peer a { user = a allow = lease }",
	    FRAME "control { mode = 0600 }\npeer a { user = b admin = true allow = {lease, "
		  "\"zone home.arpa\"} }",
	    "control: mode is now \"0600\" (was \"0660\")\n"
	    "peer a: user is now \"b\" (was \"a\")\n"
	    "peer a: admin is now true (was false)\n"
	    "peer a: allow is now {\"lease\", \"zone home.arpa\"} (was {\"lease\"})\n");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_control_block_opens_the_socket_for_the_daemons_group),
		cmocka_unit_test(a_control_block_says_where_and_for_whom),
		cmocka_unit_test(what_a_control_block_cannot_have_is_told),
		cmocka_unit_test(a_path_longer_than_a_sockets_can_be_is_refused),
		cmocka_unit_test(a_socket_for_everybody_is_warned_of),
		cmocka_unit_test(a_peer_becomes_a_principal_with_an_identity_of_its_own),
		cmocka_unit_test(without_lease_a_peer_may_not_tell_of_leases),
		cmocka_unit_test(an_account_that_was_not_looked_up_fits_nobody),
		cmocka_unit_test(what_a_peer_cannot_have_is_told),
		cmocka_unit_test(a_peer_that_can_do_nothing_is_warned_of),
		cmocka_unit_test(lease_is_a_name_like_others_to_a_key),
		cmocka_unit_test(accounts_of_peers_and_of_the_socket_exist),
		cmocka_unit_test(changes_of_control_and_peers_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
