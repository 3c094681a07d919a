/* Standing, as promised: pushes without a step, wrists on a circle, hands that run into things. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double pi = 3.14159265358979323846;

static void stands_for_thirty_seconds(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, &(RigDef){0});
    double soles[NSIDE][3];
    rig_soles(&rig, soles);
    rig_run(&rig, 30);
    assert_false(rig_fell(&rig));
    assert_true(rig_foot_travel(&rig, (const double(*)[3])soles) < 1e-3);
    assert_true(fabs(rig.d->xpos[3 * rig.base + 2] - rig.robot->standing_height) < 2e-3);
    assert_true(fabs(rig_probe(&rig, "cop_x")) < 2e-3);
    assert_true(rig.saturated == 0);
    rig_destroy(&rig);
}

static bool survives(const RigDef *def, double angle, double impulse) {
    Rig rig;
    rig_create(&rig, def);
    rig_run(&rig, 2);
    double soles[NSIDE][3];
    rig_soles(&rig, soles);
    rig.push[0] = impulse / 0.1 * cos(angle);
    rig.push[1] = impulse / 0.1 * sin(angle);
    rig_run(&rig, 0.1);
    memset(rig.push, 0, sizeof rig.push);
    rig_run(&rig, 3);
    /* without a step: the feet may slide a little under the worst, not go anywhere */
    const bool up = !rig_fell(&rig) && rig_foot_travel(&rig, (const double(*)[3])soles) < 0.03;
    rig_destroy(&rig);
    return up;
}

static void withstands_pushes_from_eight_sides(const RigDef *def) {
    for (int k = 0; k < 8; k++)
        if (!survives(def, k * pi / 4, 20))
            fail_msg("fell or stepped at 20 N·s from %d degrees", 45 * k);
}

static void withstands_pushes_with_empty_hands(void **state) {
    (void)state;
    withstands_pushes_from_eight_sides(&(RigDef){0});
}

static void withstands_pushes_with_a_load_in_both_hands(void **state) {
    (void)state;
    withstands_pushes_from_eight_sides(&(RigDef){.load = {1, 1}});
}

static void withstands_pushes_with_a_load_in_one_hand(void **state) {
    (void)state;
    withstands_pushes_from_eight_sides(&(RigDef){.load = {0, 2}});
}

typedef struct {
    double position, orientation; /* RMS, m and rad */
} Tracking;

static Pose on_circle(Pose middle, double t, bool easing) {
    const double ease = easing ? fmin(t / 2, 1) : 1, phase = 2 * pi * 0.4 * t;
    middle.pos[0] += 0.05 + 0.1 * ease * (cos(phase) - 1);
    middle.pos[2] += 0.1 * ease * sin(phase);
    return middle;
}

/* Both wrists on circles of 10 cm radius at 0.4 Hz, commanded at 20 Hz; error over three turns once under way. */
static Tracking track_circle(const RigDef *def) {
    Rig rig;
    rig_create(&rig, def);
    rig_run(&rig, 2);
    const Pose middle[NSIDE] = {rig_wrist_command(&rig, 0), rig_wrist_command(&rig, 1)};
    const double start = rig.d->time;
    double position = 0, orientation = 0;
    int n = 0;
    for (int i = 0; i < (int)(12.5 * RIG_RATE); i++) {
        const double t = rig.d->time - start;
        if (rig.state.seq % RIG_TASK_EVERY == 0) {
            for (int side = 0; side < NSIDE; side++)
                rig_wrist(&rig, side, on_circle(middle[side], t, true));
            rig_command(&rig);
        }
        rig_step(&rig);
        assert_false(rig_fell(&rig));
        if (t < 5)
            continue;
        mj_kinematics(rig.m, rig.d);
        for (int side = 0; side < NSIDE; side++, n++) {
            const Pose wanted = on_circle(middle[side], rig.d->time - start, true);
            const Pose is = pose_rel(rig_footprint(&rig), rig_site(&rig, rig.wrist[side]));
            position += pose_distance(wanted, is) * pose_distance(wanted, is);
            orientation += pose_angle(wanted, is) * pose_angle(wanted, is);
        }
    }
    rig_destroy(&rig);
    const Tracking rms = {sqrt(position / n), sqrt(orientation / n)};
    print_message("          circle: %.2f mm, %.4f rad\n", 1e3 * rms.position, rms.orientation);
    return rms;
}

