/* Keyed random numbers: Philox4x32-10 (Salmon et al., SC 2011).
 *
 * A stream is a value made from (seed, attempt, purpose); drawing advances its counter and touches nothing
 * else, so what is drawn for one purpose never depends on what was drawn for another, nor on threads, order
 * or time. */
#ifndef DEMOMILL_BASE_RNG_H
#define DEMOMILL_BASE_RNG_H

#include <stdint.h>

/* Every purpose once. Append only: the number is part of what a seed means. */
typedef enum RngPurpose {
    RNG_RESET = 1,
    RNG_SELECT,
    RNG_PLAN,
    RNG_NOISE,
    RNG_POSE_NOISE,
    RNG_REALISM,
    RNG_PUSH,
    RNG_OPERATOR,
    RNG_AUGMENT,
    RNG_SPLIT,
    RNG_TEST
} RngPurpose;

typedef struct Rng {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t block[4]; /* unread words of the current block */
    uint32_t used;     /* words of block already given out; 4 = none left */
    double spare;      /* second normal of the last pair */
    uint32_t has_spare;
    uint32_t pad;
} Rng;

/* The raw block function; out (4). For tests against the published vectors and for counter-addressed noise.
 */
void philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* seed is the run's seed; attempt the attempt id; sub a free index (subtask and retry, object, …), 0 if
 * unused. */
Rng rng_make(uint64_t seed, uint64_t attempt, RngPurpose purpose, uint32_t sub);
uint32_t rng_u32(Rng *rng);
uint64_t rng_u64(Rng *rng);
double rng_uniform(Rng *rng);                     /* [0, 1), 53 bits */
double rng_range(Rng *rng, double lo, double hi); /* [lo, hi) */
double rng_normal(Rng *rng);                      /* mean 0, variance 1 (Box–Muller) */
uint32_t rng_below(Rng *rng, uint32_t n);         /* 0 … n−1 without bias; n ≥ 1 */
void rng_unit3(Rng *rng, double v[3]);            /* uniform on the sphere */

#endif
