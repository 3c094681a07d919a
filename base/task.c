/* Loading of task.yaml: by schema into plain structs, from there into one arena, then what a schema cannot say: names that
 * refer to each other, ordered ranges, subtasks that do not wait for each other in a ring, templates that can be filled. */
#include "base/task.h"

#include "base/hash.h"
#include "task_schema_priv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PATH_MAX_LENGTH = 256, PRED_MAX_DEPTH = 12 };

static const double degree = 0.017453292519943295; /* rad */

/* What the helpers need while a task is built. */
typedef struct Builder {
    Task *task;
    const char *text; /* of task.yaml */
    size_t size;
    const char *const *known_preds;
    Err *err;
} Builder;

static Status build(Builder *b, const RawTask *raw);
static Status check(const Builder *b);

Status task_parse(const char *path, const char *text, size_t size, const char *const *known_preds, Task **out,
                  Err *err) {
    TaskSchema *schema = mem_alloc(sizeof *schema);
    Arena *arena = arena_create(0);
    Task *task = arena ? arena_alloc(arena, sizeof *task) : NULL;
    Status status = STATUS_OK;
    void *raw = NULL;
    if (!schema || !task) {
        status = err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    } else {
        task->arena = arena;
        task_schema_init(schema, known_preds);
        status = config_parse(path, text, size, &schema->task, &raw, err);
    }
    if (status == STATUS_OK) {
        Builder b = {.task = task, .text = text, .size = size, .known_preds = known_preds, .err = err};
        task->path = arena_strdup(arena, path);
        status = task->path ? build(&b, raw) : STATUS_MEMORY;
        if (status == STATUS_MEMORY)
            err_set(err, status, "%s: out of memory", path);
        if (status == STATUS_OK)
            status = check(&b);
        config_free(&schema->task, raw);
    }
    mem_free(schema);
    if (status != STATUS_OK)
        arena_destroy(arena);
    else
        *out = task;
    return status;
}

/* SHA-256 over the hashes of the two files, which keeps where one ends and the other begins. */
static Status hash_task(Task *task, const char *text, size_t size, Err *err) {
    char both[2 * 64 + 2], scene[65];
    char *path = task->mjcf[0] == '/' ? arena_strdup(task->arena, task->mjcf)
                                      : arena_printf(task->arena, "%s/%s", task->dir, task->mjcf);
    if (!path)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", task->path);
    const Status status = sha256_file(path, scene, err);
    if (status != STATUS_OK)
        return err_prefix(err, status, "%s:%d: scene file", task->path, config_line(text, size, "mjcf"));
    sha256_hex(text, size, both);
    snprintf(both + 64, sizeof both - 64, "%s", scene);
    sha256_hex(both, strlen(both), task->hash);
    return STATUS_OK;
}

Status task_load(const char *path, const char *const *known_preds, Task **out, Err *err) {
    char *text;
    size_t size;
    Task *task = NULL;
    TRY(config_read(path, &text, &size, err));
    Status status = task_parse(path, text, size, known_preds, &task, err);
    if (status == STATUS_OK)
        status = hash_task(task, text, size, err);
    mem_free(text);
    if (status != STATUS_OK)
        task_destroy(task);
    else
        *out = task;
    return status;
}

void task_destroy(Task *task) {
    if (task)
        arena_destroy(task->arena);
}

int task_object_index(const Task *task, const char *name) {
    for (int i = 0; i < task->nobject; i++) {
        if (strcmp(task->object[i].name, name) == 0)
            return i;
    }
    return -1;
}

int task_subtask_index(const Task *task, const char *name) {
    for (int i = 0; i < task->nsubtask; i++) {
        if (strcmp(task->subtask[i].name, name) == 0)
            return i;
    }
    return -1;
}

const TaskLevel *task_level(const Task *task, const char *name, Err *err) {
    const char *known[MAX_LEVELS];
    for (int i = 0; i < task->nlevel; i++) {
        if (strcmp(task->level[i].name, name) == 0)
            return &task->level[i];
        known[i] = task->level[i].name;
    }
    err_set(err, STATUS_UNKNOWN_NAME, "%s: unknown level '%.60s'", task->path, name);
    err_known(err, known, task->nlevel);
    return NULL;
}

