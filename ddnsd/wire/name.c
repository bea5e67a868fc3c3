/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Domain names: text, order, ancestry. Keeps nothing. */
#include "wire/name.h"

#include <assert.h>
#include <libknot/dname.h>
#include <stdio.h>
#include <string.h>

static_assert(NAME_SIZE_MAX == KNOT_DNAME_MAXLEN, "a name fits its storage");
static_assert(NAME_TEXT_MAX > KNOT_DNAME_TXT_MAXLEN, "a text fits its storage");

enum { HOST_TEXT_MAX = 253 };

enum status
name_from_text(const char *text, struct name *ret_name)
{
	struct name name;

	if (text[0] == '\0' || knot_dname_from_str(name.wire, text, sizeof(name.wire)) == NULL)
		return STATUS_MALFORMED;
	knot_dname_to_lower(name.wire);
	*ret_name = name;
	return STATUS_OK;
}

const char *
name_to_text(const uint8_t *name, char text[static NAME_TEXT_MAX])
{
	size_t length;

	if (knot_dname_to_str(text, name, NAME_TEXT_MAX) == NULL) {
		(void)snprintf(text, NAME_TEXT_MAX, "?");
		return text;
	}
	length = strlen(text);
	if (length > 1 && text[length - 1] == '.')
		text[length - 1] = '\0';
	return text;
}

size_t
name_size(const uint8_t *name)
{
	return knot_dname_size(name);
}

unsigned
name_labels(const uint8_t *name)
{
	return (unsigned)knot_dname_labels(name, NULL);
}

void
name_copy(struct name *ret_name, const uint8_t *name)
{
	memcpy(ret_name->wire, name, name_size(name));
}

void
name_copy_lower(struct name *ret_name, const uint8_t *name)
{
	knot_dname_copy_lower(ret_name->wire, name);
}

bool
name_is_equal(const uint8_t *one, const uint8_t *other)
{
	return knot_dname_is_equal(one, other);
}

bool
name_is_within(const uint8_t *name, const uint8_t *ancestor)
{
	size_t size = name_size(name);
	size_t ancestor_size = name_size(ancestor);

	/* Skip whole labels only: a tail of bytes may begin inside one. */
	while (size > ancestor_size) {
		size -= (size_t)name[0] + 1;
		name = name_parent(name);
	}
	return size == ancestor_size && memcmp(name, ancestor, size) == 0;
}

bool
name_is_wildcard(const uint8_t *name)
{
	return name[0] == 1 && name[1] == '*';
}

const uint8_t *
name_parent(const uint8_t *name)
{
	return name[0] == 0 ? name : name + name[0] + 1;
}

enum status
name_join(const uint8_t *prefix, const uint8_t *suffix, struct name *ret_name)
{
	size_t prefix_size = name_size(prefix) - 1;
	size_t suffix_size = name_size(suffix);

	if (prefix_size + suffix_size > NAME_SIZE_MAX)
		return STATUS_TOO_LARGE;
	memcpy(ret_name->wire, prefix, prefix_size);
	memcpy(ret_name->wire + prefix_size, suffix, suffix_size);
	return STATUS_OK;
}

size_t
name_key(const uint8_t *name, uint8_t key[static NAME_KEY_MAX])
{
	const uint8_t *labels[NAME_SIZE_MAX / 2 + 1];
	size_t count = 0;
	size_t length = 0;

	for (; name[0] != 0; name += name[0] + 1)
		labels[count++] = name;
	while (count > 0) {
		const uint8_t *label = labels[--count];

		for (unsigned i = 1; i <= label[0]; i++) {
			if (label[i] > 1) {
				key[length++] = label[i];
			} else {
				key[length++] = 1;
				key[length++] = (uint8_t)(label[i] + 1);
			}
		}
		key[length++] = 0;
	}
	return length;
}

static bool
is_host_label(const uint8_t *label)
{
	if (label[1] == '-' || label[label[0]] == '-')
		return false;
	for (unsigned i = 1; i <= label[0]; i++) {
		bool is_letter = label[i] >= 'a' && label[i] <= 'z';
		bool is_digit = label[i] >= '0' && label[i] <= '9';

		if (!is_letter && !is_digit && label[i] != '-')
			return false;
	}
	return true;
}

bool
name_is_host(const uint8_t *name)
{
	/* The wire form is two octets longer than the text: the first length and the root. */
	if (name[0] == 0 || name_size(name) - 2 > HOST_TEXT_MAX)
		return false;
	for (; name[0] != 0; name = name_parent(name)) {
		if (!is_host_label(name))
			return false;
	}
	return true;
}
