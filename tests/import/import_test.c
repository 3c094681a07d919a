/* People's demonstrations from other projects: read, replayed, mapped; and every way in which such a file can be bad. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/marks.h"
#include "base/rng.h"
#include "datasets/import_read.h"
#include "sim/import_map.h"
#include "tests/shared/foreign.h"

static const char *const preds[] = {"grasped", "above", NULL};

static const char task_text[] =
    "{name: lift, summary: s, mjcf: scene.xml, rate_hz: 20, time_limit_s: 20, hold_s: 0.5,\n"
    " objects: [{name: ball, noun: ball, radius_m: 0.03}, {name: cube, noun: cube, radius_m: 0.03}],\n"
    " levels: [{name: D0, regions: [{object: cube, x: [0, 1], y: [0, 1]}]}],\n"
    " subtasks: [{name: grasp, hand: right, object: cube, until: {grasped: [right, cube]}},\n"
    "            {name: lift, hand: right, object: cube, until: {above: [cube, 0.05]}}],\n"
    " success: {above: [cube, 0.05]}, instructions: [lift]}\n";

static const char map_text[] = "device: gantry\n"
                               "operator: human\n"
                               "world: {pos_m: [1, 2, 3], yaw_deg: 90}\n"
                               "hands:\n"
                               "  - side: right\n"
                               "    tool: tool_site\n"
                               "    grasp_in_tool: {pos_m: [0, 0, -0.01], quat: [0, 0, 0, 1]}\n"
                               "    action: -1\n"
                               "    open: -1\n"
                               "    closed: 1\n"
                               "    open_closure: pregrasp\n"
                               "    closed_closure: pinch\n"
                               "    close_time_s: 0.25\n"
                               "objects: [{name: cube, source: cube_main}]\n";

static const char mimicgen_map_text[] = "device: gantry\n"
                                        "operator: human\n"
                                        "hands:\n"
                                        "  - side: right\n"
                                        "    tool: eef\n"
                                        "    target: eef\n"
                                        "    gripper: eef\n"
                                        "    open: -1\n"
                                        "    closed: 1\n"
                                        "    open_closure: open\n"
                                        "    closed_closure: power\n"
                                        "objects: [{name: cube, source: cube}]\n"
                                        "signals: [{name: grasp, source: grasp}]\n";

static Task *task;
static CtlRobot *robot;

static int set_up(void **state) {
    (void)state;
    Err err = {""};
    if (task_parse("task", task_text, strlen(task_text), preds, &task, &err) != STATUS_OK ||
        ctl_robot_load(DEMOMILL_SOURCE_DIR "/robots/optimus/robot.yaml", &robot, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    task_destroy(task);
    ctl_robot_destroy(robot);
    return 0;
}

static Status import_for(const Task *for_task, const char *file, const char *map_yaml, DemoSet *demos,
                         Err *err) {
    SimImportMap *map = NULL;
    RecordingSet set = {0};
    Status status = sim_import_map_parse("map.yaml", map_yaml, strlen(map_yaml), &map, err);
    if (status == STATUS_OK)
        status = data_read_recordings(file, &set, err);
    if (status == STATUS_OK)
        status = sim_import_demos(map, &set, for_task, robot, demos, err);
    recording_set_destroy(&set);
    sim_import_map_destroy(map);
    return status;
}

static Status import(const char *file, const char *map_yaml, DemoSet *demos, Err *err) {
    return import_for(task, file, map_yaml, demos, err);
}

static void same_pose(Pose a, Pose b) {
    assert_true(pose_distance(a, b) < 1e-9);
    assert_true(pose_angle(a, b) < 1e-7);
}

/* What the map above makes of the source's poses. */
static Pose to_world(Pose pose) {
    Pose world = {{1, 2, 3}, {1, 0, 0, 0}};
    quat_from_yaw(1.5707963267948966, world.quat);
    return pose_mul(world, pose);
}

static Pose to_grasp(Pose tool) {
    const Pose grasp = {{0, 0, -0.01}, {0, 0, 0, 1}};
    return pose_mul(to_world(tool), grasp);
}

