/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ddnsctl key": its verbs, and what they share. */
#include "tools/ctl/key.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "tools/ctl/look.h"
#include "tools/ctl/output.h"
#include "wire/address.h"

enum { LOOK_EVERY_MS = 40 };

/* The verb sees itself as "key", which is what usage lines name. */
static enum ctl_exit
run_verb(ctl_command *run, struct ctl *ctl, int argc, char **argv)
{
	argv[1] = argv[0];
	return run(ctl, argc - 1, argv + 1);
}

enum ctl_exit
ctl_key(struct ctl *ctl, int argc, char **argv)
{
	static const struct {
		const char *verb;
		ctl_command *run;
	} verbs[] = {
		{ "new", key_new },
		{ "rotate", key_rotate },
		{ "revoke", key_revoke },
		{ "list", key_list },
	};

	if (argc < 2)
		return ctl_usage("key", "say what to do: new, rotate, revoke or list");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[1], verbs[i].verb) == 0)
			return run_verb(verbs[i].run, ctl, argc, argv);
	}
	return ctl_usage("key", "\"%s\" is unknown; allowed: new, rotate, revoke, list", argv[1]);
}

/* --- options --- */

enum ctl_exit
key_take_items(const char *command, const char *option, struct key_items *ret_items, int *argc,
    char **argv)
{
	size_t length = strlen(option);
	int kept = 1;
	int at = 1;

	ret_items->count = 0;
	for (; at < *argc && strcmp(argv[at], "--") != 0; at++) {
		const char *value = NULL;

		if (strncmp(argv[at], option, length) == 0 && argv[at][length] == '=')
			value = argv[at] + length + 1;
		else if (strcmp(argv[at], option) == 0 && at + 1 < *argc)
			value = argv[++at];
		else if (strcmp(argv[at], option) == 0)
			return ctl_usage(command, "%s needs a value", option);
		if (value == NULL)
			argv[kept++] = argv[at];
		else if (ret_items->count == KEY_ITEMS_MAX)
			return ctl_usage(command, "%s is given more than %d times", option,
			    KEY_ITEMS_MAX);
		else
			ret_items->items[ret_items->count++] = value;
	}
	while (at < *argc)
		argv[kept++] = argv[at++];
	*argc = kept;
	argv[kept] = NULL;
	return CTL_DONE;
}

enum ctl_exit
key_choose_directory(const struct site *site, const char **directory)
{
	if (*directory == NULL)
		*directory = site->keys;
	if ((*directory)[0] != '\0')
		return CTL_DONE;
	return ctl_fail(CTL_FAILED,
	    "the daemon has no folder of keys (keys-directory = \"\" in %s); set one, or say "
	    "--directory DIR",
	    site->file);
}

enum ctl_exit
key_find(const struct site *site, const char *directory, const char *name,
    struct key_place *ret_place)
{
	char problem[KEY_STORE_PROBLEM_MAX] = "";
	char made_problem[KEY_STORE_PROBLEM_MAX] = "";
	bool asks_made = directory == NULL && site->made_keys[0] != '\0';
	enum status status = STATUS_NOT_FOUND;
	enum ctl_exit code;

	if (!asks_made || site->keys[0] != '\0') {
		code = key_choose_directory(site, &directory);
		if (code != CTL_DONE)
			return code;
		status = key_store_find(directory, name, ret_place, problem);
	}
	if (status == STATUS_NOT_FOUND && asks_made) {
		key_place_release(ret_place);
		status = key_store_find_made(site->made_keys, name, ret_place, made_problem);
		/* Where neither has it, that of the administrator is the one to speak of. */
		if (status != STATUS_NOT_FOUND || problem[0] == '\0')
			memcpy(problem, made_problem, sizeof(problem));
	}
	return status == STATUS_OK ? CTL_DONE : ctl_fail(CTL_FAILED, "%s", problem);
}

/* --- the daemon --- */

const json_t *
key_entry(const json_t *answer, const char *name)
{
	const json_t *keys = look_value(answer, "keys");

	for (size_t i = 0; i < json_array_size(keys); i++) {
		const json_t *entry = json_array_get(keys, i);

		if (strcasecmp(look_text(entry, "name", ""), name) == 0)
			return entry;
	}
	return NULL;
}

static bool
is_so(const json_t *answer, const char *name, const char *until)
{
	const json_t *entry = key_entry(answer, name);

	if (until == NULL)
		return entry != NULL;
	if (until[0] == '\0')
		return entry == NULL;
	return strcmp(look_text(entry, "old_secret_until", ""), until) == 0;
}

enum key_knowledge
key_wait(const struct ctl *ctl, const char *name, const char *until, char *ret_reason, size_t size)
{
	int64_t deadline_ms = clock_now_ms() + KEY_WAIT_MS;
	json_t *status;

	ret_reason[0] = '\0';
	do {
		unsigned code;
		json_t *answer;
		enum ctl_exit reach = look_send(ctl, "GET", "/v1/keys", NULL, &code, &answer);
		bool is_there = reach == CTL_DONE && code == 200 && is_so(answer, name, until);

		json_decref(answer);
		if (reach == CTL_UNREACHABLE)
			return KEY_IS_DOWN;
		if (reach != CTL_DONE || code != 200)
			return KEY_IS_UNKNOWN;
		if (is_there)
			return KEY_IS_SO;
		look_pause(LOOK_EVERY_MS);
	} while (clock_now_ms() < deadline_ms);
	status = look_get(ctl, "/v1/status");
	(void)snprintf(ret_reason, size, "%s", look_text(status, "configuration.error", ""));
	json_decref(status);
	return KEY_IS_NOT;
}

