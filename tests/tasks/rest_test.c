/* Every shipped task at every level: the scene composes with the robot, and what stands in it comes to rest by itself
 * within a second. */
#include "control/robot.h"
#include "sim/predicate.h"
#include "sim/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

enum { STARTS = 3 };
static const char *const TASK[] = {"lift_cube",   "pick_place", "stack",
                                   "can_upright", "mug_drawer", "box_lift"};
static const double STILL = 2e-4; /* m in 0.25 s */

static CtlRobot *robot;

static int load_robot(void **state) {
    (void)state;
    Err err = {0};
    return ctl_robot_load(DEMOMILL_SOURCE_DIR "/robots/optimus/robot.yaml", &robot, &err) == STATUS_OK ? 0
                                                                                                       : -1;
}

static int free_robot(void **state) {
    (void)state;
    ctl_robot_destroy(robot);
    return 0;
}

static void run_for(SimWorld *world, const float *row, double seconds, double rate) {
    for (int i = 0; i < (int)(seconds * rate + 0.5); i++)
        assert_int_equal(sim_world_tick(world, row), OUTCOME_ok);
}

/* Nothing in the scene moves any more one second after it was placed. */
static void comes_to_rest(SimWorld *world, const ActionLayout *action, const Task *task, uint64_t attempt) {
    ResetDraw draw;
    assert_int_equal(sim_world_reset(world, 1, attempt, &draw), OUTCOME_ok);
    TaskCommand command;
    float row[ACTION_MAX];
    sim_world_home_command(world, &command);
    action_encode(action, &command, row);
    run_for(world, row, 0.75, task->rate_hz);
    Scene before, after;
    sim_world_truth(world, &before);
    run_for(world, row, 0.25, task->rate_hz);
    sim_world_truth(world, &after);
    for (int i = 0; i < task->nobject; i++)
        if (pose_distance(before.object[i], after.object[i]) > STILL)
            fail_msg("%s, attempt %d: '%s' still moves", task->name, (int)attempt, task->object[i].name);
    for (int j = 0; j < task->njoint; j++)
        assert_true(after.joint[j] - before.joint[j] < STILL && before.joint[j] - after.joint[j] < STILL);
    assert_int_equal(sim_world_unintended(world), 0);
}

static void things_come_to_rest_at_every_level(void **state) {
    const char *name = *state;
    char path[512];
    snprintf(path, sizeof path, "%s/tasks/%s/task.yaml", DEMOMILL_SOURCE_DIR, name);
    Err err = {0};
    Task *task;
    if (task_load(path, sim_predicate_names(), &task, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    assert_true(task->nlevel >= 3 && task->ninstruction >= 4);
    for (int i = 0; i < task->nlevel; i++) {
        SimModel *model;
        const SimModelDef def = {.robot = robot,
                                 .task = task,
                                 .level = task->level[i].name,
                                 .base = SIM_BASE_PINNED,
                                 .trusted = true};
        if (sim_model_create(&def, &model, &err) != STATUS_OK)
            fail_msg("%s", err.message);
        SimWorld *world;
        assert_int_equal(sim_world_create(model, &world, &err), STATUS_OK);
        for (uint64_t attempt = 0; attempt < STARTS; attempt++)
            comes_to_rest(world, sim_model_action(model), task, attempt);
        sim_world_destroy(world);
        sim_model_destroy(model);
    }
    task_destroy(task);
}

int main(void) {
    struct CMUnitTest test[sizeof TASK / sizeof TASK[0]];
    for (size_t i = 0; i < sizeof TASK / sizeof TASK[0]; i++)
        test[i] = (struct CMUnitTest){.name = TASK[i],
                                      .test_func = things_come_to_rest_at_every_level,
                                      .initial_state = (void *)(uintptr_t)TASK[i]};
    return cmocka_run_group_tests(test, load_robot, free_robot);
}
