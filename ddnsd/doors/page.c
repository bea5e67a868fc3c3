/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of ddnsd/page, which the assembler puts into the program, plain and compressed, and how
 * they are served: with what the browser shall not let them do, and an ETag each. Asks nobody who comes.
 */
#include "doors/page.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { TAG_MAX = 24 };

/* One file as bytes between two symbols. The path is from a folder of -I. */
#define EMBED(symbol, path)                                                        \
	__asm__(".pushsection .rodata\n"                                           \
		".globl " #symbol "_begin, " #symbol "_end\n"                      \
		".hidden " #symbol "_begin, " #symbol "_end\n" #symbol "_begin:\n" \
		".incbin \"" path "\"\n" #symbol "_end:\n"                         \
		".byte 0\n"                                                        \
		".popsection\n");                                                  \
	extern const char symbol##_begin[] __attribute__((visibility("hidden")));  \
	extern const char symbol##_end[] __attribute__((visibility("hidden")))

/* A file, and what the Makefile has compressed of it. */
#define EMBED_BOTH(symbol, path) \
	EMBED(symbol, path);     \
	EMBED(symbol##_gzip, path ".gz")

EMBED_BOTH(page_html, "page/index.html");
EMBED_BOTH(page_css, "page/page.css");
EMBED_BOTH(page_js, "page/page.js");
EMBED_BOTH(page_icon, "page/icon.svg");

/* RFC 9110 3.2: one of the forms in which a file is sent. */
struct representation {
	const char *begin;
	const char *end;
	char tag[TAG_MAX]; /* quoted */
};

struct page_file {
	const char *path;
	const char *type;
	struct representation plain;
	struct representation gzip;
};

#define BOTH(symbol)                                       \
	{ symbol##_begin, symbol##_end, "" },              \
	{                                                  \
		symbol##_gzip_begin, symbol##_gzip_end, "" \
	}

static const char icon_type[] = "image/svg+xml; charset=utf-8";

static struct page_file files[] = {
	{ "/", "text/html; charset=utf-8", BOTH(page_html) },
	{ "/page.css", "text/css; charset=utf-8", BOTH(page_css) },
	{ "/page.js", "text/javascript; charset=utf-8", BOTH(page_js) },
	{ "/icon.svg", icon_type, BOTH(page_icon) },
	/* Browsers ask for it whatever the page says. */
	{ "/favicon.ico", icon_type, BOTH(page_icon) },
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
make_tag(struct representation *form)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (const char *at = form->begin; at < form->end; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	(void)snprintf(form->tag, sizeof(form->tag), "\"%016" PRIx64 "\"", hash);
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

/* RFC 9110 12.4.2: the weight after a coding, as ";q=0.5"; "0" and "0.000" refuse it. */
static bool
has_weight(const char *parameters, const char *end)
{
	const char *at = parameters + strspn(parameters, "; \t");

	if (end - at < 3 || strncasecmp(at, "q=", 2) != 0)
		return true;
	at += 2;
	return *at != '0' || strspn(at, "0. \t") < (size_t)(end - at);
}

static bool
is_word(const char *at, size_t length, const char *word)
{
	return length == strlen(word) && strncasecmp(at, word, length) == 0;
}

/* RFC 9110 12.5.3, of the header Accept-Encoding, or NULL. What names gzip counts before "*". */
static bool
accepts_gzip(const char *codings)
{
	bool takes_any = false;

	if (codings == NULL)
		return false;
	while (*codings != '\0') {
		const char *end;
		size_t length;

		codings += strspn(codings, ", \t");
		length = strcspn(codings, ",; \t");
		end = codings + strcspn(codings, ",");
		if (is_word(codings, length, "gzip") || is_word(codings, length, "x-gzip"))
			return has_weight(codings + length, end);
		if (is_word(codings, length, "*"))
			takes_any = has_weight(codings + length, end);
		codings = end;
	}
	return takes_any;
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
	bool is_small = accepts_gzip(http_header(exchange, "Accept-Encoding"));
	const struct representation *form = is_small ? &file->gzip : &file->plain;

	http_add_header(exchange, "ETag", form->tag);
	http_add_header(exchange, "Vary", "Accept-Encoding");
	http_add_header(exchange, "Cache-Control", "no-cache");
	http_add_header(exchange, "Content-Security-Policy", content_policy);
	http_add_header(exchange, "Cross-Origin-Opener-Policy", "same-origin");
	http_add_header(exchange, "Cross-Origin-Resource-Policy", "same-origin");
	if (is_fresh(http_header(exchange, "If-None-Match"), form->tag)) {
		(void)http_answer(exchange, 304, NULL, NULL, 0);
		return;
	}
	if (is_small)
		http_add_header(exchange, "Content-Encoding", "gzip");
	(void)http_answer(exchange, 200, file->type, form->begin,
	    (size_t)(form->end - form->begin));
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

	for (size_t i = 0; i < FILE_COUNT; i++) {
		make_tag(&files[i].plain);
		make_tag(&files[i].gzip);
	}
	return &site;
}