json_t *
key_knowledge_json(enum key_knowledge knowledge)
{
	return knowledge == KEY_IS_UNKNOWN ? json_null() : json_boolean(knowledge == KEY_IS_SO);
}

void
key_say_knowledge(enum key_knowledge knowledge, const char *reason)
{
	switch (knowledge) {
	case KEY_IS_SO:
		fprintf(stderr, "The daemon has taken it.\n");
		break;
	case KEY_IS_DOWN:
		fprintf(stderr, "The daemon does not run; it reads the file when it starts.\n");
		break;
	case KEY_IS_UNKNOWN:
		fprintf(stderr,
		    "Whether the daemon has taken it is not known: it lists keys for root only.\n");
		break;
	case KEY_IS_NOT:
		if (reason[0] != '\0')
			fprintf(stderr,
			    "The daemon goes on with the configuration it had, and has not taken it: "
			    "%s\n",
			    reason);
		else
			fprintf(stderr,
			    "The daemon has not taken it within %d seconds; its log says why.\n",
			    KEY_WAIT_MS / 1000);
		break;
	}
}

/* --- the client's side --- */

void
key_client_init(struct key_client *client)
{
	memset(client, 0, sizeof(*client));
	buffer_init(&client->configuration, SNIPPET_SIZE_MAX);
}

void
key_client_release(struct key_client *client)
{
	key_store_wipe(&client->configuration);
	site_free(client->site);
	explicit_bzero(client, sizeof(*client));
}

static bool
is_any_or_loopback(const char *address)
{
	struct address value;

	if (address_from_text(address, &value) != STATUS_OK)
		return true;
	return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0 ||
	    strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/* How a client reaches what listens there, first of all; "" = not known. */
static const char *
guess_server(const char *listen, char address[static 64])
{
	struct ifaddrs *list = NULL;
	bool is_local = listen[0] != '\0' && strcmp(listen, "0.0.0.0") != 0 &&
	    strcmp(listen, "::") != 0 && is_any_or_loopback(listen);

	(void)snprintf(address, 64, "%s", listen[0] != '\0' ? listen : "127.0.0.1");
	if (is_local || !is_any_or_loopback(address))
		return address;
	(void)snprintf(address, 64, "127.0.0.1");
	if (getifaddrs(&list) != 0)
		return address;
	for (const struct ifaddrs *at = list; at != NULL; at = at->ifa_next) {
		struct sockaddr_in inet;

		if (at->ifa_addr == NULL || at->ifa_addr->sa_family != AF_INET ||
		    (at->ifa_flags & IFF_LOOPBACK) != 0 || (at->ifa_flags & IFF_UP) == 0)
			continue;
		memcpy(&inet, at->ifa_addr, sizeof(inet));
		if (inet_ntop(AF_INET, &inet.sin_addr, address, 64) != NULL)
			break;
	}
	freeifaddrs(list);
	return address;
}

/* server's address, "" when it has none that we can find. */
static void
resolve(const char *server, char address[static 64])
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found = NULL;

	address[0] = '\0';
	if (getaddrinfo(server, NULL, &hints, &found) != 0)
		return;
	if (getnameinfo(found->ai_addr, found->ai_addrlen, address, 64, NULL, 0, NI_NUMERICHOST) !=
	    0)
		address[0] = '\0';
	freeaddrinfo(found);
}

enum ctl_exit
key_client_look(struct key_client *client, const struct ctl *ctl)
{
	client->site = site_new(ctl, "");
	if (client->site == NULL)
		return ctl_fail(CTL_FAILED, "out of memory");
	if (client->server == NULL)
		client->server = guess_server(snippet_listen(client->snippet, client->site),
		    client->guess);
	return CTL_DONE;
}

enum ctl_exit
key_client_find_facts(struct key_client *client)
{
	const struct site *site = client->site;
	const struct site_zone *zone = site_zone_of(site, client->key);

	client->facts = (struct snippet_facts){ .site = site,
		.key = client->key,
		.secret = client->secret,
		.server = client->server,
		.address = client->address,
		.port = site->port,
		.name = client->self,
		.zone = zone != NULL ? zone->name : site_first_zone(site) };
	if (zone != NULL)
		(void)snprintf(client->self, SITE_NAME_MAX, "%s", client->key);
	else
		(void)snprintf(client->self, SITE_NAME_MAX, "%s.%.*s", client->key,
		    (int)(SITE_NAME_MAX - 2 - strlen(client->key)), client->facts.zone);
	for (const char *at = client->server; *at != '\0'; at++) {
		if (strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_:",
			*at) == NULL)
			return ctl_fail(CTL_USAGE, "--server: \"%s\" is no name or address",
			    client->server);
	}
	resolve(client->server, client->address);
	if (client->address[0] == '\0' && snippet_needs_address(client->snippet))
		return ctl_fail(CTL_FAILED,
		    "%s wants an address, and \"%s\" has none that we can find; give one by "
		    "--server ADDRESS",
		    snippet_client(client->snippet), client->server);
	return CTL_DONE;
}

void
key_client_print(const struct key_client *client)
{
	fprintf(stderr, "For %s:\n\n", snippet_client(client->snippet));
	fflush(stderr);
	(void)fwrite(client->configuration.data, 1, client->configuration.length, stdout);
}
