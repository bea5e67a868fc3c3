/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Builds the API over a world of the fuzz targets, and ends its turns without a disk. */
#include "api_world.h"

#include "service/state.h"

#include "made_keys.h"

static void
ask_for_reload(void *context)
{
	struct api_world *all = context;

	all->is_reload_asked = true;
}

static const char *
lease_problem(void *context)
{
	(void)context;
	return "";
}

static void
note_restore(void *context)
{
	(void)context;
	/* No input holds a sound database. */
	expect(false);
}

static void
build_peers(struct api_world *all)
{
	static const char *const identities[API_WORLD_PEERS] = { "@admin", "@editor", "@hook" };
	static const char *const grants[API_WORLD_PEERS] = { "zone . ANY NS",
		"*.home.arpa A AAAA TXT CNAME", "hook.home.arpa A" };
	const char *reason;

	for (size_t i = 0; i < API_WORLD_PEERS; i++) {
		all->principals[i] = (struct principal){
			.kind = PRINCIPAL_PEER,
			.identity = identities[i],
			.is_admin = i == API_WORLD_ADMIN,
			.may_tell_leases = i == API_WORLD_HOOK,
			.grants = &all->grants[i],
			.grant_count = 1,
			.names_max = i == API_WORLD_ADMIN ? 0 : 3,
		};
		expect(grant_from_text(grants[i], &all->grants[i], &reason) == STATUS_OK);
		rate_limit_init(&all->principals[i].updates, i == API_WORLD_ADMIN ? 0 : 10);
	}
}

static void
build_dhcp(struct api_world *all)
{
	static const char *const ignored[] = { "localhost", "wp*" };

	all->pin = (struct dhcp_pin){ .label = "printer" };
	expect(dhcp_hardware_from_text("02:00:00:00:00:09", &all->pin.hardware) == STATUS_OK);
	all->dhcp = (struct dhcp_options){
		.has_zone = true,
		.pins = &all->pin,
		.pin_count = 1,
		.ignored_labels = ignored,
		.ignored_label_count = 2,
		.nameless = "dhcp-%a",
		.ttl_s = 60,
		.remember_s = 86400,
	};
	expect(name_from_text("home.arpa", &all->dhcp.zone) == STATUS_OK);
	service_set_dhcp_options(all->world.service, &all->dhcp);
}

void
api_world_build(struct api_world *all)
{
	struct api_calls calls = { all, ask_for_reload, lease_problem, note_restore };
	const struct api_facts facts = {
		.config_file = "c",
		.keys_directory = "",
		.made_keys_directory = made_keys_folder(),
		.database = "d",
	};

	*all = (struct api_world){ .publish.mode = PUBLISH_NONE };
	world_build(&all->world);
	build_peers(all);
	build_dhcp(all);
	all->publisher = publisher_new(all->world.loop, all->world.registry,
	    service_leases(all->world.service), &all->publish, service_expiry_clock,
	    all->world.service);
	expect(all->publisher != NULL);
	service_attach_publisher(all->world.service, all->publisher);
	all->api = api_new(all->world.loop, all->world.service, &calls);
	expect(all->api != NULL);
	api_set_facts(all->api, &facts);
}

void
api_world_release(struct api_world *all)
{
	api_free(all->api);
	publisher_free(all->publisher);
	world_release(&all->world);
	made_keys_empty();
}

enum status
api_world_commit(struct api_world *all, bool fails)
{
	struct service *service = all->world.service;

	if (!service_is_dirty(service))
		return STATUS_OK;
	service_dhcp_settle(service);
	if (fails)
		registry_rollback(all->world.registry);
	else
		registry_commit(all->world.registry);
	buffer_clear(&service->notes);
	service_dhcp_turn_ended(service, !fails);
	service_tell_changes(service, !fails);
	expect(!service_is_dirty(service));
	return fails ? STATUS_NO_SPACE : STATUS_OK;
}

void
api_world_replace_keys(struct api_world *all, bool has_keys)
{
	world_replace_keys(&all->world, has_keys);
	if (has_keys)
		made_keys_load(all->world.keyring);
}

void
api_world_answer_reload(struct api_world *all, bool fails)
{
	struct buffer lines;

	if (!all->is_reload_asked)
		return;
	all->is_reload_asked = false;
	buffer_init(&lines, 64);
	(void)buffer_append_text(&lines, "a line\n\xff");
	api_reloaded(all->api, fails ? STATUS_MALFORMED : STATUS_OK, &lines, NULL);
	buffer_release(&lines);
}
