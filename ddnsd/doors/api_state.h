/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The API's insides, shared by its own files and by nobody else: a call on its way, what handlers
 * say, and how values look in JSON.
 */
#pragma once

#include <bsd/sys/queue.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/loop.h"
#include "doors/api.h"
#include "doors/http_server.h"
#include "service/report.h"
#include "wire/json.h"
#include "wire/record_text.h"

enum {
	API_ANSWER_MAX = 64 << 20,        /* a zone of 100,000 names with ten records each */
	API_BODY_MAX = 256 << 10,         /* 64 KB of rdata, each octet escaped */
	API_STRANGER_BODY_MAX = 16 << 10, /* of who comes over TCP and is not logged in */
	API_KEY_BODY_MAX = 64 << 10,
	API_ALLOW_MAX = 64,
	API_ERROR_MAX = 1024,
	API_TIME_MAX = 32,
};

/* Who may use a route. */
enum api_right {
	API_LOOK,        /* whoever is somebody; what they see of it is api_may_see()'s */
	API_LOOK_AT_ALL, /* who may see whatever is registered */
	API_CHANGE,      /* any principal; its grants decide further */
	API_LEASES,      /* who may tell of leases; over TCP, administrators */
	API_ADMIN,
};

enum api_timing {
	API_CLEAN,  /* runs, and is answered, while nothing waits for a commit */
	API_TURN,   /* runs at once; what it says is true once the turn is committed */
	API_RELOAD, /* runs at once; api_reloaded() brings the answer */
};

struct api_call;

struct api_route {
	const char *method;
	const char *path; /* ends in "{...}" where the rest of the path is a value */
	void (*handle)(struct api_call *call);
	enum api_right right;
	enum api_timing timing;
	size_t body_max;
	const char *const *arguments; /* of the query, ended by NULL; NULL: none */
};

/* One exchange. A handler calls one of the api_answer and api_fail functions, or http_stream(). */
struct api_call {
	LIST_ENTRY(api_call) entry; /* among streams, or among those that wait for a reload */
	struct api *api;
	struct http_exchange *exchange;
	const struct api_route *route;
	const char *rest; /* the path's value; "" where the route has none */
	bool is_listed;   /* stands in a list */
	bool is_over;     /* answered, or it streams */
	unsigned code;    /* of the answer; 0: none yet */
	const char *type; /* static; NULL: no body */
	struct buffer body;
	struct api_key_change
	    *key_change; /* what the reload is awaited for; NULL: the reload itself */
	uint8_t *copy;   /* the body instead: of service_backup() */
	size_t copy_size;
	char allow[API_ALLOW_MAX];
	unsigned retry_after_s; /* 0: no such header */
};

struct api_key_change;

LIST_HEAD(api_call_list, api_call);

struct api {
	struct loop *loop;
	struct service *service;
	struct api_calls calls;
	struct api_facts facts;
	struct http_site site;
	struct arena arena;    /* of the call that runs */
	int64_t started_s;     /* clock_now_s() */
	int64_t wall_offset_s; /* the wall clock less clock_now_s(), while a call runs */
	bool has_wall_offset;
	struct log_limit refusals;
	char config_error[API_ERROR_MAX]; /* of the last reload; "" = it went well */

	struct api_call_list reloads; /* wait for api_reloaded() */
	struct api_call_list streams;
	struct service_watcher watcher; /* likewise while there are streams */
	struct loop_timer keep_alive;   /* only while there are streams */
	struct publisher_report told;   /* what streams know of publications */

	char data_text[RECORD_DATA_TEXT_MAX]; /* one record's, while it is written */
};

/* --- answers (api.c) --- */

/* The answer is this JSON, whose reference goes over; NULL: there was no memory for it. */
void api_answer_json(struct api_call *call, unsigned code, json_t *json);

/* The answer is what stands in call->body, of that type (static text; NULL: none). */
void api_answer_body(struct api_call *call, unsigned code, const char *type);

