/* Running statistics against the closed form, in constant memory. */
#include "tests/datasets/support.h"

#include "base/rng.h"
#include "datasets/stats_priv.h"

#include <math.h>
#include <stdlib.h>

static Running running;

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Moments to rounding, quantiles to one bin: a five-hundredth of the range. */
static void assert_close_to_exact(double *x, int n) {
    double sum = 0, square = 0;
    running = (Running){0};
    for (int i = 0; i < n; i++) {
        running_add(&running, x[i]);
        sum += x[i];
    }
    for (int i = 0; i < n; i++)
        square += (x[i] - sum / n) * (x[i] - sum / n);
    qsort(x, (size_t)n, sizeof *x, compare);
    const double range = x[n - 1] - x[0];
    assert_int_equal(running.n, n);
    assert_true(running.min == x[0] && running.max == x[n - 1]);
    assert_true(fabs(running.mean - sum / n) <= 1e-9 * (range + fabs(sum / n)));
    assert_true(fabs(running_std(&running) - sqrt(square / n)) <= 1e-9 * range + 1e-300);
    for (double q = 0.01; q < 1; q += 0.07)
        assert_true(fabs(running_quantile(&running, q) - x[(int)(q * n)]) <=
                    range / 500 + range * 60.0 / n + 1e-300);
}

static void statistics_fit_what_was_seen(void **state) {
    (void)state;
    enum { N = 20000 };
    double *x = mem_alloc(N * sizeof *x);
    Rng rng = rng_make(1, 0, RNG_TEST, 0);
    for (int scale = -9; scale <= 9; scale += 3) {
        for (int i = 0; i < N; i++)
            x[i] = rng_normal(&rng) * pow(10, scale);
        assert_close_to_exact(x, N);
        for (int i = 0; i < N; i++)
            x[i] = (5 + rng_uniform(&rng)) * pow(10, scale);
        assert_close_to_exact(x, N);
    }
    for (int i = 0; i < N; i++)
        x[i] = i % 2 ? 1e12 : -1e12;
    running = (Running){0};
    for (int i = 0; i < N; i++)
        running_add(&running, x[i]);
    assert_true(running_quantile(&running, 0.01) < -0.9e12 && running_quantile(&running, 0.99) > 0.9e12);
    mem_free(x);
}

static void a_constant_has_no_spread(void **state) {
    (void)state;
    for (double x = -1e15; x < 2e15; x += 1e15) {
        running = (Running){0};
        for (int i = 0; i < 10; i++)
            running_add(&running, x);
        assert_true(running_std(&running) == 0);
        assert_true(running_quantile(&running, 0.01) == x && running_quantile(&running, 0.99) == x);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics_fit_what_was_seen),
        cmocka_unit_test(a_constant_has_no_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
