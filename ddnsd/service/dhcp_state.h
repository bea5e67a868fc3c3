/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of service/dhcp have in common, and nobody else sees. */
#pragma once

#include <stdbool.h>

#include "registry/leases.h"
#include "service/service.h"
#include "wire/dhcp.h"

/* --- dhcp.c --- */

/* Arms the timer for the next end of a lease. */
void dhcp_plan_end(struct service *service);

/* Looks whether the lease of an address can have a better label, or has lost its own. */
enum status dhcp_choose_again(struct service *service, const struct address *address,
    const char *door);

/* --- dhcp_names.c: what a lease is called --- */

/* True for servers other than the dnsmasq that reads the hosts file and whose lease file we read. */
bool dhcp_is_foreign_server(const char *server);

/* True when two leases are known to be of two devices; what is not known joins. */
bool dhcp_is_other_device(const struct dhcp_lease *one, const struct dhcp_lease *other);

/*
 * Sets next's wish and where it comes from: texts, is_pinned, is_ignored. lease: before the event, or
 * NULL. event NULL: only the options are new.
 */
void dhcp_choose_wish(struct service *service, const struct dhcp_lease *lease,
    const struct dhcp_event *event, struct dhcp_lease *next);

/* Sets next's label: the one that it had with the same wish (kept, "" = none), or the first free one. */
void dhcp_choose_label(struct service *service, struct dhcp_lease *next, const char *kept);

/* True when the server does not answer the label by itself. domain: the server's, NULL: unknown. */
bool dhcp_must_publish(const struct service *service, const struct dhcp_lease *lease,
    const char *domain);

/* Remembers a label that is not what the device asked for; and of the same when its lease ends. */
void dhcp_keep_label(struct service *service, const struct dhcp_lease *lease);
void dhcp_remember_end(struct service *service, const struct dhcp_lease *lease);

/* Forgets devices that were not seen for too long. */
void dhcp_forget_old(struct service *service);

/* Others with the label of a lease that came before them (a pin) look for another. */
void dhcp_displace(struct service *service, const struct address *address, const char *door);

/* True when somebody registered the name of that label, who comes before any lease. */
bool dhcp_is_registered(const struct service *service, const char *label);

/* --- dhcp_records.c: labels as records --- */

/* The zone that leases are named in, or NULL. */
struct zone *dhcp_zone(const struct service *service);

/* The name of a label. False: it would be too long, or there is no zone. */
bool dhcp_make_name(const struct service *service, const char *label, struct name *ret_name);

/* Makes the records of a label those of its leases; "" is nothing. */
void dhcp_derive_name(struct service *service, const char *label, const char *door);

/* Makes the PTR record of an address that of its lease, where the reverse zone is ours. */
void dhcp_derive_pointer(struct service *service, const struct address *address, const char *door);

/* Takes out of the registry what is left of names that no lease has any more. */
void dhcp_withdraw_strays(struct service *service, const char *door);
