/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the verbs of "ddnsctl key" share: their options, the daemon's list, the client's side.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "tools/ctl/command.h"
#include "tools/ctl/key_store.h"
#include "tools/ctl/site.h"
#include "tools/ctl/snippets.h"

enum { KEY_ITEMS_MAX = 64, KEY_WAIT_MS = 3000 };

/* An option that may be given more than once. */
struct key_items {
	const char *items[KEY_ITEMS_MAX];
	size_t count;
};

/*
 * Takes "OPTION VALUE" and "OPTION=VALUE" out of argv. CTL_USAGE (said) without a value, or with
 * too many.
 */
enum ctl_exit key_take_items(const char *command, const char *option, struct key_items *ret_items,
    int *argc, char **argv);

/*
 * The folder of key files, where no --directory said which: *directory is NULL then. CTL_FAILED
 * (said): the daemon has none.
 */
enum ctl_exit key_choose_directory(const struct site *site, const char **directory);

/*
 * The file of a key: in directory, or where that is NULL in the daemon's folder of keys, then in that of the
 * keys that it makes itself. Fails (said), and is released, as key_store_find().
 */
enum ctl_exit key_find(const struct site *site, const char *directory, const char *name,
    struct key_place *ret_place);

/* The key's entry in an answer of /v1/keys; NULL when there is none. */
const json_t *key_entry(const json_t *answer, const char *name);

enum key_knowledge {
	KEY_IS_SO,      /* the daemon has taken the change */
	KEY_IS_NOT,     /* it runs and has not; the reason is known where it gave one */
	KEY_IS_DOWN,    /* it does not run; it reads the files when it starts */
	KEY_IS_UNKNOWN, /* it does not tell us */
};

/*
 * Waits until the daemon's list has the key (until NULL), does not have it (until ""), or says that
 * its old secret ends then; KEY_WAIT_MS at most. ret_reason: why it has not; "" = not known.
 */
enum key_knowledge key_wait(const struct ctl *ctl, const char *name, const char *until,
    char *ret_reason, size_t size);

/* The same for programs: whether it is so; null where nobody knows. The caller's. */
json_t *key_knowledge_json(enum key_knowledge knowledge);

/* A sentence for people about what key_wait() found. */
void key_say_knowledge(enum key_knowledge knowledge, const char *reason);

/* Whom a new secret is for, how it reaches the server, and what it is given. */
struct key_client {
	const char *key;    /* its name */
	const char *server; /* NULL: to be guessed */
	const struct snippet *snippet;
	struct site *site;
	struct snippet_facts facts;
	char secret[KEY_SECRET_TEXT_MAX];
	char self[SITE_NAME_MAX];
	char address[64];
	char guess[64];              /* server is this where it was guessed */
	struct buffer configuration; /* what snippet_append() writes */
};

void key_client_init(struct key_client *client);

/* Nothing of the secret stays in memory. */
void key_client_release(struct key_client *client);

/* Makes the site, and guesses the server where none is given. CTL_FAILED (said): memory ran out. */
enum ctl_exit key_client_look(struct key_client *client, const struct ctl *ctl);

/*
 * Fills in the facts, all but the algorithm. CTL_USAGE (said): server is neither a name nor an
 * address. CTL_FAILED (said): the client wants an address, and server has none.
 */
enum ctl_exit key_client_find_facts(struct key_client *client);

/* Prints the configuration, which can be piped into a file: its heading goes to stderr. */
void key_client_print(const struct key_client *client);

ctl_command key_new;
ctl_command key_rotate;
ctl_command key_revoke;
ctl_command key_list;