/* ---- building: raw structs into the arena; the only failure without a message is a full memory ---- */

#define TRY_ALLOC(pointer)                                                                                   \
    do {                                                                                                     \
        if (!(pointer))                                                                                      \
            return STATUS_MEMORY;                                                                            \
    } while (0)

/* Copy an optional text. */
static Status copy(Builder *b, const char *text, const char **out) {
    *out = NULL;
    if (text)
        TRY_ALLOC(*out = arena_strdup(b->task->arena, text));
    return STATUS_OK;
}

static void *array(Builder *b, unsigned n, size_t size) {
    return arena_alloc(b->task->arena, n * size);
}

static Status build_pred(Builder *b, const RawPred *raw, const char *path, int depth, Pred *out);

static Status build_children(Builder *b, const RawPred *child, unsigned n, const char *path, int depth,
                             Pred *out) {
    char place[PATH_MAX_LENGTH];
    out->nchild = (int)n;
    TRY_ALLOC(out->child = array(b, n, sizeof *out->child));
    for (unsigned i = 0; i < n; i++) {
        snprintf(place, sizeof place, out->kind == PRED_NOT ? "%.*s" : "%.*s/%u", PATH_MAX_LENGTH - 16, path,
                 i);
        TRY(build_pred(b, &child[i], place, depth + 1, &out->child[i]));
    }
    return STATUS_OK;
}

static Status build_atom(Builder *b, const RawPred *raw, int index, Pred *out) {
    TRY(copy(b, b->known_preds[index], &out->name));
    out->narg = (int)raw->atom[index].narg;
    for (int i = 0; i < out->narg; i++)
        TRY(copy(b, raw->atom[index].arg[i], &out->arg[i]));
    return STATUS_OK;
}

/* path: where the mapping stands in the file, "subtasks/2/until". */
static Status build_pred(Builder *b, const RawPred *raw, const char *path, int depth, Pred *out) {
    out->line = config_line(b->text, b->size, path);
    int atom = -1, given = !!raw->all + !!raw->any + !!raw->not ;
    for (int i = 0; b->known_preds[i]; i++) {
        if (raw->atom[i].narg) {
            atom = i;
            given++;
        }
    }
    char place[PATH_MAX_LENGTH];
    for (int i = 0; given == 0 && b->known_preds[i]; i++) { /* `fell: []` leaves no trace in the raw struct */
        snprintf(place, sizeof place, "%.*s/%.30s", PATH_MAX_LENGTH - 40, path, b->known_preds[i]);
        if (config_line(b->text, b->size, place) > 0) {
            atom = i;
            given++;
        }
    }
    if (given != 1)
        return err_set(b->err, STATUS_FORMAT,
                       "%s:%d: a condition needs exactly one of all, any, not or a predicate, here are %d",
                       b->task->path, out->line, given);
    if (depth > PRED_MAX_DEPTH)
        return err_set(b->err, STATUS_LIMIT, "%s:%d: a condition nested more than %d deep", b->task->path,
                       out->line, PRED_MAX_DEPTH);
    if (raw->for_s < 0)
        return err_set(b->err, STATUS_FORMAT, "%s:%d: 'for' must not be negative", b->task->path, out->line);
    out->for_s = raw->for_s;
    out->timer = raw->for_s > 0 ? b->task->ntimer++ : -1;

    const char *word = raw->all ? "all" : raw->any ? "any" : "not";
    snprintf(place, sizeof place, "%.*s/%s", PATH_MAX_LENGTH - 16, path, word);
    out->kind = raw->all ? PRED_ALL : raw->any ? PRED_ANY : raw->not ? PRED_NOT : PRED_ATOM;
    switch (out->kind) {
    case PRED_ALL:
        return build_children(b, raw->all, raw->all_count, place, depth, out);
    case PRED_ANY:
        return build_children(b, raw->any, raw->any_count, place, depth, out);
    case PRED_NOT:
        return build_children(b, raw->not, 1, place, depth, out);
    default:
        return build_atom(b, raw, atom, out);
    }
}

