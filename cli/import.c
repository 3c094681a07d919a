/* demomill import: demonstrations that were recorded elsewhere, or our own episodes, as one file of sources.
 *
 *   robosuite, robomimic, MimicGen --read--> Recording --replay, map--> Demo --annotate--> FILE.hdf5
 *   our datasets ----------------------------read---------------------> Demo ------------> FILE.hdf5 */
#include "cli/cli.h"
#include "cli/sources.h"
#include "cli/wire.h"
#include "datasets/dataset.h"
#include "datasets/import_read.h"
#include "sim/import_map.h"
#include "sim/predicate.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct Options {
    const char *file, *map, *task, *robot, *out;
} Options;

enum { KEY_MAP = 256, KEY_ROBOT };

static const struct argp_option OPTION[] = {
    {"map", KEY_MAP, "MAP.yaml", 0,
     "How their hands, names and frames become ours (see maps/); not for own episodes", 0},
    {"task", 't', "T", 0, "Task that the demonstrations do", 0},
    {"robot", KEY_ROBOT, "R", 0, "Robot whose hands take over (optimus)", 0},
    {"out", 'o', "FILE", 0, "HDF5 file to write; must not exist", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case KEY_MAP:
        o->map = arg;
        break;
    case 't':
        o->task = arg;
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
        if (!o->file || !o->task || !o->out)
            argp_error(state, "FILE, --task and --out are needed");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp ARGP = {OPTION,
                                 parse,
                                 "FILE",
                                 "Bring in demonstrations that were recorded elsewhere: robosuite and "
                                 "robomimic HDF5 with states and model_file, "
                                 "MimicGen source files with datagen_info, or our own episodes.",
                                 NULL,
                                 NULL,
                                 NULL};

/* A map is a path, or the name of a file in the data folder's maps/. */
static void find_map(const char *name, char path[PATH_MAX]) {
    char data[PATH_MAX];
    snprintf(path, PATH_MAX, "%s", name);
    if (access(path, R_OK) == 0 || !cli_data_dir(data, sizeof data))
        return;
    char inside[PATH_MAX];
    const int n =
        snprintf(inside, sizeof inside, "%s/maps/%s%s", data, name, strstr(name, ".yaml") ? "" : ".yaml");
    if (n > 0 && n < PATH_MAX && access(inside, R_OK) == 0)
        snprintf(path, PATH_MAX, "%s", inside);
}

static Status annotate(const Task *task, const DemoSet *demos, Err *err) {
    for (int i = 0; i < demos->n; i++) {
        Demo *demo = demos->demo[i];
        if (demo->nmark > 0)
            continue;
        const Status status = sim_annotate(task, demo, err);
        if (status != STATUS_OK)
            return err_prefix(err, status, "%s", demo->file);
    }
    return STATUS_OK;
}

static Status import_foreign(const Options *o, const Task *task, DemoSet *demos, Err *err) {
    char path[PATH_MAX];
    if (!o->map)
        return err_set(err, STATUS_USAGE, "%s is not one of our datasets: it needs --map", o->file);
    find_map(o->map, path);
    SimImportMap *map = NULL;
    CtlRobot *robot = NULL;
    RecordingSet recordings = {0};
    Status status = sim_import_map_load(path, &map, err);
    if (status == STATUS_OK)
        status = cli_robot_open(o->robot, &robot, err);
    if (status == STATUS_OK)
        status = data_read_recordings(o->file, &recordings, err);
    if (status == STATUS_OK)
        status = sim_import_demos(map, &recordings, task, robot, demos, err);
    if (status == STATUS_OK)
        status = annotate(task, demos, err);
    recording_set_destroy(&recordings);
    ctl_robot_destroy(robot);
    sim_import_map_destroy(map);
    return status;
}

static void report(const Options *o, const Task *task, const DemoSet *demos) {
    for (int i = 0; i < demos->n; i++) {
        const Demo *demo = demos->demo[i];
        printf("%s: %d rows, %.1f s, by %s%s%s:", demo->id, demo->nrow, demo->nrow / demo->rate_hz,
               demo->operator_name[0] ? demo->operator_name : "unknown", demo->device[0] ? " with " : "",
               demo->device);
        for (int k = 0; k < demo->nmark; k++)
            printf(" %s %d-%d", task->subtask[demo->mark[k].subtask].name, demo->mark[k].begin,
                   demo->mark[k].end);
        printf("\n");
    }
    printf("%d demonstrations written to %s\n", demos->n, o->out);
}

int cli_import(int argc, char **argv) {
    Options o = {.robot = "optimus"};
    cli_parse(&ARGP, argc, argv, &o);
    Err err = {{0}};
    char level[32];
    Task *task = NULL;
    DemoSet demos = {0};
    Status status = STATUS_OK;
    if (access(o.out, F_OK) == 0)
        status = err_set(&err, STATUS_EXISTS, "%s exists", o.out);
    if (status == STATUS_OK)
        status = cli_task_open(o.task, &task, level, &err);
    if (status == STATUS_OK)
        status = data_is_own(o.file) ? cli_sources_read(&o.file, 1, task, &demos, &err)
                                     : import_foreign(&o, task, &demos, &err);
    if (status == STATUS_OK)
        status = cli_sources_write(o.out, task, o.robot, &demos, &err);
    if (status == STATUS_OK)
        report(&o, task, &demos);
    const int code = status == STATUS_OK ? CLI_DONE : cli_fail(status, &err);
    demo_set_destroy(&demos);
    task_destroy(task);
    return code;
}
