/* Pose algebra: group laws, interpolation that never jumps, conventions held against plain matrices. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/pose.h"
#include "base/rng.h"

static const double pi = 3.14159265358979323846;

static void near(double a, double b, double tolerance) {
    if (!(fabs(a - b) <= tolerance)) {
        print_error("%.17g is not %.17g\n", a, b);
        fail();
    }
}

static void same_pose(Pose a, Pose b, double tolerance) {
    near(pose_distance(a, b), 0, tolerance);
    near(pose_angle(a, b), 0, tolerance);
}

static Pose random_pose(Rng *rng, double reach, double angle) {
    Pose pose;
    double axis[3];
    rng_unit3(rng, axis);
    for (int i = 0; i < 3; i++)
        pose.pos[i] = rng_range(rng, -reach, reach);
    quat_from_axis_angle(axis, rng_range(rng, -angle, angle), pose.quat);
    return pose;
}

static void poses_form_a_group(void **state) {
    (void)state;
    Rng rng = rng_make(1, 0, RNG_TEST, 0);
    for (int i = 0; i < 1000; i++) {
        const Pose a = random_pose(&rng, 2, pi), b = random_pose(&rng, 2, pi), c = random_pose(&rng, 2, pi);
        same_pose(pose_mul(a, pose_mul(b, c)), pose_mul(pose_mul(a, b), c), 1e-14);
        same_pose(pose_mul(a, pose_inv(a)), POSE_IDENTITY, 1e-14);
        same_pose(pose_mul(a, pose_rel(a, b)), b, 1e-14);
        same_pose(pose_rel(pose_mul(c, a), pose_mul(c, b)), pose_rel(a, b), 1e-14);
    }
}

static void matrices_agree_with_quaternions(void **state) {
    (void)state;
    Rng rng = rng_make(2, 0, RNG_TEST, 0);
    for (int i = 0; i < 1000; i++) {
        const Pose a = random_pose(&rng, 2, pi);
        double m[16], point[3] = {0.3, -1.2, 0.7}, moved[3];
        pose_to_matrix(a, m);
        same_pose(pose_from_matrix(m), a, 1e-14);
        pose_apply(a, point, moved);
        for (int r = 0; r < 3; r++)
            near(moved[r],
                 m[4 * r] * point[0] + m[4 * r + 1] * point[1] + m[4 * r + 2] * point[2] + m[4 * r + 3],
                 1e-14);
    }
    /* Half turns, where three of the four ways to read a matrix divide by nothing. */
    for (int axis = 0; axis < 3; axis++) {
        double v[3] = {0, 0, 0}, q[4], m[9], back[4];
        v[axis] = 1;
        quat_from_axis_angle(v, pi, q);
        quat_to_matrix(q, m);
        quat_from_matrix(m, back);
        near(fabs(back[axis + 1]), 1, 1e-15);
    }
}

static void rotation_vectors_are_exact_at_every_angle(void **state) {
    (void)state;
    Rng rng = rng_make(3, 0, RNG_TEST, 0);
    for (double angle = 1e-300; angle < 3.14; angle *= 1.5) {
        double axis[3], v[3], q[4], back[3];
        rng_unit3(&rng, axis);
        for (int i = 0; i < 3; i++)
            v[i] = angle * axis[i];
        quat_from_rotvec(v, q);
        quat_to_rotvec(q, back);
        for (int i = 0; i < 3; i++)
            near(back[i], v[i], 1e-15 * (1 + angle) * (angle > 1e-100 ? angle * 10 : 1));
    }
}

static Pose screw(Pose a, Pose b, double s) {
    return pose_screw(a, b, s);
}
static Pose lerp(Pose a, Pose b, double s) {
    return pose_lerp(a, b, s);
}

