/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ddnsd: reads the arguments, builds the parts, drops privileges, runs the loop, and takes all down
 * in reverse. The one place that knows every part, and the only one that ends the process.
 */
#include <getopt.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/notify.h"
#include "base/privilege.h"
#include "base/watch.h"
#include "config.h"
#include "doors/api.h"
#include "doors/control.h"
#include "doors/dns.h"
#include "doors/dns_tcp.h"
#include "doors/dns_udp.h"
#include "doors/dyndns.h"
#include "doors/http_tls.h"
#include "doors/lease_file.h"
#include "doors/monitor.h"
#include "doors/page.h"
#include "doors/web.h"
#include "publisher/publisher.h"
#include "registry/registry.h"
#include "registry/store.h"
#include "service/dhcp.h"
#include "service/report.h"
#include "service/service.h"

enum {
	EXIT_USAGE = 2,
	TEXT_MAX = 1 << 20, /* all errors of a configuration */
};

_Static_assert((int)CONTROL_PROBLEM_MAX == (int)LISTEN_PROBLEM_MAX, "one buffer for both");
_Static_assert(sizeof(((struct control_options *)0)->group) == sizeof(((struct config *)0)->group),
    "the names of groups are as long");

static const char default_config[] = "/etc/ddnsd/ddnsd.conf";

static const char usage[] = "usage: ddnsd [-nv] [-c FILE]\n"
			    "  -c, --config FILE  read FILE instead of /etc/ddnsd/ddnsd.conf\n"
			    "  -n, --check        check the configuration and exit\n"
			    "  -v, --verbose      log what is done in detail\n"
			    "      --version      print the version and exit\n"
			    "  -h, --help         print this and exit\n"
			    "See ddnsd(8) and ddnsd.conf(5).\n";

struct arguments {
	const char *config;
	bool only_check;
	bool is_verbose;
};

/* Everything there is, in the order in which it is built. */
struct daemon {
	struct arguments arguments;
	struct config *config;
	struct loop *loop;
	struct registry *registry;
	struct service *service;
	struct dns *dns;
	struct dns_udp *udp;
	struct dns_tcp *tcp;
	struct api *api;
	struct control *control;
	struct dyndns *dyndns;
	struct monitor *monitor;
	struct web *web;
	struct store *store;
	struct publisher *publisher;
	struct lease_reader *leases;
	struct watch *watch;
	bool has_bad_config;            /* the files on disk have errors: the last reload failed */
	struct loop_timer asked_reload; /* somebody asked for one through the API */
	char listen_texts[DNS_LISTEN_MAX][ENDPOINT_TEXT_MAX]; /* for the API, as are: */
	const char *listen_list[DNS_LISTEN_MAX];
	char web_texts[WEB_LISTEN_MAX][WEB_LISTEN_TEXT_MAX];
	const char *web_list[WEB_LISTEN_MAX];
	char user[64];
	struct loop_timer watchdog;
	int64_t watchdog_ms;
};

/* --- configuration --- */

/* A text of many lines, each as a line of its own: to the log, or to stderr as it stands. */
static void
tell_lines(const struct buffer *text, bool to_log, enum log_level level, const char *prefix)
{
	const char *at = text->data;
	const char *end = text->data != NULL ? text->data + text->length : NULL;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		int length = (int)((newline != NULL ? newline : end) - at);

		if (to_log)
			log_write(level, "%s%.*s", prefix, length, at);
		else
			(void)fprintf(stderr, "%s%.*s\n", prefix, length, at);
		at += length + 1;
	}
}

/* It may come later than the configuration: no error, but worth a word. */
static void
check_certificate(const struct web_options *options)
{
	char problem[HTTP_TLS_PROBLEM_MAX];
	struct http_tls *tls = NULL;

	if (options->certificate[0] == '\0')
		return;
	if (http_tls_load(options->certificate, options->key, &tls, problem) != STATUS_OK)
		(void)fprintf(stderr,
		    "warning: listen http: %s; without a certificate nobody is served\n", problem);
	http_tls_free(tls);
}

