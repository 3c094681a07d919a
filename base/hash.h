/* Hashes: SHA-256 (FIPS 180-4) for files and certificates, and a fast 64-bit hash for state fingerprints. */
#ifndef DEMOMILL_BASE_HASH_H
#define DEMOMILL_BASE_HASH_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct Sha256 {
    uint32_t state[8];
    uint64_t length;
    unsigned char block[64];
} Sha256;

void sha256_begin(Sha256 *sha);
void sha256_add(Sha256 *sha, const void *data, size_t size);
void sha256_end(Sha256 *sha, unsigned char digest[32]);
/* Lower-case hexadecimal with final NUL. */
void sha256_hex(const void *data, size_t size, char hex[65]);
Status sha256_file(const char *path, char hex[65], Err *err);

/* FNV-1a, 64 bit, over bytes; continue from seed HASH64_SEED or from an earlier result. */
#define HASH64_SEED 0xcbf29ce484222325ull
uint64_t hash64(uint64_t seed, const void *data, size_t size);

#endif
