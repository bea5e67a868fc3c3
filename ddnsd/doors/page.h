/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page for people: a few files that were built in, served as they are to whoever asks; what they
 * show comes from the API, with credentials. No socket.
 */
#pragma once

#include "doors/http_server.h"

/* Lives for ever. */
const struct http_site *page_site(void);
