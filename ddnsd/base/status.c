/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of the status codes. Translates nothing: RCODEs belong to the doors. */
#include "base/status.h"

static const char *const texts[STATUS_COUNT] = {
	[STATUS_OK] = "done",
	[STATUS_MALFORMED] = "malformed",
	[STATUS_NOT_IMPLEMENTED] = "not implemented",
	[STATUS_BAD_VERSION] = "unsupported EDNS version",
	[STATUS_UNAUTHENTICATED] = "not authenticated",
	[STATUS_REFUSED] = "refused",
	[STATUS_LIMITED] = "over a limit",
	[STATUS_NOT_OUR_ZONE] = "not a zone of ours",
	[STATUS_OUTSIDE_ZONE] = "outside the zone",
	[STATUS_NAME_EXISTS] = "the name exists",
	[STATUS_NAME_MISSING] = "the name does not exist",
	[STATUS_RRSET_EXISTS] = "the RRset exists",
	[STATUS_RRSET_MISSING] = "the RRset does not exist or differs",
	[STATUS_IO] = "input/output error",
	[STATUS_NO_SPACE] = "no space left on the device",
	[STATUS_READ_ONLY] = "read-only",
	[STATUS_DAMAGED] = "damaged",
	[STATUS_TOO_NEW] = "written by a newer version",
	[STATUS_NOT_FOUND] = "not found",
	[STATUS_PERMISSION] = "permission denied",
	[STATUS_TOO_LARGE] = "too large",
	[STATUS_NO_MEMORY] = "out of memory",
};

const char *
status_text(enum status status)
{
	if ((unsigned)status >= STATUS_COUNT)
		return "unknown status";
	return texts[status];
}
