/* Philox against the published vectors; streams that do not know of each other; distributions with the right moments. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"

/* The philox4x32-10 lines of Random123's kat_vectors: counter, key, answer. */
static void philox_gives_the_published_vectors(void **state) {
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], answer[4];
    } vectors[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint32_t out[4];
        philox4x32_10(vectors[i].counter, vectors[i].key, out);
        assert_memory_equal(out, vectors[i].answer, sizeof out);
    }
}

static void every_part_of_the_key_matters(void **state) {
    (void)state;
    Rng streams[] = {rng_make(1, 1, RNG_RESET, 0),          rng_make(2, 1, RNG_RESET, 0),
                     rng_make(1ull << 40, 1, RNG_RESET, 0), rng_make(1, 2, RNG_RESET, 0),
                     rng_make(1, 1ull << 40, RNG_RESET, 0), rng_make(1, 1, RNG_NOISE, 0),
                     rng_make(1, 1, RNG_RESET, 1)};
    enum { N = sizeof streams / sizeof *streams };
    uint64_t drawn[N];
    for (int i = 0; i < N; i++) {
        drawn[i] = rng_u64(&streams[i]);
        for (int j = 0; j < i; j++)
            assert_true(drawn[i] != drawn[j]);
    }
}

static void a_stream_is_a_value(void **state) {
    (void)state;
    Rng a = rng_make(7, 3, RNG_PLAN, 2);
    rng_normal(&a);
    rng_u32(&a);
    Rng b = a;
    for (int i = 0; i < 100; i++) {
        const double x = rng_normal(&a), y = rng_normal(&b);
        assert_memory_equal(&x, &y, sizeof x);
        assert_int_equal(rng_u64(&a), rng_u64(&b));
    }
}

static void moments_are_right(void **state) {
    (void)state;
    enum { N = 200000 };
    Rng rng = rng_make(11, 0, RNG_TEST, 0);
    double sum = 0, square = 0, fourth = 0, uniform = 0, height = 0;
    for (int i = 0; i < N; i++) {
        const double x = rng_normal(&rng), u = rng_uniform(&rng);
        double v[3];
        rng_unit3(&rng, v);
        assert_true(u >= 0 && u < 1);
        assert_true(fabs(v[0] * v[0] + v[1] * v[1] + v[2] * v[2] - 1) < 1e-14);
        sum += x, square += x * x, fourth += x * x * x * x, uniform += u, height += v[0] * v[0];
    }
    assert_true(fabs(sum / N) < 0.01);
    assert_true(fabs(square / N - 1) < 0.02);
    assert_true(fabs(fourth / N - 3) < 0.1);
    assert_true(fabs(uniform / N - 0.5) < 0.005);
    assert_true(fabs(height / N - 1. / 3) < 0.005);
}

static void below_is_fair_and_in_range(void **state) {
    (void)state;
    enum { N = 70000 };
    Rng rng = rng_make(12, 0, RNG_TEST, 0);
    int count[7] = {0};
    for (int i = 0; i < N; i++)
        count[rng_below(&rng, 7)]++;
    for (int i = 0; i < 7; i++)
        assert_in_range(count[i], N / 7 - 400, N / 7 + 400);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(rng_below(&rng, 1), 0);
        assert_true(rng_below(&rng, 0xffffffffu) < 0xffffffffu);
    }
    assert_true(rng_range(&rng, 2, 2) == 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_vectors),
        cmocka_unit_test(every_part_of_the_key_matters),
        cmocka_unit_test(a_stream_is_a_value),
        cmocka_unit_test(moments_are_right),
        cmocka_unit_test(below_is_fair_and_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