static void interpolation_starts_and_ends_where_it_should(void **state) {
    (void)state;
    Rng rng = rng_make(4, 0, RNG_TEST, 0);
    Pose (*const way[])(Pose, Pose, double) = {lerp, screw};
    for (int i = 0; i < 2000; i++) {
        const double reach = pow(10, -(i % 10));
        const Pose a = random_pose(&rng, 1, pi), b = pose_mul(a, random_pose(&rng, reach, 3 * reach));
        for (int w = 0; w < 2; w++) {
            same_pose(way[w](a, b, 0), a, 1e-15);
            same_pose(way[w](a, b, 1), b, 1e-13);
            const Pose middle = way[w](a, b, 0.5);
            near(pose_angle(a, middle), pose_angle(a, b) / 2, 1e-13);
            near(pose_angle(middle, b), pose_angle(a, b) / 2, 1e-13);
        }
    }
}

/* The published method's bridge jumps to the end orientation when the angle is small; here equal steps of s give equal
 * steps of angle at any size. */
static void small_turns_are_spread_evenly(void **state) {
    (void)state;
    Pose (*const way[])(Pose, Pose, double) = {lerp, screw};
    for (double angle = 1e-12; angle < 3; angle *= 3) {
        Pose a = {{0.4, 0.1, 0.9}, {1, 0, 0, 0}}, b = a;
        const double axis[3] = {0.6, 0, 0.8};
        quat_from_axis_angle(axis, angle, b.quat);
        b.pos[0] += 0.1;
        for (int w = 0; w < 2; w++) {
            for (int k = 0; k < 10; k++)
                near(pose_angle(way[w](a, b, k / 10.), way[w](a, b, (k + 1) / 10.)) / angle, 0.1,
                     1e-3 + 1e-16 / angle);
        }
    }
}

/* A screw is a one-parameter subgroup: its parts compose, and its axis stays where it is. */
static void a_screw_keeps_its_axis(void **state) {
    (void)state;
    Rng rng = rng_make(5, 0, RNG_TEST, 0);
    for (int i = 0; i < 1000; i++) {
        const double size = pow(10, -(i % 8));
        const Pose a = random_pose(&rng, 1, pi), b = pose_mul(a, random_pose(&rng, size, 3 * size));
        const Pose part = pose_rel(a, pose_screw(a, b, 0.25));
        Pose composed = a;
        for (int k = 0; k < 4; k++)
            composed = pose_mul(composed, part);
        same_pose(composed, b, 1e-13);
        same_pose(pose_screw(pose_screw(a, b, 0.3), b, 0.5), pose_screw(a, b, 0.65), 1e-13);
    }
    /* Closed form: a quarter turn about a vertical axis through (1, 0) carries (2, 0) along a circle. */
    Pose start = {{2, 0, 0}, {1, 0, 0, 0}}, end = {{1, 1, 0.5}, {1, 0, 0, 0}};
    quat_from_yaw(pi / 2, end.quat);
    const Pose middle = pose_screw(start, end, 0.5);
    near(middle.pos[0], 1 + sqrt(0.5), 1e-15);
    near(middle.pos[1], sqrt(0.5), 1e-15);
    near(middle.pos[2], 0.25, 1e-15);
}

static void mirroring_is_a_reflection(void **state) {
    (void)state;
    Rng rng = rng_make(6, 0, RNG_TEST, 0);
    for (int i = 0; i < 200; i++) {
        const Pose a = random_pose(&rng, 1, pi), b = random_pose(&rng, 1, pi);
        same_pose(pose_mirror(pose_mirror(a)), a, 1e-15);
        same_pose(pose_mirror(pose_mul(a, b)), pose_mul(pose_mirror(a), pose_mirror(b)), 1e-14);
        double m[16], mirrored[16];
        pose_to_matrix(a, m);
        pose_to_matrix(pose_mirror(a), mirrored);
        for (int r = 0; r < 3; r++) {
            for (int c = 0; c < 3; c++)
                near(mirrored[4 * r + c], ((r == 1) != (c == 1) ? -1 : 1) * m[4 * r + c], 1e-15);
        }
    }
}

