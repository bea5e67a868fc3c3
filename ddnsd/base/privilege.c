/* SPDX-License-Identifier: GPL-3.0-or-later */
/* User, groups and capabilities of this process. capset(2) is called without libcap: one number. */
#include "base/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/file.h"

/* Whom to become. */
struct identity {
	uid_t uid;
	gid_t gid;
};

/* Where to explain. */
struct problem {
	char *text;
	size_t size;
};

/* Says which step failed, with errno. */
static enum status
fail(const struct problem *problem, const char *step)
{
	int error = errno;

	(void)snprintf(problem->text, problem->size, "cannot %s: %s", step, strerror(error));
	return file_status(error);
}

static enum status
find_identity(const char *user, const char *group, const struct problem *problem,
    struct identity *ret_identity)
{
	const struct passwd *password = getpwnam(user);
	const struct group *entry;

	if (password == NULL) {
		(void)snprintf(problem->text, problem->size,
		    "the user \"%s\" does not exist; create it or change the option user", user);
		return STATUS_NOT_FOUND;
	}
	*ret_identity = (struct identity){ .uid = password->pw_uid, .gid = password->pw_gid };
	if (group[0] == '\0')
		return STATUS_OK;
	entry = getgrnam(group);
	if (entry == NULL) {
		(void)snprintf(problem->text, problem->size,
		    "the group \"%s\" does not exist; create it or change the option group", group);
		return STATUS_NOT_FOUND;
	}
	ret_identity->gid = entry->gr_gid;
	return STATUS_OK;
}

/* Not root: we can only be who we are. */
static enum status
check_own_identity(const char *user, const char *group, const struct identity *identity,
    const struct problem *problem)
{
	if (identity->uid != geteuid()) {
		(void)snprintf(problem->text, problem->size,
		    "cannot become the user \"%s\": only root may; start as root, or as that user, "
		    "or leave the option user empty",
		    user);
		return STATUS_PERMISSION;
	}
	if (identity->gid != getegid() && group[0] != '\0' && group_member(identity->gid) == 0) {
		(void)snprintf(problem->text, problem->size,
		    "cannot take the group \"%s\": the user \"%s\" is not in it; add it there, "
		    "or leave the option group empty",
		    group, user);
		return STATUS_PERMISSION;
	}
	return STATUS_OK;
}

static enum status
become(const char *user, const struct identity *identity, bool keep_capabilities,
    const struct problem *problem)
{
	/* Leaving uid 0 would otherwise clear CAP_KILL with the rest. */
	if (keep_capabilities && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
		return fail(problem, "keep capabilities");
	if (initgroups(user, identity->gid) != 0)
		return fail(problem, "set the supplementary groups");
	if (setresgid(identity->gid, identity->gid, identity->gid) != 0)
		return fail(problem, "set the group");
	if (setresuid(identity->uid, identity->uid, identity->uid) != 0)
		return fail(problem, "set the user");
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0)
		return fail(problem, "forget about keeping capabilities");
	return STATUS_OK;
}

/* Needs CAP_SETPCAP; without it no program we start gains anything either (no_new_privs). */
static void
empty_bounding_set(void)
{
	for (unsigned long capability = 0; capability < 64; capability++) {
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
			return;
	}
}

/* True when nothing but CAP_KILL is held, or could be had. */
static bool
holds_kill_at_most(const struct __user_cap_data_struct *sets)
{
	return (sets[0].permitted & ~(UINT32_C(1) << CAP_KILL)) == 0 && sets[1].permitted == 0;
}

/*
 * Brings effective and permitted down to CAP_KILL, or nothing; inheritable and ambient to nothing.
 * may_stay: CAP_KILL may stay where capset is denied, as by a system call filter (systemd's
 * @privileged has it): it was given to who never was root, and no program we start inherits it.
 */
static enum status
limit_capabilities(bool keep_kill, bool may_stay, const struct problem *problem)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
	uint32_t kept;

	if (syscall(SYS_capget, &header, sets) != 0)
		return fail(problem, "read the capabilities");
	may_stay &= holds_kill_at_most(sets);
	kept = keep_kill ? sets[0].permitted & (UINT32_C(1) << CAP_KILL) : 0;
	memset(sets, 0, sizeof(sets));
	sets[0].effective = kept;
	sets[0].permitted = kept;
	/* What leaves the inheritable set leaves the ambient set with it, capabilities(7). */
	if (syscall(SYS_capset, &header, sets) == 0)
		return STATUS_OK;
	if (errno == EPERM && may_stay &&
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0)
		return STATUS_OK;
	return fail(problem, "give up capabilities");
}

/* Tries to be root again, which must fail. */
static enum status
prove_dropped(const struct identity *identity, const struct problem *problem)
{
	uid_t real, effective, saved;
	gid_t real_group, effective_group, saved_group;

	if (getresuid(&real, &effective, &saved) == 0 && real == identity->uid &&
	    effective == identity->uid && saved == identity->uid &&
	    getresgid(&real_group, &effective_group, &saved_group) == 0 &&
	    real_group == identity->gid && effective_group == identity->gid &&
	    saved_group == identity->gid && setresuid(0, 0, 0) != 0 && seteuid(0) != 0)
		return STATUS_OK;
	(void)snprintf(problem->text, problem->size, "root could be had again after dropping it");
	return STATUS_PERMISSION;
}

static enum status
drop_root(const char *user, const struct identity *identity, bool keep_kill,
    const struct problem *problem)
{
	enum status status;

	empty_bounding_set();
	status = become(user, identity, keep_kill, problem);
	if (status == STATUS_OK)
		status = limit_capabilities(keep_kill, false, problem);
	if (status == STATUS_OK)
		status = prove_dropped(identity, problem);
	return status;
}

static enum status
close_ways_back(const struct problem *problem)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail(problem, "set no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return fail(problem, "forbid core dumps");
	return STATUS_OK;
}

enum status
privilege_drop(const char *user, const char *group, bool keep_kill, char *ret_problem, size_t size)
{
	struct problem problem = { .text = ret_problem, .size = size };
	struct identity identity = { .uid = geteuid(), .gid = getegid() };
	bool was_root = geteuid() == 0;
	enum status status = STATUS_OK;

	if (user[0] == '\0' && group[0] != '\0') {
		(void)snprintf(problem.text, problem.size,
		    "the group \"%s\" is set without a user; set the option user too", group);
		return STATUS_MALFORMED;
	}
	if (user[0] != '\0')
		status = find_identity(user, group, &problem, &identity);
	if (status == STATUS_OK && !was_root && user[0] != '\0')
		status = check_own_identity(user, group, &identity, &problem);
	if (status != STATUS_OK)
		return status;
	if (was_root && identity.uid != 0) {
		status = drop_root(user, &identity, keep_kill, &problem);
	} else if (!was_root) {
		empty_bounding_set();
		status = limit_capabilities(keep_kill, true, &problem);
	}
	if (status != STATUS_OK)
		return status;
	return close_ways_back(&problem);
}
