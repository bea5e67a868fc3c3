/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys, networks and their grants, from text. */
#include "config/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "config/grants.h"
#include "config/interface_ids.h"

enum {
	SECRET_MIN = 16, /* octets: 128 bits */
	ALLOWED_MAX = 128,
};

/* Where a key was defined, for the complaint about a second one of its name. */
struct config_key_place {
	struct name name;
	char *text; /* FILE:LINE */
};

/* What keyring_add() copies. */
struct key_lists {
	struct grant *grants;
	struct network *sources;
	struct interface_id *interface_ids;
};

struct secret {
	uint8_t bytes[TSIG_SECRET_MAX];
	size_t size;
};

/* --- sources --- */

/* *ret_sources is the caller's to free, also on failure. */
static bool
read_sources(const struct config_section *section, struct network **ret_sources, size_t *ret_count)
{
	unsigned count = config_section_items(section, "from");
	struct network *sources;
	bool are_good = true;

	if (count == 0)
		return true;
	sources = calloc(count, sizeof(*sources));
	if (sources == NULL) {
		config_out_of_memory(section->reader);
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		const char *text = config_section_item(section, "from", i);

		if (network_from_text(text, &sources[i]) != STATUS_OK) {
			config_section_complain(section, "from",
			    "\"%.80s\" is not a network; " CONFIG_NETWORK_HELP, text);
			are_good = false;
		}
	}
	*ret_sources = sources;
	*ret_count = count;
	return are_good;
}

/* --- keys --- */

static bool
read_algorithm(const struct config_section *section, enum tsig_algorithm *ret_algorithm)
{
	const char *text = config_section_text(section, "algorithm");
	enum tsig_algorithm algorithm = tsig_algorithm_from_text(text);
	bool is_weak = algorithm == TSIG_HMAC_MD5 || algorithm == TSIG_HMAC_SHA1;
	char allowed[ALLOWED_MAX] = "";
	size_t length = 0;
	bool allows_weak;

	if (!config_section_flag(section, "allow-weak", &allows_weak))
		return false;
	if (algorithm == TSIG_UNKNOWN) {
		for (int i = TSIG_HMAC_MD5; i <= TSIG_HMAC_SHA512 && length < sizeof(allowed); i++)
			length += (size_t)snprintf(allowed + length, sizeof(allowed) - length,
			    "%s%s", i > TSIG_HMAC_MD5 ? ", " : "",
			    tsig_algorithm_to_text((enum tsig_algorithm)i));
		config_section_complain(section, "algorithm", "\"%.40s\" is unknown; allowed: %s",
		    text, allowed);
		return false;
	}
	if (is_weak && !allows_weak) {
		config_section_complain(section, "algorithm",
		    "%s is weak; allowed: hmac-sha224 and up, or allow-weak = true beside it where a "
		    "client knows nothing better",
		    tsig_algorithm_to_text(algorithm));
		return false;
	}
	*ret_algorithm = algorithm;
	return true;
}

/* An option that is not given, or "", leaves size 0. */
static bool
read_secret(const struct config_section *section, const char *option, struct secret *ret_secret)
{
	const char *text = config_section_text(section, option);
	enum status status;

	ret_secret->size = 0;
	if (text[0] == '\0')
		return true;
	status = base64_decode(text, ret_secret->bytes, sizeof(ret_secret->bytes),
	    &ret_secret->size);
	if (status == STATUS_TOO_LARGE) {
		config_section_complain(section, option,
		    "longer than %d octets, the most that is allowed", TSIG_SECRET_MAX);
		return false;
	}
	if (status != STATUS_OK) {
		config_section_complain(section, option,
		    "not base64 (RFC 4648); allowed: A-Z a-z 0-9 + /, filled up with = to a multiple "
		    "of four, without blanks");
		return false;
	}
	if (ret_secret->size < SECRET_MIN) {
		config_section_complain(section, option,
		    "%zu bits are too short for a secret; allowed: 128 bits and more, as "
		    "\"head -c 32 /dev/urandom | base64\" prints",
		    ret_secret->size * 8);
		return false;
	}
	return true;
}

