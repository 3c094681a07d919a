/* A name that isn't there stops the load with the file, the name and what there is. */
#include "rig.h"

#include <stdio.h>
#include <string.h>

static CtlRobot *load(void) {
    Err err = {{0}};
    CtlRobot *robot;
    assert_int_equal(ctl_robot_load(DEMOMILL_SOURCE_DIR "/robots/optimus/robot.yaml", &robot, &err),
                     STATUS_OK);
    return robot;
}

static void refuse(const CtlRobot *robot, const char *name) {
    Err err = {{0}};
    SimModel *model = NULL;
    const Status status = sim_model_create(&(SimModelDef){.robot = robot, .trusted = true}, &model, &err);
    if (status != STATUS_UNKNOWN_NAME && status != STATUS_MISMATCH && status != STATUS_CONTROLLER)
        fail_msg("%s: status %s: %s", name, status_text(status), err.message);
    assert_null(model);
    assert_message(&err, name);
}

static void a_robots_names_must_exist(void **state) {
    (void)state;
    CtlRobot *robot = load();
    const CtlRobot good = *robot;
    robot->imu_gyro = "no_gyro";
    refuse(robot, "no_gyro");
    *robot = good;
    robot->foot[SIDE_RIGHT].sole = "no_sole";
    refuse(robot, "no_sole");
    *robot = good;
    robot->hand[SIDE_LEFT].grasp = "no_grasp";
    refuse(robot, "no_grasp");
    *robot = good;
    robot->motor[3].name = "no_motor";
    refuse(robot, "no_motor");
    *robot = good;
    robot->base_body = "no_body";
    refuse(robot, "no_body");
    *robot = good;
    robot->posture[0].joint = "no_joint";
    refuse(robot, "no_joint");
    *robot = good;
    robot->push_site = "no_site";
    refuse(robot, "no_site");
    *robot = good;
    ctl_robot_destroy(robot);
}

static void a_sensor_of_another_type_is_refused(void **state) {
    (void)state;
    CtlRobot *robot = load();
    robot->imu_gyro = robot->imu_acc;
    refuse(robot, "imu_acc");
    ctl_robot_destroy(robot);
}

/* Load a task in the working folder whose scene and text are given; expects a refusal. */
static void refuse_task(const char *objects, const char *joints, const char *success, const char *part) {
    char text[2048];
    rig_write("names.xml",
              "<mujoco><worldbody><body name='cube' pos='0.4 0 0.9'><freejoint/><geom size='.03'/></body>"
              "<body name='tray' pos='0.4 0.3 0.9'><geom size='.03'/></body></worldbody></mujoco>");
    snprintf(text, sizeof text,
             "name: names\nsummary: x\nmjcf: names.xml\nrate_hz: 20\ntime_limit_s: 5\nhold_s: 0.5\nobjects: "
             "[%s]\n%s"
             "levels:\n  - {name: D0, regions: [{object: cube, x: [0.4, 0.4], y: [0, 0]}]}\n"
             "subtasks:\n  - {name: s, hand: right, object: cube, until: {fell: []}}\nsuccess: "
             "%s\ninstructions: [x]\n",
             objects, joints, success);
    rig_write("names.yaml", text);
    CtlRobot *robot = load();
    Err err = {{0}};
    Task *task = NULL;
    SimModel *model = NULL;
    Status status = task_load("./names.yaml", sim_predicate_names(), &task, &err);
    if (status == STATUS_OK)
        status =
            sim_model_create(&(SimModelDef){.robot = robot, .task = task, .trusted = true}, &model, &err);
    assert_int_not_equal(status, STATUS_OK);
    assert_message(&err, part);
    assert_message(&err, "names");
    task_destroy(task);
    ctl_robot_destroy(robot);
}

#define CUBE "{name: cube, noun: cube, radius_m: 0.03}"

static void a_tasks_names_must_exist(void **state) {
    (void)state;
    refuse_task(CUBE ", {name: vase, noun: vase, radius_m: 0.03}", "", "{fell: []}", "vase");
    refuse_task(CUBE, "joints: [hinge]\n", "{fell: []}", "hinge");
    refuse_task(CUBE ", {name: tray, noun: tray, radius_m: 0.03}", "", "{fell: []}",
                "tray"); /* has no free joint */
}

static void predicates_name_what_they_know(void **state) {
    (void)state;
    refuse_task(CUBE, "", "{upright: [cub]}", "cub");
    refuse_task(CUBE, "", "{upright: [cub]}", "cube");
    refuse_task(CUBE, "", "{grasped: [middle, cube]}", "left");
    refuse_task(CUBE, "", "{above: [cube, high]}", "high");
    refuse_task(CUBE, "", "{joint_above: [door, 1]}", "door");
    refuse_task(CUBE, "", "{levitating: [cube]}", "levitating");
    refuse_task(CUBE, "", "{on: [cube]}", "on");
    refuse_task(CUBE, "", "{upright: [cub]}", "names.yaml:");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_robots_names_must_exist),
        cmocka_unit_test(a_sensor_of_another_type_is_refused),
        cmocka_unit_test(a_tasks_names_must_exist),
        cmocka_unit_test(predicates_name_what_they_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
