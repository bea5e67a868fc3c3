/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page for people: a few files that were built in, served to whoever asks, compressed for who can
 * read that (RFC 9110 12.5.3); what they show comes from the API, with credentials. No socket.
 */
#pragma once

#include "doors/http_server.h"

/* Lives for ever. */
const struct http_site *page_site(void);
