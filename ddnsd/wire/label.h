/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From what a device calls itself to a host name's label, as a person would write it. Takes any
 * bytes; what comes out is a label of RFC 1123 (rule 43), or nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { LABEL_TEXT_MAX = 64 }; /* 63 characters and NUL */

/*
 * One label from any text: lower case; apostrophes vanish ("Bob's iPhone" -> "bobs-iphone"); blanks,
 * underscores and all else that may not stand in a host name become one hyphen, never at an end. Of
 * "desk.example.net" the first label counts, as DHCP servers have it. UTF-8 goes through IDNA
 * (RFC 5891, "xn--..."); what that does not take, and what is no UTF-8, is left out. Longer than 63: cut.
 * False, and an empty text: nothing is left.
 */
bool label_from_text(const char *text, char ret_label[static LABEL_TEXT_MAX]);

/* "printer", 2 -> "printer-2", the label cut where it would be too long. number is at least 2. */
void label_with_number(const char *label, unsigned number, char ret_label[static LABEL_TEXT_MAX]);

/*
 * True when the label matches a pattern of letters, digits, hyphens, "*" (any run) and "?" (any
 * one). Both lower-case.
 */
bool label_matches(const char *label, const char *pattern);
