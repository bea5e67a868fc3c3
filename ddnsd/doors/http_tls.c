/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads a certificate and its key, and holds both for as long as a session uses them. Speaks to no
 * socket but through a session that is there, and never logs.
 */
#include "doors/http_tls.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"

enum {
	FILE_MAX = 128 * 1024, /* a chain has some 8 KiB */
	CHAIN_MAX = 16, /* GnuTLS 3.7 sorts no longer one, and loses a copy of the key then */
	DIGEST_SIZE = 32,
	KEY_ID_SIZE = 32,
	RSA_BITS_MIN = 1024,
	DROPS_MAX = 16, /* records a turn */
	DROP_SIZE = 4096,
};

/*
 * All that is left out, every client of the last ten years does without: TLS 1.2 with AEAD and ECDHE came with
 * OpenSSL 1.0.1, GnuTLS 3.0, NSS 3.14, Java 8 and Windows 10. The client's order of ciphers
 * counts, as it knows whether it has AES in hardware.
 */
const char http_tls_priorities[] =
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+ECDHE-RSA:"
    "+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD:"
    "+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+GROUP-SECP521R1:"
    "+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SECP384R1-SHA384:+SIGN-ECDSA-SECP521R1-SHA512:"
    "+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SHA384:+SIGN-ECDSA-SHA512:+SIGN-EDDSA-ED25519:"
    "+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-PSS-RSAE-SHA512:"
    "+SIGN-RSA-PSS-SHA256:+SIGN-RSA-PSS-SHA384:+SIGN-RSA-PSS-SHA512:"
    "+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:+SIGN-RSA-SHA512:+COMP-NULL";

/* What was loaded at one time. */
struct generation {
	gnutls_certificate_credentials_t credentials;
	unsigned holders; /* the http_tls among them, while it is the newest */
};

struct http_tls {
	struct generation *newest;
	uint8_t certificate_digest[DIGEST_SIZE]; /* of the files */
	uint8_t key_digest[DIGEST_SIZE];
	int64_t valid_from_s;
	int64_t valid_until_s;
	char names[HTTP_TLS_SUBJECT_MAX];
};

struct http_tls_hold {
	struct generation *generation;
	gnutls_session_t session;
};

/* The files, and what is in them, on the way to a generation. */
struct reading {
	const char *certificate_path;
	const char *key_path;
	struct buffer certificate_text;
	struct buffer key_text;
	gnutls_x509_crt_t *chain;
	unsigned chain_length;
	gnutls_x509_privkey_t key;
	char *problem;
};

/* --- generations --- */

static void
let_go(struct generation *generation)
{
	generation->holders--;
	if (generation->holders > 0)
		return;
	gnutls_certificate_free_credentials(generation->credentials);
	free(generation);
}

struct http_tls_hold *
http_tls_hold(struct http_tls *tls, struct gnutls_session_int *session)
{
	struct http_tls_hold *hold = malloc(sizeof(*hold));

	if (hold == NULL)
		return NULL;
	*hold = (struct http_tls_hold){ tls->newest, session };
	if (gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, tls->newest->credentials) !=
	    GNUTLS_E_SUCCESS) {
		free(hold);
		return NULL;
	}
	tls->newest->holders++;
	return hold;
}

void
http_tls_drop(struct http_tls_hold *hold)
{
	if (hold == NULL)
		return;
	let_go(hold->generation);
	free(hold);
}

bool
http_tls_has_shaken_hands(const struct http_tls_hold *hold)
{
	/* GnuTLS 3.7 has no question for it, but describes only sessions that are there. */
	char *description = gnutls_session_get_desc(hold->session);
	bool is_there = description != NULL;

	gnutls_free(description);
	return is_there;
}

bool
http_tls_wants_to_write(const struct http_tls_hold *hold)
{
	return gnutls_record_get_direction(hold->session) == 1;
}

/*
 * Through the session, not past it: a client may ask for new keys (RFC 8446 4.6.3) on a stream that
 * is open for days.
 */
bool
http_tls_drop_octets(struct http_tls_hold *hold)
{
	char octets[DROP_SIZE];

	for (int i = 0; i < DROPS_MAX; i++) {
		ssize_t count = gnutls_record_recv(hold->session, octets, sizeof(octets));

		if (count == 0 || (count < 0 && gnutls_error_is_fatal((int)count) != 0))
			return false;
		if (count == GNUTLS_E_AGAIN)
			break;
	}
	return true;
}

