/* Bridges: exact ends, limits kept, obstacles cleared. */
#include "generators/bridge.h"

#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { TRIALS = 300 };

static Pose random_pose(Rng *rng) {
    Pose p;
    double axis[3];
    for (int i = 0; i < 3; i++)
        p.pos[i] = rng_range(rng, -0.5, 0.5);
    rng_unit3(rng, axis);
    quat_from_axis_angle(axis, rng_range(rng, 0, 3), p.quat);
    return p;
}

static Twist random_twist(Rng *rng) {
    Twist t;
    rng_unit3(rng, t.lin);
    rng_unit3(rng, t.ang);
    const double v = rng_range(rng, 0, 0.3), w = rng_range(rng, 0, 1.2);
    for (int i = 0; i < 3; i++) {
        t.lin[i] *= v;
        t.ang[i] *= w;
    }
    return t;
}

static BridgeDef random_def(Rng *rng) {
    BridgeDef def = {.from = random_pose(rng), .to = random_pose(rng), .speed = 0.35, .turn = 1.6};
    def.from_twist = random_twist(rng);
    def.to_twist = random_twist(rng);
    def.lift = rng_below(rng, 2) == 1;
    def.over = rng_range(rng, -0.5, 0.6);
    def.shape = rng_below(rng, 2) == 1 ? GEN_BRIDGE_SCREW : GEN_BRIDGE_SLERP;
    return def;
}

static void assert_twist(Twist a, Twist b, double tolerance) {
    for (int i = 0; i < 3; i++) {
        assert_true(fabs(a.lin[i] - b.lin[i]) < tolerance);
        assert_true(fabs(a.ang[i] - b.ang[i]) < tolerance);
    }
}

static void a_bridge_starts_and_ends_with_the_given_pose_and_velocity(void **state) {
    (void)state;
    Rng rng = rng_make(1, 0, RNG_TEST, 0);
    for (int k = 0; k < TRIALS; k++) {
        const BridgeDef def = random_def(&rng);
        const Bridge b = bridge_make(&def);
        const double T = b.duration, h = 1e-5;
        assert_true(T > 0);
        assert_true(pose_distance(bridge_at(&b, 0), def.from) < 1e-12);
        assert_true(pose_angle(bridge_at(&b, 0), def.from) < 1e-7);
        assert_true(pose_distance(bridge_at(&b, T), def.to) < 1e-12);
        assert_true(pose_angle(bridge_at(&b, T), def.to) < 1e-7);
        assert_twist(pose_twist(bridge_at(&b, 0), bridge_at(&b, h), h), def.from_twist, 1e-3);
        assert_twist(pose_twist(bridge_at(&b, T - h), bridge_at(&b, T), h), def.to_twist, 1e-3);
    }
}

static void a_bridge_keeps_its_speed_limits(void **state) {
    (void)state;
    Rng rng = rng_make(2, 0, RNG_TEST, 0);
    for (int k = 0; k < TRIALS; k++) {
        const BridgeDef def = random_def(&rng);
        const Bridge b = bridge_make(&def);
        const double dt = b.duration / 200;
        for (int i = 0; i < 200; i++) {
            const Pose p = bridge_at(&b, i * dt), q = bridge_at(&b, (i + 1) * dt);
            assert_true(pose_distance(p, q) <= dt * 0.35 * 1.06);
            assert_true(pose_angle(p, q) <= dt * 1.6 * 1.06);
        }
    }
}

static void a_longer_way_takes_longer(void **state) {
    (void)state;
    Pose far = POSE_IDENTITY, near = POSE_IDENTITY;
    far.pos[0] = 0.6;
    near.pos[0] = 0.2;
    assert_true(bridge_time(POSE_IDENTITY, far, 0.35, 1.6) > 2 * bridge_time(POSE_IDENTITY, near, 0.35, 1.6));
}

static void a_bridge_between_equal_poses_is_empty(void **state) {
    (void)state;
    const BridgeDef def = {.from = POSE_IDENTITY, .to = POSE_IDENTITY, .speed = 0.35, .turn = 1.6};
    Bridge b = bridge_make(&def);
    assert_int_equal(bridge_rows(&b, 0.05), 0);
}

static void small_angles_do_not_jump(void **state) {
    (void)state;
    BridgeDef def = {.from = POSE_IDENTITY, .to = POSE_IDENTITY, .speed = 0.35, .turn = 1.6};
    def.to.pos[0] = 0.1;
    quat_from_yaw(1e-6, def.to.quat);
    for (int shape = 0; shape < 2; shape++) {
        def.shape = shape ? GEN_BRIDGE_SCREW : GEN_BRIDGE_SLERP;
        const Bridge b = bridge_make(&def);
        for (int i = 0; i <= 100; i++) {
            const Pose p = bridge_at(&b, b.duration * i / 100);
            assert_true(pose_angle(p, POSE_IDENTITY) <= 1.01e-6);
            assert_true(fabs(p.pos[1]) < 1e-6);
        }
    }
}

static void a_lifted_bridge_passes_over(void **state) {
    (void)state;
    BridgeDef def = {
        .from = POSE_IDENTITY, .to = POSE_IDENTITY, .speed = 0.35, .turn = 1.6, .lift = true, .over = 0.2};
    def.to.pos[0] = 0.5;
    const Bridge b = bridge_make(&def);
    for (int i = 0; i <= 200; i++) {
        const Pose p = bridge_at(&b, b.duration * i / 200);
        if (p.pos[0] > 0.12 && p.pos[0] < 0.38)
            assert_true(p.pos[2] > 0.18);
        assert_true(p.pos[2] <= 0.2 + 1e-9);
    }
}

static void rows_end_on_the_end(void **state) {
    (void)state;
    Rng rng = rng_make(3, 0, RNG_TEST, 0);
    for (int k = 0; k < TRIALS; k++) {
        const BridgeDef def = random_def(&rng);
        Bridge b = bridge_make(&def);
        const double before = b.duration;
        const int n = bridge_rows(&b, 0.05);
        assert_true(fabs(b.duration - 0.05 * (n + 1)) < 1e-12);
        assert_true(b.duration >= before - 1e-9 && b.duration < before + 0.05 + 1e-9);
        assert_true(pose_distance(bridge_at(&b, (n + 1) * 0.05), def.to) < 1e-9);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bridge_starts_and_ends_with_the_given_pose_and_velocity),
        cmocka_unit_test(a_bridge_keeps_its_speed_limits),
        cmocka_unit_test(a_longer_way_takes_longer),
        cmocka_unit_test(a_bridge_between_equal_poses_is_empty),
        cmocka_unit_test(small_angles_do_not_jump),
        cmocka_unit_test(a_lifted_bridge_passes_over),
        cmocka_unit_test(rows_end_on_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
