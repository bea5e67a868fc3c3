/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/buffer: growth, the ceiling, and what a failure leaves behind. */
/* LDWRAP: realloc */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"

static bool is_out_of_memory;
static size_t largest_asked;

void *__real_realloc(void *bytes, size_t size);
void *__wrap_realloc(void *bytes, size_t size);

void *
__wrap_realloc(void *bytes, size_t size)
{
	if (size > largest_asked)
		largest_asked = size;
	return is_out_of_memory ? NULL : __real_realloc(bytes, size);
}

static int
restore_memory(void **state)
{
	(void)state;
	is_out_of_memory = false;
	largest_asked = 0;
	return 0;
}

static void
what_is_appended_stands_there_in_order(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 4096);
	assert_int_equal(buffer_append(&buffer, "a\0b", 3), STATUS_OK);
	assert_int_equal(buffer_append_text(&buffer, "text"), STATUS_OK);
	assert_int_equal(buffer_format(&buffer, "%d-%s", 7, "x"), STATUS_OK);
	assert_int_equal(buffer.length, 10);
	assert_memory_equal(buffer.data, "a\0btext7-x", 10);
	buffer_release(&buffer);
}

static void
a_fresh_buffer_holds_no_memory_and_nothing_can_be_appended_to_it(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 10);
	assert_null(buffer.data);
	assert_int_equal(buffer_append(&buffer, NULL, 0), STATUS_OK);
	assert_int_equal(buffer.length, 0);
	buffer_consume(&buffer, 0);
	buffer_release(&buffer);
	buffer_release(&buffer);
}

static void
it_grows_to_its_ceiling_to_the_byte_and_no_further(void **state)
{
	enum { CEILING = 1000003 };
	struct buffer buffer;
	char piece[997];

	(void)state;
	memset(piece, 'p', sizeof(piece));
	buffer_init(&buffer, CEILING);
	while (buffer.length + sizeof(piece) <= CEILING)
		assert_int_equal(buffer_append(&buffer, piece, sizeof(piece)), STATUS_OK);
	while (buffer.length < CEILING)
		assert_int_equal(buffer_append(&buffer, "q", 1), STATUS_OK);
	assert_int_equal(buffer_append(&buffer, "q", 1), STATUS_TOO_LARGE);
	assert_int_equal(buffer.length, CEILING);
	assert_int_equal(largest_asked, CEILING);
	buffer_release(&buffer);
}

static void
a_refused_append_adds_nothing_and_marks_the_chain_that_follows(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 8);
	assert_int_equal(buffer_append_text(&buffer, "12345"), STATUS_OK);
	assert_int_equal(buffer_append_text(&buffer, "6789"), STATUS_TOO_LARGE);
	assert_int_equal(buffer_append_text(&buffer, "6"), STATUS_TOO_LARGE);
	assert_int_equal(buffer_format(&buffer, "%d", 6), STATUS_TOO_LARGE);
	assert_int_equal(buffer.status, STATUS_TOO_LARGE);
	assert_int_equal(buffer.length, 5);
	assert_memory_equal(buffer.data, "12345", 5);

	buffer_clear(&buffer);
	assert_int_equal(buffer.status, STATUS_OK);
	assert_int_equal(buffer_append_text(&buffer, "12345678"), STATUS_OK);
	assert_int_equal(buffer.length, 8);
	buffer_release(&buffer);
}

static void
a_size_that_overflows_is_too_large(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, SIZE_MAX / 4);
	assert_int_equal(buffer_append_text(&buffer, "x"), STATUS_OK);
	assert_int_equal(buffer_reserve(&buffer, SIZE_MAX), STATUS_TOO_LARGE);
	buffer_clear(&buffer);
	assert_int_equal(buffer_reserve(&buffer, SIZE_MAX - 1), STATUS_TOO_LARGE);
	buffer_release(&buffer);
}

