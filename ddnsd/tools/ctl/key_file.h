/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of key files: made, and edited so that every byte that is not concerned stays. Text in,
 * text out; no file is touched here. Secrets are wiped where they were copied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"

enum {
	KEY_NAME_MAX = 253,
	KEY_SECRET_TEXT_MAX = 89, /* 64 octets in base64, and the NUL */
	KEY_ALGORITHM_MAX = 16,
	KEY_UNTIL_MAX = 24, /* 2026-12-01T00:00:00Z */
};

struct key_algorithm {
	const char *name; /* as in key files: hmac-sha256 */
	const char *kea;  /* as Kea and certbot spell it: HMAC-SHA256 */
	size_t octets;    /* of a new secret: the hash's length */
	bool is_weak;
};

/* By "hmac-sha256" or "sha256", in any case; NULL when there is none. */
const struct key_algorithm *key_algorithm_find(const char *text);

/* "hmac-md5, hmac-sha1, ..." for messages. */
extern const char key_algorithm_names[];

/*
 * A name as the configuration takes it (letters, digits, - _ and / between dots, 63 in a label, 253
 * in all) that can also be a file's: no / and no dot at its front. ret_reason, where it is not:
 * static text.
 */
bool key_name_is_good(const char *name, const char **ret_reason);

/* A fresh secret in base64. False when the kernel has no random octets. */
bool key_secret_make(const struct key_algorithm *algorithm,
    char secret[static KEY_SECRET_TEXT_MAX]);

/* A time as secret-old-until has it; false for what is none. And back. */
bool key_until_from_text(const char *text, int64_t *ret_wall_s);
const char *key_until_to_text(int64_t wall_s, char text[static KEY_UNTIL_MAX]);

struct key_draft {
	const char *name;
	const struct key_algorithm *algorithm;
	const char *secret;
	const char *const *allow;
	size_t allow_count;
	const char *const *from;
	size_t from_count;
	bool is_admin;
	bool is_for_many;   /* it serves many machines: no limit of names and updates */
	const char *remark; /* one line of comment; NULL = none */
};

/* Appends the whole file. Every text is plain (conf_text_is_plain()). */
enum status key_file_compose(const struct key_draft *draft, struct buffer *ret_text);

/* What a file says of one key. */
struct key_found {
	char algorithm[KEY_ALGORITHM_MAX];
	char secret[KEY_SECRET_TEXT_MAX];
	char old_until[KEY_UNTIL_MAX]; /* "" = none, or no end */
	bool has_old_secret;
	size_t keys; /* in this file, this one counted */
	unsigned line;
};

enum { KEY_PROBLEM_MAX = 256 };

/*
 * Looks for the key (names are compared without regard to case). STATUS_NOT_FOUND.
 * STATUS_MALFORMED: the file is not understood, ret_problem says why. The caller wipes ret_found.
 */
enum status key_file_find(const char *text, size_t length, const char *name,
    struct key_found *ret_found, char ret_problem[static KEY_PROBLEM_MAX]);

/*
 * Appends the text with a new secret in that key's block, the present one as secret-old, and until
 * (seconds since 1970) as secret-old-until. Every other byte is as it was. Fails as
 * key_file_find(), with STATUS_MALFORMED also where the block holds what must not be moved blindly.
 */
enum status key_file_rotate(const char *text, size_t length, const char *name, const char *secret,
    int64_t until_s, struct buffer *ret_text, char ret_problem[static KEY_PROBLEM_MAX]);

/* Appends the text without that key's block. Fails as key_file_find(). */
enum status key_file_remove(const char *text, size_t length, const char *name,
    struct buffer *ret_text, char ret_problem[static KEY_PROBLEM_MAX]);
