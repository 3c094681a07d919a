#include "rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void must(Status status, const Err *err) {
    if (status != STATUS_OK)
        fail_msg("%s", err->message);
}

void rig_create(Rig *rig, const char *task, const SimModelDef *def) {
    Err err = {{0}};
    SimModelDef d = def ? *def : (SimModelDef){0};
    memset(rig, 0, sizeof *rig);
    must(ctl_robot_load(DEMOMILL_SOURCE_DIR "/robots/optimus/robot.yaml", &rig->robot, &err), &err);
    if (task) {
        char path[512];
        snprintf(path, sizeof path, strchr(task, '/') ? "%s" : DEMOMILL_SOURCE_DIR "/tasks/%s/task.yaml",
                 task);
        must(task_load(path, sim_predicate_names(), &rig->task, &err), &err);
    }
    d.robot = rig->robot;
    d.task = rig->task;
    d.trusted = true;
    must(sim_model_create(&d, &rig->model, &err), &err);
    must(sim_world_create(rig->model, &rig->world, &err), &err);
    TaskCommand command;
    sim_world_home_command(rig->world, &command);
    action_encode(sim_model_action(rig->model), &command, rig->home);
}

void rig_destroy(Rig *rig) {
    sim_world_destroy(rig->world);
    sim_model_destroy(rig->model);
    task_destroy(rig->task);
    ctl_robot_destroy(rig->robot);
}

void rig_reset(Rig *rig, uint64_t seed, uint64_t attempt) {
    ResetDraw draw;
    assert_int_equal(sim_world_reset(rig->world, seed, attempt, &draw), OUTCOME_ok);
}

void rig_run(Rig *rig, double seconds) {
    const double dt = sim_model_substeps(rig->model) * sim_model_mj(rig->model)->opt.timestep;
    for (int i = 0; i < (int)floor(seconds / dt + 0.5); i++)
        assert_int_equal(sim_world_tick(rig->world, rig->home), OUTCOME_ok);
}

void rig_write(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

void rig_task(const char *path, const char *extra, const char *level, const char *success) {
    char text[4096], scene[256];
    snprintf(scene, sizeof scene, "%s.xml", path);
    snprintf(text, sizeof text,
             "<mujoco><worldbody>"
             "<body name='table' pos='0.56 0 0.4'><geom type='box' size='0.3 0.6 0.4'/></body>"
             "<body name='cube' pos='0.4 -0.12 0.825'><freejoint/><geom name='cube' type='box' "
             "size='0.025 0.025 0.025' mass='0.1'/></body>%s</worldbody></mujoco>",
             extra);
    rig_write(scene, text);
    snprintf(text, sizeof text,
             "name: rig\nsummary: rig\nmjcf: %s\nrate_hz: 20\ntime_limit_s: 10\nhold_s: 0.5\n"
             "objects:\n  - {name: cube, noun: cube, radius_m: 0.036}\n"
             "  - {name: table, noun: table, movable: false, radius_m: 0}\n"
             "levels:\n  - {name: D0, %s}\n"
             "subtasks:\n  - {name: only, hand: right, object: cube, until: {grasped: [right, cube]}}\n"
             "success: %s\ninstructions: [do it]\n",
             strrchr(scene, '/') ? strrchr(scene, '/') + 1 : scene, level, success);
    rig_write(path, text);
}

void assert_message(const Err *err, const char *part) {
    if (!strstr(err->message, part))
        fail_msg("message '%s' lacks '%s'", err->message, part);
}
