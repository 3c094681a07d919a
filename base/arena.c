/* Arena of chained blocks, and the allocation functions that tests can make fail.
 *
 *      first ──► [block: used │ free] ──► [block …] ──► NULL
 *                                current ──┘
 *
 * After a reset the chain is walked again from its start, so a loop that resets once per round allocates nothing new. */
#include "base/arena.h"

#include "base/status.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_ALIGN = 16, ARENA_BLOCK = 16 * 1024 };

typedef struct Block {
    struct Block *next;
    size_t size, used; /* bytes of data */
    _Alignas(ARENA_ALIGN) unsigned char data[];
} Block;

struct Arena {
    Block *first, *current;
    size_t block_size;
    size_t in_use, high_water;
};

Arena *arena_create(size_t block_size) {
    Arena *arena = mem_calloc(1, sizeof *arena);
    if (arena)
        arena->block_size = block_size ? block_size : ARENA_BLOCK;
    return arena;
}

void arena_destroy(Arena *arena) {
    if (!arena)
        return;
    for (Block *block = arena->first, *next; block; block = next) {
        next = block->next;
        mem_free(block);
    }
    mem_free(arena);
}

/* The block after the current one that has room for size; put in place if there is none. */
static Block *arena_grow(Arena *arena, size_t size) {
    Block **link = arena->current ? &arena->current->next : &arena->first;
    for (; *link; link = &(*link)->next) {
        if ((*link)->size >= size)
            return arena->current = *link;
    }
    const size_t room = size > arena->block_size ? size : arena->block_size;
    if (room > SIZE_MAX - sizeof(Block))
        return NULL;
    Block *block = mem_alloc(sizeof *block + room);
    if (!block)
        return NULL;
    *block = (Block){.size = room};
    *link = block;
    return arena->current = block;
}

void *arena_alloc(Arena *arena, size_t size) {
    if (size > SIZE_MAX - ARENA_ALIGN)
        return NULL;
    size = (size + !size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    Block *block = arena->current;
    if (!block || block->size - block->used < size)
        block = arena_grow(arena, size);
    if (!block)
        return NULL;
    void *p = block->data + block->used;
    block->used += size;
    arena->in_use += size;
    if (arena->in_use > arena->high_water)
        arena->high_water = arena->in_use;
    return memset(p, 0, size);
}

char *arena_strdup(Arena *arena, const char *text) {
    const size_t size = strlen(text) + 1;
    char *copy = arena_alloc(arena, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

char *arena_printf(Arena *arena, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

void arena_reset(Arena *arena) {
    for (Block *block = arena->first; block; block = block->next)
        block->used = 0;
    arena->current = arena->first;
    arena->in_use = 0;
}

size_t arena_high_water(const Arena *arena) {
    return arena->high_water;
}

/* How many allocations may still succeed (negative: all), and how many were asked for. Per thread, so that counting is
 * no race. */
static _Thread_local long mem_allowed = -1;
static _Thread_local long mem_counted;

static int mem_may_allocate(void) {
    mem_counted++;
    if (mem_allowed < 0)
        return 1;
    if (mem_allowed == 0)
        return 0; /* and keeps failing, as a full memory does */
    mem_allowed--;
    return 1;
}

void *mem_alloc(size_t size) {
    return mem_may_allocate() ? malloc(size ? size : 1) : NULL;
}

void *mem_calloc(size_t n, size_t size) {
    return mem_may_allocate() ? calloc(n ? n : 1, size ? size : 1) : NULL;
}

void *mem_realloc(void *p, size_t size) {
    return mem_may_allocate() ? realloc(p, size ? size : 1) : NULL;
}

char *mem_strdup(const char *text) {
    const size_t size = strlen(text) + 1;
    char *copy = mem_alloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

void mem_free(void *p) {
    free(p);
}

void mem_fail_after(long n) {
    mem_allowed = n < 0 ? -1 : n;
    mem_counted = 0;
}

long mem_count(void) {
    return mem_counted;
}
