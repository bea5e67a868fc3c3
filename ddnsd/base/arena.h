/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory for the length of one message: handed out from the front, given back all at once. Up to
 * a ceiling; beyond it, and when the system has none, allocations return NULL.
 */
#pragma once

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *first;
	struct arena_chunk *current;
	size_t used;  /* bytes handed out since the last reset */
	size_t total; /* bytes held from the system */
	size_t ceiling;
};

/* Allocates nothing yet. */
void arena_init(struct arena *arena, size_t ceiling);

/* Gives all memory back to the system; the arena can be used again. */
void arena_release(struct arena *arena);

/* Uninitialised bytes, aligned for any type. NULL when over the ceiling. */
void *arena_take(struct arena *arena, size_t size);

/* A copy of these bytes, or NULL. */
void *arena_copy(struct arena *arena, const void *bytes, size_t size);

/* Takes everything back; keeps the first chunk for the next message, frees the rest. */
void arena_reset(struct arena *arena);
