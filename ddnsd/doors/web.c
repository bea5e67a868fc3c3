/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sockets and servers of the HTTP door, and the way of a request to its site. Sockets are held here,
 * the servers listen on duplicates of them: so they can pass from one server to the other.
 */
#include "doors/web.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "doors/dyndns.h"
#include "doors/http_tls.h"
#include "doors/login.h"
#include "doors/web_guard.h"

enum {
	STREAMS_MAX = 16,
	STREAMS_PER_ONE = 6, /* subscriber, and key: as many tabs of a browser */
	STREAMS_OF_STRANGERS = STREAMS_MAX / 2,
	STREAMS_FOR_ADMINS = STREAMS_MAX / 4,
	ANSWERS_MAX = 32 << 20,
	REQUEST_MS = 10000,
	REDIRECT_BODY_MAX = 65536, /* read to its end, so that the client reads the answer */
	LOCATION_MAX = 16384,      /* three octets for one, of a request line */
	SOCKETS_MAX = 2 * WEB_LISTEN_MAX,
	DAY_S = 24 * 60 * 60,
	EXPIRY_WARNING_DAYS = 14,
};

static const char door_plain[] = "http";
static const char door_secure[] = "https";
static const char door_redirect[] = "http-redirect";

struct web_socket {
	struct endpoint at;
	bool is_redirect;
	int fd;
	int served; /* the duplicate that a server has; -1 = none */
	struct http_server *server;
};

struct web {
	struct loop *loop;
	struct service *service;
	struct web_sites sites;
	struct login *login;
	struct http_site site;
	struct web_options options;
	struct web_socket sockets[SOCKETS_MAX];
	size_t socket_count;
	struct http_server *plain; /* NULL until it is needed, as is secure */
	struct http_server *secure;
	struct http_tls *tls;
	struct log_limit told_host;
	struct log_limit told_cross;
	char listen_text[WEB_LISTEN_TEXT_MAX];
	char problem[WEB_PROBLEM_MAX];
};

/* --- who comes in --- */

static bool
is_proxy(const struct web *web, const struct address *address)
{
	return networks_contain(web->options.proxies, web->options.proxy_count, address);
}

static bool
identify(const struct web *web, int connection, const char *door, struct http_peer *ret_peer)
{
	struct sockaddr_storage from;
	socklen_t length = sizeof(from);
	struct endpoint endpoint;

	if (getpeername(connection, (struct sockaddr *)&from, &length) != 0)
		return false;
	endpoint_from_sockaddr(&from, &endpoint);
	*ret_peer = (struct http_peer){
		.source = endpoint.address,
		.door = door,
		.is_shared = is_proxy(web, &endpoint.address),
		.login = STATUS_NOT_FOUND,
	};
	(void)address_to_text(&endpoint.address, ret_peer->who);
	return true;
}

_Static_assert((int)HTTP_WHO_MAX >= (int)ADDRESS_TEXT_MAX, "an address is somebody");

static bool
identify_plain(void *context, int connection, struct http_peer *ret_peer)
{
	return identify(context, connection, door_plain, ret_peer);
}

static bool
identify_secure(void *context, int connection, struct http_peer *ret_peer)
{
	return identify(context, connection, door_secure, ret_peer);
}

/* Whom it does not name has no address: the proxy's own rights are not for everybody behind it. */
static void
believe_proxy(const struct http_exchange *exchange, struct http_peer *peer)
{
	const char *forwarded_for = http_last_header(exchange, "X-Forwarded-For");
	char proxy[ADDRESS_TEXT_MAX];

	(void)address_to_text(&peer->source, proxy);
	if (!web_guard_read_forwarded(forwarded_for, &peer->source))
		return;
	if (peer->source.family != 0)
		(void)address_to_text(&peer->source, peer->who);
	else
		(void)snprintf(peer->who, sizeof(peer->who), "somebody behind %s", proxy);
}

/*
 * What an address may without a key, unless a name of somebody else's led here: then a page of theirs
 * would read what its visitor may.
 */
static void
trust_address(struct web *web, const struct http_exchange *exchange, struct http_peer *peer)
{
	const struct web_options *options = &web->options;
	const char *host = http_header(exchange, "Host");
	bool may_look = networks_contain(options->look, options->look_count, &peer->source);
	bool may_measure = networks_contain(options->metrics, options->metrics_count,
	    &peer->source);
	uint64_t left_out;

	if (!may_look && !may_measure)
		return;
	if (web_guard_is_our_host(web->service, options->hosts, options->host_count, host)) {
		peer->sees_all |= may_look;
		peer->sees_metrics |= may_measure;
		return;
	}
	if (log_limit_allows(&web->told_host, &left_out))
		log_notice(
		    "http: %s asked for the host \"%.100s\", which ddnsd does not know as its own: "
		    "it needs a key; if that is this server, add it to `hosts` in listen \"http\"",
		    peer->who, host);
}

