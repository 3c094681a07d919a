/* Reset: keyed, within its regions, apart, and without a memory of the attempt before. */
#include "rig.h"

#include <math.h>
#include <string.h>

static void the_same_attempt_gives_the_same_bytes(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, "stack", &(SimModelDef){.level = "D2"});
    ResetDraw a, b;
    assert_int_equal(sim_world_reset(rig.world, 3, 5, &a), OUTCOME_ok);
    rig_run(&rig, 0.3);
    const uint64_t hash = sim_world_hash(rig.world);
    assert_int_equal(sim_world_reset(rig.world, 3, 6, &b), OUTCOME_ok);
    rig_run(&rig, 0.3);
    assert_true(sim_world_hash(rig.world) != hash);
    assert_true(pose_distance(a.object[0], b.object[0]) > 1e-6);
    assert_int_equal(sim_world_reset(rig.world, 3, 5, &b), OUTCOME_ok);
    rig_run(&rig, 0.3);
    assert_true(sim_world_hash(rig.world) == hash);
    assert_memory_equal(&a, &b, sizeof a);
    rig_destroy(&rig);
}

static void objects_start_in_their_regions_and_apart(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, "stack", &(SimModelDef){.level = "D2"});
    Err err = {{0}};
    const TaskLevel *level = task_level(rig.task, "D2", &err);
    for (uint64_t attempt = 0; attempt < 12; attempt++) {
        ResetDraw draw;
        assert_int_equal(sim_world_reset(rig.world, 1, attempt, &draw), OUTCOME_ok);
        Scene scene;
        sim_world_truth(rig.world, &scene);
        for (int i = 0; i < level->nregion; i++) {
            const ResetRegion *region = &level->region[i];
            const int object = task_object_index(rig.task, region->object);
            const double *p = draw.object[object].pos;
            assert_true(p[0] >= region->x[0] && p[0] <= region->x[1] && p[1] >= region->y[0] &&
                        p[1] <= region->y[1]);
            assert_true(pose_distance(scene.object[object], draw.object[object]) <
                        3e-3); /* settled where drawn */
            for (int j = 0; j < i; j++) {
                const int other = task_object_index(rig.task, level->region[j].object);
                const double *q = draw.object[other].pos;
                const double gap = rig.task->object[object].radius * draw.size[object] +
                                   rig.task->object[other].radius * draw.size[other];
                assert_true(sqrt((p[0] - q[0]) * (p[0] - q[0]) + (p[1] - q[1]) * (p[1] - q[1])) >= gap);
            }
        }
    }
    rig_destroy(&rig);
}

static void sizes_and_masses_are_drawn_and_undone(void **state) {
    (void)state;
    Rig rig, plain;
    rig_create(&rig, "lift_cube", &(SimModelDef){.level = "D2"});
    rig_create(&plain, "lift_cube", &(SimModelDef){.level = "D2"});
    const mjModel *m = sim_world_mj(rig.world), *base = sim_model_mj(rig.model);
    const int body = mj_name2id(m, mjOBJ_BODY, "cube"), geom = mj_name2id(m, mjOBJ_GEOM, "cube");
    for (uint64_t attempt = 0; attempt < 5; attempt++) {
        ResetDraw draw;
        assert_int_equal(sim_world_reset(rig.world, 1, attempt, &draw), OUTCOME_ok);
        const double s = draw.size[0], k = draw.mass[0];
        assert_true(s >= 0.7 && s <= 1.3 && k >= 0.7 && k <= 1.5);
        assert_true(fabs(m->geom_size[3 * geom] - s * base->geom_size[3 * geom]) < 1e-12);
        assert_true(fabs(m->geom_rbound[geom] - s * base->geom_rbound[geom]) < 1e-12);
        assert_true(fabs(m->body_mass[body] - k * base->body_mass[body]) < 1e-12);
        assert_true(fabs(m->body_inertia[3 * body] - k * s * s * base->body_inertia[3 * body]) < 1e-12);
        Scene scene;
        sim_world_truth(rig.world, &scene);
        assert_true(scene.object_scale[0] == s);
        /* Larger or smaller, it stands on the table, whose top is at 0.85 m. */
        assert_true(fabs(scene.object[0].pos[2] - s * base->geom_size[3 * geom] - 0.85) < 1e-3);
    }
    /* What was before leaves no trace: a fresh world agrees bit by bit. */
    rig_reset(&rig, 9, 4);
    rig_reset(&plain, 9, 4);
    assert_true(sim_world_hash(rig.world) == sim_world_hash(plain.world));
    rig_destroy(&rig);
    rig_destroy(&plain);
}