void
http_tls_say_goodbye(struct http_tls_hold *hold)
{
	if (http_tls_has_shaken_hands(hold))
		(void)gnutls_bye(hold->session, GNUTLS_SHUT_WR);
}

/* --- reading --- */

__attribute__((format(printf, 3, 4))) static enum status
complain(struct reading *reading, enum status status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(reading->problem, HTTP_TLS_PROBLEM_MAX, format, arguments);
	va_end(arguments);
	return status;
}

static enum status
read_file(struct reading *reading, const char *path, struct buffer *ret_text)
{
	/* All at once: what grows leaves copies of a key behind. */
	enum status status = buffer_reserve(ret_text, FILE_MAX);

	if (status == STATUS_OK)
		status = file_read(path, ret_text);
	switch (status) {
	case STATUS_OK:
		return STATUS_OK;
	case STATUS_NOT_FOUND:
		return complain(reading, status, "%s: there is no such file", path);
	case STATUS_PERMISSION:
		return complain(reading, status,
		    "%s: ddnsd's user may not read it, or not enter a folder on the way; chgrp ddnsd "
		    "and chmod 0640 (folders: 0750) mend that",
		    path);
	case STATUS_TOO_LARGE:
		return complain(reading, status, "%s: is larger than %d KiB, which no %s is", path,
		    FILE_MAX / 1024, "certificate or key");
	default:
		return complain(reading, status, "%s: cannot be read: %s", path,
		    status_text(status));
	}
}

static gnutls_datum_t
datum_of(const struct buffer *text)
{
	return (gnutls_datum_t){ (unsigned char *)text->data, (unsigned)text->length };
}

static bool
has_text(const struct buffer *text, const char *wanted)
{
	return memmem(text->data, text->length, wanted, strlen(wanted)) != NULL;
}

static enum status
read_certificate(struct reading *reading)
{
	gnutls_datum_t text = datum_of(&reading->certificate_text);
	int code;

	if (!has_text(&reading->certificate_text, "-----BEGIN "))
		return complain(reading, STATUS_MALFORMED,
		    "%s: has no certificate in PEM form (\"-----BEGIN CERTIFICATE-----\")",
		    reading->certificate_path);
	code = gnutls_x509_crt_list_import2(&reading->chain, &reading->chain_length, &text,
	    GNUTLS_X509_FMT_PEM, 0);
	if (code == GNUTLS_E_MEMORY_ERROR)
		return complain(reading, STATUS_NO_MEMORY, "no memory");
	if (code < 0 || reading->chain_length == 0)
		return complain(reading, STATUS_MALFORMED,
		    "%s: is no chain of certificates in PEM form: %s", reading->certificate_path,
		    gnutls_strerror(code));
	if (reading->chain_length > CHAIN_MAX)
		return complain(reading, STATUS_REFUSED,
		    "%s: has %u certificates, which no chain has; the server's own and those of its "
		    "issuers are enough",
		    reading->certificate_path, reading->chain_length);
	return STATUS_OK;
}

/* By what http_tls_priorities has: with another kind every handshake fails, and nobody hears why. */
static bool
is_of_served_kind(gnutls_x509_privkey_t key)
{
	unsigned bits = 0;

	switch (gnutls_x509_privkey_get_pk_algorithm2(key, &bits)) {
	case GNUTLS_PK_RSA:
	case GNUTLS_PK_RSA_PSS:
		return bits >= RSA_BITS_MIN;
	case GNUTLS_PK_ECDSA:
		return bits == 256 || bits == 384 || bits == 521;
	case GNUTLS_PK_EDDSA_ED25519:
		return true;
	default:
		return false;
	}
}

