/* demomill info: a dataset, robot or task at a glance. */
#include "cli/cli.h"
#include "cli/wire.h"
#include "control/robot_check.h"
#include "datasets/dataset.h"
#include "sim/predicate.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Options {
    const char *path, *html;
    bool json;
} Options;

enum { KEY_JSON = 256, KEY_HTML };

static const struct argp_option OPTION[] = {
    {"json", KEY_JSON, 0, 0, "One JSON object on stdout", 0},
    {"html", KEY_HTML, "FILE", 0, "Write a self-contained page about a dataset", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case KEY_JSON:
        o->json = true;
        break;
    case KEY_HTML:
        o->html = arg;
        break;
    case ARGP_KEY_ARG:
        if (o->path)
            argp_error(state, "one thing at a time");
        o->path = arg;
        break;
    case ARGP_KEY_END:
        if (!o->path)
            argp_error(state, "about what? A dataset folder, an HDF5 file, robots/R or tasks/T");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static void print_json(json_t *root) {
    char *text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    puts(text ? text : "{}");
    free(text);
    json_decref(root);
}

/* ---- robot ---- */

static json_t *reach_json(const CtlReach *r) {
    return json_pack("{s:[f,f,f], s:[f,f,f], s:f}", "lo_m", r->lo[0], r->lo[1], r->lo[2], "hi_m", r->hi[0],
                     r->hi[1], r->hi[2], "radius_m", r->radius);
}

static void print_robot(const CtlRobot *robot, const CtlRobotReport *r) {
    printf("robot      %s (%s)\n", robot->name, robot->mjcf);
    printf("mass       %.2f kg (published %.2f)\n", r->mass, robot->mass);
    printf("height     %.3f m (published %.3f); pelvis at %.3f m when standing\n", r->height, robot->height,
           r->standing_height);
    printf("joints     %d: %d of the body, %d of the hands\n", r->njoint, r->nbody_joint, r->nhand_joint);
    printf("motors     %d: %d of the body, %d of each hand\n", r->nmotor, robot->nbody_motor,
           robot->hand[SIDE_LEFT].nmotor);
    for (int side = 0; side < NSIDE; side++) {
        const CtlReach *reach = &r->reach[side];
        printf(
            "reach      %s wrist x %.2f … %.2f, y %.2f … %.2f, z %.2f … %.2f m; %.2f m from the shoulder\n",
            side ? "right" : "left ", reach->lo[0], reach->hi[0], reach->lo[1], reach->hi[1], reach->lo[2],
            reach->hi[2], reach->radius);
    }
    printf("standing   centre of mass at (%.3f, %.3f, %.3f) m, %.3f m inside the soles' edge\n", r->com[0],
           r->com[1], r->com[2], r->com_margin);
    printf("contacts   %d with itself at rest\n", r->self_contacts);
    printf("cameras   ");
    for (int i = 0; i < robot->ncamera; i++)
        printf(" %s", robot->camera[i]);
    printf("\nprofiles  ");
    for (int i = 0; i < robot->nrealism; i++)
        printf(" %s", robot->realism[i].name);
    printf("\nverdict    %s\n", r->nfinding ? "INCONSISTENT" : "consistent");
    for (int i = 0; i < r->nfinding; i++)
        printf("           %s\n", r->finding[i]);
}

static json_t *robot_json(const CtlRobot *robot, const CtlRobotReport *r) {
    json_t *finding = json_array(), *motor = json_array();
    for (int i = 0; i < r->nfinding; i++)
        json_array_append_new(finding, json_string(r->finding[i]));
    for (int i = 0; i < robot->nmotor; i++)
        json_array_append_new(motor, json_string(robot->motor[i].name));
    return json_pack("{s:s, s:f, s:f, s:f, s:i, s:i, s:i, s:i, s:i, s:f, s:o, s:o, s:o, s:o}", "robot",
                     robot->name, "mass_kg", r->mass, "height_m", r->height, "standing_height_m",
                     r->standing_height, "joints", r->njoint, "body_joints", r->nbody_joint, "hand_joints",
                     r->nhand_joint, "motors", r->nmotor, "self_contacts", r->self_contacts, "com_margin_m",
                     r->com_margin, "reach_left", reach_json(&r->reach[SIDE_LEFT]), "reach_right",
                     reach_json(&r->reach[SIDE_RIGHT]), "wire", motor, "findings", finding);
}

static Status info_robot(const Options *o, const char *path, Err *err) {
    CtlRobot *robot = NULL;
    TRY(ctl_robot_load(path, &robot, err));
    CtlRobotReport report;
    const Status status = ctl_robot_check(robot, &report, err);
    if (status == STATUS_OK || status == STATUS_CHECK) {
        if (o->json)
            print_json(robot_json(robot, &report));
        else
            print_robot(robot, &report);
    }
    ctl_robot_destroy(robot);
    return status;
}

/* ---- task ---- */

static void print_task(const Task *task) {
    printf("task       %s: %s\n", task->name, task->summary ? task->summary : "");
    printf("rows       %g a second, at most %g s; success must hold %g s\n", task->rate_hz, task->time_limit,
           task->hold);
    for (int i = 0; i < task->nobject; i++)
        printf("object     %s: %s%s%s%s%s\n", task->object[i].name,
               task->object[i].colour ? task->object[i].colour : "", task->object[i].colour ? " " : "",
               task->object[i].noun, task->object[i].movable ? "" : " (furniture)",
               task->object[i].distractor ? " (distractor)" : "");
    for (int i = 0; i < task->nlevel; i++) {
        const TaskLevel *level = &task->level[i];
        printf("level      %s:", level->name);
        for (int k = 0; k < level->nregion; k++) {
            const ResetRegion *r = &level->region[k];
            printf(" %s x %.2f … %.2f, y %.2f … %.2f, yaw %.0f … %.0f°%s", r->object, r->x[0], r->x[1],
                   r->y[0], r->y[1], r->yaw[0] * 57.29577951308232, r->yaw[1] * 57.29577951308232,
                   k + 1 < level->nregion ? ";" : "");
        }
        printf("\n");
    }
    for (int i = 0; i < task->nsubtask; i++)
        printf("subtask    %s: %s hand, relative to %s%s%s\n", task->subtask[i].name,
               task->subtask[i].hand == SIDE_LEFT ? "left" : "right", task->subtask[i].object,
               task->subtask[i].moves ? ", moves " : "",
               task->subtask[i].moves ? task->subtask[i].moves : "");
    for (int i = 0; i < task->ninstruction; i++)
        printf("words      %s\n", task->instruction[i]);
}

static json_t *task_json(const Task *task) {
    json_t *object = json_array(), *level = json_array(), *subtask = json_array(), *words = json_array();
    for (int i = 0; i < task->nobject; i++)
        json_array_append_new(object, json_string(task->object[i].name));
    for (int i = 0; i < task->nlevel; i++)
        json_array_append_new(level, json_string(task->level[i].name));
    for (int i = 0; i < task->nsubtask; i++)
        json_array_append_new(subtask, json_pack("{s:s, s:s, s:s}", "name", task->subtask[i].name, "hand",
                                                 task->subtask[i].hand == SIDE_LEFT ? "left" : "right",
                                                 "object", task->subtask[i].object));
    for (int i = 0; i < task->ninstruction; i++)
        json_array_append_new(words, json_string(task->instruction[i]));
    return json_pack("{s:s, s:f, s:f, s:o, s:o, s:o, s:o, s:s}", "task", task->name, "rate_hz", task->rate_hz,
                     "time_limit_s", task->time_limit, "objects", object, "levels", level, "subtasks",
                     subtask, "instructions", words, "hash", task->hash);
}

static Status info_task(const Options *o, const char *path, Err *err) {
    Task *task = NULL;
    TRY(task_load(path, sim_predicate_names(), &task, err));
    if (o->json)
        print_json(task_json(task));
    else
        print_task(task);
    task_destroy(task);
    return STATUS_OK;
}

/* ---- dataset ---- */

static void print_meta(const DataMeta *meta, int n) {
    printf("dataset    %s: %d episodes of %s:%s by %s (%s)\n", meta->name, n, meta->task, meta->level,
           meta->robot, meta->operator_name);
    printf("made by    %s, %s, controller %s, base %s, realism %s, seed %llu\n", meta->generator,
           meta->engine, meta->controller, meta->base, meta->realism, (unsigned long long)meta->seed);
    printf("rows       %g a second; action of %d, state of %d values\n", meta->rate_hz, meta->action.dim,
           meta->nstate);
    for (int i = 0; i < meta->nsource; i++)
        printf("source     %s (%s%s%s) from %s\n", meta->source[i].id, meta->source[i].operator_name,
               meta->source[i].device[0] ? ", " : "", meta->source[i].device, meta->source[i].file);
}

/* Totals from the manifest, where there is one. */
static void print_totals(const char *path) {
    char *text = NULL;
    if (data_manifest(path, &text, NULL) != STATUS_OK)
        return;
    json_t *root = json_loads(text, 0, NULL), *outcomes = json_object_get(root, "outcomes"), *count;
    const char *name;
    if (json_is_object(outcomes)) {
        printf("outcomes  ");
        json_object_foreach(outcomes, name,
                            count) if (json_is_integer(count) && json_integer_value(count) > 0)
            printf(" %s %lld", name, (long long)json_integer_value(count));
        printf("\n");
    }
    json_decref(root);
    mem_free(text);
}

static Status info_dataset(const Options *o, Err *err) {
    if (o->html)
        return data_html(o->path, o->html, err);
    DataReader *reader = NULL;
    TRY(data_reader_open(o->path, false, &reader, err));
    const int n = data_reader_count(reader);
    if (o->json) {
        char *manifest = NULL;
        const bool have = data_manifest(o->path, &manifest, NULL) == STATUS_OK;
        json_t *root = json_pack("{s:i}", "episodes", n);
        if (n) {
            const DataMeta *meta = data_reader_meta(reader);
            json_object_update_new(root,
                                   json_pack("{s:s, s:s, s:s, s:s, s:s, s:f}", "name", meta->name, "task",
                                             meta->task, "level", meta->level, "robot", meta->robot,
                                             "operator", meta->operator_name, "rate_hz", meta->rate_hz));
        }
        if (have)
            json_object_set_new(root, "manifest", json_loads(manifest, 0, NULL));
        print_json(root);
        mem_free(manifest);
    } else if (n) {
        print_meta(data_reader_meta(reader), n);
        print_totals(o->path);
    } else
        printf("dataset    %s: no episode in it\n", o->path);
    data_reader_close(reader);
    return STATUS_OK;
}

static bool exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

/* robots/R and tasks/T may be names below the data folder; anything else is a path. */
static Status info(const Options *o, Err *err) {
    static const struct {
        const char *kind, *file;
    } DATA[] = {{"robots", "robot.yaml"}, {"tasks", "task.yaml"}};
    for (int i = 0; i < 2; i++) {
        char path[PATH_MAX];
        const size_t n = strlen(DATA[i].kind);
        const bool named = strncmp(o->path, DATA[i].kind, n) == 0 && o->path[n] == '/';
        const char *base = strrchr(o->path, '/');
        const bool is_file = strcmp(base ? base + 1 : o->path, DATA[i].file) == 0;
        snprintf(path, sizeof path, "%s/%s", o->path, DATA[i].file);
        if (!named && !is_file && !exists(path))
            continue;
        TRY(cli_find(DATA[i].kind, DATA[i].file, named && !exists(o->path) ? o->path + n + 1 : o->path, path,
                     sizeof path, err));
        return i == 0 ? info_robot(o, path, err) : info_task(o, path, err);
    }
    if (!exists(o->path))
        return err_set(err, STATUS_NOT_FOUND, "%s: no such dataset, file, robot or task", o->path);
    return info_dataset(o, err);
}

int cli_info(int argc, char **argv) {
    Options o = {0};
    const struct argp argp = {
        OPTION,
        parse,
        "DIR|FILE|robots/R|tasks/T",
        "Show a dataset, robot or task at a glance.\vA robot is checked against its own figures; exit code 1 "
        "if it is inconsistent.",
        0,
        0,
        0};
    cli_parse(&argp, argc, argv, &o);
    Err err = {0};
    const Status status = info(&o, &err);
    return status == STATUS_OK ? CLI_DONE : cli_fail(status, &err);
}
