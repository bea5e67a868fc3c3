/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A chunked bump allocator with a ceiling. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE = 32768 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	size_t used;
	alignas(max_align_t) uint8_t bytes[];
};

void
arena_init(struct arena *arena, size_t ceiling)
{
	*arena = (struct arena){ .ceiling = ceiling };
}

static void
free_chunks(struct arena_chunk *chunk)
{
	while (chunk != NULL) {
		struct arena_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
}

void
arena_release(struct arena *arena)
{
	free_chunks(arena->first);
	arena_init(arena, arena->ceiling);
}

static struct arena_chunk *
add_chunk(struct arena *arena, size_t least)
{
	size_t room = arena->ceiling - arena->total;
	size_t size = room < CHUNK_SIZE ? room : CHUNK_SIZE;
	struct arena_chunk *chunk;

	if (least > room)
		return NULL;
	if (size < least)
		size = least;
	chunk = malloc(sizeof(*chunk) + size);
	if (chunk == NULL)
		return NULL;
	chunk->next = NULL;
	chunk->size = size;
	chunk->used = 0;
	arena->total += size;
	if (arena->current != NULL)
		arena->current->next = chunk;
	else
		arena->first = chunk;
	arena->current = chunk;
	return chunk;
}

void *
arena_take(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->current;
	size_t rounded;
	void *bytes;

	if (size > arena->ceiling)
		return NULL;
	rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (chunk == NULL || chunk->size - chunk->used < rounded)
		chunk = add_chunk(arena, rounded);
	if (chunk == NULL)
		return NULL;
	bytes = chunk->bytes + chunk->used;
	chunk->used += rounded;
	arena->used += rounded;
	return bytes;
}

void *
arena_copy(struct arena *arena, const void *bytes, size_t size)
{
	void *copy = arena_take(arena, size);

	if (copy != NULL && size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

void
arena_reset(struct arena *arena)
{
	if (arena->first == NULL)
		return;
	free_chunks(arena->first->next);
	arena->first->next = NULL;
	arena->first->used = 0;
	arena->current = arena->first;
	arena->total = arena->first->size;
	arena->used = 0;
}