static enum status
read_key(struct reading *reading)
{
	gnutls_datum_t text = datum_of(&reading->key_text);
	int code;

	/* PKCS #8, and the older form of OpenSSL (RFC 1421 4.6.1.1). */
	if (has_text(&reading->key_text, "BEGIN ENCRYPTED PRIVATE KEY") ||
	    has_text(&reading->key_text, "Proc-Type: 4,ENCRYPTED"))
		return complain(reading, STATUS_REFUSED,
		    "%s: the key is locked with a password, which nobody could type when ddnsd starts; "
		    "\"openssl pkey -in %s -out NEW\" writes it without",
		    reading->key_path, reading->key_path);
	if (!has_text(&reading->key_text, "PRIVATE KEY-----"))
		return complain(reading, STATUS_MALFORMED,
		    "%s: has no private key in PEM form (\"-----BEGIN PRIVATE KEY-----\")",
		    reading->key_path);
	if (gnutls_x509_privkey_init(&reading->key) != GNUTLS_E_SUCCESS)
		return complain(reading, STATUS_NO_MEMORY, "no memory");
	code = gnutls_x509_privkey_import2(reading->key, &text, GNUTLS_X509_FMT_PEM, NULL,
	    GNUTLS_PKCS_PLAIN);
	if (code < 0)
		return complain(reading, STATUS_MALFORMED, "%s: the private key is damaged: %s",
		    reading->key_path, gnutls_strerror(code));
	if (!is_of_served_kind(reading->key))
		return complain(reading, STATUS_REFUSED,
		    "%s: the key is of a kind, or a size, that clients do not take; one of EC P-256, or of RSA "
		    "with 2048 bits, is taken by all",
		    reading->key_path);
	return STATUS_OK;
}

static bool
fits(const struct reading *reading, gnutls_x509_crt_t certificate)
{
	uint8_t ids[2][KEY_ID_SIZE];
	size_t sizes[2] = { KEY_ID_SIZE, KEY_ID_SIZE };

	return gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, ids[0],
		   &sizes[0]) == GNUTLS_E_SUCCESS &&
	    gnutls_x509_privkey_get_key_id(reading->key, GNUTLS_KEYID_USE_SHA256, ids[1],
		&sizes[1]) == GNUTLS_E_SUCCESS &&
	    sizes[0] == sizes[1] && memcmp(ids[0], ids[1], sizes[0]) == 0;
}

static enum status
check_pair(struct reading *reading)
{
	if (fits(reading, reading->chain[0]))
		return STATUS_OK;
	for (unsigned i = 1; i < reading->chain_length; i++) {
		if (fits(reading, reading->chain[i]))
			return complain(reading, STATUS_REFUSED,
			    "%s: the server's own certificate must be the first in it, those of its "
			    "issuers behind",
			    reading->certificate_path);
	}
	return complain(reading, STATUS_REFUSED,
	    "%s: the key does not belong to the certificate in %s", reading->key_path,
	    reading->certificate_path);
}

static enum status
make_generation(struct reading *reading, struct generation **ret_generation)
{
	struct generation *generation = calloc(1, sizeof(*generation));
	int code;

	if (generation == NULL)
		return complain(reading, STATUS_NO_MEMORY, "no memory");
	generation->holders = 1;
	code = gnutls_certificate_allocate_credentials(&generation->credentials);
	if (code != GNUTLS_E_SUCCESS) {
		free(generation);
		return complain(reading, STATUS_NO_MEMORY, "no memory");
	}
	code = gnutls_certificate_set_x509_key(generation->credentials, reading->chain,
	    (int)reading->chain_length, reading->key);
	if (code < 0) {
		let_go(generation);
		return complain(reading, STATUS_REFUSED, "%s: cannot be used: %s",
		    reading->certificate_path, gnutls_strerror(code));
	}
	*ret_generation = generation;
	return STATUS_OK;
}

/* --- what a certificate says --- */

static void
add_name(char names[static HTTP_TLS_SUBJECT_MAX], const char *name)
{
	size_t length = strlen(names);

	(void)snprintf(names + length, HTTP_TLS_SUBJECT_MAX - length, "%s%s",
	    length > 0 ? ", " : "", name);
}

static void
add_address(char names[static HTTP_TLS_SUBJECT_MAX], const char *octets, size_t size)
{
	char text[INET6_ADDRSTRLEN];

	if ((size == 4 || size == 16) &&
	    inet_ntop(size == 4 ? AF_INET : AF_INET6, octets, text, sizeof(text)) != NULL)
		add_name(names, text);
}

static void
read_names(gnutls_x509_crt_t certificate, char names[static HTTP_TLS_SUBJECT_MAX])
{
	char name[HTTP_TLS_SUBJECT_MAX];
	size_t size = sizeof(name);
	int kind;

	names[0] = '\0';
	for (unsigned i = 0;; i++) {
		size = sizeof(name) - 1;
		kind = gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &size, NULL);
		if (kind == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		name[kind >= 0 ? size : 0] = '\0';
		if (kind == GNUTLS_SAN_DNSNAME)
			add_name(names, name);
		else if (kind == GNUTLS_SAN_IPADDRESS)
			add_address(names, name, size);
		else if (kind < 0 && kind != GNUTLS_E_SHORT_MEMORY_BUFFER)
			break;
	}
	size = sizeof(name);
	if (names[0] == '\0' &&
	    gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name,
		&size) == GNUTLS_E_SUCCESS)
		add_name(names, name);
}