/* --- which site --- */

/* Whose path that is; what is nobody's is the page's to deny. */
static const struct http_site *
find_site(const struct web *web, const char *path)
{
	if (dyndns_has_path(path))
		return web->sites.dyndns;
	if (strncmp(path, "/v1/", 4) == 0 || strcmp(path, "/v1") == 0)
		return web->sites.api;
	if (strcmp(path, "/metrics") == 0 || strncmp(path, "/healthz", 8) == 0)
		return web->sites.monitor;
	return web->sites.page;
}

static bool
is_page(const struct web *web, const struct http_exchange *exchange)
{
	return find_site(web, http_path(exchange)) == web->sites.page;
}

/* The page may be linked to from anywhere; nobody's script reads it. */
static bool
is_cross_site(const struct web *web, const struct http_exchange *exchange)
{
	return !is_page(web, exchange) &&
	    web_guard_is_cross_site(http_header(exchange, "Sec-Fetch-Site"),
		http_header(exchange, "Origin"), http_header(exchange, "Host"));
}

/* The redirector: what came over plain HTTP while there is TLS. */
static bool
is_redirected(const struct http_exchange *exchange)
{
	return http_peer(exchange)->door == door_redirect;
}

/* By a reload, while connections through it were open. */
static bool
is_taken_away(const struct web *web)
{
	return web->options.listen_count == 0;
}

static void
arrived(void *context, struct http_exchange *exchange)
{
	struct web *web = context;
	struct http_peer peer = *http_peer(exchange);

	if (is_proxy(web, &peer.source))
		believe_proxy(exchange, &peer);
	if (peer.door == door_plain && web->options.certificate[0] != '\0')
		peer.door = door_redirect;
	else if (!is_taken_away(web) && !is_page(web, exchange) && !is_cross_site(web, exchange)) {
		trust_address(web, exchange, &peer);
		login_identify(web->login, exchange,
		    web->options.secrets_in_urls && dyndns_has_path(http_path(exchange)), &peer);
	}
	http_set_peer(exchange, &peer);
}

static size_t
body_max(void *context, const char *method, const char *path, const struct http_peer *peer)
{
	struct web *web = context;
	const struct http_site *site = find_site(web, path);

	if (peer->door == door_redirect)
		return REDIRECT_BODY_MAX;
	return site->body_max(site->context, method, path, peer);
}

/* To the same path over TLS, with its arguments. 308: the method stays (RFC 9110 15.4.9). */
static void
redirect(struct web *web, struct http_exchange *exchange)
{
	static const char text[] = "This server speaks HTTPS.\n";
	const char *name;
	struct buffer location;

	buffer_init(&location, LOCATION_MAX);
	if (!web_guard_append_origin(&location, http_header(exchange, "Host"),
		web->options.listen[0].port)) {
		(void)http_answer(exchange, 400, "text/plain", text, sizeof(text) - 1);
		buffer_release(&location);
		return;
	}
	web_guard_append_escaped(&location, http_path(exchange), "/");
	for (size_t i = 0; (name = http_argument_name(exchange, i)) != NULL; i++) {
		(void)buffer_append_text(&location, i == 0 ? "?" : "&");
		web_guard_append_escaped(&location, name, "");
		(void)buffer_append_text(&location, "=");
		web_guard_append_escaped(&location, http_argument_value(exchange, i), "");
	}
	if (buffer_append(&location, "", 1) == STATUS_OK)
		http_add_header(exchange, "Location", location.data);
	(void)http_answer(exchange, location.status == STATUS_OK ? 308 : 503, "text/plain", text,
	    sizeof(text) - 1);
	buffer_release(&location);
}

static void
refuse_cross_site(struct web *web, struct http_exchange *exchange)
{
	static const char text[] =
	    "{\"error\":\"a page of another site made this request\","
	    "\"hint\":\"only programs, and the page that this server serves, may\"}\n";
	uint64_t left_out;

	if (log_limit_allows(&web->told_cross, &left_out))
		log_warning("http: refused a request for %.100s that a page of another site had %s "
			    "make",
		    http_path(exchange), http_peer(exchange)->who);
	(void)http_answer(exchange, 403, "application/json", text, sizeof(text) - 1);
}

