/* Hostile and broken models end in a message, in bounded time, and never in the parent. */
#include "rig.h"

#include "sim/engine.h"
#include "sim/guard.h"

#include <stdio.h>

static const SimGuardLimits TIGHT = {.seconds = 4, .bytes = (size_t)1 << 30, .elements = 5000};

static void expect(const char *xml, Status status, const char *part) {
    Err err = {{0}};
    const Status got = sim_guard_text("model.xml", xml, &TIGHT, &err);
    if (got != status)
        fail_msg("%s: status %s, not %s: %s", xml, status_text(got), status_text(status), err.message);
    assert_message(&err, "model.xml");
    assert_message(&err, part);
}

static void a_good_model_passes(void **state) {
    (void)state;
    Err err = {{0}};
    assert_int_equal(sim_guard_file(DEMOMILL_SOURCE_DIR "/tasks/mug_drawer/scene.xml", NULL, &err),
                     STATUS_OK);
    assert_int_equal(sim_guard_file(DEMOMILL_SOURCE_DIR "/robots/optimus/optimus.xml", NULL, &err),
                     STATUS_OK);
}

static void text_that_is_no_model_is_refused(void **state) {
    (void)state;
    expect("", STATUS_FORMAT, "");
    expect("<mujoco><worldbody><body>", STATUS_FORMAT, "XML");
    expect("<mujoco><worldbody><geom type='ball'/></worldbody></mujoco>", STATUS_FORMAT, "ball");
}

static void a_missing_file_is_refused(void **state) {
    (void)state;
    Err err = {{0}};
    assert_int_equal(sim_guard_file("nowhere.xml", &TIGHT, &err), STATUS_FORMAT);
    assert_message(&err, "nowhere.xml");
}

static void numbers_that_are_none_are_refused(void **state) {
    (void)state;
    expect("<mujoco><worldbody><body><freejoint/><geom name='g' size='1e300'/></body></worldbody></mujoco>",
           STATUS_FORMAT, "");
    expect("<mujoco><worldbody><geom name='g' size='.1' pos='nan 0 0'/></worldbody></mujoco>", STATUS_FORMAT,
           "");
    expect("<mujoco><worldbody><geom name='g' size='.1' friction='inf .1 .1'/></worldbody></mujoco>",
           STATUS_FORMAT, "");
}

static void a_file_that_attaches_itself_does_not_crash_us(void **state) {
    (void)state;
    rig_write(
        "cyclic.xml",
        "<mujoco model='c'><asset><model name='self' file='cyclic.xml'/></asset>"
        "<worldbody><body name='b'><attach model='self' body='b' prefix='x'/></body></worldbody></mujoco>");
    Err err = {{0}};
    const Status status = sim_guard_file("cyclic.xml", &TIGHT, &err);
    assert_true(status == STATUS_LIMIT || status == STATUS_FORMAT);
    assert_message(&err, "cyclic.xml");
}

static void a_billion_copies_end_in_time(void **state) {
    (void)state;
    const char *xml =
        "<mujoco><worldbody><replicate count='1000000000' offset='1 0 0'><geom size='.1'/></replicate>"
        "</worldbody></mujoco>";
    expect(xml, STATUS_LIMIT, "");
}

static void more_than_is_sane_is_refused(void **state) {
    (void)state;
    expect(
        "<mujoco><worldbody><replicate count='6000' offset='1 0 0'><geom size='.1'/></replicate></worldbody>"
        "</mujoco>",
        STATUS_LIMIT, "geoms");
}

static void a_huge_height_field_is_refused(void **state) {
    (void)state;
    Err err = {{0}};
    const Status status =
        sim_guard_text("model.xml",
                       "<mujoco><asset><hfield name='h' nrow='100000' ncol='100000' size='1 1 1 1'/></asset>"
                       "<worldbody><geom type='hfield' hfield='h'/></worldbody></mujoco>",
                       &TIGHT, &err);
    assert_true(status == STATUS_LIMIT || status == STATUS_FORMAT);
}

static void fail_in_the_engine(void *argument) {
    (void)argument;
    mju_error("deliberate %d", 7);
}

static void nested(void *argument) {
    int *caught = argument;
    Err err = {{0}};
    *caught = sim_engine_try(fail_in_the_engine, NULL, &err) == STATUS_ENGINE;
    mju_error("outer");
}

static void an_engine_error_is_a_status(void **state) {
    (void)state;
    Err err = {{0}};
    assert_int_equal(sim_engine_init(&err), STATUS_OK);
    assert_int_equal(sim_engine_try(fail_in_the_engine, NULL, &err), STATUS_ENGINE);
    assert_message(&err, "deliberate 7");
    int caught = 0;
    assert_int_equal(sim_engine_try(nested, &caught, &err), STATUS_ENGINE);
    assert_true(caught);
    assert_message(&err, "outer");
}

static void an_untrusted_scene_goes_through_the_guard(void **state) {
    (void)state;
    rig_task("bad.yaml", "<body pos='nan 0 0'><geom size='.1'/></body>",
             "regions: [{object: cube, x: [0.4, 0.4], y: [0, 0]}]", "{fell: []}");
    Err err = {{0}};
    CtlRobot *robot;
    Task *task;
    SimModel *model;
    assert_int_equal(ctl_robot_load(DEMOMILL_SOURCE_DIR "/robots/optimus/robot.yaml", &robot, &err),
                     STATUS_OK);
    assert_int_equal(task_load("./bad.yaml", sim_predicate_names(), &task, &err), STATUS_OK);
    const SimModelDef def = {.robot = robot, .task = task};
    assert_int_equal(sim_model_create(&def, &model, &err), STATUS_FORMAT);
    assert_message(&err, "bad.yaml.xml");
    task_destroy(task);
    ctl_robot_destroy(robot);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_model_passes),
        cmocka_unit_test(text_that_is_no_model_is_refused),
        cmocka_unit_test(a_missing_file_is_refused),
        cmocka_unit_test(numbers_that_are_none_are_refused),
        cmocka_unit_test(a_file_that_attaches_itself_does_not_crash_us),
        cmocka_unit_test(a_billion_copies_end_in_time),
        cmocka_unit_test(more_than_is_sane_is_refused),
        cmocka_unit_test(a_huge_height_field_is_refused),
        cmocka_unit_test(an_engine_error_is_a_status),
        cmocka_unit_test(an_untrusted_scene_goes_through_the_guard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
