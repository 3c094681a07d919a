/* Boundaries found in demonstrations that are drawn by hand. */
#include "rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NHAND = 6, REACH = 20, CLOSE = 10, LIFT = 20, CARRY = 20, LOWER = 20, OPEN = 10, RETREAT = 20 };
static const double CUBE[3] = {0.4, -0.12, 0.875}; /* as in the scene files */

typedef struct Script {
    Demo *demo;
    int row;
    double hand[3], closure;
    int held; /* object in the hand, −1 */
} Script;

static Task *load(const char *name) {
    char path[512];
    Err err = {{0}};
    Task *task;
    snprintf(path, sizeof path, DEMOMILL_SOURCE_DIR "/tasks/%s/task.yaml", name);
    if (task_load(path, sim_predicate_names(), &task, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    return task;
}

static Pose at(double x, double y, double z) {
    Pose pose = POSE_IDENTITY;
    pose.pos[0] = x;
    pose.pos[1] = y;
    pose.pos[2] = z;
    return pose;
}

static Script begin(const Task *task, int nrow) {
    Script s = {.demo =
                    demo_create(nrow, NHAND, 1u << SIDE_RIGHT, task->nobject, task->njoint, task->nsubtask),
                .hand = {0.3, -0.3, 1.15},
                .held = -1};
    assert_non_null(s.demo);
    snprintf(s.demo->id, sizeof s.demo->id, "drawn");
    s.demo->rate_hz = 20;
    for (int row = 0; row < nrow; row++)
        for (int i = 0; i < task->nobject; i++)
            s.demo->object[row * task->nobject + i] = at(3, (double)i, 0);
    return s;
}

static void place(Script *s, int object, Pose pose) {
    for (int row = s->row; row < s->demo->nrow; row++)
        s->demo->object[row * s->demo->nobject + object] = pose;
}

/* The hand goes on a straight line, closing evenly; what it holds comes along. */
static void go(Script *s, int rows, double x, double y, double z, double closure) {
    const double from[3] = {s->hand[0], s->hand[1], s->hand[2]}, to[3] = {x, y, z}, closed = s->closure;
    for (int i = 1; i <= rows && s->row < s->demo->nrow; i++, s->row++) {
        const double f = (double)i / rows;
        double move[3];
        for (int k = 0; k < 3; k++) {
            const double p = from[k] + f * (to[k] - from[k]);
            move[k] = p - s->hand[k];
            s->hand[k] = p;
        }
        s->closure = closed + f * (closure - closed);
        s->demo->eef[SIDE_RIGHT][s->row] = s->demo->target[SIDE_RIGHT][s->row] =
            at(s->hand[0], s->hand[1], s->hand[2]);
        for (int k = 0; k < NHAND; k++)
            s->demo->closure[SIDE_RIGHT][s->row * NHAND + k] = (float)s->closure;
        if (s->held < 0)
            continue;
        Pose pose = s->demo->object[s->row * s->demo->nobject + s->held];
        for (int k = 0; k < 3; k++)
            pose.pos[k] += move[k];
        place(s, s->held, pose);
    }
}

static void a_lift_has_a_grasp_and_a_rise(void **state) {
    (void)state;
    Task *task = load("lift_cube");
    Script s = begin(task, REACH + CLOSE + LIFT);
    place(&s, 0, at(CUBE[0], CUBE[1], CUBE[2]));
    go(&s, REACH, CUBE[0], CUBE[1], CUBE[2], 0);
    go(&s, CLOSE, CUBE[0], CUBE[1], CUBE[2], 1);
    s.held = 0;
    go(&s, LIFT, CUBE[0], CUBE[1], CUBE[2] + 0.2, 1);
    Err err = {{0}};
    if (sim_annotate(task, s.demo, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    assert_int_equal(s.demo->nmark, 2);
    const DemoMark *mark = s.demo->mark;
    assert_int_equal(mark[0].begin, 0);
    assert_in_range(mark[0].end, REACH + CLOSE - 2,
                    REACH + CLOSE + 3); /* when it begins to move with the hand */
    assert_int_equal(mark[1].begin, mark[0].end);
    assert_int_equal(mark[1].end, s.demo->nrow);
    assert_int_equal(s.demo->signal[0], 0);
    assert_int_equal(s.demo->signal[(s.demo->nrow - 1) * 2 + 1], 1);
    demo_destroy(s.demo);
    task_destroy(task);
}

static Demo *pick_and_place(const Task *task) {
    Script s = begin(task, REACH + CLOSE + LIFT + CARRY + LOWER + OPEN + RETREAT);
    place(&s, 0, at(CUBE[0], CUBE[1], CUBE[2]));
    const double x = 0.4, y = 0.16;
    place(&s, 1, at(x, y, 0.85));
    go(&s, REACH, CUBE[0], CUBE[1], CUBE[2], 0);
    go(&s, CLOSE, CUBE[0], CUBE[1], CUBE[2], 1);
    s.held = 0;
    go(&s, LIFT, CUBE[0], CUBE[1], CUBE[2] + 0.15, 1);
    go(&s, CARRY, x, y, CUBE[2] + 0.15, 1);
    go(&s, LOWER, x, y, CUBE[2] + 0.008, 1);
    s.held = -1;
    go(&s, OPEN, x, y, CUBE[2] + 0.008, 0);
    go(&s, RETREAT, x - 0.1, y, CUBE[2] + 0.3, 0);
    return s.demo;
}

static void a_placing_ends_when_the_hand_is_clear(void **state) {
    (void)state;
    Task *task = load("pick_place");
    Demo *demo = pick_and_place(task);
    Err err = {{0}};
    if (sim_annotate(task, demo, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    assert_int_equal(demo->nmark, 2);
    assert_in_range(demo->mark[0].end, REACH + CLOSE - 2, REACH + CLOSE + 3);
    const int opened = REACH + CLOSE + LIFT + CARRY + LOWER + OPEN;
    int rise = 0;
    while (rise < demo->nrow && !demo->signal[rise * 2 + 1])
        rise++;
    assert_in_range(rise, opened - OPEN / 2, opened + RETREAT - 1);
    demo_destroy(demo);
    task_destroy(task);
}

static void annotating_again_gives_the_same(void **state) {
    (void)state;
    Task *task = load("pick_place");
    Demo *demo = pick_and_place(task);
    Err err = {{0}};
    assert_int_equal(sim_annotate(task, demo, &err), STATUS_OK);
    const DemoMark first = demo->mark[0];
    assert_int_equal(sim_annotate(task, demo, &err), STATUS_OK);
    assert_memory_equal(&first, &demo->mark[0], sizeof first);
    demo_destroy(demo);
    task_destroy(task);
}

static void a_demonstration_without_the_grasp_is_refused(void **state) {
    (void)state;
    Task *task = load("lift_cube");
    Script s = begin(task, REACH + LIFT);
    place(&s, 0, at(CUBE[0], CUBE[1], CUBE[2]));
    go(&s, REACH, 0.3, 0.2, 1, 0);
    go(&s, LIFT, 0.3, 0.2, 1.2, 1);
    Err err = {{0}};
    assert_int_equal(sim_annotate(task, s.demo, &err), STATUS_CHECK);
    assert_message(&err, "drawn");
    assert_message(&err, "'grasp'");
    assert_message(&err, "grasped");
    demo_destroy(s.demo);
    task_destroy(task);
}

static void demonstrations_of_something_else_are_refused(void **state) {
    (void)state;
    Task *task = load("lift_cube");
    Err err = {{0}};
    Demo *other = demo_create(10, NHAND, 1u << SIDE_RIGHT, 5, 0, task->nsubtask);
    other->rate_hz = 20;
    assert_int_equal(sim_annotate(task, other, &err), STATUS_MISMATCH);
    demo_destroy(other);
    Demo *no_rate = demo_create(10, NHAND, 1u << SIDE_RIGHT, task->nobject, 0, task->nsubtask);
    assert_int_equal(sim_annotate(task, no_rate, &err), STATUS_FORMAT);
    demo_destroy(no_rate);
    task_destroy(task);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lift_has_a_grasp_and_a_rise),
        cmocka_unit_test(a_placing_ends_when_the_hand_is_clear),
        cmocka_unit_test(annotating_again_gives_the_same),
        cmocka_unit_test(a_demonstration_without_the_grasp_is_refused),
        cmocka_unit_test(demonstrations_of_something_else_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