static void
say_goodbye(struct http_exchange *exchange)
{
	static const char text[] = "This server speaks HTTP no more.\n";

	http_add_header(exchange, "Connection", "close");
	(void)http_answer(exchange, 503, "text/plain", text, sizeof(text) - 1);
}

static void
receive(void *context, struct http_exchange *exchange)
{
	struct web *web = context;
	const struct http_site *site = find_site(web, http_path(exchange));

	http_add_header(exchange, "X-Content-Type-Options", "nosniff");
	http_add_header(exchange, "Referrer-Policy", "no-referrer");
	if (site != web->sites.page)
		http_add_header(exchange, "Cache-Control", "no-store");
	if (is_taken_away(web))
		say_goodbye(exchange);
	else if (is_redirected(exchange))
		redirect(web, exchange);
	else if (is_cross_site(web, exchange))
		refuse_cross_site(web, exchange);
	else
		site->receive(site->context, exchange);
}

static void
finish(void *context, struct http_exchange *exchange, enum status commit_status)
{
	struct web *web = context;
	const struct http_site *site = find_site(web, http_path(exchange));

	site->finish(site->context, exchange, commit_status);
}

static void
release(void *context, struct http_exchange *exchange)
{
	struct web *web = context;
	const struct http_site *site = find_site(web, http_path(exchange));

	/* Where the site never had it, it keeps nothing. */
	if (http_kept(exchange) != NULL)
		site->release(site->context, exchange);
}

/* --- life --- */

struct web *
web_new(struct loop *loop, struct service *service, const struct web_sites *sites)
{
	struct web *web = calloc(1, sizeof(*web));

	if (web == NULL)
		return NULL;
	web->loop = loop;
	web->service = service;
	web->sites = *sites;
	web->site = (struct http_site){ web, arrived, body_max, receive, finish, release };
	web->login = login_new(service);
	if (web->login == NULL) {
		free(web);
		return NULL;
	}
	return web;
}

static void
stop_serving(struct web_socket *socket)
{
	if (socket->server != NULL)
		http_server_unlisten(socket->server, socket->served);
	socket->server = NULL;
	socket->served = -1;
}

static void
close_socket(struct web_socket *socket)
{
	stop_serving(socket);
	(void)close(socket->fd);
}

void
web_free(struct web *web)
{
	if (web == NULL)
		return;
	for (size_t i = 0; i < web->socket_count; i++)
		close_socket(&web->sockets[i]);
	http_server_free(web->plain);
	http_server_free(web->secure);
	http_tls_free(web->tls);
	login_free(web->login);
	free(web);
}

/* --- sockets --- */

/* What these options want to listen on. */
static size_t
list_wanted(const struct web_options *options, struct web_socket wanted[static SOCKETS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < options->listen_count; i++)
		wanted[count++] = (struct web_socket){ .at = options->listen[i], .fd = -1 };
	for (size_t i = 0; i < options->listen_count && options->redirect_port != 0; i++) {
		wanted[count] = (struct web_socket){ .at = options->listen[i],
			.is_redirect = true,
			.fd = -1 };
		wanted[count++].at.port = options->redirect_port;
	}
	for (size_t i = 0; i < count; i++)
		wanted[i].served = -1;
	return count;
}

static struct web_socket *
find_socket(struct web_socket *sockets, size_t count, const struct endpoint *at)
{
	for (size_t i = 0; i < count; i++) {
		if (sockets[i].at.port == at->port &&
		    address_is_equal(&sockets[i].at.address, &at->address))
			return &sockets[i];
	}
	return NULL;
}

/* Sockets that are there are taken over, the others opened. On failure those are closed again. */
static enum status
open_wanted(struct web *web, struct web_socket *wanted, size_t count,
    char ret_problem[static LISTEN_PROBLEM_MAX])
{
	enum status status = STATUS_OK;
	size_t ready = 0;

	for (; ready < count && status == STATUS_OK; ready += status == STATUS_OK) {
		const struct web_socket *had = find_socket(web->sockets, web->socket_count,
		    &wanted[ready].at);
		bool is_redirect = wanted[ready].is_redirect;

		if (had != NULL) {
			wanted[ready] = *had;
			wanted[ready].is_redirect = is_redirect;
		} else {
			status = listen_open(LISTEN_TCP, &wanted[ready].at, &wanted[ready].fd,
			    ret_problem);
		}
	}
	while (status != STATUS_OK && ready-- > 0) {
		if (find_socket(web->sockets, web->socket_count, &wanted[ready].at) == NULL)
			(void)close(wanted[ready].fd);
	}
	return status;
}

