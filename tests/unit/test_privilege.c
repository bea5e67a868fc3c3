/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/privilege: who we are afterwards, what we can still do, and what our children cannot. */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/privilege.h"

enum { KILL_BIT = 1 << CAP_KILL };

static pid_t root_process; /* the test itself, for its children */
static char problem[200];

/* In a child no assertion of cmocka's works. */
#define CHECK(condition)                                                                         \
	do {                                                                                     \
		if (!(condition)) {                                                              \
			(void)fprintf(stderr, "%s:%d: not so: %s (problem: \"%s\", errno %d)\n", \
			    __FILE__, __LINE__, #condition, problem, errno);                     \
			_exit(1);                                                                \
		}                                                                                \
	} while (0)

/* Dropping cannot be undone: each test does it in a process of its own. */
static void
in_child(void (*body)(void))
{
	int status = -1;
	pid_t child;

	(void)fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		problem[0] = '\0';
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
need_root(void)
{
	if (geteuid() != 0) {
		print_message("skipped: only root has something to drop\n");
		skip();
	}
	root_process = getpid();
}

static enum status
drop(const char *user, const char *group, bool keep_kill)
{
	return privilege_drop(user, group, keep_kill, problem, sizeof(problem));
}

struct capabilities {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
};

static struct capabilities
capabilities_now(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];

	CHECK(syscall(SYS_capget, &header, sets) == 0);
	return (struct capabilities){
		.effective = sets[0].effective | (uint64_t)sets[1].effective << 32,
		.permitted = sets[0].permitted | (uint64_t)sets[1].permitted << 32,
		.inheritable = sets[0].inheritable | (uint64_t)sets[1].inheritable << 32,
	};
}

static uint64_t
bounding_set(void)
{
	uint64_t set = 0;

	for (unsigned long capability = 0; capability < 64; capability++) {
		if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1)
			set |= UINT64_C(1) << capability;
	}
	return set;
}

static void
check_capabilities(uint64_t expected)
{
	struct capabilities now = capabilities_now();

	CHECK(now.effective == expected);
	CHECK(now.permitted == expected);
	CHECK(now.inheritable == 0);
	CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) == 0);
}

static void
check_ways_back_closed(void)
{
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
}

static void
check_identity(uid_t uid, gid_t gid)
{
	uid_t uids[3];
	gid_t gids[3];

	CHECK(getresuid(&uids[0], &uids[1], &uids[2]) == 0);
	CHECK(getresgid(&gids[0], &gids[1], &gids[2]) == 0);
	for (unsigned i = 0; i < 3; i++) {
		CHECK(uids[i] == uid);
		CHECK(gids[i] == gid);
	}
}

static const struct passwd *
nobody(void)
{
	const struct passwd *entry = getpwnam("nobody");

	CHECK(entry != NULL);
	return entry;
}

/* --- root becomes somebody -------------------------------------------------------------------- */

static void
drop_to_nobody(void)
{
	const struct passwd *entry = nobody();
	uid_t uid = entry->pw_uid;
	gid_t gid = entry->pw_gid;
	gid_t groups[64], expected[64];
	int expected_count = 64;
	int count;

	CHECK(setgroups(2, (gid_t[]){ 0, 4 }) == 0);
	CHECK(drop("nobody", "", false) == STATUS_OK);
	check_identity(uid, gid);
	check_capabilities(0);
	check_ways_back_closed();
	CHECK(bounding_set() == 0);

	CHECK(getgrouplist("nobody", gid, expected, &expected_count) >= 0);
	count = getgroups(64, groups);
	CHECK(count == expected_count);
	for (int i = 0; i < count; i++)
		CHECK(groups[i] != 0 && groups[i] != 4);

	CHECK(setuid(0) != 0);
	CHECK(setresuid(0, 0, 0) != 0);
	CHECK(setresgid(0, 0, 0) != 0);
	CHECK(setgroups(1, (gid_t[]){ 0 }) != 0);
	CHECK(kill(root_process, 0) != 0 && errno == EPERM);
	check_identity(uid, gid);
}

static void
root_becomes_the_user_and_cannot_go_back(void **state)
{
	(void)state;
	need_root();
	in_child(drop_to_nobody);
}

