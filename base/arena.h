/* Memory that is freed as a whole, and allocation that tests can make fail.
 *
 * An arena hands out zeroed, 16-byte aligned memory from blocks; there is no free of one piece. Loaders keep
 * everything they build in one arena, so that a half-built thing is released by one call. */
#ifndef DEMOMILL_BASE_ARENA_H
#define DEMOMILL_BASE_ARENA_H

#include <stddef.h>

typedef struct Arena Arena;

Arena *arena_create(size_t block_size);       /* 0: a sensible default. NULL when out of memory. */
void arena_destroy(Arena *arena);             /* NULL is fine */
void *arena_alloc(Arena *arena, size_t size); /* zeroed; NULL when out of memory */
char *arena_strdup(Arena *arena, const char *text);
char *arena_printf(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(Arena *arena); /* keeps the blocks */
size_t arena_high_water(const Arena *arena);

/* malloc, calloc, realloc that every loader and writer uses, so that fault tests can fail the n-th
 * allocation: after mem_fail_after(n) the n-th following call and all later ones return NULL (0 = the next one);
 * negative = never. Each thread counts for itself. */
void *mem_alloc(size_t size);
void *mem_calloc(size_t n, size_t size);
void *mem_realloc(void *p, size_t size);
char *mem_strdup(const char *text);
void mem_free(void *p);
void mem_fail_after(long n);
long mem_count(void); /* allocations since the last mem_fail_after */

#endif
