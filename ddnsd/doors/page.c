/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of ddnsd/page, which the assembler puts into the program, and how they are served:
 * with what the browser shall not let them do, and an ETag each. Asks nobody who comes.
 */
#include "doors/page.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { TAG_MAX = 24 };

/* One file as bytes between two symbols. The path is from where make runs. */
#define EMBED(symbol, path)                                                        \
	__asm__(".pushsection .rodata\n"                                           \
		".globl " #symbol "_begin, " #symbol "_end\n"                      \
		".hidden " #symbol "_begin, " #symbol "_end\n" #symbol "_begin:\n" \
		".incbin \"" path "\"\n" #symbol "_end:\n"                         \
		".byte 0\n"                                                        \
		".popsection\n");                                                  \
	extern const char symbol##_begin[] __attribute__((visibility("hidden")));  \
	extern const char symbol##_end[] __attribute__((visibility("hidden")))

EMBED(page_html, "ddnsd/page/index.html");
EMBED(page_css, "ddnsd/page/page.css");
EMBED(page_js, "ddnsd/page/page.js");
EMBED(page_icon, "ddnsd/page/icon.svg");

static const char icon_type[] = "image/svg+xml; charset=utf-8";

struct page_file {
	const char *path;
	const char *type;
	const char *begin;
	const char *end;
	char tag[TAG_MAX]; /* quoted */
};

static struct page_file files[] = {
	{ "/", "text/html; charset=utf-8", page_html_begin, page_html_end, "" },
	{ "/page.css", "text/css; charset=utf-8", page_css_begin, page_css_end, "" },
	{ "/page.js", "text/javascript; charset=utf-8", page_js_begin, page_js_end, "" },
	{ "/icon.svg", icon_type, page_icon_begin, page_icon_end, "" },
	/* Browsers ask for it whatever the page says. */
	{ "/favicon.ico", icon_type, page_icon_begin, page_icon_end, "" },
};

enum { FILE_COUNT = sizeof(files) / sizeof(files[0]) };

/*
 * Nothing but these files and the API, no script or style in the page itself, no frame around it; and
 * no text is ever parsed as HTML (Trusted Types), as names may be hostile.
 */
static const char content_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

/* FNV-1a: the tag tells versions of our own files apart; it defends against nobody. */
static void
make_tag(struct page_file *file)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (const char *at = file->begin; at < file->end; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	(void)snprintf(file->tag, sizeof(file->tag), "\"%016" PRIx64 "\"", hash);
}

static struct page_file *
find(const char *path)
{
	for (size_t i = 0; i < FILE_COUNT; i++) {
		if (strcmp(files[i].path, path) == 0)
			return &files[i];
	}
	return NULL;
}

/* RFC 9110 13.1.2. Ours stands within its quotes, so that it is found in a list, and after W/. */
static bool
is_fresh(const char *known, const char *tag)
{
	return known != NULL && (strcmp(known, "*") == 0 || strstr(known, tag) != NULL);
}

static void
answer_text(struct http_exchange *exchange, unsigned code, const char *text)
{
	http_add_header(exchange, "Cache-Control", "no-cache");
	(void)http_answer(exchange, code, "text/plain; charset=utf-8", text, strlen(text));
}

static void
answer_file(struct http_exchange *exchange, const struct page_file *file)
{
	http_add_header(exchange, "ETag", file->tag);
	http_add_header(exchange, "Cache-Control", "no-cache");
	http_add_header(exchange, "Content-Security-Policy", content_policy);
	http_add_header(exchange, "Cross-Origin-Opener-Policy", "same-origin");
	http_add_header(exchange, "Cross-Origin-Resource-Policy", "same-origin");
	if (is_fresh(http_header(exchange, "If-None-Match"), file->tag))
		(void)http_answer(exchange, 304, NULL, NULL, 0);
	else
		(void)http_answer(exchange, 200, file->type, file->begin,
		    (size_t)(file->end - file->begin));
}

static size_t
body_max(void *context, const char *method, const char *path, const struct http_peer *peer)
{
	(void)context;
	(void)method;
	(void)path;
	(void)peer;
	return 0;
}

static void
receive(void *context, struct http_exchange *exchange)
{
	const struct page_file *file = find(http_path(exchange));
	const char *method = http_method(exchange);

	(void)context;
	if (file == NULL) {
		answer_text(exchange, 404, "There is nothing here. The page is at /\n");
	} else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		http_add_header(exchange, "Allow", "GET, HEAD");
		answer_text(exchange, 405, "This is only to be read.\n");
	} else {
		answer_file(exchange, file);
	}
}

/* Nothing waits, and nothing is kept. */
static void
finish(void *context, struct http_exchange *exchange, enum status commit_status)
{
	(void)context;
	(void)exchange;
	(void)commit_status;
}

static void
release(void *context, struct http_exchange *exchange)
{
	(void)context;
	(void)exchange;
}

const struct http_site *
page_site(void)
{
	static const struct http_site site = {
		.body_max = body_max,
		.receive = receive,
		.finish = finish,
		.release = release,
	};

	for (size_t i = 0; i < FILE_COUNT; i++)
		make_tag(&files[i]);
	return &site;
}
