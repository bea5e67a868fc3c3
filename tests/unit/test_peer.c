/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who a local user is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/peer.h"

enum { OWN = 990, ALICE = 1000, BOB = 1001, STAFF = 50, DNS = 51, USERS = 100, OTHERS = 101 };

static struct principal admin;

static const struct peer_credentials root = { .uid = 0, .groups = { 0 }, .group_count = 1 };
static const struct peer_credentials own = { .uid = OWN, .groups = { OWN }, .group_count = 1 };
static const struct peer_credentials alice = { .uid = ALICE,
	.groups = { USERS, STAFF, DNS },
	.group_count = 3 };
static const struct peer_credentials bob = { .uid = BOB, .groups = { USERS }, .group_count = 1 };

static struct principal *
find(struct peer_principal *peers, size_t count, const struct peer_credentials *credentials)
{
	return peer_find(peers, count, &admin, OWN, credentials);
}

static void
without_blocks_root_and_the_own_user_are_admin_and_others_nobody(void **state)
{
	(void)state;
	assert_ptr_equal(find(NULL, 0, &root), &admin);
	assert_ptr_equal(find(NULL, 0, &own), &admin);
	assert_null(find(NULL, 0, &alice));
}

static void
a_block_with_a_user_is_for_that_user(void **state)
{
	struct peer_principal peer = { .has_user = true, .uid = ALICE };

	(void)state;
	assert_ptr_equal(find(&peer, 1, &alice), &peer.principal);
	assert_null(find(&peer, 1, &bob));
	assert_ptr_equal(find(&peer, 1, &root), &admin);
}

static void
a_block_with_a_group_is_for_all_its_members(void **state)
{
	struct peer_principal peer = { .has_group = true, .gid = DNS };

	(void)state;
	assert_ptr_equal(find(&peer, 1, &alice), &peer.principal);
	assert_null(find(&peer, 1, &bob));
	peer.gid = USERS;
	assert_ptr_equal(find(&peer, 1, &bob), &peer.principal);
	peer.gid = OTHERS;
	assert_null(find(&peer, 1, &alice));
}

static void
with_both_given_both_must_fit(void **state)
{
	struct peer_principal peer = {
		.has_user = true,
		.uid = ALICE,
		.has_group = true,
		.gid = OTHERS,
	};

	(void)state;
	assert_null(find(&peer, 1, &alice));
	peer.gid = STAFF;
	assert_ptr_equal(find(&peer, 1, &alice), &peer.principal);
	peer.uid = BOB;
	assert_null(find(&peer, 1, &alice));
	assert_null(find(&peer, 1, &bob));
}

static void
user_0_and_group_0_are_not_taken_for_none(void **state)
{
	struct peer_principal peer = { .has_user = true, .uid = 0 };

	(void)state;
	assert_null(find(&peer, 1, &alice));
	peer = (struct peer_principal){ .has_group = true, .gid = 0 };
	assert_null(find(&peer, 1, &alice));
	assert_ptr_equal(find(&peer, 1, &root), &peer.principal);
}

static void
the_first_block_that_fits_wins(void **state)
{
	struct peer_principal peers[] = {
		{ .has_user = true, .uid = BOB },
		{ .has_group = true, .gid = STAFF },
		{ .has_user = true, .uid = ALICE },
	};

	(void)state;
	assert_ptr_equal(find(peers, 3, &alice), &peers[1].principal);
	assert_ptr_equal(find(peers, 3, &bob), &peers[0].principal);
}

static void
a_block_for_the_own_user_or_root_goes_before_admin(void **state)
{
	struct peer_principal peers[] = {
		{ .has_user = true, .uid = OWN },
		{ .has_user = true, .uid = 0 },
	};

	(void)state;
	assert_ptr_equal(find(peers, 2, &own), &peers[0].principal);
	assert_ptr_equal(find(peers, 2, &root), &peers[1].principal);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_blocks_root_and_the_own_user_are_admin_and_others_nobody),
		cmocka_unit_test(a_block_with_a_user_is_for_that_user),
		cmocka_unit_test(a_block_with_a_group_is_for_all_its_members),
		cmocka_unit_test(with_both_given_both_must_fit),
		cmocka_unit_test(user_0_and_group_0_are_not_taken_for_none),
		cmocka_unit_test(the_first_block_that_fits_wins),
		cmocka_unit_test(a_block_for_the_own_user_or_root_goes_before_admin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
