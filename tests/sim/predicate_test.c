/* What predicates say of a world whose state is known. */
#include "rig.h"

#include <math.h>
#include <string.h>

#define LEVEL "regions: [{object: cube, x: [0.4, 0.4], y: [-0.12, -0.12]}]"

static void open_rig(Rig *rig, const char *success, const SimModelDef *def) {
    rig_task("./predicate.yaml", "", LEVEL, success);
    rig_create(rig, "./predicate.yaml", def);
    rig_reset(rig, 1, 0);
}

/* Condition i of the task's success, a list. */
static bool holds(Rig *rig, int i) {
    assert_true(i < rig->task->success->nchild);
    return sim_world_holds(rig->world, &rig->task->success->child[i]);
}

/* Put the cube somewhere, at rest; quat may be NULL. */
static void put(Rig *rig, double x, double y, double z, const double *quat) {
    const mjModel *m = sim_world_mj(rig->world);
    const int joint = m->body_jntadr[mj_name2id(m, mjOBJ_BODY, "cube")];
    mjData *d = sim_world_data(rig->world);
    const double pose[7] = {x, y, z, 1, 0, 0, 0};
    memcpy(d->qpos + m->jnt_qposadr[joint], pose, sizeof pose);
    if (quat)
        memcpy(d->qpos + m->jnt_qposadr[joint] + 3, quat, 4 * sizeof quat[0]);
    memset(d->qvel + m->jnt_dofadr[joint], 0, 6 * sizeof d->qvel[0]);
}

static void a_cube_on_a_table(void **state) {
    (void)state;
    Rig rig;
    open_rig(&rig,
             "{any: [{on: [cube, table]}, {touching: [cube, table]}, {upright: [cube]}, {at_rest: [cube]}, "
             "{released: [cube]}, {hands_clear: []}, {near: [cube, table, 0.6]}, "
             "{above: [cube, 0.05]}, {below: [cube, 0.5]}, {moved: [cube, 0.01]}, {grasped: [left, cube]}, "
             "{touching: [robot, cube]}, {fell: []}, {inside: [cube, table]}, {lifted_level: [cube, 5]}, "
             "{near: [right, cube, 0.05]}]}",
             NULL);
    rig_run(&rig, 0.2);
    for (int i = 0; i < 7; i++)
        if (!holds(&rig, i))
            fail_msg("%s is false", rig.task->success->child[i].name);
    for (int i = 7; i < rig.task->success->nchild; i++)
        if (holds(&rig, i))
            fail_msg("%s is true", rig.task->success->child[i].name);
    rig_destroy(&rig);
}

static void a_cube_in_the_air_and_on_the_floor(void **state) {
    (void)state;
    Rig rig;
    open_rig(&rig,
             "{any: [{above: [cube, 0.05]}, {moved: [cube, 0.01]}, {lifted_level: [cube, 5]}, "
             "{above: [cube, table, 0.05]}, {on: [cube, table]}, {below: [cube, 0.5]}, {at_rest: [cube]}]}",
             NULL);
    put(&rig, 0.4, -0.12, 0.825 + 0.2, NULL);
    rig_run(&rig, 0.05);
    for (int i = 0; i < 4; i++)
        assert_true(holds(&rig, i));
    for (int i = 4; i < 7; i++)
        assert_false(holds(&rig, i));
    put(&rig, 1.5, 1, 0.1, NULL);
    rig_run(&rig, 1);
    assert_true(holds(&rig, 1));
    assert_true(holds(&rig, 5));
    assert_true(holds(&rig, 6));
    assert_false(holds(&rig, 0));
    assert_false(holds(&rig, 4));
    rig_destroy(&rig);
}

static void a_cube_on_its_side(void **state) {
    (void)state;
    Rig rig;
    open_rig(&rig, "{any: [{upright: [cube]}, {upright: [cube, 91]}, {not: {upright: [cube]}}]}", NULL);
    const double on_side[4] = {0.70710678, 0.70710678, 0, 0};
    put(&rig, 0.4, -0.12, 0.825, on_side);
    rig_run(&rig, 0.05);
    assert_false(holds(&rig, 0));
    assert_true(holds(&rig, 1));
    assert_true(holds(&rig, 2));
    rig_destroy(&rig);
}

static void all_any_and_not_combine(void **state) {
    (void)state;
    Rig rig;
    open_rig(&rig,
             "{all: [{all: [{upright: [cube]}, {fell: []}]}, {any: [{upright: [cube]}, {fell: []}]}, "
             "{not: {fell: []}}, {not: {all: [{upright: [cube]}, {not: {fell: []}}]}}]}",
             NULL);
    rig_run(&rig, 0.05);
    assert_false(holds(&rig, 0));
    assert_true(holds(&rig, 1));
    assert_true(holds(&rig, 2));
    assert_false(holds(&rig, 3));
    assert_false(sim_world_holds(rig.world, rig.task->success));
    rig_destroy(&rig);
}

