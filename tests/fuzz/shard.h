/* A small shard of our own format. */
#ifndef DEMOMILL_TESTS_FUZZ_SHARD_H
#define DEMOMILL_TESTS_FUZZ_SHARD_H

#include <stddef.h>
#include <stdint.h>

/* The bytes of a shard with two short episodes, made below folder; malloc'ed. Aborts on failure. */
uint8_t *make_shard(const char *folder, size_t *size);

#endif