static void wrists_follow_a_circle(void **state) {
    (void)state;
    const Tracking rms = track_circle(&(RigDef){0});
    assert_true(rms.position < 5e-3);
    assert_true(rms.orientation < 0.02);
}

static void wrists_follow_a_circle_with_two_kilograms(void **state) {
    (void)state;
    assert_true(track_circle(&(RigDef){.load = {0, 2}}).position < 10e-3);
    assert_true(track_circle(&(RigDef){.load = {2, 2}}).position < 10e-3);
}

static void pinned_it_follows_as_well(void **state) {
    (void)state;
    assert_true(track_circle(&(RigDef){.pinned = true, .config = "base: pinned\n"}).position < 5e-3);
}

static double hand_force(const Rig *rig, int side) {
    const float *w = rig->state.wrist_wrench[side];
    const double f[3] = {w[0], w[1], w[2]};
    return vec3_norm(f);
}

/* Moves the commanded wrists by `travel` at `speed` (0: at once), holds, and comes back. Returns the largest force
 * (without the rattle above 10 Hz) once the first half second of contact is over. */
static double run_into(Rig *rig, unsigned sides, const double travel[3], double speed, double hold) {
    rig_run(rig, 1.5);
    Pose home[NSIDE];
    for (int side = 0; side < NSIDE; side++)
        home[side] = rig_wrist_command(rig, side);
    const double length = vec3_norm(travel), there = speed > 0 ? length / speed : 0;
    double most = 0, felt[NSIDE] = {0};
    for (int i = 0; i < (int)((2 * there + hold + 1) * RIG_RATE); i++) {
        const double t = (double)i / RIG_RATE;
        double share = there > 0 ? fmin(t / there, 1) : 1;
        if (t > there + hold)
            share = there > 0 ? fmax(1 - (t - there - hold) / there, 0) : 0;
        if (rig->state.seq % RIG_TASK_EVERY == 0) {
            for (int side = 0; side < NSIDE; side++) {
                Pose pose = home[side];
                for (int k = 0; k < 3 && (sides >> side & 1); k++)
                    pose.pos[k] += share * travel[k];
                rig_wrist(rig, side, pose);
            }
            rig_command(rig);
        }
        rig_step(rig);
        if (rig_fell(rig))
            fail_msg("fell %.2f s after the hands set out", t);
        for (int side = 0; side < NSIDE; side++)
            felt[side] += 0.11 * (hand_force(rig, side) - felt[side]);
        for (int side = 0; side < NSIDE; side++)
            if (t > there + 0.5 && t < there + hold && (sides >> side & 1))
                most = fmax(most, felt[side]);
    }
    print_message("          steady force of a blocked hand: %.1f N\n", most);
    return most;
}

static const double limit_n = 60 * 1.3;

static void a_hand_blocked_by_a_wall_does_not_topple_it(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, &(RigDef){.wall = {0.70, 0, 1.1, 0.1, 0.6, 0.5}});
    assert_true(run_into(&rig, 2, (const double[3]){0.5, 0, 0}, 0.25, 5) < limit_n);
    rig_destroy(&rig);
}

static void both_hands_blocked_by_a_wall_do_not_topple_it(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, &(RigDef){.wall = {0.70, 0, 1.1, 0.1, 0.6, 0.5}});
    assert_true(run_into(&rig, 3, (const double[3]){0.5, 0, 0}, 0.25, 5) < limit_n);
    rig_destroy(&rig);
}

