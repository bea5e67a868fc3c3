/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one error type that crosses module borders, in the words of the domain.
 * errno stays inside base/; each door translates a status with one table.
 */
#pragma once

enum status {
	STATUS_OK = 0,
	STATUS_MALFORMED,       /* does not parse, or breaks the format's rules (FORMERR) */
	STATUS_NOT_IMPLEMENTED, /* understood, but not something we do (NOTIMP) */
	STATUS_BAD_VERSION,     /* EDNS version other than 0 (BADVERS) */
	STATUS_UNAUTHENTICATED, /* key, MAC or time is wrong (NOTAUTH with a TSIG error) */
	STATUS_REFUSED,         /* known, but not allowed (REFUSED) */
	STATUS_LIMITED,         /* allowed, but over a limit (REFUSED) */
	STATUS_NOT_OUR_ZONE,    /* the zone section names a zone that is not ours (NOTAUTH) */
	STATUS_OUTSIDE_ZONE,    /* a name in the message is outside its zone (NOTZONE) */
	STATUS_NAME_EXISTS,     /* prerequisite NONE/ANY failed (YXDOMAIN) */
	STATUS_NAME_MISSING,    /* prerequisite ANY/ANY failed, or no such name (NXDOMAIN) */
	STATUS_RRSET_EXISTS,    /* prerequisite NONE/type failed (YXRRSET) */
	STATUS_RRSET_MISSING,   /* prerequisite ANY/type or exact RRset failed (NXRRSET) */
	STATUS_IO,              /* disk, socket or process (SERVFAIL) */
	STATUS_NO_SPACE,        /* the disk is full (SERVFAIL) */
	STATUS_READ_ONLY,       /* the file system or file cannot be written (SERVFAIL) */
	STATUS_DAMAGED,         /* a stored file is not what we wrote */
	STATUS_TOO_NEW,         /* a stored file was written by a newer version */
	STATUS_NOT_FOUND,       /* a file, process or entry is not there */
	STATUS_PERMISSION,      /* the operating system forbids it */
	STATUS_TOO_LARGE,       /* over a ceiling written in a header */
	STATUS_NO_MEMORY,
	STATUS_COUNT
};

/* A short lower-case text, never NULL, also for values out of range. Static storage. */
const char *status_text(enum status status);
