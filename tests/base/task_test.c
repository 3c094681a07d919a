/* Tasks: a good one is read as written; a bad one is refused with the place and what is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/task.h"

static const char *const preds[] = {"grasped", "on", "released", "at_rest", "near", "off_table", NULL};

static const char good[] =
    "name: pick_place\n"
    "summary: put the cube into the tray\n"
    "mjcf: scene.xml\n"
    "rate_hz: 20\n"
    "time_limit_s: 25\n"
    "hold_s: 0.5\n"
    "robot: {x: 0.1, yaw_deg: 90}\n"
    "objects:\n"
    "  - {name: cube, noun: cube, colour: red, symmetry: z4, radius_m: 0.04}\n"
    "  - {name: tray, noun: tray, movable: false, radius_m: 0.1}\n"
    "  - {name: ball, noun: ball, colour: blue, symmetry: z, radius_m: 0.03, distractor: true}\n"
    "joints: [drawer_slide]\n"
    "levels:\n"
    "  - name: D0\n"
    "    regions:\n"
    "      - {object: cube, x: [0.3, 0.4], y: [-0.2, -0.1], yaw_deg: [-15, 15]}\n"
    "      - {object: tray, x: [0.5, 0.5], y: [0, 0]}\n"
    "  - name: D1\n"
    "    regions: [{object: cube, x: [0.2, 0.4], y: [-0.3, 0], yaw_deg: [-45, 45]}]\n"
    "    size: [0.7, 1.3]\n"
    "    noise_pos_m: 0.01\n"
    "    noise_rot_deg: 4\n"
    "    distractors: 1\n"
    "subtasks:\n"
    "  - {name: grasp, hand: right, object: cube, text: 'grasp the {cube}', until: {grasped: [right, "
    "cube]}}\n"
    "  - name: place\n"
    "    hand: right\n"
    "    object: tray\n"
    "    moves: cube\n"
    "    track: false\n"
    "    until_force: true\n"
    "    until:\n"
    "      all:\n"
    "        - on: [cube, tray]\n"
    "        - not: {near: [cube, tray, 0.3]}\n"
    "          for: 0.1\n"
    "  - {name: wave, hand: left, object: tray, moves: null, after: [grasp], until: {near: [left, tray]}}\n"
    "success: {all: [{on: [cube, tray]}, {released: [cube]}, {at_rest: [cube]}], for: 0.5}\n"
    "abort: {any: [{off_table: [cube]}]}\n"
    "instructions: ['put the {cube.colour} {cube.noun} into the {tray}']\n";

static void a_task_is_read_as_written(void **state) {
    (void)state;
    Task *t = NULL;
    Err err = {""};
    if (task_parse("tasks/p/task.yaml", good, strlen(good), preds, &t, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    assert_string_equal(t->dir, "tasks/p");
    assert_int_equal(t->nobject, 3);
    assert_int_equal(t->object[0].symmetry, SYMMETRY_Z4);
    assert_true(t->object[0].movable && !t->object[1].movable && t->object[2].distractor);
    assert_null(t->object[1].colour);
    assert_string_equal(t->joint[0].name, "drawer_slide");
    assert_true(fabs(quat_yaw(t->robot.quat) - 1.5707963267948966) < 1e-15);
    assert_int_equal(t->nlevel, 2);
    assert_true(fabs(t->level[0].region[0].yaw[1] - 0.2617993877991494) < 1e-15);
    assert_true(t->level[0].size[0] == 1 && t->level[1].size[0] == 0.7 && t->level[1].mass[1] == 1);
    assert_ptr_equal(task_level(t, "D1", &err), &t->level[1]);
    assert_int_equal(t->nsubtask, 3);
    assert_int_equal(t->subtask[2].hand, SIDE_LEFT);
    assert_true(t->subtask[0].track && !t->subtask[1].track && t->subtask[1].until_force);
    assert_string_equal(t->subtask[1].moves, "cube");
    assert_null(t->subtask[2].moves);
    assert_string_equal(t->subtask[2].after[0], "grasp");
    assert_string_equal(t->subtask[2].text, "wave");

    const Pred *until = t->subtask[1].until;
    assert_int_equal(until->kind, PRED_ALL);
    assert_int_equal(until->line, 32);
    assert_int_equal(until->nchild, 2);
    assert_string_equal(until->child[0].name, "on");
    assert_int_equal(until->child[0].line, 34);
    assert_int_equal(until->child[1].kind, PRED_NOT);
    assert_int_equal(until->child[1].timer, 0);
    assert_string_equal(until->child[1].child[0].arg[2], "0.3");
    assert_int_equal(t->success->timer, 1);
    assert_int_equal(t->ntimer, 2);
    assert_int_equal(t->abort->kind, PRED_ANY);
    assert_int_equal(task_object_index(t, "ball"), 2);
    assert_int_equal(task_subtask_index(t, "nap"), -1);
    assert_null(task_level(t, "D7", &err));
    assert_non_null(strstr(err.message, "unknown level 'D7' (known: D0, D1)"));
    task_destroy(t);
    task_destroy(NULL);
}

/* good with the first occurrence of from replaced by to. */
static char *edited(const char *from, const char *to) {
    const char *at = strstr(good, from);
    assert_non_null(at);
    char *text = malloc(sizeof good + strlen(to));
    assert_non_null(text);
    sprintf(text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    return text;
}

static void mistakes_are_named_with_their_line(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *says;
        Status status;
    } edits[] = {
        {"hold_s", "hold", "t:6: unknown key 'hold' (known: name, summary, mjcf", STATUS_UNKNOWN_NAME},
        {"grasped:", "graspd:", "t:25: unknown key 'graspd' (known: all, any, not, for, grasped, on",
         STATUS_UNKNOWN_NAME},
        {"symmetry: z4", "symmetry: z3", "t:9: unknown symmetry 'z3' (known: none, z2, z4, z)",
         STATUS_UNKNOWN_NAME},
        {"hand: right", "hand: middle", "t:25: unknown hand 'middle' (known: left, right)",
         STATUS_UNKNOWN_NAME},
        {"object: tray, x", "object: trai, x", "t:17: unknown object 'trai' (known: cube, tray, ball)",
         STATUS_UNKNOWN_NAME},
        {"object: tray\n", "object: trai\n", "t:26: unknown object 'trai'", STATUS_UNKNOWN_NAME},
        {"moves: cube", "moves: cub", "t:26: unknown object 'cub'", STATUS_UNKNOWN_NAME},
        {"{tray}'", "{tary}'", "t:40: unknown object 'tary'", STATUS_UNKNOWN_NAME},
        {"{cube}'", "{cube.mass}'", "t:25: a template knows only .noun and .colour", STATUS_FORMAT},
        {"{tray}'", "{tray.colour}'", "t:40: a template asks for the colour", STATUS_FORMAT},
        {"{tray}'", "{tray'", "t:40: a template needs {object}", STATUS_FORMAT},
        {"after: [grasp]", "after: [grip]",
         "t:37: 'after' names an unknown subtask 'grip' (known: grasp, place, wave)", STATUS_UNKNOWN_NAME},
        {"hand: right, object: cube,", "hand: right, after: [wave], object: cube,", "can never start",
         STATUS_FORMAT},
        {"moves: null", "together: lift", "t:37: a 'together' group has one subtask of each hand",
         STATUS_FORMAT},
        {"name: place", "name: grasp", "t:26: two subtasks have the same name", STATUS_FORMAT},
        {"name: tray,", "name: cube,", "t:10: two objects have the same name", STATUS_FORMAT},
        {"name: D1", "name: D0", "t:18: two levels have the same name", STATUS_FORMAT},
        {"x: [0.3, 0.4]", "x: [0.4, 0.3]", "t:16: a region's ranges must be ordered", STATUS_FORMAT},
        {"x: [0.3, 0.4]", "x: [0.3, .inf]", "t:16: 'x' must be a finite number", STATUS_FORMAT},
        {"object: tray, x", "object: cube, x", "t:17: an object has two regions", STATUS_FORMAT},
        {"size: [0.7", "size: [-0.7", "size, mass and friction are factors", STATUS_FORMAT},
        {"distractors: 1", "distractors: 2", "asks for more", STATUS_FORMAT},
        {"rate_hz: 20", "rate_hz: 0", "t:4: 'rate_hz' must lie in", STATUS_FORMAT},
        {"rate_hz: 20", "rate_hz: fast", "t:4: 'rate_hz' must be a finite number, not 'fast'", STATUS_FORMAT},
        {"hold_s: 0.5", "hold_s: 30", "t:6: 'hold_s' must be", STATUS_FORMAT},
        {"{grasped: [right, cube]}", "{}", "t:25: a condition needs exactly one of", STATUS_FORMAT},
        {"{grasped: [right, cube]}", "{grasped: [right, cube], on: [cube, tray]}", "here are 2",
         STATUS_FORMAT},
        {"{grasped: [right, cube]}", "{grasped: [a, b, c, d, e]}",
         "t:25: 'grasped' must have at most 4 entries", STATUS_FORMAT},
        {"for: 0.5", "for: -1", "t:38: 'for' must not be negative", STATUS_FORMAT},
        {"any: [{off_table: [cube]}]", "any: []", "'any' must have at least 1", STATUS_FORMAT},
        {"levels:", "levels: []\nlevel:", "'levels' must have at least 1", STATUS_FORMAT},
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        char *text = edited(edits[i].from, edits[i].to);
        Task *task = NULL;
        Err err = {""};
        const Status status = task_parse("t", text, strlen(text), preds, &task, &err);
        if (status != edits[i].status || !strstr(err.message, edits[i].says)) {
            print_error("'%s' -> '%s'\nexpected %s\ngot %s: %s\n", edits[i].from, edits[i].to, edits[i].says,
                        status_text(status), err.message);
            fail();
        }
        assert_null(task);
        free(text);
    }
}

