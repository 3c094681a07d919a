/* demomill annotate: subtask boundaries in demonstrations, by the task's predicates or by hand. */
#include "base/marks.h"
#include "cli/cli.h"
#include "cli/sources.h"
#include "cli/wire.h"
#include "datasets/dataset.h"
#include "sim/predicate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct Options {
    const char *file, *task, *robot, *out, *marks;
} Options;

enum { KEY_MARKS = 256, KEY_ROBOT };

static const struct argp_option OPTION[] = {
    {"task", 't', "T", 0, "Task that the demonstrations do", 0},
    {"marks", KEY_MARKS, "FILE.yaml", 0,
     "Take boundaries from this file where it has them, not from predicates", 0},
    {"robot", KEY_ROBOT, "R", 0, "Robot's name to write down (optimus)", 0},
    {"out", 'o', "FILE", 0, "Write the annotated demonstrations here; without it, only show them", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case 't':
        o->task = arg;
        break;
    case KEY_MARKS:
        o->marks = arg;
        break;
    case KEY_ROBOT:
        o->robot = arg;
        break;
    case 'o':
        o->out = arg;
        break;
    case ARGP_KEY_ARG:
        if (o->file)
            argp_error(state, "one FILE at a time");
        o->file = arg;
        break;
    case ARGP_KEY_END:
        if (!o->file || !o->task)
            argp_error(state, "FILE and --task are needed");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp ARGP = {
    OPTION,
    parse,
    "FILE",
    "Find where each subtask of a demonstration ends: by replaying its rows against the "
    "task's predicates, or from a file of marks.",
    NULL,
    NULL,
    NULL};

/* Predicates for all that the marks leave out. */
static Status annotate(const Options *o, const Task *task, const DemoSet *demos, Err *err) {
    for (int i = 0; i < demos->n; i++)
        demos->demo[i]->nmark = 0;
    if (o->marks)
        TRY(marks_load(o->marks, task, demos, err));
    for (int i = 0; i < demos->n; i++) {
        if (demos->demo[i]->nmark > 0)
            continue;
        const Status status = sim_annotate(task, demos->demo[i], err);
        if (status != STATUS_OK)
            return err_prefix(err, status, "%s", o->file);
    }
    return STATUS_OK;
}

static void show(const Task *task, const DemoSet *demos) {
    for (int i = 0; i < demos->n; i++) {
        const Demo *demo = demos->demo[i];
        printf("%s: %d rows\n", demo->id, demo->nrow);
        for (int k = 0; k < demo->nmark; k++) {
            const DemoMark *mark = &demo->mark[k];
            printf("  %-5s %-20s rows %5d to %5d  (%.2f s)\n",
                   task->subtask[mark->subtask].hand == SIDE_LEFT ? "left" : "right",
                   task->subtask[mark->subtask].name, mark->begin, mark->end,
                   (mark->end - mark->begin) / demo->rate_hz);
        }
    }
}

int cli_annotate(int argc, char **argv) {
    Options o = {.robot = "optimus"};
    cli_parse(&ARGP, argc, argv, &o);
    Err err = {{0}};
    char level[32];
    Task *task = NULL;
    DemoSet demos = {0};
    Status status = STATUS_OK;
    if (o.out && access(o.out, F_OK) == 0)
        status = err_set(&err, STATUS_EXISTS, "%s exists", o.out);
    if (status == STATUS_OK)
        status = cli_task_open(o.task, &task, level, &err);
    if (status == STATUS_OK)
        status = data_read_demos(o.file, task, &demos, &err);
    if (status == STATUS_OK)
        status = annotate(&o, task, &demos, &err);
    if (status == STATUS_OK && o.out)
        status = cli_sources_write(o.out, task, o.robot, &demos, &err);
    if (status == STATUS_OK)
        show(task, &demos);
    const int code = status == STATUS_OK ? CLI_DONE : cli_fail(status, &err);
    demo_set_destroy(&demos);
    task_destroy(task);
    return code;
}