static void
growth_towards_a_ceiling_that_cannot_be_doubled_to_ends(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, SIZE_MAX);
	is_out_of_memory = true;
	assert_int_equal(buffer_reserve(&buffer, SIZE_MAX / 2 + 2), STATUS_NO_MEMORY);
	assert_int_equal(largest_asked, SIZE_MAX);
	buffer_release(&buffer);
}

static void
without_memory_the_content_stays(void **state)
{
	struct buffer buffer;
	char large[4096] = { 0 };

	(void)state;
	buffer_init(&buffer, 100000);
	assert_int_equal(buffer_append_text(&buffer, "kept"), STATUS_OK);
	is_out_of_memory = true;
	assert_int_equal(buffer_append(&buffer, large, sizeof(large)), STATUS_NO_MEMORY);
	assert_int_equal(buffer.status, STATUS_NO_MEMORY);
	assert_int_equal(buffer.length, 4);
	assert_memory_equal(buffer.data, "kept", 4);
	is_out_of_memory = false;
	buffer_clear(&buffer);
	assert_int_equal(buffer_append(&buffer, large, sizeof(large)), STATUS_OK);
	buffer_release(&buffer);
}

static void
one_format_adds_1024_bytes_and_not_one_more(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 100000);
	assert_int_equal(buffer_format(&buffer, "%1024s", "x"), STATUS_OK);
	assert_int_equal(buffer.length, 1024);
	assert_int_equal(buffer_format(&buffer, "%1025s", "x"), STATUS_TOO_LARGE);
	assert_int_equal(buffer.length, 1024);
	assert_int_equal(buffer.status, STATUS_TOO_LARGE);
	buffer_release(&buffer);
}

static void
reserved_room_can_be_written_to_directly(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 10000);
	assert_int_equal(buffer_append_text(&buffer, "ab"), STATUS_OK);
	assert_int_equal(buffer_reserve(&buffer, 9998), STATUS_OK);
	assert_int_equal(buffer.length, 2);
	assert_true(buffer.capacity >= 10000);
	memset(buffer.data + 2, 'c', 9998);
	assert_memory_equal(buffer.data, "abc", 3);
	buffer_release(&buffer);
}

static void
consuming_moves_the_rest_to_the_front(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 100);
	assert_int_equal(buffer_append_text(&buffer, "first,second"), STATUS_OK);
	buffer_consume(&buffer, 6);
	assert_int_equal(buffer.length, 6);
	assert_memory_equal(buffer.data, "second", 6);
	buffer_consume(&buffer, 6);
	assert_int_equal(buffer.length, 0);
	buffer_release(&buffer);
}

static void
a_released_buffer_keeps_its_ceiling_and_can_be_used_again(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 4);
	assert_int_equal(buffer_append_text(&buffer, "12345"), STATUS_TOO_LARGE);
	buffer_release(&buffer);
	assert_int_equal(buffer_append_text(&buffer, "12345"), STATUS_TOO_LARGE);
	buffer_release(&buffer);
	assert_int_equal(buffer_append_text(&buffer, "1234"), STATUS_OK);
	buffer_release(&buffer);
	assert_null(buffer.data);
	assert_int_equal(buffer.length, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, restore_memory, restore_memory)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_is_appended_stands_there_in_order),
		TEST(a_fresh_buffer_holds_no_memory_and_nothing_can_be_appended_to_it),
		TEST(it_grows_to_its_ceiling_to_the_byte_and_no_further),
		TEST(a_refused_append_adds_nothing_and_marks_the_chain_that_follows),
		TEST(a_size_that_overflows_is_too_large),
		TEST(growth_towards_a_ceiling_that_cannot_be_doubled_to_ends),
		TEST(without_memory_the_content_stays),
		TEST(one_format_adds_1024_bytes_and_not_one_more),
		TEST(reserved_room_can_be_written_to_directly),
		TEST(consuming_moves_the_rest_to_the_front),
		TEST(a_released_buffer_keeps_its_ceiling_and_can_be_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