static void a_condition_must_last_without_a_break(void **state) {
    (void)state;
    Rig rig;
    open_rig(&rig, "{upright: [cube], for: 0.2}", NULL);
    const Pred *pred = rig.task->success;
    for (int tick = 0; tick < 8; tick++) {
        rig_run(&rig, 0.05);
        assert_int_equal(sim_world_holds(rig.world, pred), tick >= 4);
    }
    const double on_side[4] = {0.70710678, 0.70710678, 0, 0};
    put(&rig, 0.4, -0.12, 0.825, on_side);
    rig_run(&rig, 0.05);
    assert_false(sim_world_holds(rig.world, pred));
    put(&rig, 0.4, -0.12, 0.825, NULL);
    for (int tick = 0; tick < 6; tick++) {
        rig_run(&rig, 0.05);
        assert_int_equal(sim_world_holds(rig.world, pred), tick >= 4);
    }
    /* A reset forgets. */
    rig_reset(&rig, 1, 0);
    rig_run(&rig, 0.05);
    assert_false(sim_world_holds(rig.world, pred));
    rig_destroy(&rig);
}

/* The cube is held between the fingers by magic until they have closed on it. */
static void fingers_close_on_a_cube(void **state) {
    (void)state;
    Rig rig;
    open_rig(&rig,
             "{any: [{grasped: [right, cube]}, {touching: [right, cube]}, {touching: [robot, cube]}, "
             "{near: [right, cube, 0.06]}, {grasped: [left, cube]}, {released: [cube]}, {hands_clear: []}]}",
             &(SimModelDef){.base = SIM_BASE_PINNED});
    TaskCommand command;
    sim_world_home_command(rig.world, &command);
    const CtlHand *hand = &rig.robot->hand[SIDE_RIGHT];
    const double *pinch = ctl_hand_closure(hand, "pinch");
    assert_non_null(pinch);
    memcpy(command.hand[SIDE_RIGHT], pinch, (size_t)hand->nmotor * sizeof pinch[0]);
    float row[ACTION_MAX];
    action_encode(sim_model_action(rig.model), &command, row);
    Scene scene;
    for (int tick = 0; tick < 30; tick++) {
        sim_world_truth(rig.world, &scene);
        const Pose at = scene.hand[SIDE_RIGHT];
        put(&rig, at.pos[0], at.pos[1], at.pos[2], at.quat);
        assert_int_equal(sim_world_tick(rig.world, row), OUTCOME_ok);
    }
    for (int i = 0; i < 4; i++)
        if (!holds(&rig, i))
            fail_msg("%s is false", rig.task->success->child[i].name);
    for (int i = 4; i < 7; i++)
        assert_false(holds(&rig, i));
    /* Open and taken away, it is released. */
    for (int tick = 0; tick < 20; tick++)
        assert_int_equal(sim_world_tick(rig.world, rig.home), OUTCOME_ok);
    put(&rig, 0.4, -0.12, 0.825, NULL);
    rig_run(&rig, 0.1);
    assert_false(holds(&rig, 0));
    assert_true(holds(&rig, 5));
    assert_true(holds(&rig, 6));
    rig_destroy(&rig);
}

static void drawers_have_joints_and_insides(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, "mug_drawer", NULL);
    rig_reset(&rig, 1, 0);
    const mjModel *m = sim_world_mj(rig.world);
    mjData *d = sim_world_data(rig.world);
    assert_false(sim_world_holds(rig.world, rig.task->success));
    const Pred *inside = &rig.task->success->child[0];
    assert_string_equal(inside->name, "inside");
    assert_false(sim_world_holds(rig.world, inside));
    const int open = task_subtask_index(rig.task, "open");
    assert_false(sim_world_holds(rig.world, rig.task->subtask[open].until));
    d->qpos[m->jnt_qposadr[mj_name2id(m, mjOBJ_JOINT, "drawer_slide")]] = 0.2;
    mj_kinematics(m, d);
    const int site = mj_name2id(m, mjOBJ_SITE, "drawer_inside");
    const int mug = m->body_jntadr[mj_name2id(m, mjOBJ_BODY, "mug")];
    memcpy(d->qpos + m->jnt_qposadr[mug], d->site_xpos + 3 * site, 3 * sizeof(mjtNum));
    assert_int_equal(sim_world_tick(rig.world, rig.home), OUTCOME_ok);
    assert_true(sim_world_holds(rig.world, rig.task->subtask[open].until));
    assert_true(sim_world_holds(rig.world, inside));
    rig_destroy(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cube_on_a_table),
        cmocka_unit_test(a_cube_in_the_air_and_on_the_floor),
        cmocka_unit_test(a_cube_on_its_side),
        cmocka_unit_test(all_any_and_not_combine),
        cmocka_unit_test(a_condition_must_last_without_a_break),
        cmocka_unit_test(fingers_close_on_a_cube),
        cmocka_unit_test(drawers_have_joints_and_insides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
