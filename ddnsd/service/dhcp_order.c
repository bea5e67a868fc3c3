/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring of the addresses that were told of last. */
#include "service/dhcp_order.h"

#include <stddef.h>

static struct dhcp_order_entry *
find(struct dhcp_order *orders, const struct address *address)
{
	for (size_t i = 0; i < DHCP_ORDER_SIZE; i++) {
		struct dhcp_order_entry *entry = &orders->entries[i];

		if (entry->order != 0 && address_is_equal(&entry->address, address))
			return entry;
	}
	return NULL;
}

bool
dhcp_order_take(struct dhcp_order *orders, const struct address *address, int64_t order,
    int64_t now_s)
{
	struct dhcp_order_entry *entry;

	if (order == 0)
		return true;
	entry = find(orders, address);
	if (entry == NULL) {
		entry = &orders->entries[orders->next];
		orders->next = (orders->next + 1) % DHCP_ORDER_SIZE;
	} else if (order < entry->order && now_s - entry->seen_s <= DHCP_ORDER_LATE_S) {
		return false;
	}
	*entry = (struct dhcp_order_entry){ .address = *address, .order = order, .seen_s = now_s };
	return true;
}
