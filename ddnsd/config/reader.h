/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One reading of the configuration: which text is being read, and everything that is wrong with it.
 * Also reads the files, with the facts about each taken from the very file that was opened. Part of
 * config.c; nobody else includes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/status.h"

enum { CONFIG_FILE_MAX = 1024 * 1024 };

struct config_reader {
	const char *file; /* what errors call the text */
	struct buffer *errors;
	struct buffer *warnings;
	enum status status; /* STATUS_OK until the first complaint */
	const char *user;   /* whom ddnsd becomes, as far as it is known; "" = nobody else */
	const char *group;
	bool refuses_links; /* a file that is a symbolic link is not read */
	bool may_look;      /* at the machine: whether an account or a program exists */
};

/*
 * Appends "FILE:LINE: text" as a line to the errors; line 0 leaves the number out. Text longer than
 * 1,024 bytes is cut. Secrets must not be among the arguments.
 */
void config_complain(struct config_reader *reader, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same to the warnings: the reading still succeeds. */
void config_warn(struct config_reader *reader, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says so and makes the whole reading end in STATUS_NO_MEMORY. */
void config_out_of_memory(struct config_reader *reader);

/* Complains about reader->file: what ("cannot be opened"), errno's meaning, and how to mend it. */
void config_complain_access(struct config_reader *reader, const char *what, bool is_folder,
    int error);

/*
 * Reads the file called reader->file into ret_text, a NUL behind it that its length does not count.
 * *ret_mode is the mode of what was read. False, with a complaint, for anything but a regular file of
 * at most CONFIG_FILE_MAX bytes without a NUL, and for a link where reader->refuses_links. Give
 * ret_text back with config_wipe() either way.
 */
bool config_read_file(struct config_reader *reader, struct buffer *ret_text, mode_t *ret_mode);

/* Overwrites what the buffer held, and releases it. */
void config_wipe(struct buffer *buffer);