static void perceived_poses_are_off_by_a_constant(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, "pick_place", &(SimModelDef){.level = "D2"});
    rig_reset(&rig, 1, 2);
    Scene truth, seen;
    Pose first[2];
    for (int time = 0; time < 2; time++) {
        sim_world_truth(rig.world, &truth);
        sim_world_scene(rig.world, &seen);
        first[time] = pose_rel(truth.object[0], seen.object[0]);
        rig_run(&rig, 0.3);
    }
    assert_true(pose_distance(first[0], POSE_IDENTITY) > 1e-4);
    assert_true(pose_distance(first[0], first[1]) < 1e-12);
    rig_destroy(&rig);

    rig_create(&rig, "pick_place", &(SimModelDef){.level = "D0"});
    rig_reset(&rig, 1, 2);
    sim_world_truth(rig.world, &truth);
    sim_world_scene(rig.world, &seen);
    assert_true(pose_distance(truth.object[0], seen.object[0]) < 1e-12);
    rig_destroy(&rig);
}

static void parts_of_furniture_go_with_it(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, "mug_drawer", &(SimModelDef){.level = "D2"});
    const int cabinet = task_object_index(rig.task, "cabinet"),
              drawer = task_object_index(rig.task, "drawer");
    Pose part[2];
    for (uint64_t attempt = 0; attempt < 2; attempt++) {
        ResetDraw draw;
        assert_int_equal(sim_world_reset(rig.world, 1, attempt, &draw), OUTCOME_ok);
        Scene scene;
        sim_world_truth(rig.world, &scene);
        part[attempt] = pose_rel(scene.object[cabinet], scene.object[drawer]);
        assert_true(pose_distance(scene.object[cabinet], draw.object[cabinet]) < 1e-12);
        assert_true(pose_distance(scene.object[drawer], draw.object[drawer]) < 2e-3);
    }
    assert_true(pose_distance(part[0], part[1]) < 2e-3);
    rig_destroy(&rig);
}

static Status build(const char *path, Err *err) {
    CtlRobot *robot;
    Task *task = NULL;
    SimModel *model;
    assert_int_equal(ctl_robot_load(DEMOMILL_SOURCE_DIR "/robots/optimus/robot.yaml", &robot, err),
                     STATUS_OK);
    Status status = task_load(path, sim_predicate_names(), &task, err);
    if (status == STATUS_OK)
        status = sim_model_create(&(SimModelDef){.robot = robot, .task = task, .trusted = true}, &model, err);
    if (status == STATUS_OK)
        sim_model_destroy(model);
    task_destroy(task);
    ctl_robot_destroy(robot);
    return status;
}

static void regions_without_room_are_an_error_that_names_the_objects(void **state) {
    (void)state;
    rig_task("full.yaml", "", "regions: [{object: cube, x: [0.4, 0.4], y: [0, 0]}]", "{fell: []}");
    Err err = {{0}};
    assert_int_equal(build("./full.yaml", &err), STATUS_OK);

    rig_write("full.yaml.xml",
              "<mujoco><worldbody><body name='a' pos='.4 0 .5'><freejoint/><geom size='.03'/></body>"
              "<body name='b' pos='.4 .1 .5'><freejoint/><geom size='.03'/></body></worldbody></mujoco>");
    rig_write(
        "full.yaml",
        "name: full\nsummary: x\nmjcf: full.yaml.xml\nrate_hz: 20\ntime_limit_s: 5\nhold_s: 0.5\nobjects:\n"
        "  - {name: a, noun: a, radius_m: 0.05}\n  - {name: b, noun: b, radius_m: 0.05}\n"
        "levels:\n  - name: D0\n    regions: [{object: a, x: [0.4, 0.42], y: [0, 0.02]}, "
        "{object: b, x: [0.4, 0.42], y: [0, 0.02]}]\n"
        "subtasks:\n  - {name: s, hand: right, object: a, until: {fell: []}}\nsuccess: {fell: []}\n"
        "instructions: [x]\n");
    assert_int_equal(build("./full.yaml", &err), STATUS_MISMATCH);
    assert_message(&err, "'b'");
    assert_message(&err, "'a'");
    assert_message(&err, "D0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_attempt_gives_the_same_bytes),
        cmocka_unit_test(objects_start_in_their_regions_and_apart),
        cmocka_unit_test(sizes_and_masses_are_drawn_and_undone),
        cmocka_unit_test(perceived_poses_are_off_by_a_constant),
        cmocka_unit_test(parts_of_furniture_go_with_it),
        cmocka_unit_test(regions_without_room_are_an_error_that_names_the_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