static void conditions_may_not_nest_without_end(void **state) {
    (void)state;
    for (int depth = 5; depth < 200; depth += 15) {
        char nested[4000] = "", *text;
        for (int i = 0; i < depth; i++)
            strcat(nested, "{not: ");
        strcat(nested, "{on: [cube, tray]}");
        for (int i = 0; i < depth; i++)
            strcat(nested, "}");
        text = edited("{grasped: [right, cube]}", nested);
        Task *task = NULL;
        Err err = {""};
        const Status status = task_parse("t", text, strlen(text), preds, &task, &err);
        assert_int_equal(status, depth < 12 ? STATUS_OK : STATUS_LIMIT);
        task_destroy(task);
        free(text);
    }
}

static void write_task_files(void) {
    FILE *file = fopen("task.yaml", "wb");
    fputs(good, file);
    fclose(file);
    file = fopen("scene.xml", "wb");
    fputs("<mujoco/>\n", file);
    fclose(file);
}

static void the_hash_covers_both_files(void **state) {
    (void)state;
    Task *a = NULL, *b = NULL;
    Err err = {""};
    write_task_files();
    assert_int_equal(task_load("task.yaml", preds, &a, &err), STATUS_OK);
    assert_string_equal(a->dir, ".");
    FILE *file = fopen("scene.xml", "ab");
    fputs("<!-- changed -->\n", file);
    fclose(file);
    assert_int_equal(task_load("task.yaml", preds, &b, &err), STATUS_OK);
    assert_int_equal(strlen(a->hash), 64);
    assert_string_not_equal(a->hash, b->hash);
    task_destroy(a);
    task_destroy(b);
    remove("scene.xml");
    b = NULL;
    assert_int_equal(task_load("task.yaml", preds, &b, &err), STATUS_NOT_FOUND);
    assert_null(b);
    assert_non_null(strstr(err.message, "task.yaml:3: scene file: ./scene.xml"));
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    write_task_files();
    for (long n = 0;; n++) {
        Task *task = NULL;
        Err err = {""};
        mem_fail_after(n);
        const Status status = task_load("task.yaml", preds, &task, &err);
        mem_fail_after(-1);
        if (status == STATUS_OK) {
            task_destroy(task);
            assert_true(n > 20);
            break;
        }
        assert_int_equal(status, STATUS_MEMORY);
        assert_non_null(strstr(err.message, "out of memory"));
        assert_null(task);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_is_read_as_written),
        cmocka_unit_test(mistakes_are_named_with_their_line),
        cmocka_unit_test(conditions_may_not_nest_without_end),
        cmocka_unit_test(the_hash_covers_both_files),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
