/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The insides of tools/ctl/snippets: one client's template and needs. For its files only. */
#pragma once

#include "tools/ctl/snippets.h"

struct snippet {
	const char *client;

	/*
	 * Placeholders are capitals between two @ (append_placeholder()). A line that begins with
	 * @TLS@ stands only where the daemon speaks HTTPS, one with @PLAIN@ only where it does not.
	 */
	const char *template;

	size_t (*grants)(const struct snippet_facts *facts,
	    char grants[static SNIPPET_GRANTS_MAX][SNIPPET_GRANT_MAX]);
	void (*tail)(const struct snippet_facts *facts,
	    struct buffer *text); /* what depends on the zones; NULL = nothing */
	bool needs_address;
	bool is_for_many;
	bool speaks_http;
	bool writes_secret_in_url; /* and may not know how to escape it */
};

/* The clients that speak HTTP, the last one without a name. */
extern const struct snippet snippets_http[];
