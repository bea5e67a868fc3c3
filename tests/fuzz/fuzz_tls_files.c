/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A certificate and its key, as files of any octets, read and then read again, with sessions that hold what
 * there was: what is refused says why, without a word of the key, and changes nothing.
 *
 * An input is pieces with "\n%%\n" between them. The first octet of each says with its low three bits what
 * the others are (enum form), IS_KEY which file they are for, IS_SECOND that it is the file as it is read
 * again. A file that has no piece the second time is the same as before.
 */
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "doors/http_tls.h"

#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MAX = 32768,
	TEXT_MAX = 4 * INPUT_MAX, /* more than is read of a file */
	FILE_MAX = 128 * 1024,
	PATH_SIZE = 32,
	SECRET_TEXT = 48, /* octets of a key as text that nothing else has */
	LINE = 64,

	/* In the first octet of a piece. */
	FORMS = 8,
	IS_KEY = 8,
	IS_SECOND = 16,
};

/* DER that is put into PEM here, as no fuzzer does that; or text. */
enum form {
	FORM_TEXT,
	FORM_CERTIFICATE,
	FORM_PKCS8,
	FORM_SEC1,
	FORM_PKCS1,
	FORM_LOCKED,
	FORM_MANY
};

static const char *const titles[FORMS] = {
	[FORM_CERTIFICATE] = "CERTIFICATE",
	[FORM_PKCS8] = "PRIVATE KEY",
	[FORM_SEC1] = "EC PRIVATE KEY",
	[FORM_PKCS1] = "RSA PRIVATE KEY",
	[FORM_LOCKED] = "ENCRYPTED PRIVATE KEY",
	[FORM_MANY] = "CERTIFICATE",
};

enum file { FILE_CERTIFICATE, FILE_KEY, FILES };

struct files {
	struct buffer texts[FILES];
	char paths[FILES][PATH_SIZE];
	int fds[FILES];
};

/* --- files without a name --- */

static void
open_files(struct files *files)
{
	for (size_t i = 0; i < FILES; i++) {
		buffer_init(&files->texts[i], TEXT_MAX);
		files->fds[i] = memfd_create("fuzz", MFD_CLOEXEC);
		expect(files->fds[i] >= 0);
		(void)snprintf(files->paths[i], PATH_SIZE, "/proc/self/fd/%d", files->fds[i]);
	}
}

static void
close_files(struct files *files)
{
	for (size_t i = 0; i < FILES; i++) {
		(void)close(files->fds[i]);
		buffer_release(&files->texts[i]);
	}
}

static void
write_files(const struct files *files)
{
	for (size_t i = 0; i < FILES; i++) {
		const struct buffer *text = &files->texts[i];

		expect(pwrite(files->fds[i], text->data, text->length, 0) == (ssize_t)text->length);
		expect(ftruncate(files->fds[i], (off_t)text->length) == 0);
	}
}

/* --- what is in them --- */

static void
append_pem(struct buffer *text, const char *title, const uint8_t *octets, size_t size)
{
	const gnutls_datum_t der = { (unsigned char *)(uintptr_t)octets, (unsigned)size };
	gnutls_datum_t base64;

	if (gnutls_base64_encode2(&der, &base64) != GNUTLS_E_SUCCESS)
		return;
	(void)buffer_format(text, "-----BEGIN %s-----\n", title);
	for (size_t i = 0; i < base64.size; i += LINE) {
		size_t left = base64.size - i;

		(void)buffer_append(text, base64.data + i, left < LINE ? left : LINE);
		(void)buffer_append_text(text, "\n");
	}
	(void)buffer_format(text, "-----END %s-----\n", title);
	gnutls_free(base64.data);
}

static void
append_piece(struct buffer *text, unsigned form, const uint8_t *octets, size_t size)
{
	int times = form == FORM_MANY ? 20 : 1;

	for (int i = 0; i < times; i++) {
		if (titles[form] != NULL)
			append_pem(text, titles[form], octets, size);
		else
			(void)buffer_append(text, octets, size);
	}
}

/* False: the input has no such piece. */
static bool
fill(const uint8_t *data, size_t size, unsigned wanted, struct buffer *text)
{
	const uint8_t *end = data + size;
	bool has_any = false;

	while (data < end) {
		const uint8_t *next = memmem(data, (size_t)(end - data), "\n%%\n", 4);
		const uint8_t *stop = next != NULL ? next : end;

		if (data < stop && (data[0] & (IS_KEY | IS_SECOND)) == wanted) {
			if (!has_any)
				buffer_clear(text);
			has_any = true;
			append_piece(text, data[0] % FORMS, data + 1, (size_t)(stop - data - 1));
		}
		data = next != NULL ? next + 4 : end;
	}
	return has_any;
}