/* --- all of it --- */

static void
release_reading(struct reading *reading)
{
	if (reading->key_text.data != NULL)
		explicit_bzero(reading->key_text.data, reading->key_text.capacity);
	buffer_release(&reading->key_text);
	buffer_release(&reading->certificate_text);
	for (unsigned i = 0; i < reading->chain_length; i++)
		gnutls_x509_crt_deinit(reading->chain[i]);
	gnutls_free(reading->chain);
	gnutls_x509_privkey_deinit(reading->key);
}

static enum status
digest(const struct buffer *text, uint8_t ret_digest[static DIGEST_SIZE])
{
	return gnutls_hash_fast(GNUTLS_DIG_SHA256, text->data, text->length, ret_digest) ==
		GNUTLS_E_SUCCESS
	    ? STATUS_OK
	    : STATUS_IO;
}

/* From the files to a generation; tls is filled in, but for what is in force. */
static enum status
read_both(struct reading *reading, struct http_tls *tls, struct generation **ret_generation)
{
	enum status status = read_file(reading, reading->certificate_path,
	    &reading->certificate_text);

	if (status == STATUS_OK)
		status = read_file(reading, reading->key_path, &reading->key_text);
	if (status == STATUS_OK)
		status = read_certificate(reading);
	if (status == STATUS_OK)
		status = read_key(reading);
	if (status == STATUS_OK)
		status = check_pair(reading);
	if (status == STATUS_OK &&
	    (digest(&reading->certificate_text, tls->certificate_digest) != STATUS_OK ||
		digest(&reading->key_text, tls->key_digest) != STATUS_OK))
		status = complain(reading, STATUS_IO, "SHA-256 does not work here");
	if (status == STATUS_OK)
		status = make_generation(reading, ret_generation);
	if (status != STATUS_OK)
		return status;
	tls->valid_from_s = gnutls_x509_crt_get_activation_time(reading->chain[0]);
	tls->valid_until_s = gnutls_x509_crt_get_expiration_time(reading->chain[0]);
	read_names(reading->chain[0], tls->names);
	return STATUS_OK;
}

enum status
http_tls_reload(struct http_tls *tls, const char *certificate, const char *key, bool *ret_is_new,
    char ret_problem[static HTTP_TLS_PROBLEM_MAX])
{
	struct reading reading = { .certificate_path = certificate,
		.key_path = key,
		.problem = ret_problem };
	struct http_tls read = { 0 };
	enum status status;
	bool is_new;

	buffer_init(&reading.certificate_text, FILE_MAX);
	buffer_init(&reading.key_text, FILE_MAX);
	status = read_both(&reading, &read, &read.newest);
	release_reading(&reading);
	if (status != STATUS_OK)
		return status;
	is_new = tls->newest == NULL ||
	    memcmp(tls->certificate_digest, read.certificate_digest, DIGEST_SIZE) != 0 ||
	    memcmp(tls->key_digest, read.key_digest, DIGEST_SIZE) != 0;
	if (!is_new) {
		let_go(read.newest);
	} else {
		if (tls->newest != NULL)
			let_go(tls->newest);
		*tls = read;
	}
	*ret_is_new = is_new;
	return STATUS_OK;
}

enum status
http_tls_load(const char *certificate, const char *key, struct http_tls **ret_tls,
    char ret_problem[static HTTP_TLS_PROBLEM_MAX])
{
	struct http_tls *tls = calloc(1, sizeof(*tls));
	enum status status;
	bool is_new;

	if (tls == NULL) {
		(void)snprintf(ret_problem, HTTP_TLS_PROBLEM_MAX, "no memory");
		return STATUS_NO_MEMORY;
	}
	status = http_tls_reload(tls, certificate, key, &is_new, ret_problem);
	if (status == STATUS_OK)
		*ret_tls = tls;
	else
		free(tls);
	return status;
}

void
http_tls_free(struct http_tls *tls)
{
	if (tls == NULL)
		return;
	let_go(tls->newest);
	free(tls);
}

int64_t
http_tls_valid_from_s(const struct http_tls *tls)
{
	return tls->valid_from_s;
}

int64_t
http_tls_valid_until_s(const struct http_tls *tls)
{
	return tls->valid_until_s;
}

const char *
http_tls_names(const struct http_tls *tls)
{
	return tls->names;
}