static Status build_root(Builder *b, const RawPred *raw, const char *path, Pred **out) {
    if (!raw)
        return STATUS_OK;
    TRY_ALLOC(*out = array(b, 1, sizeof **out));
    return build_pred(b, raw, path, 0, *out);
}

static Status build_objects(Builder *b, const RawTask *raw) {
    Task *task = b->task;
    task->nobject = (int)raw->objects_count;
    TRY_ALLOC(task->object = array(b, raw->objects_count, sizeof *task->object));
    for (int i = 0; i < task->nobject; i++) {
        const RawObject *from = &raw->objects[i];
        TaskObject *object = &task->object[i];
        TRY(copy(b, from->name, &object->name));
        TRY(copy(b, from->noun, &object->noun));
        TRY(copy(b, from->colour, &object->colour));
        object->symmetry = from->symmetry;
        object->movable = from->movable ? *from->movable : true;
        object->distractor = from->distractor;
        object->radius = from->radius;
    }
    task->njoint = (int)raw->joints_count;
    TRY_ALLOC(task->joint = array(b, raw->joints_count, sizeof *task->joint));
    for (int i = 0; i < task->njoint; i++)
        TRY(copy(b, raw->joints[i], &task->joint[i].name));
    return STATUS_OK;
}

static void copy_range(const double *from, double out[2]) {
    out[0] = from ? from[0] : 1;
    out[1] = from ? from[1] : 1;
}

static Status build_level(Builder *b, const RawLevel *raw, TaskLevel *level) {
    TRY(copy(b, raw->name, &level->name));
    copy_range(raw->size, level->size);
    copy_range(raw->mass, level->mass);
    copy_range(raw->friction, level->friction);
    level->noise_pos = raw->noise_pos;
    level->noise_rot = raw->noise_rot_deg * degree;
    level->distractors = raw->distractors;
    level->base_xy = raw->base_xy;
    level->base_yaw = raw->base_yaw_deg * degree;
    level->nregion = (int)raw->regions_count;
    TRY_ALLOC(level->region = array(b, raw->regions_count, sizeof *level->region));
    for (int i = 0; i < level->nregion; i++) {
        const RawRegion *from = &raw->regions[i];
        ResetRegion *region = &level->region[i];
        TRY(copy(b, from->object, &region->object));
        for (int j = 0; j < 2; j++) {
            region->x[j] = from->x[j];
            region->y[j] = from->y[j];
            region->yaw[j] = from->yaw_deg[j] * degree;
        }
    }
    return STATUS_OK;
}

static Status build_subtask(Builder *b, const RawSubtask *raw, int index, Subtask *subtask) {
    char path[PATH_MAX_LENGTH];
    TRY(copy(b, raw->name, &subtask->name));
    TRY(copy(b, raw->object, &subtask->object));
    TRY(copy(b, raw->moves, &subtask->moves));
    TRY(copy(b, raw->together, &subtask->together));
    TRY(copy(b, raw->text ? raw->text : raw->name, &subtask->text));
    subtask->hand = raw->hand;
    subtask->track = raw->track ? *raw->track : true;
    subtask->until_force = raw->until_force;
    subtask->nafter = (int)raw->after_count;
    for (int i = 0; i < subtask->nafter; i++)
        TRY(copy(b, raw->after[i], &subtask->after[i]));
    snprintf(path, sizeof path, "subtasks/%d/until", index);
    return build_root(b, raw->until, path, &subtask->until);
}

