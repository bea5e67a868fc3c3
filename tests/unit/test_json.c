/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire/json: what is taken as JSON, and what is said of the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/json.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static json_t *
object_of(const char *text)
{
	char problem[JSON_PROBLEM_MAX];
	json_t *object = NULL;

	assert_int_equal(json_parse_object(text, strlen(text), &object, problem), STATUS_OK);
	assert_string_equal(problem, "");
	assert_non_null(object);
	return object;
}

/* Refused, with that in the sentence, in plain ASCII. */
static void
expect_malformed(const char *text, size_t length, const char *word)
{
	char problem[JSON_PROBLEM_MAX] = "";
	json_t *object = NULL;

	assert_int_equal(json_parse_object(text, length, &object, problem), STATUS_MALFORMED);
	assert_null(object);
	assert_non_null(strstr(problem, word));
	for (size_t i = 0; problem[i] != '\0'; i++)
		assert_in_range(problem[i], ' ', '~');
}

static void
one_object_is_taken(void **state)
{
	static const char *const texts[] = { "{}", " {\"a\": [1, {\"b\": null}]}\n",
		"{\"a\": \"\\u00fc \xc3\xbc \\\" \\\\\"}", "{\"a\":9223372036854775807}" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		json_decref(object_of(texts[i]));
}

static void
all_else_is_malformed(void **state)
{
	static const struct {
		const char *text;
		const char *word;
	} table[] = {
		{ "", "line 1" },
		{ "[]", "no object" },
		{ "7", "line 1" },
		{ "\"a\"", "line 1" },
		{ "{", "line 1" },
		{ "{} {}", "line 1" },
		{ "{}x", "line 1" },
		{ "{\"a\":1,}", "line 1" },
		{ "{\n\n\"a\" 1}", "line 3" },
		{ "{\"a\":1,\"a\":2}", "duplicate" },
		{ "{\"a\":{\"b\":1,\"b\":1}}", "duplicate" },
		{ "{\"a\":\"\xff\"}", "line 1" },
		{ "{\"a\":\"\xed\xa0\x80\"}", "line 1" },
		{ "{\"a\":\"\\u0000\"}", "line 1" },
		{ "{\"a\\u0000b\":1}", "line 1" },
		{ "{\"a\":\"\\ud800\"}", "line 1" },
		{ "{\"a\":\"x\ny\"}", "line 1" },
		{ "{\"a\":NaN}", "line 1" },
		{ "{\"a\":1e999}", "line 1" },
		{ "{\"a\":9223372036854775808}", "line 1" },
		{ "{'a':1}", "line 1" },
		{ "{\"a\":1 /* b */}", "line 1" },
		{ "{\"a\":\xc3\xbc}", "line 1" },
		{ "{\"\xc3\xbc\":1,\"\xc3\xbc\":2}", "duplicate" },
		{ "{\"a\":\x1b[31m}", "line 1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		expect_malformed(table[i].text, strlen(table[i].text), table[i].word);
	expect_malformed("{}\0", 3, "line 1");
	expect_malformed("{\"a\":\"b\0c\"}", 11, "line 1");
}

static void
nesting_has_a_ceiling(void **state)
{
	enum { DEPTH = 32 };
	char text[4 * DEPTH + 16];

	(void)state;
	for (size_t depth = DEPTH; depth <= DEPTH + 1; depth++) {
		size_t arrays = depth - 1;

		memcpy(text, "{\"a\":", 5);
		memset(text + 5, '[', arrays);
		memset(text + 5 + arrays, ']', arrays);
		memcpy(text + 5 + 2 * arrays, "}", 2);
		if (depth == DEPTH)
			json_decref(object_of(text));
		else
			expect_malformed(text, strlen(text), "nested deeper than 32");
	}
}

/* More brackets than jansson's own ceiling: they are never parsed. */
static void
deep_nesting_is_refused_before_it_is_read(void **state)
{
	size_t length = 1000000;
	char *text = malloc(length);

	(void)state;
	assert_non_null(text);
	memset(text, '[', length);
	memcpy(text, "{\"a\":", 5);
	expect_malformed(text, length, "nested deeper than 32");
	free(text);
}

static void
brackets_in_texts_and_side_by_side_are_no_nesting(void **state)
{
	enum { PAIRS = 100 };
	char text[8 * PAIRS] = "{\"a\":[";
	size_t length = strlen(text);

	(void)state;
	json_decref(object_of("{\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\\\":1}"));
	for (size_t i = 0; i < PAIRS; i++) {
		memcpy(text + length, i > 0 ? ",{}" : " {}", 3);
		length += 3;
	}
	memcpy(text + length, "]}", 3);
	json_decref(object_of(text));
	expect_malformed("]]]]{\"a\":1}", 11, "line 1");
}

static void
members_are_taken_by_their_kind(void **state)
{
	char problem[JSON_PROBLEM_MAX] = "";
	json_t *object = object_of(
	    "{\"text\":\"b\\u00fcro\",\"number\":-7,\"yes\":true,\"no\":false,"
	    "\"list\":[1,2]}");
	const char *text = NULL;
	int64_t number = 0;
	bool yes = false;
	bool no = true;
	const json_t *list = NULL;

	(void)state;
	assert_true(json_take_text(object, "text", &text, problem));
	assert_string_equal(text, "b\xc3\xbcro");
	assert_true(json_take_integer(object, "number", -7, -7, &number, problem));
	assert_int_equal(number, -7);
	assert_true(json_take_flag(object, "yes", &yes, problem));
	assert_true(yes);
	assert_true(json_take_flag(object, "no", &no, problem));
	assert_false(no);
	assert_true(json_take_array(object, "list", &list, problem));
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(problem, "");
	json_decref(object);
}

static void
what_is_not_there_or_null_leaves_the_default(void **state)
{
	static const char *const members[] = { "none", "null" };
	json_t *object = object_of("{\"null\":null}");

	(void)state;
	for (size_t i = 0; i < COUNT(members); i++) {
		char problem[JSON_PROBLEM_MAX] = "";
		const char *text = "default";
		int64_t number = 77;
		bool flag = true;
		const json_t *list = object;

		assert_true(json_take_text(object, members[i], &text, problem));
		assert_string_equal(text, "default");
		assert_true(json_take_integer(object, members[i], 0, 1, &number, problem));
		assert_int_equal(number, 77);
		assert_true(json_take_flag(object, members[i], &flag, problem));
		assert_true(flag);
		assert_true(json_take_array(object, members[i], &list, problem));
		assert_ptr_equal(list, object);
		assert_string_equal(problem, "");
	}
	json_decref(object);
}

static void
another_kind_is_named_with_what_is_allowed(void **state)
{
	json_t *object = object_of("{\"t\":\"1\",\"n\":1,\"r\":1.0,\"f\":true,\"a\":[],\"o\":{}}");
	static const char *const no_texts[] = { "n", "r", "f", "a", "o" };
	static const char *const no_integers[] = { "t", "r", "f", "a", "o" };
	static const char *const no_flags[] = { "t", "n", "r", "a", "o" };
	static const char *const no_arrays[] = { "t", "n", "r", "f", "o" };
	const char *text = "default";
	int64_t number = 77;
	bool flag = true;
	const json_t *list = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(no_texts); i++) {
		char problems[4][JSON_PROBLEM_MAX] = { "" };

		assert_false(json_take_text(object, no_texts[i], &text, problems[0]));
		assert_non_null(strstr(problems[0], "must be a text"));
		assert_non_null(strstr(problems[0], no_texts[i]));
		assert_false(
		    json_take_integer(object, no_integers[i], -9, 99, &number, problems[1]));
		assert_non_null(strstr(problems[1], "must be a whole number from -9 to 99"));
		assert_false(json_take_flag(object, no_flags[i], &flag, problems[2]));
		assert_non_null(strstr(problems[2], "must be true or false"));
		assert_false(json_take_array(object, no_arrays[i], &list, problems[3]));
		assert_non_null(strstr(problems[3], "must be an array"));
	}
	assert_string_equal(text, "default");
	assert_int_equal(number, 77);
	assert_true(flag);
	assert_null(list);
	json_decref(object);
}

static void
numbers_beyond_their_limits_are_refused(void **state)
{
	json_t *object = object_of("{\"n\":10}");
	char problem[JSON_PROBLEM_MAX] = "";
	int64_t number = 77;

	(void)state;
	assert_false(json_take_integer(object, "n", 11, INT64_MAX, &number, problem));
	assert_false(json_take_integer(object, "n", INT64_MIN, 9, &number, problem));
	assert_int_equal(number, 77);
	assert_true(json_take_integer(object, "n", 10, 10, &number, problem));
	assert_int_equal(number, 10);
	json_decref(object);
}

static void
the_first_problem_stays(void **state)
{
	json_t *object = object_of("{\"a\":1,\"b\":2}");
	static const char *const members[] = { "x", NULL };
	char problem[JSON_PROBLEM_MAX] = "";
	const char *text = NULL;
	bool flag = false;

	(void)state;
	assert_false(json_take_text(object, "a", &text, problem));
	assert_false(json_take_flag(object, "b", &flag, problem));
	assert_false(json_has_only(object, members, problem));
	assert_string_equal(problem, "\"a\" must be a text");
	json_decref(object);
}

static void
an_unknown_member_is_named_with_those_there_are(void **state)
{
	static const char *const members[] = { "name", "ttl", NULL };
	static const char *const none[] = { NULL };
	char problem[JSON_PROBLEM_MAX] = "";
	json_t *object = object_of("{\"ttl\":1,\"nmae\":2}");
	json_t *good = object_of("{\"ttl\":1,\"name\":null}");

	(void)state;
	assert_true(json_has_only(good, members, problem));
	assert_string_equal(problem, "");
	assert_false(json_has_only(object, members, problem));
	assert_string_equal(problem, "there is no member \"nmae\"; there are: name, ttl");
	problem[0] = '\0';
	assert_false(json_has_only(good, none, problem));
	assert_true(problem[0] != '\0');
	json_decref(good);
	json_decref(object);
}

/* Such a sentence goes into logs and into JSON again. */
static void
what_strangers_wrote_is_quoted_in_plain_ascii(void **state)
{
	static const char *const members[] = { "name", NULL };
	char text[400] = "{\"\\u001b\\n";
	size_t length = strlen(text);
	char problem[JSON_PROBLEM_MAX] = "";
	json_t *object;

	(void)state;
	for (size_t i = 0; i < 100; i++, length += 2)
		memcpy(text + length, "\xc3\xbc", 2);
	memcpy(text + length, "\":1}", 5);
	object = object_of(text);
	assert_false(json_has_only(object, members, problem));
	for (size_t i = 0; problem[i] != '\0'; i++)
		assert_in_range(problem[i], ' ', '~');
	assert_non_null(strstr(problem, "there are: name"));
	json_decref(object);
}

/* Allocations until one fails; SIZE_MAX: none does. */
static size_t allocations_left = SIZE_MAX;

static void *
allocate(size_t size)
{
	if (allocations_left == 0)
		return NULL;
	if (allocations_left != SIZE_MAX)
		allocations_left--;
	return malloc(size);
}

static void
without_memory_there_is_no_object(void **state)
{
	static const char text[] = "{\"a\":[1,2.5,\"b\",{\"c\":null}],\"d\":true}";
	enum status status = STATUS_NO_MEMORY;
	size_t failures = 0;
	size_t named = 0;

	(void)state;
	json_set_alloc_funcs(allocate, free);
	for (size_t count = 0; status != STATUS_OK && count < 1000; count++) {
		char problem[JSON_PROBLEM_MAX];
		json_t *object = NULL;

		allocations_left = count;
		status = json_parse_object(text, strlen(text), &object, problem);
		allocations_left = SIZE_MAX;
		if (status != STATUS_OK) {
			assert_null(object);
			assert_true(problem[0] != '\0');
			failures++;
			named += status == STATUS_NO_MEMORY;
		}
		json_decref(object);
	}
	json_set_alloc_funcs(malloc, free);
	assert_int_equal(status, STATUS_OK);
	/* Of a text that it has no room for, and here are four, jansson says that it is none. */
	assert_int_equal(failures, named + 4);
	assert_true(named > 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_object_is_taken),
		cmocka_unit_test(all_else_is_malformed),
		cmocka_unit_test(nesting_has_a_ceiling),
		cmocka_unit_test(deep_nesting_is_refused_before_it_is_read),
		cmocka_unit_test(brackets_in_texts_and_side_by_side_are_no_nesting),
		cmocka_unit_test(members_are_taken_by_their_kind),
		cmocka_unit_test(what_is_not_there_or_null_leaves_the_default),
		cmocka_unit_test(another_kind_is_named_with_what_is_allowed),
		cmocka_unit_test(numbers_beyond_their_limits_are_refused),
		cmocka_unit_test(the_first_problem_stays),
		cmocka_unit_test(an_unknown_member_is_named_with_those_there_are),
		cmocka_unit_test(what_strangers_wrote_is_quoted_in_plain_ascii),
		cmocka_unit_test(without_memory_there_is_no_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
