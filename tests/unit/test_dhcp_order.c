/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events that were overtaken on their way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "service/dhcp_order.h"

static struct address
address_of(unsigned number)
{
	return (struct address){
		.family = 4,
		.bytes = { 10, 77, (uint8_t)(number >> 8), (uint8_t)number },
	};
}

static bool
take(struct dhcp_order *orders, unsigned number, int64_t order, int64_t now_s)
{
	struct address address = address_of(number);

	return dhcp_order_take(orders, &address, order, now_s);
}

static void
what_was_overtaken_is_late(void **state)
{
	struct dhcp_order orders = { 0 };

	(void)state;
	assert_true(take(&orders, 1, 7, 100));
	assert_true(take(&orders, 1, 9, 100));
	assert_false(take(&orders, 1, 8, 100));
	assert_false(take(&orders, 1, 8, 100));
	assert_true(take(&orders, 1, 9, 100));
	assert_true(take(&orders, 1, 10, 100));
}

static void
addresses_do_not_overtake_each_other(void **state)
{
	struct dhcp_order orders = { 0 };

	(void)state;
	assert_true(take(&orders, 1, 9, 100));
	assert_true(take(&orders, 2, 8, 100));
	assert_false(take(&orders, 1, 8, 100));
}

static void
what_is_not_known_is_never_late(void **state)
{
	struct dhcp_order orders = { 0 };

	(void)state;
	assert_true(take(&orders, 1, 9, 100));
	assert_true(take(&orders, 1, 0, 100));
	assert_false(take(&orders, 1, 8, 100));
}

/* Somebody who counts otherwise holds an address for seconds, not for ever. */
static void
an_order_is_soon_forgotten(void **state)
{
	struct dhcp_order orders = { 0 };

	(void)state;
	assert_true(take(&orders, 1, INT64_MAX, 100));
	assert_false(take(&orders, 1, 9, 100 + DHCP_ORDER_LATE_S));
	assert_true(take(&orders, 1, 9, 101 + DHCP_ORDER_LATE_S));
	assert_false(take(&orders, 1, 8, 101 + DHCP_ORDER_LATE_S));
}

static void
many_addresses_push_out_the_first(void **state)
{
	struct dhcp_order orders = { 0 };

	(void)state;
	for (unsigned number = 0; number < DHCP_ORDER_SIZE + 1; number++)
		assert_true(take(&orders, number, 9, 100));
	for (unsigned number = 1; number < DHCP_ORDER_SIZE + 1; number++)
		assert_false(take(&orders, number, 8, 100));
	assert_true(take(&orders, 0, 8, 100));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_overtaken_is_late),
		cmocka_unit_test(addresses_do_not_overtake_each_other),
		cmocka_unit_test(what_is_not_known_is_never_late),
		cmocka_unit_test(an_order_is_soon_forgotten),
		cmocka_unit_test(many_addresses_push_out_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