static Status build(Builder *b, const RawTask *raw) {
    Task *task = b->task;
    const char *slash = strrchr(task->path, '/');
    TRY_ALLOC(task->dir = slash ? arena_printf(task->arena, "%.*s",
                                               (int)(slash - task->path + (slash == task->path)), task->path)
                                : arena_strdup(task->arena, "."));
    TRY(copy(b, raw->name, &task->name));
    TRY(copy(b, raw->summary, &task->summary));
    TRY(copy(b, raw->mjcf, &task->mjcf));
    task->rate_hz = raw->rate_hz;
    task->time_limit = raw->time_limit;
    task->hold = raw->hold;
    task->robot = POSE_IDENTITY;
    task->robot.pos[0] = raw->robot.x;
    task->robot.pos[1] = raw->robot.y;
    quat_from_yaw(raw->robot.yaw_deg * degree, task->robot.quat);
    TRY(build_objects(b, raw));

    task->nlevel = (int)raw->levels_count;
    TRY_ALLOC(task->level = array(b, raw->levels_count, sizeof *task->level));
    for (int i = 0; i < task->nlevel; i++)
        TRY(build_level(b, &raw->levels[i], &task->level[i]));
    task->nsubtask = (int)raw->subtasks_count;
    TRY_ALLOC(task->subtask = array(b, raw->subtasks_count, sizeof *task->subtask));
    for (int i = 0; i < task->nsubtask; i++)
        TRY(build_subtask(b, &raw->subtasks[i], i, &task->subtask[i]));
    TRY(build_root(b, raw->success, "success", &task->success));
    TRY(build_root(b, raw->abort, "abort", &task->abort));

    task->ninstruction = (int)raw->instructions_count;
    TRY_ALLOC(task->instruction = array(b, raw->instructions_count, sizeof *task->instruction));
    for (int i = 0; i < task->ninstruction; i++)
        TRY(copy(b, raw->instructions[i], &task->instruction[i]));
    return STATUS_OK;
}

/* ---- what a schema cannot say ---- */

/* "path:line: message" for the place that path names in the file. */
static Status complain(const Builder *b, Status status, const char *place, const char *message) {
    return err_set(b->err, status, "%s:%d: %s", b->task->path, config_line(b->text, b->size, place), message);
}

static Status unknown_object(const Builder *b, const char *place, const char *name) {
    const char *known[MAX_OBJECTS];
    for (int i = 0; i < b->task->nobject; i++)
        known[i] = b->task->object[i].name;
    err_set(b->err, STATUS_UNKNOWN_NAME, "%s:%d: unknown object '%.60s'", b->task->path,
            config_line(b->text, b->size, place), name);
    err_known(b->err, known, b->task->nobject);
    return STATUS_UNKNOWN_NAME;
}

static Status check_numbers(const Builder *b) {
    const Task *task = b->task;
    if (!(task->rate_hz >= 1 && task->rate_hz <= 500))
        return complain(b, STATUS_FORMAT, "rate_hz", "'rate_hz' must lie in 1 … 500");
    if (!(task->time_limit > 0 && task->time_limit <= 3600))
        return complain(b, STATUS_FORMAT, "time_limit_s", "'time_limit_s' must lie in 0 … 3600");
    if (!(task->hold >= 0 && task->hold < task->time_limit))
        return complain(b, STATUS_FORMAT, "hold_s",
                        "'hold_s' must be at least 0 and less than the time limit");
    return STATUS_OK;
}

static Status check_objects(const Builder *b) {
    char place[PATH_MAX_LENGTH];
    for (int i = 0; i < b->task->nobject; i++) {
        snprintf(place, sizeof place, "objects/%d", i);
        if (task_object_index(b->task, b->task->object[i].name) != i)
            return complain(b, STATUS_FORMAT, place, "two objects have the same name");
        if (!(b->task->object[i].radius >= 0 && b->task->object[i].radius <= 10))
            return complain(b, STATUS_FORMAT, place, "'radius_m' must lie in 0 … 10");
    }
    return STATUS_OK;
}

/* A range that is ordered and inside [low, high]. */
static bool good_range(const double range[2], double low, double high) {
    return low <= range[0] && range[0] <= range[1] && range[1] <= high;
}