/* "2026-12-01T00:00:00Z" (ISO 8601, UTC), a time that there is. */
static bool
time_from_text(const char *text, int64_t *ret_s)
{
	static const char form[] = "%Y-%m-%dT%H:%M:%SZ";
	struct tm fields = { 0 };
	char again[64];

	if (strptime(text, form, &fields) == NULL)
		return false;
	*ret_s = timegm(&fields);
	/* February 30th is March 2nd by now, and what was written in another way is in ours. */
	return *ret_s > 0 && strftime(again, sizeof(again), form, &fields) > 0 &&
	    strcmp(again, text) == 0;
}

static bool
read_old_until(const struct config_section *section, int64_t *ret_s)
{
	const char *text = config_section_text(section, "secret-old-until");

	*ret_s = INT64_MAX;
	if (text[0] == '\0')
		return true;
	if (!time_from_text(text, ret_s)) {
		config_section_complain(section, "secret-old-until",
		    "\"%.40s\" is not a time; allowed: a date and a time in UTC, as "
		    "2026-12-01T00:00:00Z, or \"\" for no end",
		    text);
		return false;
	}
	if (config_section_text(section, "secret-old")[0] == '\0') {
		config_section_complain(section, "secret-old-until",
		    "there is no secret-old that could end; set it, or remove this");
		return false;
	}
	return true;
}

static bool
read_secrets(const struct config_section *section, struct secret *ret_now, struct secret *ret_old)
{
	bool are_good = read_secret(section, "secret", ret_now);

	if (are_good && ret_now->size == 0) {
		config_section_complain(section, "secret",
		    "key \"%.80s\" has none; set it to 128 bits or more in base64, as "
		    "\"head -c 32 /dev/urandom | base64\" prints",
		    section->block->title);
		are_good = false;
	}
	return read_secret(section, "secret-old", ret_old) && are_good;
}

/* The key's name, which no key read before may have. */
static bool
read_key_name(const struct config_keys *keys, const struct config_section *section,
    struct name *ret_name)
{
	const char *title = section->block->title;
	unsigned line = section->block->line;

	if (!config_plain_name(title, ret_name)) {
		config_complain(section->reader, line,
		    "key \"%.80s\": not a name; " CONFIG_NAME_HELP, title);
		return false;
	}
	if (keyring_find(keys->keyring, ret_name->wire) == NULL)
		return true;
	for (size_t i = 0; i < keys->place_count; i++) {
		if (name_is_equal(keys->places[i].name.wire, ret_name->wire))
			config_complain(section->reader, line,
			    "key \"%.80s\" is given twice, first in %.600s; keep one", title,
			    keys->places[i].text);
	}
	return false;
}

static bool
remember_place(struct config_keys *keys, const struct config_section *section,
    const struct name *name)
{
	struct config_key_place *places = reallocarray(keys->places, keys->place_count + 1,
	    sizeof(*places));
	struct config_key_place *place;

	if (places == NULL)
		return false;
	keys->places = places;
	place = &places[keys->place_count];
	place->name = *name;
	if (asprintf(&place->text, "%s:%u", section->reader->file, section->block->line) < 0)
		return false;
	keys->place_count++;
	return true;
}

/* Everything but the secrets. The lists are the caller's to free, also on failure. */
static bool
read_key_options(const struct config_keys *keys, const struct config_section *section,
    struct key_options *options, struct key_lists *lists)
{
	struct config_grants grants;
	/* Each of them is read, so that each complains. */
	bool are_good = read_key_name(keys, section, &options->name);

