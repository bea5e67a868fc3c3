/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What went wrong with a publication, in a sentence that names the likely cause and the mend. Looks
 * at permissions on the way to the file; changes nothing.
 */
#pragma once

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

/* Why file could not be written, after file_replace() or file_open_directory_of() said status. */
void diagnosis_of_writing(const char *file, enum status status,
    char ret_problem[static PUBLISHER_PROBLEM_MAX]);

/* What a program did wrong: what stands behind its name, as struct command's on_end says it. */
void diagnosis_of_command(const char *program, const char *what,
    char ret_problem[static PUBLISHER_PROBLEM_MAX]);

/* Why dnsmasq does not answer as it should. Text fields are borrowed. */
struct diagnosis_facts {
	const struct publisher_options *options;
	uint64_t number;            /* what it should answer */
	uint64_t answered;          /* what it answers, for TROUBLE_OLD */
	const char *signal_problem; /* dnsmasq_signal()'s, "" = it was sent, or is not to be sent */
};
void diagnosis_of_telling(enum trouble trouble, const struct diagnosis_facts *facts,
    char ret_problem[static PUBLISHER_PROBLEM_MAX]);
