/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/arena: alignment, the ceiling, and memory that comes back. */
/* LDWRAP: malloc */
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static bool is_out_of_memory;
static unsigned allocations;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *
__wrap_malloc(size_t size)
{
	allocations++;
	return is_out_of_memory ? NULL : __real_malloc(size);
}

static int
restore_memory(void **state)
{
	(void)state;
	is_out_of_memory = false;
	return 0;
}

static void
every_piece_is_aligned_for_any_type_and_apart_from_the_others(void **state)
{
	struct arena arena;
	uint8_t *pieces[200];

	(void)state;
	arena_init(&arena, 1000000);
	for (size_t i = 0; i < 200; i++) {
		pieces[i] = arena_take(&arena, i * 7 + 1);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
		memset(pieces[i], (int)i, i * 7 + 1);
	}
	for (size_t i = 0; i < 200; i++) {
		for (size_t j = 0; j < i * 7 + 1; j++)
			assert_int_equal(pieces[i][j], i);
	}
	assert_true(arena.used >= 199 * 200 / 2 * 7 + 200);
	arena_release(&arena);
}

static void
nothing_is_allocated_before_it_is_asked_for(void **state)
{
	struct arena arena;
	unsigned before = allocations;

	(void)state;
	arena_init(&arena, 1000);
	arena_reset(&arena);
	arena_release(&arena);
	assert_int_equal(allocations, before);
}

static void
it_holds_as_much_as_its_ceiling_and_no_more(void **state)
{
	static const size_t ceilings[] = { 16, 1008, 32768, 40000, 100000, 1 << 20 };

	(void)state;
	for (size_t i = 0; i < sizeof(ceilings) / sizeof(ceilings[0]); i++) {
		struct arena arena;
		size_t taken = 0;

		arena_init(&arena, ceilings[i]);
		while (arena_take(&arena, 16) != NULL)
			taken += 16;
		assert_int_equal(taken, ceilings[i] / 16 * 16);
		assert_true(arena.total <= ceilings[i]);
		arena_release(&arena);
	}
}

static void
one_piece_may_be_larger_than_a_chunk_up_to_the_ceiling(void **state)
{
	struct arena arena;
	uint8_t *piece;

	(void)state;
	arena_init(&arena, 200000);
	assert_null(arena_take(&arena, 200001));
	assert_null(arena_take(&arena, SIZE_MAX));
	piece = arena_take(&arena, 200000);
	assert_non_null(piece);
	memset(piece, 1, 200000);
	assert_null(arena_take(&arena, 1));
	arena_release(&arena);
}

static void
after_a_reset_everything_can_be_taken_again_from_the_first_chunk(void **state)
{
	struct arena arena;
	void *first;
	unsigned before;

	(void)state;
	arena_init(&arena, 100000);
	first = arena_take(&arena, 100);
	assert_non_null(first);
	while (arena_take(&arena, 1000) != NULL)
		;
	arena_reset(&arena);
	assert_int_equal(arena.used, 0);
	assert_true(arena.total < 100000);

	before = allocations;
	assert_ptr_equal(arena_take(&arena, 100), first);
	arena_reset(&arena);
	assert_ptr_equal(arena_take(&arena, 50), first);
	assert_int_equal(allocations, before);
	arena_release(&arena);
}

static void
a_copy_holds_the_bytes_and_an_empty_one_is_not_a_failure(void **state)
{
	struct arena arena;
	char *copy;

	(void)state;
	arena_init(&arena, 1000);
	copy = arena_copy(&arena, "a\0b", 3);
	assert_non_null(copy);
	assert_memory_equal(copy, "a\0b", 3);
	assert_non_null(arena_copy(&arena, NULL, 0));
	assert_null(arena_copy(&arena, copy, 1001));
	arena_release(&arena);
}

static void
without_memory_a_piece_is_null_and_the_arena_stays_usable(void **state)
{
	struct arena arena;
	void *first;

	(void)state;
	arena_init(&arena, 1000000);
	is_out_of_memory = true;
	assert_null(arena_take(&arena, 1));
	is_out_of_memory = false;
	first = arena_take(&arena, 1);
	assert_non_null(first);
	is_out_of_memory = true;
	assert_null(arena_take(&arena, 40000));
	assert_non_null(arena_take(&arena, 1000));
	is_out_of_memory = false;
	assert_non_null(arena_take(&arena, 40000));
	arena_release(&arena);
}

static void
a_released_arena_can_be_used_again(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 1000);
	assert_non_null(arena_take(&arena, 500));
	arena_release(&arena);
	assert_int_equal(arena.total, 0);
	assert_non_null(arena_take(&arena, 900));
	arena_release(&arena);
}

#define TEST(name) cmocka_unit_test_teardown(name, restore_memory)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(every_piece_is_aligned_for_any_type_and_apart_from_the_others),
		TEST(nothing_is_allocated_before_it_is_asked_for),
		TEST(it_holds_as_much_as_its_ceiling_and_no_more),
		TEST(one_piece_may_be_larger_than_a_chunk_up_to_the_ceiling),
		TEST(after_a_reset_everything_can_be_taken_again_from_the_first_chunk),
		TEST(a_copy_holds_the_bytes_and_an_empty_one_is_not_a_failure),
		TEST(without_memory_a_piece_is_null_and_the_arena_stays_usable),
		TEST(a_released_arena_can_be_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