static void
read_input(const uint8_t *data, size_t size, unsigned when, struct files *files)
{
	(void)fill(data, size, when, &files->texts[FILE_CERTIFICATE]);
	(void)fill(data, size, when | IS_KEY, &files->texts[FILE_KEY]);
	write_files(files);
}

/* --- what is always true --- */

/* A run of the key's text in what people are told. */
static void
check_problem(const char *problem, const struct buffer *key)
{
	size_t length = strnlen(problem, HTTP_TLS_PROBLEM_MAX);

	expect(length > 0 && length < HTTP_TLS_PROBLEM_MAX);
	for (size_t i = 0; i + SECRET_TEXT <= length; i++) {
		if (memchr(problem + i, ' ', SECRET_TEXT) == NULL && key->length > 0)
			expect(memmem(key->data, key->length, problem + i, SECRET_TEXT) == NULL);
	}
}

static void
check_loaded(const struct http_tls *tls, const struct files *files)
{
	expect(strlen(http_tls_names(tls)) < HTTP_TLS_SUBJECT_MAX);
	for (size_t i = 0; i < FILES; i++)
		expect(files->texts[i].length <= FILE_MAX);
}

static bool
is_same(const struct buffer *text, const struct buffer *other)
{
	return text->length == other->length &&
	    (text->length == 0 || memcmp(text->data, other->data, text->length) == 0);
}

static struct http_tls_hold *
hold(struct http_tls *tls, gnutls_session_t *ret_session)
{
	struct http_tls_hold *hold;

	expect(gnutls_init(ret_session, GNUTLS_SERVER) == GNUTLS_E_SUCCESS);
	expect(gnutls_priority_set_direct(*ret_session, http_tls_priorities, NULL) ==
	    GNUTLS_E_SUCCESS);
	hold = http_tls_hold(tls, *ret_session);
	expect(hold != NULL && !http_tls_has_shaken_hands(hold));
	return hold;
}

/* Reads them again while a session holds what there was. */
static void
read_again(struct http_tls *tls, const struct files *before, const struct files *files)
{
	char problem[HTTP_TLS_PROBLEM_MAX] = "";
	char names[HTTP_TLS_SUBJECT_MAX];
	int64_t until_s = http_tls_valid_until_s(tls);
	gnutls_session_t sessions[2];
	struct http_tls_hold *holds[2];
	bool is_new = false;
	enum status status;

	(void)snprintf(names, sizeof(names), "%s", http_tls_names(tls));
	holds[0] = hold(tls, &sessions[0]);
	status = http_tls_reload(tls, files->paths[FILE_CERTIFICATE], files->paths[FILE_KEY],
	    &is_new, problem);
	if (status == STATUS_OK) {
		check_loaded(tls, files);
		expect(is_new ==
		    (!is_same(&before->texts[0], &files->texts[0]) ||
			!is_same(&before->texts[1], &files->texts[1])));
	} else {
		check_problem(problem, &files->texts[FILE_KEY]);
	}
	if (!is_new)
		expect(strcmp(names, http_tls_names(tls)) == 0 &&
		    until_s == http_tls_valid_until_s(tls));
	holds[1] = hold(tls, &sessions[1]);
	for (size_t i = 0; i < 2; i++) {
		gnutls_deinit(sessions[i]);
		http_tls_drop(holds[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char problem[HTTP_TLS_PROBLEM_MAX] = "";
	struct http_tls *tls = NULL;
	struct files files[2];
	enum status status;

	if (size > INPUT_MAX)
		return 0;
	for (size_t i = 0; i < 2; i++)
		open_files(&files[i]);
	read_input(data, size, 0, &files[0]);
	status = http_tls_load(files[0].paths[FILE_CERTIFICATE], files[0].paths[FILE_KEY], &tls,
	    problem);
	expect((status == STATUS_OK) == (tls != NULL));
	if (tls != NULL) {
		check_loaded(tls, &files[0]);
		for (size_t i = 0; i < FILES; i++)
			(void)buffer_append(&files[1].texts[i], files[0].texts[i].data,
			    files[0].texts[i].length);
		read_input(data, size, IS_SECOND, &files[1]);
		read_again(tls, &files[0], &files[1]);
	} else {
		check_problem(problem, &files[0].texts[FILE_KEY]);
	}
	http_tls_free(tls);
	for (size_t i = 0; i < 2; i++)
		close_files(&files[i]);
	return 0;
}