static void a_jump_into_a_wall_does_not_topple_it(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, &(RigDef){.wall = {0.45, 0, 1.1, 0.1, 0.6, 0.5}});
    assert_true(run_into(&rig, 2, (const double[3]){0.25, 0, 0}, 0, 5) < limit_n);
    rig_destroy(&rig);
}

static void hands_pressed_on_a_table_do_not_lift_it(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, &(RigDef){.wall = {0.5, 0, 0.9, 0.2, 0.6, 0.05}});
    run_into(&rig, 0, (const double[3]){0, 0, 0}, 0, 0);
    for (int side = 0; side < NSIDE; side++) {
        Pose pose = rig_wrist_command(&rig, side);
        pose.pos[0] += 0.18;
        pose.pos[2] += 0.1;
        rig_wrist(&rig, side, pose);
    }
    assert_true(run_into(&rig, 3, (const double[3]){0, 0, -0.3}, 0.2, 5) < limit_n);
    assert_true(rig_probe(&rig, "payload_left") < 0.3); /* pressing is no payload */
    rig_destroy(&rig);
}

static void withstands_delay_and_weak_drives(void **state) {
    (void)state;
    assert_true(survives(&(RigDef){.delay = 2, .torque_factor = 0.9, .friction = true}, 0, 12));
    assert_true(survives(&(RigDef){.delay = 2, .torque_factor = 1.1, .friction = true}, pi / 2, 12));
}

static void stands_lower_and_comes_up_again(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, &(RigDef){0});
    rig_run(&rig, 1);
    rig.task.base_height = (float)(rig.robot->standing_height - 0.12);
    rig_run(&rig, 3);
    assert_false(rig_fell(&rig));
    assert_true(fabs(rig.d->xpos[3 * rig.base + 2] - (double)rig.task.base_height) < 5e-3);
    rig.task.base_height = (float)rig.robot->standing_height;
    rig_run(&rig, 3);
    assert_false(rig_fell(&rig));
    assert_true(fabs(rig.d->xpos[3 * rig.base + 2] - rig.robot->standing_height) < 5e-3);
    rig_destroy(&rig);
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void a_step_takes_less_than_fifty_microseconds(void **state) {
    (void)state;
    enum { N = 4000 };
    static double taken[N];
    Rig rig;
    rig_create(&rig, &(RigDef){0});
    rig_run(&rig, 1);
    for (int i = 0; i < N; i++) {
        if (i % RIG_TASK_EVERY == 0)
            rig_command(&rig);
        rig_step(&rig);
        rig.state.seq++;
        const double before = now();
        rig.api->step(rig.mem, &rig.state, &rig.task, &rig.cmd);
        taken[i] = now() - before;
    }
    qsort(taken, N, sizeof *taken, by_value);
    print_message("          step: median %.1f µs, p99 %.1f µs\n", 1e6 * taken[N / 2],
                  1e6 * taken[N * 99 / 100]);
    assert_true(taken[N / 2] < 50e-6);
    rig_destroy(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stands_for_thirty_seconds),
        cmocka_unit_test(withstands_pushes_with_empty_hands),
        cmocka_unit_test(withstands_pushes_with_a_load_in_both_hands),
        cmocka_unit_test(withstands_pushes_with_a_load_in_one_hand),
        cmocka_unit_test(wrists_follow_a_circle),
        cmocka_unit_test(wrists_follow_a_circle_with_two_kilograms),
        cmocka_unit_test(pinned_it_follows_as_well),
        cmocka_unit_test(a_hand_blocked_by_a_wall_does_not_topple_it),
        cmocka_unit_test(both_hands_blocked_by_a_wall_do_not_topple_it),
        cmocka_unit_test(a_jump_into_a_wall_does_not_topple_it),
        cmocka_unit_test(hands_pressed_on_a_table_do_not_lift_it),
        cmocka_unit_test(withstands_delay_and_weak_drives),
        cmocka_unit_test(stands_lower_and_comes_up_again),
        cmocka_unit_test(a_step_takes_less_than_fifty_microseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
