/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of a certificate and its key in their folder: whole or not at all, the key never readable
 * for others, not even for a moment. Knows nothing of what is in them.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "base/status.h"

enum { TLS_STORE_PROBLEM_MAX = PATH_MAX + 512 };

#define TLS_CERTIFICATE_FILE "server.crt"
#define TLS_KEY_FILE "server.key"

/*
 * False when the folder has neither, or replacing is allowed; else ret_problem says which is there. For
 * a look ahead: tls_store_write() looks itself.
 */
bool tls_store_is_taken(const char *folder, bool replaces,
    char ret_problem[static TLS_STORE_PROBLEM_MAX]);

/*
 * Writes both, synced: the certificate with mode 0644; the key with 0640 for the group ddnsd, where there
 * is one and we are root, else with 0600. The folder is made (0755) where its parent is there. On
 * failure (STATUS_NAME_EXISTS: one is there, and may not be replaced) ret_problem is a sentence with the
 * mend, and no file has changed, but when the disk failed between the two.
 */
enum status tls_store_write(const char *folder, const char *certificate, const char *key,
    bool replaces, char ret_problem[static TLS_STORE_PROBLEM_MAX]);