/* Closes the sockets that are not among these. */
static void
close_others(struct web *web, struct web_socket *wanted, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < web->socket_count; i++) {
		if (find_socket(wanted, count, &web->sockets[i].at) != NULL)
			web->sockets[kept++] = web->sockets[i];
		else
			close_socket(&web->sockets[i]);
	}
	web->socket_count = kept;
}

/*
 * A wildcard address cannot be had while one address of its port is, and the other way round: then what goes
 * is closed first, and opened again where that was in vain. Not where something is not permitted (a port
 * below 1024, once root's rights are gone): it could not be had again either.
 */
enum status
web_listen(struct web *web, const struct web_options *options,
    char ret_problem[static LISTEN_PROBLEM_MAX])
{
	struct web_socket wanted[SOCKETS_MAX];
	struct web_socket before[SOCKETS_MAX];
	size_t count = list_wanted(options, wanted);
	size_t count_before = list_wanted(&web->options, before);
	char problem[LISTEN_PROBLEM_MAX];
	enum status status = open_wanted(web, wanted, count, ret_problem);
	size_t length;

	if (status == STATUS_PERMISSION)
		return status;
	close_others(web, wanted, count);
	if (status != STATUS_OK) {
		(void)list_wanted(options, wanted);
		status = open_wanted(web, wanted, count, ret_problem);
	}
	if (status == STATUS_OK) {
		memcpy(web->sockets, wanted, count * sizeof(wanted[0]));
		web->socket_count = count;
		web->options = *options;
	} else if (open_wanted(web, before, count_before, problem) == STATUS_OK) {
		memcpy(web->sockets, before, count_before * sizeof(before[0]));
		web->socket_count = count_before;
	} else {
		length = strlen(ret_problem);
		(void)snprintf(ret_problem + length, LISTEN_PROBLEM_MAX - length,
		    "; what was listened on instead cannot be had again: %s", problem);
	}
	return status;
}

/* --- serving --- */

static void
log_certificate(const struct web *web)
{
	int64_t left_s = http_tls_valid_until_s(web->tls) - clock_wall_s();
	const char *names = http_tls_names(web->tls);
	const char *file = web->options.certificate;

	if (left_s <= 0)
		log_warning("http: the certificate for %s in %s has expired: replace it", names,
		    file);
	else if (left_s < (int64_t)EXPIRY_WARNING_DAYS * DAY_S)
		log_warning("http: the certificate for %s in %s ends in %lld days: renew it", names,
		    file, (long long)(left_s / DAY_S));
	else
		log_info("http: the certificate for %s in %s is good for %lld days", names, file,
		    (long long)(left_s / DAY_S));
}

__attribute__((format(printf, 2, 3))) static void
set_problem(struct web *web, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(web->problem, sizeof(web->problem), format, arguments);
	va_end(arguments);
	log_error("http: %s", web->problem);
}

/* True when there is a certificate to serve with. */
static bool
read_certificate(struct web *web)
{
	const struct web_options *options = &web->options;
	char problem[HTTP_TLS_PROBLEM_MAX];
	bool is_new = true;
	enum status status;

	if (web->tls == NULL)
		status = http_tls_load(options->certificate, options->key, &web->tls, problem);
	else
		status = http_tls_reload(web->tls, options->certificate, options->key, &is_new,
		    problem);
	if (status != STATUS_OK)
		set_problem(web, "%s; %s", problem,
		    web->tls != NULL
			? "the certificate that was read before stays in use"
			: "nobody is served over HTTP until it can be read; all else goes on");
	else if (is_new)
		log_certificate(web);
	return web->tls != NULL;
}

static struct http_server *
obtain_server(struct web *web, bool is_secure)
{
	struct http_server **place = is_secure ? &web->secure : &web->plain;
	const struct http_limits limits = {
		.connections_max = web->options.connections_max,
		.connections_per_source = web->options.connections_per_source,
		.streams_max = STREAMS_MAX,
		.streams_per_source = STREAMS_PER_ONE,
		.streams_per_principal = STREAMS_PER_ONE,
		.streams_of_strangers = STREAMS_OF_STRANGERS,
		.streams_for_admins = STREAMS_FOR_ADMINS,
		.answers_max = ANSWERS_MAX,
		.idle_ms = web->options.idle_ms,
		.request_ms = REQUEST_MS,
	};

	if (*place != NULL)
		http_server_set_limits(*place, &limits);
	else if (is_secure)
		*place = http_server_new_secure(web->loop, &web->site, identify_secure, web,
		    &limits, web->tls);
	else
		*place = http_server_new(web->loop, &web->site, identify_plain, web, &limits);
	return *place;
}