static Status check_regions(const Builder *b, const TaskLevel *level, int index) {
    char place[PATH_MAX_LENGTH];
    for (int i = 0; i < level->nregion; i++) {
        const ResetRegion *region = &level->region[i];
        snprintf(place, sizeof place, "levels/%d/regions/%d", index, i);
        if (task_object_index(b->task, region->object) < 0)
            return unknown_object(b, place, region->object);
        if (!good_range(region->x, -100, 100) || !good_range(region->y, -100, 100) ||
            !good_range(region->yaw, -7, 7))
            return complain(b, STATUS_FORMAT, place,
                            "a region's ranges must be ordered [low, high], within ±100 m and ±400°");
        for (int j = 0; j < i; j++) {
            if (strcmp(level->region[j].object, region->object) == 0)
                return complain(b, STATUS_FORMAT, place, "an object has two regions in one level");
        }
    }
    return STATUS_OK;
}

static Status check_levels(const Builder *b) {
    char place[PATH_MAX_LENGTH];
    const Task *task = b->task;
    int ndistractor = 0;
    for (int i = 0; i < task->nobject; i++)
        ndistractor += task->object[i].distractor;
    for (int i = 0; i < task->nlevel; i++) {
        const TaskLevel *level = &task->level[i];
        snprintf(place, sizeof place, "levels/%d", i);
        for (int j = 0; j < i; j++) {
            if (strcmp(task->level[j].name, level->name) == 0)
                return complain(b, STATUS_FORMAT, place, "two levels have the same name");
        }
        TRY(check_regions(b, level, i));
        if (!good_range(level->size, 0.01, 100) || !good_range(level->mass, 0.01, 100) ||
            !good_range(level->friction, 0.01, 100))
            return complain(b, STATUS_FORMAT, place,
                            "size, mass and friction are factors [low, high], ordered, within 0.01 … 100");
        if (!(level->noise_pos >= 0 && level->noise_pos <= 1 && level->noise_rot >= 0 &&
              level->noise_rot <= 4))
            return complain(b, STATUS_FORMAT, place, "noise must lie in 0 … 1 m and 0 … 229°");
        if (!(level->base_xy >= 0 && level->base_xy <= 10 && level->base_yaw >= 0 && level->base_yaw <= 4))
            return complain(b, STATUS_FORMAT, place,
                            "the base's half ranges must lie in 0 … 10 m and 0 … 229°");
        if (level->distractors < 0 || level->distractors > ndistractor)
            return complain(b, STATUS_FORMAT, place,
                            "'distractors' asks for more than the task has objects marked distractor");
    }
    return STATUS_OK;
}

static Status check_subtask(const Builder *b, int index) {
    char place[PATH_MAX_LENGTH];
    const Task *task = b->task;
    const Subtask *subtask = &task->subtask[index];
    const char *known[MAX_SUBTASKS];
    for (int i = 0; i < task->nsubtask; i++)
        known[i] = task->subtask[i].name;
    snprintf(place, sizeof place, "subtasks/%d", index);
    if (task_subtask_index(task, subtask->name) != index)
        return complain(b, STATUS_FORMAT, place, "two subtasks have the same name");
    if (task_object_index(task, subtask->object) < 0)
        return unknown_object(b, place, subtask->object);
    if (subtask->moves && task_object_index(task, subtask->moves) < 0)
        return unknown_object(b, place, subtask->moves);
    for (int i = 0; i < subtask->nafter; i++) {
        if (task_subtask_index(task, subtask->after[i]) >= 0)
            continue;
        err_set(b->err, STATUS_UNKNOWN_NAME, "%s:%d: 'after' names an unknown subtask '%.60s'", task->path,
                config_line(b->text, b->size, place), subtask->after[i]);
        err_known(b->err, known, task->nsubtask);
        return STATUS_UNKNOWN_NAME;
    }
    int partners = 0;
    for (int i = 0; subtask->together && i < task->nsubtask; i++) {
        const Subtask *other = &task->subtask[i];
        if (i != index && other->together && strcmp(other->together, subtask->together) == 0)
            partners += other->hand != subtask->hand ? 1 : 2;
    }
    if (subtask->together && partners != 1)
        return complain(b, STATUS_FORMAT, place, "a 'together' group has one subtask of each hand");
    return STATUS_OK;
}

