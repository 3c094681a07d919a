/* The task command's row: what goes in comes out, and normalisation never hides what it cut. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/action.h"
#include "base/rng.h"

static TaskCommand random_command(Rng *rng) {
    TaskCommand c = {.base_height = rng_range(rng, 0.5, 1)};
    for (int side = 0; side < NSIDE; side++) {
        double axis[3];
        rng_unit3(rng, axis);
        quat_from_axis_angle(axis, rng_range(rng, -3, 3), c.wrist[side].quat);
        for (int i = 0; i < 3; i++)
            c.wrist[side].pos[i] = rng_range(rng, -0.5, 1.2);
        for (int i = 0; i < 6; i++)
            c.hand[side][i] = rng_uniform(rng);
    }
    for (int i = 0; i < 2; i++)
        c.waist[i] = rng_range(rng, -1, 1);
    for (int i = 0; i < 3; i++)
        c.base_velocity[i] = rng_range(rng, -1, 1);
    return c;
}

static void a_row_holds_the_whole_command(void **state) {
    (void)state;
    const ActionLayout layout = action_layout(6, 2);
    assert_int_equal(layout.dim, 18 + 12 + 2 + 4);
    Rng rng = rng_make(1, 0, RNG_TEST, 0);
    for (int n = 0; n < 200; n++) {
        const TaskCommand a = random_command(&rng);
        TaskCommand b;
        float row[ACTION_MAX];
        action_encode(&layout, &a, row);
        action_decode(&layout, row, &b);
        for (int side = 0; side < NSIDE; side++) {
            assert_true(pose_distance(a.wrist[side], b.wrist[side]) < 2e-7);
            assert_true(pose_angle(a.wrist[side], b.wrist[side]) < 5e-7);
            for (int i = 0; i < 6; i++)
                assert_true(fabs(a.hand[side][i] - b.hand[side][i]) < 1e-7);
        }
        assert_true(fabs(a.waist[1] - b.waist[1]) < 1e-7);
        assert_true(fabs(a.base_velocity[2] - b.base_velocity[2]) < 1e-7);
        assert_true(fabs(a.base_height - b.base_height) < 1e-7);
    }
}

static void normalised_rows_go_back_by_scale_and_offset(void **state) {
    (void)state;
    const ActionLayout layout = action_layout(6, 2);
    Rng rng = rng_make(2, 0, RNG_TEST, 0);
    const TaskCommand command = random_command(&rng);
    float row[ACTION_MAX], out[ACTION_MAX], scale[ACTION_MAX], offset[ACTION_MAX];
    action_encode(&layout, &command, row);
    action_ranges(&layout, scale, offset);
    assert_int_equal(action_normalize(&layout, row, out), 0);
    for (int i = 0; i < layout.dim; i++) {
        assert_true(out[i] >= -1 && out[i] <= 1);
        assert_true(fabsf(out[i] * scale[i] + offset[i] - row[i]) < 1e-6f);
    }
}

static void what_is_cut_is_counted(void **state) {
    (void)state;
    const ActionLayout layout = action_layout(6, 2);
    float row[ACTION_MAX] = {0}, out[ACTION_MAX];
    row[0] = 1.6f, row[9] = -INFINITY, row[layout.left_hand] = NAN, row[layout.base_height] = 1.5f;
    assert_int_equal(action_normalize(&layout, row, out), 3);
    assert_true(out[0] == 1 && out[9] == -1 && out[layout.left_hand] == 0 && out[layout.base_height] == 1);
}

static void every_dimension_has_its_own_name(void **state) {
    (void)state;
    const ActionLayout layout = action_layout(6, 2);
    char names[ACTION_MAX][32];
    for (int i = 0; i < layout.dim; i++) {
        action_dim_name(&layout, i, names[i]);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(names[i], names[j]);
    }
    assert_string_equal(names[0], "left_wrist.x");
    assert_string_equal(names[layout.right_hand + 2], "right_hand.2");
    assert_string_equal(names[layout.dim - 1], "base_height");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_holds_the_whole_command),
        cmocka_unit_test(normalised_rows_go_back_by_scale_and_offset),
        cmocka_unit_test(what_is_cut_is_counted),
        cmocka_unit_test(every_dimension_has_its_own_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
