/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/base64: RFC 4648 section 4, its vectors and what it forbids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
the_vectors_of_rfc_4648_are_read_and_written(void **state)
{
	static const struct {
		const char *text;
		const char *bytes;
	} table[] = {
		{ "Zg==", "f" },
		{ "Zm8=", "fo" },
		{ "Zm9v", "foo" },
		{ "Zm9vYg==", "foob" },
		{ "Zm9vYmE=", "fooba" },
		{ "Zm9vYmFy", "foobar" },
		{ "+/+/", "\xfb\xff\xbf" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		uint8_t bytes[16];
		size_t size = 0;
		char again[BASE64_TEXT_SIZE(16)];

		assert_int_equal(base64_decode(table[i].text, bytes, sizeof(bytes), &size),
		    STATUS_OK);
		assert_int_equal(size, strlen(table[i].bytes));
		assert_memory_equal(bytes, table[i].bytes, size);
		assert_string_equal(base64_encode(bytes, size, again), table[i].text);
		assert_int_equal(strlen(again) + 1, BASE64_TEXT_SIZE(size));
	}
}

static void
anything_looser_is_malformed(void **state)
{
	static const char *const texts[] = { "", "Z", "Zg",
		"Zg=", "Zg===", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm 9", "Zm-_",
		"Zm9v=", "=Zm9", "Zm=v", "Zh==", "Zm9=", "Zm9vY!==", "Zm9\xc3" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		uint8_t bytes[16];
		size_t size = 77;

		assert_int_equal(base64_decode(texts[i], bytes, sizeof(bytes), &size),
		    STATUS_MALFORMED);
		assert_int_equal(size, 77);
	}
}

static void
what_does_not_fit_is_too_large_and_what_just_fits_is_not(void **state)
{
	uint8_t bytes[5];
	size_t size = 0;

	(void)state;
	assert_int_equal(base64_decode("Zm9vYmE=", bytes, 5, &size), STATUS_OK);
	assert_int_equal(size, 5);
	assert_int_equal(base64_decode("Zm9vYmE=", bytes, 4, &size), STATUS_TOO_LARGE);
	assert_int_equal(base64_decode("Zm9vYmFy", bytes, 5, &size), STATUS_TOO_LARGE);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_rfc_4648_are_read_and_written),
		cmocka_unit_test(anything_looser_is_malformed),
		cmocka_unit_test(what_does_not_fit_is_too_large_and_what_just_fits_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