static void
drop_but_kill(void)
{
	uid_t uid = nobody()->pw_uid;
	gid_t gid = nobody()->pw_gid;

	CHECK(drop("nobody", "", true) == STATUS_OK);
	check_identity(uid, gid);
	check_capabilities(KILL_BIT);
	check_ways_back_closed();
	CHECK(bounding_set() == 0);
	CHECK(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) == 0);
	CHECK(kill(root_process, 0) == 0);
	CHECK(setuid(0) != 0);
}

static void
cap_kill_stays_when_it_is_asked_for_and_nothing_else(void **state)
{
	(void)state;
	need_root();
	in_child(drop_but_kill);
}

static void
start_a_program_after_dropping(void)
{
	char command[64];
	int status = -1;
	pid_t child;

	CHECK(drop("nobody", "", true) == STATUS_OK);
	CHECK(kill(root_process, 0) == 0);
	(void)snprintf(command, sizeof(command), "! kill -0 %ld 2>/dev/null", (long)root_process);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(status == 0);
}

static void
a_program_we_start_does_not_have_what_we_keep(void **state)
{
	(void)state;
	need_root();
	in_child(start_a_program_after_dropping);
}

static void
drop_to_nobody_in_another_group(void)
{
	const struct group *entry = getgrnam("daemon");
	uid_t uid = nobody()->pw_uid;
	gid_t gid;

	CHECK(entry != NULL);
	gid = entry->gr_gid;
	CHECK(drop("nobody", "daemon", false) == STATUS_OK);
	check_identity(uid, gid);
	CHECK(setresgid(0, 0, 0) != 0);
}

static void
a_named_group_is_taken_instead_of_the_users_own(void **state)
{
	(void)state;
	need_root();
	in_child(drop_to_nobody_in_another_group);
}

static void
drop_to_strangers(void)
{
	uint64_t held = capabilities_now().effective;

	CHECK(drop("ddnsd-no-such-user", "", true) == STATUS_NOT_FOUND);
	CHECK(strstr(problem, "\"ddnsd-no-such-user\"") != NULL);
	CHECK(drop("nobody", "ddnsd-no-such-group", true) == STATUS_NOT_FOUND);
	CHECK(strstr(problem, "\"ddnsd-no-such-group\"") != NULL);
	CHECK(drop("", "daemon", false) == STATUS_MALFORMED);
	CHECK(strstr(problem, "\"daemon\"") != NULL);
	check_identity(0, 0);
	CHECK(capabilities_now().effective == held);
}

static void
an_unknown_user_or_group_is_named_and_nothing_is_dropped(void **state)
{
	(void)state;
	need_root();
	in_child(drop_to_strangers);
}

static void
stay_root(void)
{
	struct capabilities before = capabilities_now();
	uint64_t bounding = bounding_set();

	CHECK(drop("", "", true) == STATUS_OK);
	check_identity(0, 0);
	check_ways_back_closed();
	CHECK(capabilities_now().permitted == before.permitted);
	CHECK(bounding_set() == bounding);
	CHECK(drop("root", "", true) == STATUS_OK);
	check_identity(0, 0);
}

static void
root_without_a_user_stays_root_with_the_ways_back_closed(void **state)
{
	(void)state;
	need_root();
	in_child(stay_root);
}

static void
drop_without_the_right_to(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };

	/* As in a container whose root has no capabilities. */
	CHECK(syscall(SYS_capset, &header, none) == 0);
	CHECK(drop("nobody", "", false) == STATUS_PERMISSION);
	CHECK(strstr(problem, "cannot set the supplementary groups") != NULL);
}

static void
root_that_may_not_change_its_identity_is_told_what_failed(void **state)
{
	(void)state;
	need_root();
	in_child(drop_without_the_right_to);
}

/* --- somebody stays who they are -------------------------------------------------------------- */

/* As a service manager with User= starts us. */
static void
become_nobody_first(bool keep_capabilities)
{
	uid_t uid = nobody()->pw_uid;
	gid_t gid = nobody()->pw_gid;

	if (geteuid() != 0)
		return;
	CHECK(prctl(PR_SET_KEEPCAPS, keep_capabilities ? 1 : 0, 0, 0, 0) == 0);
	CHECK(setgroups(1, &gid) == 0);
	CHECK(setresgid(gid, gid, gid) == 0);
	CHECK(setresuid(uid, uid, uid) == 0);
}

