/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /v1/leases: what is known of DHCP leases, and what hooks tell of them. */
#include <stdio.h>
#include <string.h>

#include "base/json_out.h"
#include "doors/api_state.h"

void
api_list_leases(struct api_call *call)
{
	const struct leases *leases = service_leases(call->api->service);
	const struct dhcp_lease *lease = NULL;

	json_out_open_object(&call->body, NULL);
	json_out_open_array(&call->body, "leases");
	while ((lease = leases_next(leases, lease)) != NULL)
		api_write_lease(&call->body, call->api, lease);
	json_out_close_array(&call->body);
	json_out_close_object(&call->body);
	(void)buffer_append_text(&call->body, "\n");
	api_answer_body(call, 200, "application/json");
}

/* --- events --- */

/* The texts of an event's body; NULL where it gives none. */
struct event_texts {
	const char *action;
	const char *address;
	const char *hardware;
	const char *duid;
	const char *client_id;
};

static bool
fail_text(struct api_call *call, const char *member, const char *text, const char *hint)
{
	api_fail(call, 400, hint, "\"%s\": \"%.200s\" cannot be read", member, text);
	return false;
}

static bool
read_action(struct api_call *call, const char *text, enum dhcp_action *ret_action)
{
	static const char *const actions[] = {
		[DHCP_ADD] = "add",
		[DHCP_OLD] = "old",
		[DHCP_DEL] = "del",
	};

	for (enum dhcp_action action = DHCP_ADD; text != NULL && action <= DHCP_DEL; action++) {
		if (strcmp(text, actions[action]) == 0) {
			*ret_action = action;
			return true;
		}
	}
	api_fail(call, 400, "\"add\", \"old\" or \"del\"", "\"action\" is none of these");
	return false;
}

/* Who holds which address. False: the call has failed. */
static bool
read_device(struct api_call *call, const struct event_texts *texts, struct dhcp_event *event)
{
	if (!read_action(call, texts->action, &event->action))
		return false;
	if (texts->address == NULL ||
	    address_from_text(texts->address, &event->address) != STATUS_OK)
		return fail_text(call, "address", texts->address != NULL ? texts->address : "",
		    "an IP address, as \"192.0.2.17\" or \"2001:db8::17\"");
	if (texts->hardware != NULL &&
	    dhcp_hardware_from_text(texts->hardware, &event->hardware) != STATUS_OK)
		return fail_text(call, "hardware", texts->hardware,
		    "as \"02:00:00:00:00:01\" or \"06-02:00:00:00:00:01\"; null where it is not known");
	if (texts->duid != NULL && dhcp_duid_from_text(texts->duid, &event->duid) != STATUS_OK)
		return fail_text(call, "duid", texts->duid,
		    "as \"00:01:00:01:2a:...\"; null where it is not known");
	/* Most client identifiers hold no DUID, and tell nothing more. */
	if (texts->client_id != NULL && event->duid.size == 0 &&
	    !dhcp_duid_from_client_id(texts->client_id, &event->duid))
		event->duid.size = 0;
	return true;
}

/* False: the call has failed. What event points to lives in object. */
static bool
read_event(struct api_call *call, const json_t *object, struct dhcp_event *event)
{
	char problem[JSON_PROBLEM_MAX] = "";
	struct event_texts texts = { 0 };

	*event = (struct dhcp_event){ .server = "dnsmasq", .remaining_s = DHCP_FOREVER };
	if (!json_take_text(object, "action", &texts.action, problem) ||
	    !json_take_text(object, "server", &event->server, problem) ||
	    !json_take_text(object, "address", &texts.address, problem) ||
	    !json_take_text(object, "hardware", &texts.hardware, problem) ||
	    !json_take_text(object, "duid", &texts.duid, problem) ||
	    !json_take_text(object, "client_id", &texts.client_id, problem) ||
	    !json_take_text(object, "name", &event->name, problem) ||
	    !json_take_text(object, "client_name", &event->client_name, problem) ||
	    !json_take_flag(object, "complete", &event->is_complete, problem) ||
	    !json_take_text(object, "domain", &event->domain, problem) ||
	    !json_take_integer(object, "expires_in_s", 0, UINT32_MAX, &event->remaining_s,
		problem) ||
	    !json_take_integer(object, "order", 0, INT64_MAX, &event->order, problem)) {
		api_fail(call, 400, "openapi.yaml describes the body", "%s", problem);
		return false;
	}
	if (event->server[0] == '\0' || strlen(event->server) >= LEASES_SERVER_MAX)
		return fail_text(call, "server", event->server,
		    "a name of 1 to 31 octets, as \"dnsmasq\" or \"kea\"");
	return read_device(call, &texts, event);
}

/* What became of the lease, as far as it is there. */
static void
answer_event(struct api_call *call, const struct address *address)
{
	struct api *api = call->api;
	const struct dhcp_lease *lease = leases_find(service_leases(api->service), address);
	char why[SERVICE_DHCP_WHY_MAX] = "";
	struct name name;
	bool has_name = lease != NULL && api_lease_name(api, lease, &name);

	if (lease != NULL)
		service_dhcp_explain(api->service, lease, why);
	api_answer_json(call, 200,
	    json_pack("{s:o, s:o}", "name", has_name ? api_name(name.wire) : json_null(), "why",
		api_text(why)));
}

void
api_post_lease(struct api_call *call)
{
	static const char *const members[] = { "action", "server", "address", "hardware", "duid",
		"client_id", "name", "client_name", "complete", "domain", "expires_in_s", "order",
		NULL };
	struct dhcp_event event;
	json_t *object = NULL;
	enum status status;

	if (!api_read_body(call, members, &object))
		return;
	if (read_event(call, object, &event)) {
		status = service_dhcp_event(call->api->service, &event,
		    http_peer(call->exchange)->door);
		if (status == STATUS_OK)
			answer_event(call, &event.address);
		else if (status == STATUS_LIMITED)
			api_fail(call, 429, "leases that have ended are to be told of, too",
			    "over %d leases", LEASES_MAX);
		else
			api_fail_status(call, status, "the lease");
	}
	json_decref(object);
}