static void states_become_poses_of_hand_and_objects(void **state) {
    (void)state;
    DemoSet demos = {0};
    Err err = {""};
    assert_true(foreign_robosuite("good.hdf5", FOREIGN_GOOD));
    if (import("good.hdf5", map_text, &demos, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    assert_int_equal(demos.n, 2);
    assert_string_equal(demos.demo[0]->id, "Lift/demo_2");
    assert_string_equal(demos.demo[1]->id, "Lift/demo_10");
    const Demo *demo = demos.demo[0];
    assert_string_equal(demo->operator_name, "human");
    assert_string_equal(demo->device, "gantry");
    assert_int_equal(demo->hands, 1u << SIDE_RIGHT);
    assert_int_equal(demo->nobject, 2);
    const int begin = FOREIGN_IDLE - 4; /* 0.2 s before the first command */
    assert_int_equal(demo->nrow, FOREIGN_ROWS - begin);
    for (int row = 0; row < demo->nrow; row++) {
        const int next = row + begin + 1 < FOREIGN_ROWS ? row + begin + 1 : row + begin;
        same_pose(demo->eef[SIDE_RIGHT][row], to_grasp(foreign_tool(row + begin)));
        same_pose(demo->target[SIDE_RIGHT][row], to_grasp(foreign_tool(next)));
        same_pose(demo->object[row * 2 + 1], to_world(foreign_cube(row + begin)));
    }
    demo_set_destroy(&demos);
}

static void the_hand_closes_as_fast_as_the_map_says(void **state) {
    (void)state;
    DemoSet demos = {0};
    Err err = {""};
    assert_true(foreign_robosuite("good.hdf5", FOREIGN_GOOD));
    assert_int_equal(import("good.hdf5", map_text, &demos, &err), STATUS_OK);
    const Demo *demo = demos.demo[0];
    const double *open = ctl_hand_closure(&robot->hand[SIDE_RIGHT], "pregrasp");
    const double *closed = ctl_hand_closure(&robot->hand[SIDE_RIGHT], "pinch");
    const int at =
        FOREIGN_CLOSE - (FOREIGN_IDLE - 4); /* first row of the command to close; 5 rows until closed */
    for (int k = -1; k < 8; k++) {
        const double blend = k < 0 ? 0 : k >= 4 ? 1 : 0.2 * (k + 1);
        for (int i = 0; i < demo->nhand; i++)
            assert_true(fabs(demo->closure[SIDE_RIGHT][(at + k) * demo->nhand + i] -
                             (open[i] + blend * (closed[i] - open[i]))) < 1e-6);
    }
    demo_set_destroy(&demos);
}

static void another_rate_is_resampled(void **state) {
    (void)state;
    Task *faster = NULL;
    DemoSet demos = {0};
    Err err = {""};
    char text[sizeof task_text + 8];
    const char *at = strstr(task_text, "rate_hz: 20");
    snprintf(text, sizeof text, "%.*srate_hz: 50%s", (int)(at - task_text), task_text,
             at + strlen("rate_hz: 20"));
    assert_int_equal(task_parse("task", text, strlen(text), preds, &faster, &err), STATUS_OK);
    assert_true(foreign_robosuite("good.hdf5", FOREIGN_GOOD));
    assert_int_equal(import_for(faster, "good.hdf5", map_text, &demos, &err), STATUS_OK);
    const Demo *demo = demos.demo[0];
    const int begin = FOREIGN_IDLE - 4;
    assert_int_equal(demo->nrow, (FOREIGN_ROWS - 1 - begin) * 5 / 2 + 1);
    assert_true(demo->rate_hz == 50);
    for (int row = 0; row < demo->nrow; row += 5)
        same_pose(demo->eef[SIDE_RIGHT][row], to_grasp(foreign_tool(begin + row * 2 / 5)));
    const Pose a = to_grasp(foreign_tool(20)), b = to_grasp(foreign_tool(21));
    same_pose(demo->eef[SIDE_RIGHT][(20 - begin) * 5 / 2 + 1], pose_lerp(a, b, 0.4));
    demo_set_destroy(&demos);
    task_destroy(faster);
}

static void mimicgen_files_need_no_replay(void **state) {
    (void)state;
    DemoSet demos = {0};
    Err err = {""};
    assert_true(foreign_mimicgen("mimic.hdf5", FOREIGN_GOOD));
    if (import("mimic.hdf5", mimicgen_map_text, &demos, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    const Demo *demo = demos.demo[0];
    const int begin = FOREIGN_IDLE - 4;
    same_pose(demo->eef[SIDE_RIGHT][9], foreign_tool(begin + 9));
    same_pose(demo->target[SIDE_RIGHT][9],
              foreign_tool(begin + 11)); /* the file's own targets, two rows ahead */
    assert_int_equal(demo->nmark, 2);
    assert_int_equal(demo->mark[0].begin, 0);
    assert_int_equal(demo->mark[0].end, FOREIGN_LIFT - begin);
    assert_int_equal(demo->mark[1].end, demo->nrow);
    assert_int_equal(demo->signal[(FOREIGN_LIFT - begin) * 2], 1);
    demo_set_destroy(&demos);
}

typedef struct Bad {
    ForeignFault fault;
    Status status;
    const char *says;
} Bad;

static void expect(const char *file, const char *map, const Bad *bad) {
    DemoSet demos = {0};
    Err err = {""};
    const Status status = import(file, map, &demos, &err);
    if (status != bad->status || !strstr(err.message, bad->says)) {
        print_error("fault %d: expected %s: %s\ngot %s: %s\n", (int)bad->fault, status_text(bad->status),
                    bad->says, status_text(status), err.message);
        fail();
    }
    assert_int_equal(demos.n, 0);
}

static void bad_recordings_are_refused_with_their_place(void **state) {
    (void)state;
    static const Bad bad[] = {
        {FOREIGN_NO_DATA, STATUS_FORMAT, "bad.hdf5: no group /data: not a robosuite"},
        {FOREIGN_NO_DEMOS, STATUS_FORMAT, "bad.hdf5: no demonstration"},
        {FOREIGN_ZERO_LENGTH, STATUS_FORMAT, "bad.hdf5: demo_10: zero length"},
        {FOREIGN_NAN, STATUS_FORMAT, "bad.hdf5: demo_10: 'states' row 7, column 3: not a finite number"},
        {FOREIGN_SHORT, STATUS_FORMAT, "bad.hdf5: demo_10: 'states' has 60 rows, other arrays have 59"},
        {FOREIGN_TEXT, STATUS_FORMAT, "bad.hdf5: demo_10: 'actions' is not an array of numbers"},
        {FOREIGN_NOTHING, STATUS_FORMAT,
         "bad.hdf5: demo_10: neither states with a model_file nor datagen_info"},
        {FOREIGN_BAD_MODEL, STATUS_FORMAT, "bad.hdf5: demo_10: model_file:1: not XML"},
        {FOREIGN_OTHER_MODEL, STATUS_MISMATCH,
         "demo_10: states have 24 numbers in a row, the model needs 1 + 13 + 12 (time, qpos, qvel)"},
        {FOREIGN_OTHER_NAMES, STATUS_UNKNOWN_NAME,
         "demo_10: its model has no site 'tool_site' (known: grip)"},
        {FOREIGN_OTHER_RATE, STATUS_MISMATCH, "demo_2: the file states 10 Hz, its states are 20 Hz"},
        {FOREIGN_UNEVEN_TIME, STATUS_MISMATCH, "demo_10: row 9: time advances by 0.08 s"},
        {FOREIGN_STILL, STATUS_FORMAT, "demo_10: nothing happens in it"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_true(foreign_robosuite("bad.hdf5", bad[i].fault));
        expect("bad.hdf5", map_text, &bad[i]);
    }
    static const Bad bad_mimicgen[] = {
        {FOREIGN_NAN, STATUS_FORMAT, "demo_10: 'object_poses/cube' row 7, column 3: not a finite number"},
        {FOREIGN_SHEAR, STATUS_FORMAT, "demo_10: 'eef_pose' row 7 is not a pose"},
        {FOREIGN_SHORT, STATUS_FORMAT, "has 60 rows, other arrays have 59"},
        {FOREIGN_OTHER_NAMES, STATUS_UNKNOWN_NAME, "demo_10: no object 'cube' in the recording (known: box)"},
        {FOREIGN_NOTHING, STATUS_FORMAT, "neither states with a model_file nor datagen_info"},
        {FOREIGN_NO_SIGNAL, STATUS_FORMAT, "demo_10: the signal for the end of subtask 'grasp' never rises"},
    };
    for (size_t i = 0; i < sizeof bad_mimicgen / sizeof *bad_mimicgen; i++) {
        assert_true(foreign_mimicgen("bad.hdf5", bad_mimicgen[i].fault));
        expect("bad.hdf5", mimicgen_map_text, &bad_mimicgen[i]);
    }
}

static void a_hostile_model_is_reduced_to_what_places_frames(void **state) {
    (void)state;
    DemoSet demos = {0};
    Err err = {""};
    assert_true(foreign_robosuite("bad.hdf5", FOREIGN_HOSTILE_MODEL));
    if (import("bad.hdf5", map_text, &demos, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    assert_int_equal(demos.n, 2);
    demo_set_destroy(&demos);
}

static void truncated_and_foreign_files_are_named(void **state) {
    (void)state;
    Err err = {""};
    RecordingSet set = {0};
    assert_int_equal(data_read_recordings("no/such.hdf5", &set, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.message, "no/such.hdf5"));
    FILE *file = fopen("text.hdf5", "wb");
    fputs("this is no HDF5 file\n", file);
    fclose(file);
    assert_int_equal(data_read_recordings("text.hdf5", &set, &err), STATUS_IO);
    assert_non_null(strstr(err.message, "text.hdf5: not an HDF5 file, or truncated"));
    assert_true(foreign_robosuite("whole.hdf5", FOREIGN_GOOD));
    file = fopen("whole.hdf5", "rb");
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    fclose(file);
    for (long cut = 0; cut < size; cut += 997) {
        assert_int_equal(truncate("whole.hdf5", size - 1 - cut), 0);
        err.message[0] = '\0';
        assert_int_not_equal(data_read_recordings("whole.hdf5", &set, &err), STATUS_OK);
        assert_non_null(strstr(err.message, "whole.hdf5"));
        assert_int_equal(set.n, 0);
    }
}

/* libhdf5 itself crashes on some of these; the program must not. */
static void damaged_files_never_end_the_program(void **state) {
    (void)state;
    static unsigned char good[1 << 20], damaged[1 << 20];
    assert_true(foreign_mimicgen("good.hdf5", FOREIGN_GOOD));
    FILE *file = fopen("good.hdf5", "rb");
    const size_t size = fread(good, 1, sizeof good, file);
    fclose(file);
    Rng rng = rng_make(1, 0, RNG_TEST, 0);
    int refused = 0;
    for (int i = 0; i < 60; i++) {
        memcpy(damaged, good, size);
        const uint32_t begin = rng_below(&rng, (uint32_t)size), length = 1 + rng_below(&rng, 64);
        for (uint32_t k = begin; k < begin + length && k < size; k++)
            damaged[k] = (unsigned char)rng_u32(&rng);
        file = fopen("damaged.hdf5", "wb");
        fwrite(damaged, 1, size, file);
        fclose(file);
        Err err = {""};
        RecordingSet set = {0};
        const Status status = data_read_recordings("damaged.hdf5", &set, &err);
        refused += status != STATUS_OK;
        if (status != STATUS_OK)
            assert_non_null(strstr(err.message, "damaged.hdf5"));
        recording_set_destroy(&set);
    }
    assert_true(refused > 10);
}

static void maps_are_checked_against_task_and_robot(void **state) {
    (void)state;
    static const struct {
        const char *from, *to;
        Status status;
        const char *says;
    } edits[] = {
        {"tool: tool_site", "tol: tool_site", STATUS_UNKNOWN_NAME,
         "map.yaml:6: unknown key 'tol' (known: side, tool"},
        {"side: right", "side: left", STATUS_MISMATCH, "subtask 'grasp' is the right hand's"},
        {"name: cube", "name: cub", STATUS_UNKNOWN_NAME,
         "task 'lift' has no object 'cub' (known: ball, cube)"},
        {"name: cube", "name: ball", STATUS_MISMATCH, "subtask 'grasp' needs object 'cube'"},
        {"closed_closure: pinch", "closed_closure: pinc", STATUS_UNKNOWN_NAME,
         "robot 'optimus' has no closure 'pinc' (known: open"},
        {"action: -1", "action: 9", STATUS_MISMATCH, "the gripper is entry 9 of the action, which has 5"},
        {"closed: 1", "closed: -1", STATUS_FORMAT, "open and closed are the same"},
        {"quat: [0, 0, 0, 1]", "quat: [0, 0, 0, 2]", STATUS_FORMAT, "not of length 1"},
        {"operator: human", "operator: human\nrate_hz: 30", STATUS_MISMATCH,
         "wrong rate: the recording runs at 20 Hz, the map map.yaml says 30 Hz"},
        {"operator: human", "operator: human\nscale: 0", STATUS_FORMAT, "scale must lie in"},
        {"objects: [", "signals: [{name: nap, source: x}]\nobjects: [", STATUS_UNKNOWN_NAME,
         "task 'lift' has no subtask 'nap'"},
        {"objects: [", "joints: [{name: door, source: turn}]\nobjects: [", STATUS_UNKNOWN_NAME,
         "task 'lift' has no joint 'door'"},
    };
    assert_true(foreign_robosuite("good.hdf5", FOREIGN_GOOD));
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        char text[2 * sizeof map_text];
        const char *at = strstr(map_text, edits[i].from);
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - map_text), map_text, edits[i].to,
                 at + strlen(edits[i].from));
        const Bad bad = {FOREIGN_GOOD, edits[i].status, edits[i].says};
        expect("good.hdf5", text, &bad);
    }
}

static void maps_that_come_with_us_load(void **state) {
    (void)state;
    SimImportMap *map = NULL;
    Err err = {""};
    if (sim_import_map_load(DEMOMILL_SOURCE_DIR "/maps/panda_robosuite.yaml", &map, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    sim_import_map_destroy(map);
    sim_import_map_destroy(NULL);
}

static void marks_by_hand_replace_what_was_found(void **state) {
    (void)state;
    static const char good[] = "demos:\n"
                               "  - id: Lift/demo_2\n"
                               "    marks:\n"
                               "      - {subtask: grasp, end: 30}\n"
                               "      - {subtask: lift, begin: 32, end: 50}\n";
    static const struct {
        const char *from, *to, *says;
        Status status;
    } edits[] = {
        {"demo_2", "demo_3", "m:2: unknown demonstration 'Lift/demo_3' (known: Lift/demo_2, Lift/demo_10)",
         STATUS_UNKNOWN_NAME},
        {"subtask: grasp", "subtask: grab", "m:4: unknown subtask 'grab' (known: grasp, lift)",
         STATUS_UNKNOWN_NAME},
        {"subtask: lift", "subtask: grasp", "m:5: subtask 'grasp' is marked twice", STATUS_FORMAT},
        {"begin: 32", "begin: 20", "m:5: rows 20 to 50: the hand's last subtask ended at row 30",
         STATUS_FORMAT},
        {"end: 50", "end: 500", "the demonstration has 54 rows", STATUS_FORMAT},
        {"end: 30", "end: 0", "m:4: rows 0 to 0", STATUS_FORMAT},
        {"      - {subtask: lift, begin: 32, end: 50}\n", "", "m:2: 1 marks, the task has 2 subtasks",
         STATUS_FORMAT},
        {"end: 30", "ende: 30", "m:4: unknown key 'ende' (known: subtask, begin, end)", STATUS_UNKNOWN_NAME},
    };
    DemoSet demos = {0};
    Err err = {""};
    assert_true(foreign_robosuite("good.hdf5", FOREIGN_GOOD));
    assert_int_equal(import("good.hdf5", map_text, &demos, &err), STATUS_OK);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        char text[2 * sizeof good];
        const char *at = strstr(good, edits[i].from);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, edits[i].to,
                 at + strlen(edits[i].from));
        const Status status = marks_parse("m", text, strlen(text), task, &demos, &err);
        if (status != edits[i].status || !strstr(err.message, edits[i].says))
            fail_msg("%s: %s", edits[i].says, err.message);
    }
    assert_int_equal(marks_parse("m", good, strlen(good), task, &demos, &err), STATUS_OK);
    const Demo *demo = demos.demo[0];
    assert_int_equal(demo->nmark, 2);
    assert_int_equal(demo->mark[0].end, 30);
    assert_int_equal(demo->mark[1].begin, 32);
    assert_int_equal(demo->signal[28 * 2], 0);
    assert_int_equal(demo->signal[29 * 2], 1);
    assert_int_equal(demos.demo[1]->nmark, 0);
    demo_set_destroy(&demos);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    assert_true(foreign_mimicgen("good.hdf5", FOREIGN_GOOD));
    for (long n = 0;; n++) {
        DemoSet demos = {0};
        Err err = {""};
        mem_fail_after(n);
        const Status status = import("good.hdf5", mimicgen_map_text, &demos, &err);
        mem_fail_after(-1);
        if (status == STATUS_OK) {
            demo_set_destroy(&demos);
            assert_true(n > 40);
            break;
        }
        assert_int_equal(status, STATUS_MEMORY);
        assert_int_equal(demos.n, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_become_poses_of_hand_and_objects),
        cmocka_unit_test(the_hand_closes_as_fast_as_the_map_says),
        cmocka_unit_test(another_rate_is_resampled),
        cmocka_unit_test(mimicgen_files_need_no_replay),
        cmocka_unit_test(bad_recordings_are_refused_with_their_place),
        cmocka_unit_test(a_hostile_model_is_reduced_to_what_places_frames),
        cmocka_unit_test(truncated_and_foreign_files_are_named),
        cmocka_unit_test(damaged_files_never_end_the_program),
        cmocka_unit_test(maps_are_checked_against_task_and_robot),
        cmocka_unit_test(maps_that_come_with_us_load),
        cmocka_unit_test(marks_by_hand_replace_what_was_found),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