/* May subtask index start when those in done have ended? Each hand works through its own list in file order. */
static bool may_start(const Task *task, int index, const bool *done) {
    const Subtask *subtask = &task->subtask[index];
    for (int i = 0; i < index; i++) {
        if (task->subtask[i].hand == subtask->hand && !done[i])
            return false;
    }
    for (int i = 0; i < subtask->nafter; i++) {
        if (!done[task_subtask_index(task, subtask->after[i])])
            return false;
    }
    return true;
}

/* The other subtask of a together group; index itself if it has none. */
static int partner(const Task *task, int index) {
    const char *group = task->subtask[index].together;
    for (int i = 0; group && i < task->nsubtask; i++) {
        if (i != index && task->subtask[i].together && strcmp(task->subtask[i].together, group) == 0)
            return i;
    }
    return index;
}

/* Play the order through: if nothing can start before all have ended, some wait for each other. */
static Status check_order(const Builder *b) {
    const Task *task = b->task;
    bool done[MAX_SUBTASKS] = {false};
    for (int n = 0; n < task->nsubtask;) {
        const int before = n;
        for (int i = 0; i < task->nsubtask; i++) {
            const int other = partner(task, i);
            if (done[i] || !may_start(task, i, done) || !may_start(task, other, done))
                continue;
            n += other == i ? 1 : 2;
            done[i] = done[other] = true;
        }
        if (n > before)
            continue;
        for (int i = 0; i < task->nsubtask; i++) {
            char place[PATH_MAX_LENGTH];
            snprintf(place, sizeof place, "subtasks/%d", i);
            if (!done[i])
                return err_set(b->err, STATUS_FORMAT,
                               "%s:%d: subtask '%.60s' can never start: it and others wait for each other",
                               task->path, config_line(b->text, b->size, place), task->subtask[i].name);
        }
    }
    return STATUS_OK;
}

/* Every {object}, {object.noun}, {object.colour} must name something. */
static Status check_template(const Builder *b, const char *template, const char *place) {
    for (const char *open = strchr(template, '{'); open; open = strchr(open + 1, '{')) {
        char name[64] = "", field[16] = "noun", close = 0;
        const int plain = sscanf(open, "{%63[^}.]%c", name, &close);
        if (plain == 2 && close == '.')
            close = sscanf(open, "{%63[^}.].%15[^}]%c", name, field, &close) == 3 ? close : (char)0;
        if (close != '}')
            return complain(b, STATUS_FORMAT, place,
                            "a template needs {object}, {object.noun} or {object.colour}");
        const int object = task_object_index(b->task, name);
        if (object < 0)
            return unknown_object(b, place, name);
        const bool colour = strcmp(field, "colour") == 0;
        if (!colour && strcmp(field, "noun") != 0)
            return complain(b, STATUS_FORMAT, place, "a template knows only .noun and .colour of an object");
        if (colour && !b->task->object[object].colour)
            return complain(b, STATUS_FORMAT, place,
                            "a template asks for the colour of an object that has none");
    }
    return STATUS_OK;
}

static Status check(const Builder *b) {
    char place[PATH_MAX_LENGTH];
    TRY(check_numbers(b));
    TRY(check_objects(b));
    TRY(check_levels(b));
    for (int i = 0; i < b->task->nsubtask; i++)
        TRY(check_subtask(b, i));
    TRY(check_order(b));
    for (int i = 0; i < b->task->nsubtask; i++) {
        snprintf(place, sizeof place, "subtasks/%d/text", i);
        TRY(check_template(b, b->task->subtask[i].text, place));
    }
    for (int i = 0; i < b->task->ninstruction; i++) {
        snprintf(place, sizeof place, "instructions/%d", i);
        TRY(check_template(b, b->task->instruction[i], place));
    }
    return STATUS_OK;
}
