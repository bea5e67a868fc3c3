/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gives up what the daemon does not need once its sockets are bound: root, capabilities, the ways
 * to gain them, and being looked into by a debugger or a core dump. Cannot be taken back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/*
 * Root and a user named: becomes that user, in its groups, with group ("": its own) as primary
 * one; then proves that root cannot be had again. Not root: user may only be our own name, group
 * only one we are in. Root and no user (or root itself): stays root; that is the caller's to warn of.
 *
 * Whoever is not root in the end keeps no capability but, with keep_kill, CAP_KILL where it was
 * held; never inheritable or ambient, so that programs we start do not have it. Where a system call
 * filter denies capset, CAP_KILL stays even without keep_kill. The bounding set
 * is emptied too where the kernel lets us. Root keeps its capabilities: a program it starts
 * without them could not even signal dnsmasq.
 *
 * Everybody gets PR_SET_NO_NEW_PRIVS, and PR_SET_DUMPABLE 0. The latter makes /proc/self root's:
 * its files that are not for all to read are closed to us from then on.
 *
 * On failure ret_problem says what to mend, in size bytes at most, and the process must end: it may
 * be half dropped. STATUS_NOT_FOUND: no such user or group. STATUS_PERMISSION: we may not.
 * STATUS_MALFORMED: a group without a user.
 */
enum status privilege_drop(const char *user, const char *group, bool keep_kill, char *ret_problem,
    size_t size);