static int
check_config(const char *path)
{
	struct buffer errors;
	struct buffer warnings;
	struct config *config = NULL;
	enum status status;

	buffer_init(&errors, TEXT_MAX);
	buffer_init(&warnings, TEXT_MAX);
	status = config_load(path, &config, &errors, &warnings);
	tell_lines(&warnings, false, LOG_LEVEL_WARNING, "warning: ");
	tell_lines(&errors, false, LOG_LEVEL_ERROR, "");
	buffer_release(&errors);
	buffer_release(&warnings);
	if (status == STATUS_OK)
		check_certificate(&config->web);
	config_free(config);
	if (status != STATUS_OK)
		return EXIT_FAILURE;
	return puts("configuration OK") >= 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* NULL when the file has errors; they are logged, and stand in errors, which is initialised. */
static struct config *
load_config(const char *path, struct buffer *errors)
{
	struct buffer warnings;
	struct config *config = NULL;

	buffer_init(&warnings, TEXT_MAX);
	if (config_load(path, &config, errors, &warnings) != STATUS_OK) {
		config = NULL;
		tell_lines(errors, true, LOG_LEVEL_ERROR, "");
	}
	tell_lines(&warnings, true, LOG_LEVEL_WARNING, "");
	buffer_release(&warnings);
	return config;
}

/* --- the turn --- */

/* Nothing is uncommitted when this returns, and nobody waits for a commit. */
static enum status
settle_turn(struct daemon *daemon)
{
	enum status status = service_commit(daemon->service);

	dns_turn_ended(daemon->dns, status);
	dns_udp_flush(daemon->udp, status);
	dns_tcp_flush(daemon->tcp, status);
	control_flush(daemon->control, status);
	web_flush(daemon->web, status);
	return status;
}

/* Commit first, then the answers, then the hosts file: acknowledged means durable. */
static void
end_turn(void *context)
{
	struct daemon *daemon = context;
	enum status status = settle_turn(daemon);

	control_send(daemon->control);
	web_send(daemon->web);
	lease_reader_turn_ended(daemon->leases, status);
	publisher_notice(daemon->publisher);
	api_turn_ended(daemon->api);
}

/* --- what the API knows and may do --- */

static void
tell_facts(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	struct api_facts facts = {
		.config_file = config->file,
		.keys_directory = config->keys_directory,
		.made_keys_directory = config->made_keys_directory,
		.database = config->database,
		.user = daemon->user,
		.listen = daemon->listen_list,
		.listen_count = config->dns.listen_count,
		.http_listen = daemon->web_list,
		.http_problem = web_problem(daemon->web),
	};
	struct web_report report;
	const char *at;

	for (size_t i = 0; i < config->dns.listen_count; i++)
		daemon->listen_list[i] = endpoint_to_text(&config->dns.listen[i],
		    daemon->listen_texts[i]);
	for (size_t i = 0; (at = web_listen_text(daemon->web, i)) != NULL; i++) {
		(void)snprintf(daemon->web_texts[i], sizeof(daemon->web_texts[i]), "%s", at);
		daemon->web_list[i] = daemon->web_texts[i];
		facts.http_listen_count++;
	}
	web_report(daemon->web, &report);
	facts.tls_until_s = report.certificate_until_s;
	api_set_facts(daemon->api, &facts);
}

/* A reload replaces the principal that asks for it: it waits until its request is out of the way. */
static void
ask_for_reload(void *context)
{
	struct daemon *daemon = context;

	(void)loop_timer_set(daemon->loop, &daemon->asked_reload, 0);
}

static const char *
lease_problem(void *context)
{
	const struct daemon *daemon = context;

	return daemon->leases != NULL ? lease_reader_problem(daemon->leases) : "";
}

static void
read_leases_again(void *context)
{
	struct daemon *daemon = context;

	lease_reader_again(daemon->leases);
}

/* --- the control socket --- */

/* The socket is made before root is given up: whose group it is then to have is said by name. */
static enum status
listen_for_control(struct daemon *daemon, const struct config *config,
    char problem[static CONTROL_PROBLEM_MAX])
{
	struct control_options options = config->control;
	const struct passwd *account = NULL;
	const struct group *group = NULL;

	if (options.group[0] == '\0' && config->group[0] != '\0')
		memcpy(options.group, config->group, sizeof(options.group));
	else if (options.group[0] == '\0' && config->user[0] != '\0')
		account = getpwnam(config->user);
	if (account != NULL)
		group = getgrgid(account->pw_gid);
	if (group != NULL)
		(void)snprintf(options.group, sizeof(options.group), "%s", group->gr_name);
	return control_listen(daemon->control, &options, problem);
}

/* --- reloading --- */

static void reload(struct daemon *daemon, bool is_asked);

static void
config_changed(void *context)
{
	reload(context, false);
}

/* They are renewed by others, who need not know of ddnsd. */
static void
watch_certificate(struct daemon *daemon)
{
	const struct web_options *options = &daemon->config->web;
	enum status status;

	if (options->certificate[0] == '\0')
		return;
	status = watch_file(daemon->watch, options->certificate);
	if (status == STATUS_OK)
		status = watch_file(daemon->watch, options->key);
	if (status != STATUS_OK)
		log_warning(
		    "config: cannot watch the certificate %s and its key for changes (%s); send "
		    "SIGHUP after each",
		    options->certificate, status_text(status));
}

/* Watches the files of the configuration; without it a reload needs SIGHUP, no more. */
static void
watch_config(struct daemon *daemon)
{
	struct watch *previous = daemon->watch;
	enum status status;

	daemon->watch = watch_new(daemon->loop, config_changed, daemon);
	if (daemon->watch == NULL) {
		watch_free(previous);
		log_warning("config: cannot watch for changes; send SIGHUP after each");
		return;
	}
	status = watch_file(daemon->watch, daemon->arguments.config);
	if (status == STATUS_OK && daemon->config->keys_directory[0] != '\0')
		status = watch_directory(daemon->watch, daemon->config->keys_directory);
	if (status == STATUS_OK && daemon->config->made_keys_directory[0] != '\0')
		status = watch_directory(daemon->watch, daemon->config->made_keys_directory);
	if (status != STATUS_OK)
		log_warning(
		    "config: cannot watch %s and the key folders for changes (%s); send SIGHUP after "
		    "each",
		    daemon->arguments.config, status_text(status));
	watch_certificate(daemon);
	/* A change since the files were read for this reload is one for the next. */
	watch_take_over(daemon->watch, previous);
}

/* For the log, and for whoever asked for the reload. */
static void
note_problem(struct buffer *problems, const char *problem, const char *consequence)
{
	log_error("reload: %s; %s", problem, consequence);
	(void)buffer_format(problems, "%s; %s\n", problem, consequence);
}

/* Hands a new configuration to the parts. What fails keeps its old settings, and is noted. */
static void
apply_config(struct daemon *daemon, struct config *config, struct buffer *problems)
{
	char problem[LISTEN_PROBLEM_MAX];

	service_set_options(daemon->service, &config->service);
	service_set_access(daemon->service, config->keyring, config->networks,
	    config->network_count);
	web_forget_peers(daemon->web);
	if (service_set_zones(daemon->service, config->zones, config->zone_count) != STATUS_OK)
		note_problem(problems, "not all zones could be loaded", "the log tells which");
	if (dns_udp_listen(daemon->udp, config->dns.listen, config->dns.listen_count, problem) !=
	    STATUS_OK)
		note_problem(problems, problem, "listening on all else as before");
	else if (dns_tcp_listen(daemon->tcp, &config->dns, problem) != STATUS_OK)
		note_problem(problems, problem, "listening on all else as before");
	if (listen_for_control(daemon, config, problem) != STATUS_OK)
		note_problem(problems, problem, "the control socket stays as it is");
	control_set_peers(daemon->control, config->peers, config->peer_count);
	if (web_listen(daemon->web, &config->web, problem) != STATUS_OK)
		note_problem(problems, problem, "listening for HTTP on all else as before");
	web_start(daemon->web);
	if (!config->web.is_held_back && web_problem(daemon->web)[0] != '\0')
		(void)buffer_format(problems, "listen http: %s\n", web_problem(daemon->web));
	dyndns_set_lease(daemon->dyndns, config->web.has_dyndns_lease, config->web.dyndns_lease_s);
	service_set_dhcp_options(daemon->service, &config->dhcp);
	publisher_set_options(daemon->publisher, &config->publish);
	lease_reader_set_file(daemon->leases, config->dhcp.file);
}

/* Parses first, swaps only on success. is_asked: by SIGHUP, so that it is answered in the log. */
static void
reload(struct daemon *daemon, bool is_asked)
{
	struct config *config;
	struct buffer changes;
	struct buffer problems;

	/* No answer may wait for a key that is about to go, and no change lie in a zone that is. */
	lease_reader_turn_ended(daemon->leases, settle_turn(daemon));
	notify_reloading();
	buffer_init(&changes, TEXT_MAX);
	config = load_config(daemon->arguments.config, &changes);
	if (config == NULL) {
		log_error("reload: the configuration has errors; the running one stays");
		daemon->has_bad_config = true;
		api_reloaded(daemon->api, STATUS_MALFORMED, &changes, NULL);
		buffer_release(&changes);
		notify_send("READY=1");
		return;
	}
	buffer_clear(&changes);
	config_describe_changes(daemon->config, config, &changes);
	if (changes.length == 0 && daemon->has_bad_config)
		log_notice("reload: the configuration is in order again; nothing has changed");
	else if (changes.length == 0)
		log_write(is_asked ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG,
		    "reload: nothing has changed");
	daemon->has_bad_config = false;
	tell_lines(&changes, true, LOG_LEVEL_NOTICE, "reload: ");
	buffer_init(&problems, TEXT_MAX);
	apply_config(daemon, config, &problems);
	config_free(daemon->config);
	daemon->config = config;
	watch_config(daemon);
	tell_facts(daemon);
	api_reloaded(daemon->api, STATUS_OK, &changes, &problems);
	buffer_release(&changes);
	buffer_release(&problems);
	notify_send("READY=1");
}

static void
reload_as_asked(void *context)
{
	reload(context, true);
}

/* --- signals and timers --- */

static void
on_signal(void *context, int number)
{
	struct daemon *daemon = context;

	if (number == SIGHUP) {
		reload(daemon, true);
		return;
	}
	log_notice("stopping on signal %d", number);
	loop_stop(daemon->loop);
}

static void
on_clock_step(void *context, int64_t step_s)
{
	struct daemon *daemon = context;

	service_clock_stepped(daemon->service, step_s);
	/* Its ends are times of the wall clock. */
	lease_reader_again(daemon->leases);
}

static void
on_watchdog(void *context)
{
	struct daemon *daemon = context;

	notify_send("WATCHDOG=1");
	(void)loop_timer_set(daemon->loop, &daemon->watchdog, daemon->watchdog_ms);
}

static bool
set_up_loop(struct daemon *daemon)
{
	(void)signal(SIGPIPE, SIG_IGN);
	daemon->loop = loop_new();
	if (daemon->loop == NULL ||
	    loop_on_signal(daemon->loop, SIGHUP, on_signal, daemon) != STATUS_OK ||
	    loop_on_signal(daemon->loop, SIGTERM, on_signal, daemon) != STATUS_OK ||
	    loop_on_signal(daemon->loop, SIGINT, on_signal, daemon) != STATUS_OK ||
	    loop_on_clock_step(daemon->loop, on_clock_step, daemon) != STATUS_OK) {
		log_error("cannot set up the event loop");
		return false;
	}
	daemon->watchdog = (struct loop_timer){ .handler = on_watchdog, .context = daemon };
	daemon->asked_reload = (struct loop_timer){ .handler = reload_as_asked, .context = daemon };
	return true;
}

/* --- start and stop --- */

/* The HTTP door over TCP, and what stands behind it. */
static void
build_web(struct daemon *daemon)
{
	struct web_sites sites = { .api = api_site(daemon->api), .page = page_site() };

	daemon->dyndns = dyndns_new(daemon->service);
	daemon->monitor = monitor_new(daemon->service);
	if (daemon->dyndns == NULL || daemon->monitor == NULL)
		return;
	dyndns_set_lease(daemon->dyndns, daemon->config->web.has_dyndns_lease,
	    daemon->config->web.dyndns_lease_s);
	sites.dyndns = dyndns_site(daemon->dyndns);
	sites.monitor = monitor_site(daemon->monitor);
	daemon->web = web_new(daemon->loop, daemon->service, &sites);
	if (daemon->web != NULL)
		monitor_attach_web(daemon->monitor, daemon->web);
	monitor_attach_dns(daemon->monitor, daemon->dns);
}

/* Everything that needs no disk, and the sockets, which may need root. */
static bool
build_front(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	const struct api_calls calls = { daemon, ask_for_reload, lease_problem, read_leases_again };
	char problem[LISTEN_PROBLEM_MAX];

	daemon->registry = registry_new();
	if (daemon->registry != NULL)
		daemon->service = service_new(daemon->loop, daemon->registry, &config->service);
	if (daemon->service != NULL)
		daemon->dns = dns_new(daemon->service);
	if (daemon->dns != NULL) {
		daemon->udp = dns_udp_new(daemon->loop, daemon->dns);
		daemon->tcp = dns_tcp_new(daemon->loop, daemon->dns);
		daemon->api = api_new(daemon->loop, daemon->service, &calls);
	}
	if (daemon->api != NULL)
		daemon->control = control_new(daemon->loop, api_site(daemon->api));
	if (daemon->control != NULL)
		build_web(daemon);
	if (daemon->udp == NULL || daemon->tcp == NULL || daemon->web == NULL) {
		log_error("out of memory");
		return false;
	}
	if (dns_udp_listen(daemon->udp, config->dns.listen, config->dns.listen_count, problem) !=
		STATUS_OK ||
	    dns_tcp_listen(daemon->tcp, &config->dns, problem) != STATUS_OK ||
	    listen_for_control(daemon, config, problem) != STATUS_OK ||
	    web_listen(daemon->web, &config->web, problem) != STATUS_OK) {
		log_error("%s", problem);
		return false;
	}
	return true;
}

/* For people: the name of who we are, or its number. */
static void
note_user(struct daemon *daemon)
{
	const struct passwd *account = getpwuid(geteuid());

	if (account != NULL)
		(void)snprintf(daemon->user, sizeof(daemon->user), "%s", account->pw_name);
	else
		(void)snprintf(daemon->user, sizeof(daemon->user), "%u", (unsigned)geteuid());
}

static bool
drop_privileges(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	char problem[256];

	if (privilege_drop(config->user, config->group, config->publish.mode == PUBLISH_SIGNAL,
		problem, sizeof(problem)) != STATUS_OK) {
		log_error("%s", problem);
		return false;
	}
	note_user(daemon);
	if (geteuid() == 0)
		log_warning("running as root: set `user` in %s", config->file);
	return true;
}

/* Opens the store and loads what is registered. */
static bool
build_back(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	char problem[STORE_PROBLEM_MAX];
	enum status status = store_open(config->database, &daemon->store, problem);

	if (status != STATUS_OK && status != STATUS_READ_ONLY) {
		log_error("%s", problem);
		return false;
	}
	if (problem[0] != '\0')
		log_error("%s", problem);
	service_attach_store(daemon->service, daemon->store);
	service_set_access(daemon->service, config->keyring, config->networks,
	    config->network_count);
	status = service_set_zones(daemon->service, config->zones, config->zone_count);
	if (status != STATUS_OK && status != STATUS_DAMAGED) {
		log_error("cannot load the zones from %s: %s", config->database,
		    status_text(status));
		return false;
	}
	/* Their names are published with the first file already. */
	service_set_dhcp_options(daemon->service, &config->dhcp);
	if (service_load_facts(daemon->service) != STATUS_OK)
		log_error("cannot load what %s says of leases; dnsmasq's lease file will do",
		    config->database);
	daemon->publisher = publisher_new(daemon->loop, daemon->registry,
	    service_leases(daemon->service), &config->publish, service_expiry_clock,
	    daemon->service);
	daemon->leases = lease_reader_new(daemon->loop, daemon->service);
	if (daemon->publisher == NULL || daemon->leases == NULL) {
		log_error("out of memory");
		return false;
	}
	service_attach_publisher(daemon->service, daemon->publisher);
	lease_reader_set_file(daemon->leases, config->dhcp.file);
	(void)service_commit(daemon->service);
	control_set_peers(daemon->control, config->peers, config->peer_count);
	web_start(daemon->web);
	return true;
}

static void
tell_ready(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	/* Each zone's apex is a name too, but nobody registered it. */
	size_t names = registry_names(daemon->registry) - config->zone_count;
	const char *web = web_listen_text(daemon->web, 0);
	char at[ENDPOINT_TEXT_MAX];

	log_notice("ready: version %s, %zu names in %zu zones, %zu keys, DNS on %s%s%s%s%s",
	    DDNSD_VERSION, names, config->zone_count, keyring_count(config->keyring),
	    endpoint_to_text(&config->dns.listen[0], at),
	    config->dns.listen_count > 1 ? " and more" : "", web != NULL ? ", " : "",
	    web != NULL ? web : "", web != NULL && config->web.listen_count > 1 ? " and more" : "");
	notify_send("READY=1");
	daemon->watchdog_ms = notify_watchdog_ms();
	if (daemon->watchdog_ms > 0)
		on_watchdog(daemon);
}

static void
tear_down(struct daemon *daemon)
{
	watch_free(daemon->watch);
	lease_reader_free(daemon->leases);
	control_free(daemon->control);
	web_free(daemon->web);
	monitor_free(daemon->monitor);
	dyndns_free(daemon->dyndns);
	api_free(daemon->api);
	publisher_free(daemon->publisher);
	dns_tcp_free(daemon->tcp);
	dns_udp_free(daemon->udp);
	dns_free(daemon->dns);
	service_free(daemon->service);
	store_close(daemon->store);
	registry_free(daemon->registry);
	if (daemon->loop != NULL) {
		loop_timer_stop(daemon->loop, &daemon->watchdog);
		loop_timer_stop(daemon->loop, &daemon->asked_reload);
	}
	loop_free(daemon->loop);
	config_free(daemon->config);
}

static int
run(struct daemon *daemon)
{
	struct buffer errors;
	enum status status;

	buffer_init(&errors, TEXT_MAX);
	daemon->config = load_config(daemon->arguments.config, &errors);
	buffer_release(&errors);
	if (daemon->config == NULL)
		return EXIT_FAILURE;
	log_open(daemon->config->log_target,
	    daemon->arguments.is_verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	if (!set_up_loop(daemon) || !build_front(daemon) || !drop_privileges(daemon) ||
	    !build_back(daemon))
		return EXIT_FAILURE;
	/* A file that cannot be written is the publisher's to retry; the names are served all the same. */
	(void)publisher_start(daemon->publisher);
	watch_config(daemon);
	tell_facts(daemon);
	tell_ready(daemon);
	loop_at_turn_end(daemon->loop, end_turn, daemon);
	memory_give_back();
	status = loop_run(daemon->loop);
	notify_send("STOPPING=1");
	service_settle(daemon->service);
	if (status != STATUS_OK)
		log_error("the event loop failed: %s", status_text(status));
	return status == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Returns an exit status, or -1 to go on. */
static int
read_arguments(int argc, char **argv, struct arguments *ret_arguments)
{
	enum { OPTION_VERSION = 256 };
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'n' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct arguments arguments = { .config = default_config };
	int option;

	while ((option = getopt_long(argc, argv, "c:nvh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			arguments.config = optarg;
			break;
		case 'n':
			arguments.only_check = true;
			break;
		case 'v':
			arguments.is_verbose = true;
			break;
		case OPTION_VERSION:
			return puts("ddnsd " DDNSD_VERSION) >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
		case 'h':
			return fputs(usage, stdout) >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
		default:
			(void)fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr,
		    "ddnsd: unexpected argument: %s (the configuration is named with -c)\n%s",
		    argv[optind], usage);
		return EXIT_USAGE;
	}
	*ret_arguments = arguments;
	return -1;
}

int
main(int argc, char **argv)
{
	static struct daemon daemon;
	int result = read_arguments(argc, argv, &daemon.arguments);

	if (result >= 0)
		return result;
	if (daemon.arguments.only_check)
		return check_config(daemon.arguments.config);
	result = run(&daemon);
	tear_down(&daemon);
	return result;
}
