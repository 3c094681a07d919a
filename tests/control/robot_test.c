/* robot.yaml: what is read, what is refused and how it says so; the robot check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "control/robot.h"
#include "control/robot_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIMUS DEMOMILL_SOURCE_DIR "/robots/optimus/"

static char *read_text(const char *path) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 18);
    assert_true(fread(text, 1, (1 << 18) - 1, file) > 0);
    fclose(file);
    return text;
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* A copy of the file with the first `from` turned into `to`. */
static void edit(const char *source, const char *target, const char *from, const char *to) {
    char *text = read_text(source);
    char *at = strstr(text, from);
    assert_non_null(at);
    char *out = calloc(1, strlen(text) + strlen(to) + 1);
    snprintf(out, strlen(text) + strlen(to) + 1, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    write_text(target, out);
    free(out);
    free(text);
}

static void optimus_is_read(void **state) {
    (void)state;
    CtlRobot *robot;
    Err err = {{0}};
    assert_int_equal(ctl_robot_load(OPTIMUS "robot.yaml", &robot, &err), STATUS_OK);
    assert_string_equal(robot->name, "optimus");
    assert_int_equal(robot->nmotor, 40);
    assert_int_equal(robot->nbody_motor, 28);
    assert_int_equal(robot->nwaist, 2);
    assert_int_equal(ctl_robot_motor(robot, "left_knee"), 3);
    assert_int_equal(ctl_robot_motor(robot, "third_arm"), -1);
    assert_int_equal(robot->hand[SIDE_RIGHT].nmotor, 6);
    assert_int_equal(robot->hand[SIDE_RIGHT].motor[0], 34);
    assert_non_null(ctl_hand_closure(&robot->hand[SIDE_LEFT], "pinch"));
    assert_null(ctl_hand_closure(&robot->hand[SIDE_LEFT], "wave"));
    assert_non_null(ctl_robot_realism(robot, "default", &err));
    assert_null(ctl_robot_realism(robot, "moon", &err));
    assert_non_null(strstr(err.message, "field"));
    assert_int_equal(strlen(robot->hash), 64);
    ctl_robot_destroy(robot);
}

static void optimus_is_consistent(void **state) {
    (void)state;
    CtlRobot *robot;
    CtlRobotReport report;
    Err err = {{0}};
    assert_int_equal(ctl_robot_load(OPTIMUS "robot.yaml", &robot, &err), STATUS_OK);
    const Status status = ctl_robot_check(robot, &report, &err);
    if (status != STATUS_OK)
        fail_msg("%s", err.message);
    assert_true(report.mass > 72.27 && report.mass < 73.73);
    assert_true(report.height > 1.713 && report.height < 1.747);
    assert_int_equal(report.njoint, 50);
    assert_int_equal(report.nbody_joint, 28);
    assert_int_equal(report.self_contacts, 0);
    assert_true(report.reach[0].radius > 0.5 && report.reach[0].radius < 0.7);
    assert_true(report.reach[0].hi[1] > report.reach[1].hi[1]); /* left is left */
    ctl_robot_destroy(robot);
}

typedef struct {
    const char *from, *to;
    const char *said; /* what the message must name */
} Mistake;

static void mistakes_in_the_file_are_named(void **state) {
    (void)state;
    static const Mistake mistakes[] = {
        {"mass_kg: 73", "mass_kg: heavy", "mass_kg"},
        {"mass_kg: 73", "mass_kilos: 73", "mass_kilos"},
        {"group: left_leg", "group: left_wing", "left_wing"},
        {"name: left_knee, ", "name: left_hip_yaw, ", "left_hip_yaw"},
        {"range: [-2.2, 0.8]", "range: [0.8, -2.2]", "left_hip_pitch"},
        {"name: open, value: [0, 0.2, ", "name: open, value: [0, ", "open"},
        {"name: open, value: [0, ", "name: open, value: [7, ", "open"},
        {"name: pregrasp", "name: open", "open"},
        {"{joint: left_knee, value: 0.32}", "{joint: left_knee, value: 3.2}", "left_knee"},
        {"{joint: left_knee, value: 0.32}", "{joint: left_tail, value: 0}", "left_tail"},
        {"- {side: left, sole", "- {side: right, sole", "left_sole"},
        {"motors: [left_thumb_rot,", "motors: [right_thumb_rot,", "right_thumb_rot"},
        {"friction_nm: [2, 0.2]", "friction_nm: [2]", ""},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        edit(OPTIMUS "robot.yaml", "robot.yaml", mistakes[i].from, mistakes[i].to);
        CtlRobot *robot = NULL;
        Err err = {{0}};
        assert_int_not_equal(ctl_robot_load("robot.yaml", &robot, &err), STATUS_OK);
        assert_null(robot);
        if (!strstr(err.message, mistakes[i].said) || !strstr(err.message, "robot.yaml"))
            fail_msg("mistake '%s' is reported as '%s'", mistakes[i].to, err.message);
    }
}

static Status check_edited(const char *file, const char *from, const char *to, Err *err) {
    edit(OPTIMUS "robot.yaml", "robot.yaml", "mass_kg", "mass_kg");
    edit(OPTIMUS "optimus.xml", "optimus.xml", "optimus", "optimus");
    edit(file[0] == 'r' ? OPTIMUS "robot.yaml" : OPTIMUS "optimus.xml", file, from, to);
    CtlRobot *robot = NULL;
    Status status = ctl_robot_load("robot.yaml", &robot, err);
    CtlRobotReport report;
    if (status == STATUS_OK)
        status = ctl_robot_check(robot, &report, err);
    ctl_robot_destroy(robot);
    return status;
}

static void a_robot_unlike_its_model_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *file, *from, *to, *said;
        Status status;
    } cases[] = {
        {"robot.yaml", "mass_kg: 73", "mass_kg: 80", "mass", STATUS_CHECK},
        {"robot.yaml", "height_m: 1.73", "height_m: 1.9", "height", STATUS_CHECK},
        {"robot.yaml", "peak_torque_nm: 200", "peak_torque_nm: 500", "left_hip_pitch", STATUS_CHECK},
        {"robot.yaml", "standing_height_m: 0.9337", "standing_height_m: 0.8", "standing height",
         STATUS_CHECK},
        {"robot.yaml", "{joint: left_shoulder_roll, value: 0.22}", "{joint: left_shoulder_roll, value: -0.3}",
         "contact", STATUS_CHECK},
        {"robot.yaml", "wrist: left_wrist", "wrist: left_rist", "left_rist", STATUS_NOT_FOUND},
        {"robot.yaml", "cameras: [head_center", "cameras: [tail_center", "tail_center", STATUS_NOT_FOUND},
        {"robot.yaml", "body: pelvis", "body: torso", "torso", STATUS_MISMATCH},
        {"optimus.xml", "<joint name=\"left_knee\"", "<joint name=\"left_nee\"", "left_knee", STATUS_FORMAT},
        {"optimus.xml", "<mujoco", "<mujocow", "optimus.xml", STATUS_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Err err = {{0}};
        const Status status = check_edited(cases[i].file, cases[i].from, cases[i].to, &err);
        if (status != cases[i].status || !strstr(err.message, cases[i].said))
            fail_msg("'%s' gives %s: %s", cases[i].to, status_text(status), err.message);
    }
}

static void every_failed_allocation_is_survived(void **state) {
    (void)state;
    long n = 0;
    for (;; n++) {
        CtlRobot *robot = NULL;
        Err err = {{0}};
        mem_fail_after(n);
        const Status status = ctl_robot_load(OPTIMUS "robot.yaml", &robot, &err);
        mem_fail_after(-1);
        if (status == STATUS_OK) {
            ctl_robot_destroy(robot);
            break;
        }
        assert_null(robot);
        assert_int_equal(status, STATUS_MEMORY);
        assert_true(err.message[0] != '\0');
        assert_true(n < 100000);
    }
    assert_true(n > 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optimus_is_read),
        cmocka_unit_test(optimus_is_consistent),
        cmocka_unit_test(mistakes_in_the_file_are_named),
        cmocka_unit_test(a_robot_unlike_its_model_is_refused),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