static enum status
serve(struct web *web, struct web_socket *socket)
{
	bool is_secure = web->options.certificate[0] != '\0' && !socket->is_redirect;
	struct http_server *server = obtain_server(web, is_secure);
	int wait_s = is_secure ? 1 : 0;
	enum status status;

	if (server == NULL)
		return STATUS_NO_MEMORY;
	if (is_secure)
		http_server_divert_plain(server, obtain_server(web, false));
	if (socket->server == server)
		return STATUS_OK;
	stop_serving(socket);
	/* Who speaks first is known when it is accepted (see http_server_divert_plain()). */
	(void)setsockopt(socket->fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &wait_s, sizeof(wait_s));
	socket->served = fcntl(socket->fd, F_DUPFD_CLOEXEC, 0);
	if (socket->served < 0)
		return STATUS_NO_MEMORY;
	status = http_server_listen(server, socket->served);
	if (status == STATUS_OK)
		socket->server = server;
	else
		(void)close(socket->served);
	return status;
}

static void
close_all(struct web *web)
{
	for (size_t i = 0; i < web->socket_count; i++)
		close_socket(&web->sockets[i]);
	web->socket_count = 0;
}

void
web_start(struct web *web)
{
	char at[ENDPOINT_TEXT_MAX];

	/* The log has it already, from the configuration. */
	(void)snprintf(web->problem, sizeof(web->problem), "%s",
	    web->options.is_held_back ? "it is served on loopback alone, as there is no certificate"
				      : "");
	if (web->options.listen_count > 0 && web->options.certificate[0] != '\0' &&
	    !read_certificate(web)) {
		/* A socket that nobody serves would have clients wait. */
		close_all(web);
		return;
	}
	for (size_t i = 0; i < web->socket_count; i++) {
		enum status status = serve(web, &web->sockets[i]);

		if (status != STATUS_OK)
			set_problem(web, "cannot serve %s: %s",
			    endpoint_to_text(&web->sockets[i].at, at), status_text(status));
	}
}

void
web_forget_peers(struct web *web)
{
	struct http_server *const servers[] = { web->plain, web->secure };

	login_forget_failures(web->login);
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		if (servers[i] == NULL)
			continue;
		http_server_forget_peers(servers[i]);
		http_server_end_streams(servers[i]);
	}
}

void
web_flush(struct web *web, enum status commit_status)
{
	if (web->plain != NULL)
		http_server_flush(web->plain, commit_status);
	if (web->secure != NULL)
		http_server_flush(web->secure, commit_status);
}

void
web_send(struct web *web)
{
	if (web->plain != NULL)
		http_server_send(web->plain);
	if (web->secure != NULL)
		http_server_send(web->secure);
}

/* --- reports --- */

void
web_report(const struct web *web, struct web_report *ret_report)
{
	const struct http_server *const servers[] = { web->plain, web->secure };
	struct login_report login;

	*ret_report = (struct web_report){ 0 };
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		struct http_server_report report;

		if (servers[i] == NULL)
			continue;
		http_server_report(servers[i], &report);
		ret_report->server.connections += report.connections;
		ret_report->server.streams += report.streams;
		ret_report->server.accepted += report.accepted;
		ret_report->server.turned_away += report.turned_away;
	}
	login_report(web->login, &login);
	ret_report->logins_failed = login.failed;
	ret_report->logins_locked = login.locked;
	if (web->tls != NULL && web->options.certificate[0] != '\0')
		ret_report->certificate_until_s = http_tls_valid_until_s(web->tls);
}

const char *
web_problem(const struct web *web)
{
	return web->problem;
}

const char *
web_listen_text(struct web *web, size_t place)
{
	bool is_secure = web->options.certificate[0] != '\0';
	char at[ENDPOINT_TEXT_MAX];

	if (place >= web->options.listen_count || web->socket_count == 0)
		return NULL;
	(void)snprintf(web->listen_text, sizeof(web->listen_text), "%s://%s",
	    is_secure ? door_secure : door_plain,
	    endpoint_to_text(&web->options.listen[place], at));
	return web->listen_text;
}
