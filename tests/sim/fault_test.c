/* Every allocation fails in turn: building a model and a world ends in a status, never in a crash, and leaves nothing. */
#include "rig.h"

#include "base/arena.h"

static CtlRobot *robot;
static Task *task;

static int load(void **state) {
    (void)state;
    Err err = {{0}};
    if (ctl_robot_load(DEMOMILL_SOURCE_DIR "/robots/optimus/robot.yaml", &robot, &err) != STATUS_OK)
        return -1;
    return task_load(DEMOMILL_SOURCE_DIR "/tasks/lift_cube/task.yaml", sim_predicate_names(), &task, &err) ==
                   STATUS_OK
               ? 0
               : -1;
}

static int unload(void **state) {
    (void)state;
    task_destroy(task);
    ctl_robot_destroy(robot);
    return 0;
}

static void a_model_survives_any_failed_allocation(void **state) {
    (void)state;
    const SimModelDef def = {.robot = robot, .task = task, .trusted = true};
    Status status = STATUS_MEMORY;
    long n = 0;
    for (; status != STATUS_OK; n++) {
        assert_true(n < 20000);
        Err err = {{0}};
        SimModel *model = NULL;
        mem_fail_after(n);
        status = sim_model_create(&def, &model, &err);
        mem_fail_after(-1);
        if (status == STATUS_OK) {
            sim_model_destroy(model);
            break;
        }
        assert_null(model);
        assert_true(err.message[0] != '\0');
    }
    assert_true(n > 3);
}

static void a_world_survives_any_failed_allocation(void **state) {
    (void)state;
    const SimModelDef def = {.robot = robot, .task = task, .trusted = true};
    Err err = {{0}};
    SimModel *model;
    assert_int_equal(sim_model_create(&def, &model, &err), STATUS_OK);
    Status status = STATUS_MEMORY;
    long n = 0;
    for (; status != STATUS_OK; n++) {
        assert_true(n < 20000);
        SimWorld *world = NULL;
        mem_fail_after(n);
        status = sim_world_create(model, &world, &err);
        mem_fail_after(-1);
        if (status == STATUS_OK) {
            sim_world_destroy(world);
            break;
        }
        assert_null(world);
    }
    assert_true(n > 2);
    sim_model_destroy(model);
}

static void running_allocates_nothing(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, "lift_cube", NULL);
    rig_reset(&rig, 1, 0);
    mem_fail_after(0);
    for (int tick = 0; tick < 5; tick++)
        assert_int_equal(sim_world_tick(rig.world, rig.home), OUTCOME_ok);
    const long count = mem_count();
    mem_fail_after(-1);
    assert_int_equal(count, 0);
    rig_destroy(&rig);
}

static void destroying_nothing_is_fine(void **state) {
    (void)state;
    sim_world_destroy(NULL);
    sim_model_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_survives_any_failed_allocation),
        cmocka_unit_test(a_world_survives_any_failed_allocation),
        cmocka_unit_test(running_allocates_nothing),
        cmocka_unit_test(destroying_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