static void rot6d_decodes_anything_to_a_rotation(void **state) {
    (void)state;
    Rng rng = rng_make(7, 0, RNG_TEST, 0);
    for (int i = 0; i < 1000; i++) {
        const Pose a = random_pose(&rng, 1, pi);
        double r[6];
        Pose back = a;
        quat_to_rot6d(a.quat, r);
        for (int k = 0; k < 6; k++)
            r[k] *= 3; /* lengths do not matter */
        quat_from_rot6d(r, back.quat);
        same_pose(back, a, 1e-14);
    }
    const double bad[][6] = {
        {0}, {1, 0, 0, 1, 0, 0}, {0, 0, 0, 0, 0, 1}, {0, 2, 0, 0, -5, 0}, {1e-20, 0, 0, 0, 1e-20, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double q[4];
        quat_from_rot6d(bad[i], q);
        near(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3], 1, 1e-15);
    }
}

static void twists_integrate_to_the_goal(void **state) {
    (void)state;
    Rng rng = rng_make(8, 0, RNG_TEST, 0);
    for (int i = 0; i < 200; i++) {
        const Pose a = random_pose(&rng, 1, pi), b = random_pose(&rng, 1, pi);
        const Twist twist = pose_twist(a, b, 0.05);
        double turn[3], q[4];
        Pose end = a;
        for (int k = 0; k < 3; k++) {
            turn[k] = 0.05 * twist.ang[k];
            end.pos[k] += 0.05 * twist.lin[k];
        }
        quat_from_rotvec(turn, q);
        quat_mul(q, a.quat, end.quat);
        same_pose(end, b, 1e-14);
    }
}

static void yaw_is_where_x_points(void **state) {
    (void)state;
    for (double yaw = -3.1; yaw < 3.1; yaw += 0.1) {
        double q[4], tilt[4], both[4];
        const double y[3] = {0, 1, 0};
        quat_from_yaw(yaw, q);
        near(quat_yaw(q), yaw, 1e-14);
        quat_from_axis_angle(y, 0.7, tilt); /* pitching the nose down leaves the heading */
        quat_mul(q, tilt, both);
        near(quat_yaw(both), yaw, 1e-14);
    }
}

static void minimum_jerk_rests_at_both_ends(void **state) {
    (void)state;
    const double h = 1e-4;
    near(min_jerk(0), 0, 0);
    near(min_jerk(1), 1, 0);
    near(min_jerk(-1), 0, 0);
    near(min_jerk(2), 1, 0);
    near(min_jerk(0.5), 0.5, 1e-15);
    near(min_jerk(h) / h, 0, 1e-6);
    near((1 - min_jerk(1 - h)) / h, 0, 1e-6);
    near((min_jerk(0.5 + h) - min_jerk(0.5 - h)) / (2 * h), 1.875, 1e-6);
}

static void normalising_twice_changes_nothing(void **state) {
    (void)state;
    Rng rng = rng_make(9, 0, RNG_TEST, 0);
    for (int i = 0; i < 1000; i++) {
        double q[4], again[4], zero[4] = {0, 0, 0, 0};
        for (int k = 0; k < 4; k++)
            q[k] = rng_normal(&rng);
        quat_normalize(q);
        memcpy(again, q, sizeof q);
        quat_normalize(again);
        assert_memory_equal(q, again, sizeof q);
        quat_normalize(zero);
        near(zero[0], 1, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(poses_form_a_group),
        cmocka_unit_test(matrices_agree_with_quaternions),
        cmocka_unit_test(rotation_vectors_are_exact_at_every_angle),
        cmocka_unit_test(interpolation_starts_and_ends_where_it_should),
        cmocka_unit_test(small_turns_are_spread_evenly),
        cmocka_unit_test(a_screw_keeps_its_axis),
        cmocka_unit_test(mirroring_is_a_reflection),
        cmocka_unit_test(rot6d_decodes_anything_to_a_rotation),
        cmocka_unit_test(twists_integrate_to_the_goal),
        cmocka_unit_test(yaw_is_where_x_points),
        cmocka_unit_test(minimum_jerk_rests_at_both_ends),
        cmocka_unit_test(normalising_twice_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
