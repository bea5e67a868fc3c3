/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An address from its text, which fails the test when it is none. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/address.h"

static inline struct address
address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_from_text(text, &address), STATUS_OK);
	return address;
}