static void
drop_to_oneself(void)
{
	const struct passwd *entry;
	const struct group *group;
	char user[64], own_group[64];

	become_nobody_first(false);
	entry = getpwuid(geteuid());
	group = getgrgid(getegid());
	CHECK(entry != NULL && group != NULL);
	(void)snprintf(user, sizeof(user), "%s", entry->pw_name);
	(void)snprintf(own_group, sizeof(own_group), "%s", group->gr_name);
	CHECK(drop("", "", true) == STATUS_OK);
	CHECK(drop(user, "", true) == STATUS_OK);
	CHECK(drop(user, own_group, true) == STATUS_OK);
	check_capabilities(0);
	check_ways_back_closed();
}

static void
a_user_may_name_itself_and_its_own_group(void **state)
{
	(void)state;
	in_child(drop_to_oneself);
}

static void
drop_to_others(void)
{
	const struct passwd *entry;
	char user[64];

	become_nobody_first(false);
	entry = getpwuid(geteuid());
	CHECK(entry != NULL);
	(void)snprintf(user, sizeof(user), "%s", entry->pw_name);
	CHECK(drop("root", "", false) == STATUS_PERMISSION);
	CHECK(strstr(problem, "\"root\"") != NULL);
	CHECK(strstr(problem, "only root may") != NULL);
	CHECK(drop(user, "root", false) == STATUS_PERMISSION);
	CHECK(strstr(problem, "\"root\"") != NULL);
}

static void
a_user_may_not_name_another_user_or_a_group_it_is_not_in(void **state)
{
	(void)state;
	in_child(drop_to_others);
}

/* AmbientCapabilities=CAP_KILL and more. */
static void
raise_ambient(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { { 0 }, { 0 } };

	become_nobody_first(true);
	sets[0].permitted = KILL_BIT | 1 << CAP_NET_BIND_SERVICE;
	sets[0].effective = sets[0].permitted;
	sets[0].inheritable = sets[0].permitted;
	CHECK(syscall(SYS_capset, &header, sets) == 0);
	CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) == 0);
	CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) == 1);
}

static void
drop_ambient_but_kill(void)
{
	raise_ambient();
	CHECK(drop("nobody", "", true) == STATUS_OK);
	check_capabilities(KILL_BIT);
	CHECK(kill(root_process, 0) == 0);
}

static void
drop_ambient_altogether(void)
{
	raise_ambient();
	CHECK(drop("", "", false) == STATUS_OK);
	check_capabilities(0);
}

static void
capabilities_given_by_a_service_manager_are_cut_down_alike(void **state)
{
	(void)state;
	need_root();
	in_child(drop_ambient_but_kill);
	in_child(drop_ambient_altogether);
}

static void
explain_in_little_room(void)
{
	char text[9];

	memset(text, 'x', sizeof(text));
	CHECK(privilege_drop("ddnsd-no-such-user", "", false, text, 8) == STATUS_NOT_FOUND);
	CHECK(strlen(text) == 7);
	CHECK(text[8] == 'x');
}

static void
a_problem_is_cut_where_its_room_ends(void **state)
{
	(void)state;
	in_child(explain_in_little_room);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_becomes_the_user_and_cannot_go_back),
		cmocka_unit_test(cap_kill_stays_when_it_is_asked_for_and_nothing_else),
		cmocka_unit_test(a_program_we_start_does_not_have_what_we_keep),
		cmocka_unit_test(a_named_group_is_taken_instead_of_the_users_own),
		cmocka_unit_test(an_unknown_user_or_group_is_named_and_nothing_is_dropped),
		cmocka_unit_test(root_without_a_user_stays_root_with_the_ways_back_closed),
		cmocka_unit_test(root_that_may_not_change_its_identity_is_told_what_failed),
		cmocka_unit_test(a_user_may_name_itself_and_its_own_group),
		cmocka_unit_test(a_user_may_not_name_another_user_or_a_group_it_is_not_in),
		cmocka_unit_test(capabilities_given_by_a_service_manager_are_cut_down_alike),
		cmocka_unit_test(a_problem_is_cut_where_its_room_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