	are_good &= read_algorithm(section, &options->algorithm);
	are_good &= config_section_flag(section, "allow-truncated", &options->allows_truncated);
	are_good &= config_section_flag(section, "admin", &options->is_admin);
	are_good &= config_grants_read(keys, section, CONFIG_KEY, &grants);
	are_good &= read_sources(section, &lists->sources, &options->source_count);
	are_good &= config_interface_ids_read(keys, section, &options->name, &lists->interface_ids,
	    &options->interface_id_count);
	are_good &= config_section_limit(section, "updates-per-minute", CONFIG_UPDATES_MAX,
	    keys->updates_per_minute, &options->updates_per_minute);
	are_good &= config_section_limit(section, "names-per-key", CONFIG_NAMES_MAX,
	    keys->names_max, &options->names_max);
	if (are_good && grants.count == 0 && !grants.may_look)
		config_grants_warn_empty(section);
	lists->grants = grants.items;
	options->grant_count = grants.count;
	options->may_look = grants.may_look;
	return are_good;
}

void
config_key_read(struct config_keys *keys, const struct config_section *section)
{
	struct key_options options = { .name_text = section->block->title };
	struct key_lists lists = { 0 };
	struct secret now;
	struct secret old;
	bool is_good = read_key_options(keys, section, &options, &lists);

	is_good &= read_secrets(section, &now, &old);
	is_good &= read_old_until(section, &options.old_until_s);
	options.grants = lists.grants;
	options.sources = lists.sources;
	options.interface_ids = lists.interface_ids;
	options.secret = now.bytes;
	options.secret_size = now.size;
	options.old_secret = old.size > 0 ? old.bytes : NULL;
	options.old_secret_size = old.size;
	if (is_good &&
	    (!remember_place(keys, section, &options.name) ||
		keyring_add(keys->keyring, &options) != STATUS_OK))
		config_out_of_memory(section->reader);
	explicit_bzero(&now, sizeof(now));
	explicit_bzero(&old, sizeof(old));
	free(lists.grants);
	free(lists.sources);
	free(lists.interface_ids);
}

void
config_keys_release(struct config_keys *keys)
{
	for (size_t i = 0; i < keys->place_count; i++)
		free(keys->places[i].text);
	free(keys->places);
	keys->places = NULL;
	keys->place_count = 0;
}

/* --- networks --- */

static bool
read_network(const struct config_section *section, const struct config_network *others,
    size_t other_count, struct network *ret_network)
{
	const char *title = section->block->title;
	unsigned line = section->block->line;

	if (network_from_text(title, ret_network) != STATUS_OK) {
		config_complain(section->reader, line,
		    "network \"%.80s\": not a network; " CONFIG_NETWORK_HELP, title);
		return false;
	}
	for (size_t i = 0; i < other_count; i++) {
		const struct network *other = &others[i].network;

		if (address_is_equal(&other->address, &ret_network->address) &&
		    other->prefix == ret_network->prefix) {
			config_complain(section->reader, line,
			    "network \"%.80s\" is given twice, first in line %u; join the blocks",
			    title, others[i].line);
			return false;
		}
	}
	return true;
}

bool
config_network_read(const struct config_keys *keys, const struct config_section *section,
    const struct config_network *others, size_t other_count, struct config_network *ret_values,
    struct network_principal *ret_principal)
{
	struct config_network values = { .line = section->block->line };
	struct network_principal network = { .principal = { .kind = PRINCIPAL_NETWORK } };
	struct principal *principal = &network.principal;
	struct config_grants grants;
	bool any_address;
	bool is_good = read_network(section, others, other_count, &values.network);

	is_good &= config_grants_read(keys, section, CONFIG_NETWORK, &grants);
	values.grants = grants.items;
	is_good &= config_section_flag(section, "udp", &network.allows_udp);
	is_good &= config_section_flag(section, "any-address", &any_address);
	if (!is_good) {
		config_network_release(&values);
		return false;
	}
	if (grants.count == 0)
		config_grants_warn_empty(section);
	(void)network_to_text(&values.network, values.identity);
	*ret_values = values;
	principal->identity = ret_values->identity;
	principal->grants = ret_values->grants;
	principal->grant_count = grants.count;
	principal->sources = &ret_values->network;
	principal->source_count = 1;
	principal->own_address_only = !any_address;
	principal->names_max = keys->names_max;
	rate_limit_init(&principal->updates, keys->updates_per_minute);
	*ret_principal = network;
	return true;
}

void
config_network_release(struct config_network *values)
{
	free(values->grants);
	values->grants = NULL;
}
