/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The certificate of a server over TLS, and what is read of it (over GnuTLS). Replaced while
 * connections are open: they keep the one that they have.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct gnutls_session_int; /* what gnutls_session_t points to */

enum { HTTP_TLS_PROBLEM_MAX = 512, HTTP_TLS_SUBJECT_MAX = 256 };

struct http_tls;

/* TLS 1.2 and 1.3 only, ciphers with forward secrecy. */
extern const char http_tls_priorities[];

/*
 * Reads a chain of certificates and its private key (PEM). On failure ret_problem says which file is
 * wrong and what to do; the key's text never stands in it.
 */
enum status http_tls_load(const char *certificate, const char *key, struct http_tls **ret_tls,
    char ret_problem[static HTTP_TLS_PROBLEM_MAX]);

/*
 * Reads the files anew. STATUS_OK: new connections get what they hold, *ret_is_new says whether it
 * differs. Else nothing has changed.
 */
enum status http_tls_reload(struct http_tls *tls, const char *certificate, const char *key,
    bool *ret_is_new, char ret_problem[static HTTP_TLS_PROBLEM_MAX]);

/* Not while a server uses it. Takes NULL. */
void http_tls_free(struct http_tls *tls);

/* Wall clock; of the server's own certificate. One that is over, or not yet begun, is loaded all the same. */
int64_t http_tls_valid_from_s(const struct http_tls *tls);
int64_t http_tls_valid_until_s(const struct http_tls *tls);

/* The names that it is for, with commas, cut where there are many: for the log. */
const char *http_tls_names(const struct http_tls *tls);

/* --- for doors/http_server --- */

/*
 * Has a session, before its handshake, use what is loaded now. That stays as long as a session holds it,
 * whatever is loaded meanwhile. NULL: no memory. Ends with http_tls_drop(), when the session is over.
 */
struct http_tls_hold *http_tls_hold(struct http_tls *tls, struct gnutls_session_int *session);

/* Takes NULL. */
void http_tls_drop(struct http_tls_hold *hold);

/* Of its handshake: is it over, and if not, does it wait for room to write rather than for the client? */
bool http_tls_has_shaken_hands(const struct http_tls_hold *hold);
bool http_tls_wants_to_write(const struct http_tls_hold *hold);

/*
 * Reads what the client has said in its session, and drops it. False: it says no more (its
 * close_notify or the end of the connection, RFC 8446 6.1), or breaks the protocol.
 */
bool http_tls_drop_octets(struct http_tls_hold *hold);

/* A close_notify, where there is room for it; nothing may be said afterwards. */
void http_tls_say_goodbye(struct http_tls_hold *hold);