/* {"error": ..., "hint": ...}. */
void api_fail(struct api_call *call, unsigned code, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* By the one table from status to HTTP (rule 48). what: the thing at fault; NULL: none in particular. */
void api_fail_status(struct api_call *call, enum status status, const char *what);

/* It came over the Unix socket. */
bool api_is_local(const struct api_call *call);

/* Whether the caller is told what is this machine's own: paths, accounts, what is wrong with files. */
bool api_sees_machine(const struct api_call *call);

/*
 * The text of a problem, for the caller: what stands in it of paths and accounts is not for everybody.
 * "" stays "".
 */
const char *api_problem(const struct api_call *call, const char *text);
const char *api_public_problem(const char *text);

/* Whether the caller may know of this name, whose owner is that (an identity; "" = nobody's). */
bool api_may_see(const struct api_call *call, const uint8_t *name, const char *owner);

/* The apex of the zone that holds the name, and its TTL; false: none does. */
bool api_find_zone(const struct api *api, const uint8_t *name, struct name *ret_zone,
    uint32_t *ret_ttl_s);

/* What the caller is called in sentences: its identity, or its user. */
const char *api_who(const struct api_call *call);

/* "home.arpa, 2.0.192.in-addr.arpa": for hints; cut where there are many. */
const char *api_zones_text(const struct api *api, char text[static API_ERROR_MAX]);

/* The body as a JSON object with these members at most; false: the call has failed. */
bool api_read_body(struct api_call *call, const char *const *members, json_t **ret_object);

/* --- values (api_values.c) --- */

/* A JSON text of any bytes; what is no UTF-8 becomes U+FFFD. NULL becomes null. */
json_t *api_text(const char *text);
json_t *api_name(const uint8_t *name);
json_t *api_address(const struct address *address);

/* "2026-11-22T10:00:00Z"; INT64_MAX is null. */
json_t *api_time(int64_t wall_s);

/* With milliseconds. */
json_t *api_time_ms(int64_t wall_ms);

/* Compact JSON behind what stands in the buffer; the reference goes over. NULL marks the buffer. */
void api_append(struct buffer *buffer, json_t *json);

json_t *api_zone(const struct zone_report *report);

/* "clean", "dirty", "written", "confirmed". */
const char *api_publisher_state(enum publisher_state state);

/* Of the last confirmed publication; null when there was none. */
json_t *api_confirm_ms(const struct publisher_report *report);

/* --- reports (api_report.c) --- */

/* Each appends a value to a JSON text, with the comma that it needs (base/json_out.h). */
void api_write_name(struct buffer *out, const char *member, const uint8_t *name);

/* Leases with it where the caller may see those. */
void api_write_name_report(struct buffer *out, const struct api_call *call,
    const struct name_report *report);
void api_write_lease(struct buffer *out, struct api *api, const struct dhcp_lease *lease);

/* The name that a lease has; false: none. */
bool api_lease_name(const struct api *api, const struct dhcp_lease *lease, struct name *ret_name);

/* --- handlers --- */

void api_get_status(struct api_call *call);
void api_list_names(struct api_call *call);
void api_get_name(struct api_call *call);
void api_put_name(struct api_call *call);
void api_post_name(struct api_call *call);
void api_delete_name(struct api_call *call);
void api_list_leases(struct api_call *call);
void api_post_lease(struct api_call *call);
void api_list_zones(struct api_call *call);
void api_get_zone(struct api_call *call);
void api_get_events(struct api_call *call);
void api_list_keys(struct api_call *call);
void api_post_key(struct api_call *call);
void api_delete_key(struct api_call *call);
void api_post_reload(struct api_call *call);
void api_get_backup(struct api_call *call);
void api_post_restore(struct api_call *call);

/* Asks for a reload, which ends with an answer for the call. */
void api_await_reload(struct api_call *call);

/* --- keys (api_key_change.c, api_key_file.c) --- */

/* Of a key's name: with ".conf" and the temporary name of file_replace() it is a file's. */
enum { API_MADE_KEY_NAME_MAX = 240 };

/* Whether the file of that key, by its lower-cased name, lies in the folder of keys made here. */
bool api_made_key_is_there(const struct api *api, const char *name);

/* For the daemon alone to read, synced. Makes the folder. */
enum status api_made_key_write(const struct api *api, const char *name, const struct buffer *text);
enum status api_made_key_remove(const struct api *api, const char *name);

/* The reload is over that the key waits for; lines is the array of what changed, or of errors. */
void api_end_key_change(struct api_call *call, enum status status, json_t *lines);

/* Wipes and frees. A key that nobody was told the secret of goes. Takes NULL. */
void api_forget_key_change(struct api_key_change *change);

/* --- events (api_events.c) --- */

/* The stream's exchange is gone. */
void api_end_stream(struct api_call *call);
