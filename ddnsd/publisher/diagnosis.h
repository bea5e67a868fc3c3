/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What went wrong with a publication, in a sentence that names the likely cause and the mend. Looks
 * at permissions on the way to the file; changes nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "publisher/dnsmasq.h"
#include "publisher/publisher.h"

enum trouble {
	TROUBLE_NONE,
	TROUBLE_UNWRITTEN,   /* the file could not be written */
	TROUBLE_COMMAND,     /* the administrator's program failed */
	TROUBLE_UNSIGNALLED, /* no signal could be sent, and there is nobody to ask */
	TROUBLE_NOBODY,      /* nobody listens where dnsmasq should answer */
	TROUBLE_SILENT,      /* no answer came */
	TROUBLE_NOT_READ,    /* it answers, and has no marker */
	TROUBLE_OLD,         /* it answers another publication's number */
};

/* cause is where the cause begins in problem; what is before it tells of one publication only. */
struct diagnosis {
	enum trouble trouble;
	char problem[PUBLISHER_PROBLEM_MAX];
	size_t cause;
};

/* Why file could not be written, after file_replace() or file_open_directory_of() said status. */
void diagnosis_of_writing(const char *file, enum status status, struct diagnosis *ret_diagnosis);

/* What the command did wrong: what stands behind its name, as struct command's on_end says it. */
void diagnosis_of_command(const struct publisher_options *options, const char *what,
    struct diagnosis *ret_diagnosis);

/* Why dnsmasq does not answer as it should. Text fields are borrowed. */
struct diagnosis_facts {
	const struct publisher_options *options;
	uint64_t number;            /* what it should answer */
	uint64_t answered;          /* what it answers, for TROUBLE_OLD */
	const char *signal_problem; /* dnsmasq_signal()'s, "" = it was sent, or is not to be sent */
};
void diagnosis_of_telling(enum trouble trouble, const struct diagnosis_facts *facts,
    struct diagnosis *ret_diagnosis);

/*
 * True when a folder on the way to the file keeps others out, dnsmasq among them: telling it again
 * is of no use before that ends.
 */
bool diagnosis_is_closed(const struct publisher_options *options);
