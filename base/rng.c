/* Philox4x32-10 and the distributions drawn from it.
 *
 *     key     = seed (64 bit)
 *     counter = block (32) │ sub (32) │ attempt (56) │ purpose (8)
 *
 * so two streams never share a block, and a stream has 2^32 blocks of four words. */
#include "base/rng.h"

#include "base/status.h"

#include <math.h>

void philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u; /* golden ratio */
        k1 += 0xBB67AE85u; /* √3 − 1 */
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

Rng rng_make(uint64_t seed, uint64_t attempt, RngPurpose purpose, uint32_t sub) {
    ASSERT(attempt >> 56 == 0);
    ASSERT((unsigned)purpose < 256);
    return (Rng){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, sub, (uint32_t)attempt, (uint32_t)(attempt >> 32) | (uint32_t)purpose << 24},
        .used = 4,
    };
}

uint32_t rng_u32(Rng *rng) {
    if (rng->used == 4) {
        philox4x32_10(rng->counter, rng->key, rng->block);
        rng->counter[0]++;
        rng->used = 0;
    }
    return rng->block[rng->used++];
}

uint64_t rng_u64(Rng *rng) {
    const uint64_t low = rng_u32(rng);
    return (uint64_t)rng_u32(rng) << 32 | low;
}

double rng_uniform(Rng *rng) {
    return (double)(rng_u64(rng) >> 11) * 0x1p-53;
}

double rng_range(Rng *rng, double lo, double hi) {
    const double x = lo + (hi - lo) * rng_uniform(rng);
    return x < hi ? x : lo; /* rounding may reach hi; an empty range gives lo */
}

double rng_normal(Rng *rng) {
    if (rng->has_spare) {
        rng->has_spare = 0;
        return rng->spare;
    }
    const double radius = sqrt(-2 * log(1 - rng_uniform(rng)));
    const double angle = 6.283185307179586 * rng_uniform(rng);
    rng->spare = radius * sin(angle);
    rng->has_spare = 1;
    return radius * cos(angle);
}

/* Multiply and reject the short tail (Lemire 2019). */
uint32_t rng_below(Rng *rng, uint32_t n) {
    ASSERT(n >= 1);
    const uint32_t tail = (0u - n) % n;
    uint64_t product;
    do
        product = (uint64_t)rng_u32(rng) * n;
    while ((uint32_t)product < tail);
    return (uint32_t)(product >> 32);
}

void rng_unit3(Rng *rng, double v[3]) {
    v[2] = rng_range(rng, -1, 1); /* Archimedes: height on the sphere is uniform */
    const double angle = rng_range(rng, 0, 6.283185307179586);
    const double radius = sqrt(fmax(0, 1 - v[2] * v[2]));
    v[0] = radius * cos(angle);
    v[1] = radius * sin(angle);
}
