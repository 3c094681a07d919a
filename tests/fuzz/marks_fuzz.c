/* Subtask boundaries by hand. */
#include "base/marks.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char task_text[] =
    "{name: t, summary: s, mjcf: m, rate_hz: 20, time_limit_s: 9, hold_s: 0, objects: [{name: a, noun: a, "
    "radius_m: 0}],"
    "levels: [{name: D0, regions: [{object: a, x: [0, 0], y: [0, 0]}]}],"
    "subtasks: [{name: grasp, hand: right, object: a, until: {on: [a]}}, {name: hold, hand: left, object: a, "
    "until: {on: [a]}},"
    "{name: lift, hand: right, object: a, until: {on: [a]}}], success: {on: [a]}, instructions: [x]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const preds[] = {"on", NULL};
    static Task *task; /* parsed once */
    Err err = {""};
    ASSERT(task || task_parse("task", task_text, strlen(task_text), preds, &task, &err) == STATUS_OK);
    Demo *demo[2] = {demo_create(100, 1, 3, 1, 0, 3), demo_create(1, 1, 3, 1, 0, 0)};
    strcpy(demo[0]->id, "demo_0");
    strcpy(demo[1]->id, "demo_1");
    const DemoSet set = {2, demo};
    const Status status = marks_parse("marks.yaml", (const char *)data, size, task, &set, &err);
    ASSERT(status == STATUS_OK || err.message[0]);
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < demo[i]->nmark; k++) {
            const DemoMark mark = demo[i]->mark[k];
            ASSERT(mark.begin >= 0 && mark.begin < mark.end && mark.end <= demo[i]->nrow);
        }
        demo_destroy(demo[i]);
    }
    return 0;
}
