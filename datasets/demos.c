/* Demonstrations: read from episodes or from files of demonstrations, and written.
 *
 * Both kinds of file keep what a source needs at the same places (obs/…_pose, datagen_info/…), so one reader serves
 * them: an episode is a source again. */
#include "datasets/blob_priv.h"
#include "datasets/h5_priv.h"
#include "datasets/json_priv.h"
#include "datasets/meta_priv.h"
#include "datasets/reader_priv.h"
#include "datasets/shard_priv.h"

#include "base/hash.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STATE_BUDGET = 256 << 20 };

/* ---- reading ---- */

/* How the names of a file fit those of the task: index in the file, −1 if absent. */
typedef struct Match {
    int object[MAX_OBJECTS], joint[MAX_SCENE_JOINTS], subtask[MAX_SUBTASKS];
} Match;

typedef struct Reading {
    const Task *task;
    const DataMeta *meta;
    const Match *match;
    hid_t group;
    const char *place;
    Demo *demo;
    Arena *scratch;
    Err *err;
} Reading;

static int find(const char *const *names, int n, const char *name) {
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static bool needed(const Task *task, const char *object) {
    for (int i = 0; i < task->nsubtask; i++) {
        const Subtask *s = &task->subtask[i];
        if ((s->object && strcmp(s->object, object) == 0) || (s->moves && strcmp(s->moves, object) == 0))
            return true;
    }
    return false;
}

static Status match_names(const char *path, const Task *task, const DataMeta *meta, Match *match, Err *err) {
    for (int i = 0; i < task->nobject; i++) {
        match->object[i] = find(meta->object, meta->nobject, task->object[i].name);
        if (match->object[i] < 0 && needed(task, task->object[i].name)) {
            err_set(err, STATUS_MISMATCH, "%s: object '%s' of task %s is not in it", path,
                    task->object[i].name, task->name);
            err_known(err, meta->object, meta->nobject);
            return STATUS_MISMATCH;
        }
    }
    for (int i = 0; i < task->njoint; i++) {
        match->joint[i] = find(meta->joint, meta->njoint, task->joint[i].name);
        if (match->joint[i] < 0) {
            err_set(err, STATUS_MISMATCH, "%s: joint '%s' of task %s is not in it", path, task->joint[i].name,
                    task->name);
            err_known(err, meta->joint, meta->njoint);
            return STATUS_MISMATCH;
        }
    }
    for (int i = 0; i < task->nsubtask; i++)
        match->subtask[i] = find(meta->subtask, meta->nsubtask, task->subtask[i].name);
    if (fabs(meta->rate_hz - task->rate_hz) > 1e-6)
        return err_set(err, STATUS_MISMATCH, "%s: %g rows a second, task %s has %g", path, meta->rate_hz,
                       task->name, task->rate_hz);
    return STATUS_OK;
}

static Status rows(const Reading *r, const char *path, DataType type, int width, void *out) {
    void *data = NULL;
    TRY(h5_read_rows(r->group, r->place, path, type, (size_t)r->demo->nrow, (size_t)width, r->scratch, &data,
                     r->err));
    memcpy(out, &data, sizeof data);
    return STATUS_OK;
}

static Status poses(const Reading *r, const char *path, Pose *pose, size_t stride) {
    double *data = NULL;
    TRY(rows(r, path, DATA_F8, 7, &data));
    for (size_t i = 0; i < (size_t)r->demo->nrow; i++) {
        Pose *p = &pose[i * stride];
        memcpy(p->pos, data + 7 * i, sizeof p->pos);
        memcpy(p->quat, data + 7 * i + 3, sizeof p->quat);
        const double norm2 = p->quat[0] * p->quat[0] + p->quat[1] * p->quat[1] + p->quat[2] * p->quat[2] +
                             p->quat[3] * p->quat[3];
        if (!pose_is_finite(*p) || fabs(norm2 - 1) > 1e-3)
            return err_set(r->err, STATUS_FORMAT,
                           "%s: '%s' row %zu is no pose (not finite, or no unit quaternion)", r->place, path,
                           i);
    }
    return STATUS_OK;
}

static Status read_hand(const Reading *r, int side) {
    Demo *demo = r->demo;
    char path[DATA_MAX_PATH];
    float *closure = NULL;
    const size_t n = (size_t)demo->nrow * (size_t)demo->nhand;
    snprintf(path, sizeof path, "obs/%s_eef_pose", data_side_names[side]);
    TRY(poses(r, path, demo->eef[side], 1));
    snprintf(path, sizeof path, "datagen_info/target_pose_wxyz/%s", data_side_names[side]);
    TRY(poses(r, path, demo->target[side], 1));
    if (n == 0)
        return STATUS_OK;
    snprintf(path, sizeof path, "datagen_info/gripper_action/%s", data_side_names[side]);
    TRY(rows(r, path, DATA_F4, demo->nhand, &closure));
    for (size_t i = 0; i < n; i++)
        if (!isfinite(closure[i]))
            return err_set(r->err, STATUS_FORMAT, "%s: '%s' row %zu is not finite", r->place, path,
                           i / (size_t)demo->nhand);
    memcpy(demo->closure[side], closure, n * sizeof *closure);
    return STATUS_OK;
}

static Status read_scene(const Reading *r) {
    Demo *demo = r->demo;
    char path[DATA_MAX_PATH];
    const size_t nobject = (size_t)demo->nobject, njoint = (size_t)demo->njoint;
    for (size_t i = 0; i < (size_t)demo->nrow * nobject; i++)
        demo->object[i] = POSE_IDENTITY;
    for (int k = 0; k < demo->nobject; k++) {
        if (r->match->object[k] < 0)
            continue;
        snprintf(path, sizeof path, "obs/object_%s", r->task->object[k].name);
        TRY(poses(r, path, demo->object + k, nobject));
    }
    if (njoint == 0)
        return STATUS_OK;
    double *joint = NULL;
    const size_t width = (size_t)r->meta->njoint;
    TRY(rows(r, "obs/scene_joint", DATA_F8, (int)width, &joint));
    for (size_t i = 0; i < (size_t)demo->nrow; i++)
        for (size_t k = 0; k < njoint; k++) {
            demo->joint[i * njoint + k] = joint[i * width + (size_t)r->match->joint[k]];
            if (!isfinite(demo->joint[i * njoint + k]))
                return err_set(r->err, STATUS_FORMAT, "%s: 'obs/scene_joint' row %zu is not finite", r->place,
                               i);
        }
    return STATUS_OK;
}

/* All signals or none: a demonstration that lacks one is annotated anew. */
static Status read_signals(const Reading *r) {
    Demo *demo = r->demo;
    const size_t width = (size_t)demo->nsubtask;
    for (size_t k = 0; k < width; k++) {
        uint8_t *column = NULL;
        char path[DATA_MAX_PATH];
        snprintf(path, sizeof path, "datagen_info/subtask_term_signals/%s", r->task->subtask[k].name);
        const Status status =
            r->match->subtask[k] < 0 ? STATUS_NOT_FOUND : rows(r, path, DATA_U1, 1, &column);
        if (status == STATUS_NOT_FOUND) {
            demo->signal = NULL;
            return STATUS_OK;
        }
        TRY(status);
        for (size_t i = 0; i < (size_t)demo->nrow; i++)
            demo->signal[i * width + k] = column[i] != 0;
    }
    return STATUS_OK;
}

static void read_marks(const Task *task, const json_t *list, Demo *demo) {
    for (size_t i = 0; i < json_array_size(list) && demo->nmark < MAX_SIGNALS; i++) {
        const json_t *item = json_array_get(list, i);
        const int subtask = task_subtask_index(task, data_json_get_text(item, "name", ""));
        const int64_t begin = data_json_get_int(item, "begin", -1), end = data_json_get_int(item, "end", -1);
        if (subtask >= 0 && begin >= 0 && begin <= end && end <= demo->nrow)
            demo->mark[demo->nmark++] = (DemoMark){subtask, (int)begin, (int)end};
    }
}

/* As many ancestors as there is room for, nearest first. */
static void read_lineage(const json_t *list, char *out, size_t room) {
    json_t *copy = json_is_array(list) ? json_deep_copy(list) : json_array();
    for (;;) {
        char *text = copy ? data_json_text(copy) : NULL;
        const bool fits = text && strlen(text) < room;
        if (fits)
            snprintf(out, room, "%s", text);
        mem_free(text);
        if (fits || json_array_size(copy) == 0)
            break;
        json_array_remove(copy, json_array_size(copy) - 1);
    }
    json_decref(copy);
}

/* The hands that did something: as a demonstration says, or those of the subtasks that an episode ran. */
static unsigned hands_of(const DataMeta *meta, const json_t *json) {
    const int64_t told = data_json_get_int(json, "hands", 0);
    unsigned hands = (unsigned)told & 3u;
    for (int i = 0; told == 0 && i < meta->nsubtask; i++)
        hands |= 1u << meta->subtask_hand[i];
    return hands;
}

static void label(Demo *demo, const DataMeta *meta, const char *file, const char *uuid, const json_t *json) {
    snprintf(demo->id, sizeof demo->id, "%s", data_json_get_text(json, "id", uuid));
    snprintf(demo->file, sizeof demo->file, "%s", file);
    snprintf(demo->operator_name, sizeof demo->operator_name, "%s",
             data_json_get_text(json, "operator", meta->operator_name));
    snprintf(demo->device, sizeof demo->device, "%s", data_json_get_text(json, "device", meta->device));
    read_lineage(json_object_get(json, "lineage"), demo->lineage, sizeof demo->lineage);
    demo->rate_hz = meta->rate_hz;
}

static Status read_states(Reading *r, size_t *budget) {
    Demo *demo = r->demo;
    const size_t bytes = (size_t)demo->nrow * (size_t)r->meta->nstate * sizeof(double);
    if (bytes == 0 || bytes > *budget)
        return STATUS_OK;
    *budget -= bytes;
    void *state = NULL;
    const Status status = h5_read_rows(r->group, r->place, "states", DATA_F8, (size_t)demo->nrow,
                                       (size_t)r->meta->nstate, demo->arena, &state, r->err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(status);
    demo->nstate = r->meta->nstate;
    demo->state = state;
    return STATUS_OK;
}

static Status read_rows_of(Reading *r, size_t *budget) {
    for (int side = 0; side < NSIDE; side++)
        if (r->demo->hands >> side & 1)
            TRY(read_hand(r, side));
    TRY(read_scene(r));
    TRY(read_signals(r));
    return read_states(r, budget);
}

static Status read_demo(DataReader *reader, int i, const Task *task, const Match *match, size_t *budget,
                        Demo **out, Err *err) {
    char place[512], *uuid = NULL;
    const char *file;
    hid_t group;
    int nrow, number;
    json_t *json = NULL;
    TRY(data_reader_demo(reader, i, &group, place, &nrow, err));
    const DataMeta *meta = data_reader_meta(reader);
    Arena *scratch = arena_create(1 << 18);
    Demo *demo = NULL;
    Status status = data_file_ep_meta(group, place, &json, err);
    if (status == STATUS_OK)
        status = h5_get_text(group, place, "episode_uuid", 64, &uuid, err);
    if (status == STATUS_OK) {
        demo = demo_create(nrow, meta->action.nhand, hands_of(meta, json), task->nobject, task->njoint,
                           task->nsubtask);
        if (!demo || !scratch)
            status = err_set(err, STATUS_MEMORY, "%s: out of memory", place);
    }
    if (status == STATUS_OK) {
        Reading r = {task, meta, match, group, place, demo, scratch, err};
        data_reader_place(reader, i, &file, &number);
        label(demo, meta, file, uuid, json);
        read_marks(task, json_object_get(json, "subtasks"), demo);
        status = read_rows_of(&r, budget);
    }
    mem_free(uuid);
    json_decref(json);
    arena_destroy(scratch);
    H5Gclose(group);
    if (status == STATUS_OK)
        *out = demo;
    else
        demo_destroy(demo);
    return status == STATUS_NOT_FOUND ? STATUS_FORMAT : status;
}

Status data_read_demos(const char *path, const Task *task, DemoSet *out, Err *err) {
    DataReader *reader = NULL;
    Match match;
    DemoSet set = {0};
    size_t budget = STATE_BUDGET;
    TRY(data_reader_open(path, false, &reader, err));
    const int n = data_reader_count(reader);
    Status status = n > 0 ? match_names(path, task, data_reader_meta(reader), &match, err) : STATUS_OK;
    if (status == STATUS_OK && !(set.demo = mem_calloc((size_t)n + 1, sizeof *set.demo)))
        status = err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    for (int i = 0; status == STATUS_OK && i < n; i++) {
        status = read_demo(reader, i, task, &match, &budget, &set.demo[i], err);
        set.n += status == STATUS_OK;
    }
    data_reader_close(reader);
    if (status == STATUS_OK)
        *out = set;
    else
        demo_set_destroy(&set);
    return status;
}

/* ---- writing ---- */

static bool name_list(Arena *arena, int n, const char *const **out, const char ***fill) {
    *fill = arena_alloc(arena, ((size_t)n + 1) * sizeof **fill);
    *out = *fill;
    return *fill != NULL;
}

Status data_demo_names(const Task *task, Arena *arena, DataDemoNames *out) {
    DataDemoNames names = {.task = task->name,
                           .robot = "",
                           .nobject = task->nobject,
                           .njoint = task->njoint,
                           .nsubtask = task->nsubtask};
    const char **object, **joint, **subtask;
    int *hand = arena_alloc(arena, ((size_t)task->nsubtask + 1) * sizeof *hand);
    if (!hand || !name_list(arena, task->nobject, &names.object, &object) ||
        !name_list(arena, task->njoint, &names.joint, &joint) ||
        !name_list(arena, task->nsubtask, &names.subtask, &subtask))
        return STATUS_MEMORY;
    for (int i = 0; i < task->nobject; i++)
        object[i] = task->object[i].name;
    for (int i = 0; i < task->njoint; i++)
        joint[i] = task->joint[i].name;
    for (int i = 0; i < task->nsubtask; i++) {
        subtask[i] = task->subtask[i].name;
        hand[i] = task->subtask[i].hand;
    }
    names.subtask_hand = hand;
    *out = names;
    return STATUS_OK;
}

typedef struct Writing {
    const DataMeta *meta;
    const Demo *demo;
    Encoder *encoder;
    Err *err;
} Writing;

static Status out_of_memory(Err *err) {
    return err_set(err, STATUS_MEMORY, "writing demonstrations: out of memory");
}

/* A demonstration has no robot below its hands: its commands stand in the world frame, grasp frames for wrists, the
 * base at rest in the origin. */
static Status write_actions(const Writing *w) {
    const Demo *demo = w->demo;
    const ActionLayout *layout = &w->meta->action;
    const size_t dim = (size_t)layout->dim, n = (size_t)demo->nrow;
    float *si = mem_calloc(n, dim * sizeof *si), *normal = mem_calloc(n, dim * sizeof *normal);
    Status status = si && normal ? STATUS_OK : out_of_memory(w->err);
    for (size_t i = 0; status == STATUS_OK && i < n; i++) {
        TaskCommand command = {.wrist = {POSE_IDENTITY, POSE_IDENTITY}};
        for (int side = 0; side < NSIDE; side++) {
            if (!demo->target[side])
                continue;
            command.wrist[side] = demo->target[side][i];
            for (int k = 0; k < demo->nhand; k++)
                command.hand[side][k] = demo->closure[side][i * (size_t)demo->nhand + (size_t)k];
        }
        action_encode(layout, &command, si + i * dim);
        blob_of(w->encoder)->clipped += action_normalize(layout, si + i * dim, normal + i * dim);
    }
    if (status == STATUS_OK)
        status = blob_rows(w->encoder, "actions", 0, normal, w->err);
    if (status == STATUS_OK)
        status = blob_rows(w->encoder, "actions_abs", 0, si, w->err);
    mem_free(si);
    mem_free(normal);
    return status;
}

static Status write_hand(const Writing *w, int side) {
    const Demo *demo = w->demo;
    const char *name = data_side_names[side];
    char path[DATA_MAX_PATH];
    snprintf(path, sizeof path, "obs/%s_eef_pose", name);
    TRY(blob_poses(w->encoder, path, demo->eef[side], 1, w->err));
    snprintf(path, sizeof path, "datagen_info/eef_pose/%s", name);
    TRY(blob_matrices(w->encoder, path, demo->eef[side], 1, w->err));
    snprintf(path, sizeof path, "datagen_info/target_pose/%s", name);
    TRY(blob_matrices(w->encoder, path, demo->target[side], 1, w->err));
    snprintf(path, sizeof path, "datagen_info/target_pose_wxyz/%s", name);
    TRY(blob_poses(w->encoder, path, demo->target[side], 1, w->err));
    snprintf(path, sizeof path, "datagen_info/gripper_action/%s", name);
    return blob_rows(w->encoder, path, demo->nhand, demo->closure[side], w->err);
}

static Status write_signals(const Writing *w, uint8_t *column) {
    const Demo *demo = w->demo;
    const size_t width = (size_t)demo->nsubtask;
    for (size_t k = 0; demo->signal && k < width; k++) {
        char path[DATA_MAX_PATH];
        snprintf(path, sizeof path, "datagen_info/subtask_term_signals/%s", w->meta->subtask[k]);
        for (size_t i = 0; i < (size_t)demo->nrow; i++)
            column[i] = demo->signal[i * width + k];
        TRY(blob_rows(w->encoder, path, 0, column, w->err));
    }
    return STATUS_OK;
}

static Status write_ends(const Writing *w) {
    const size_t n = (size_t)w->demo->nrow;
    float *reward = mem_calloc(n, sizeof *reward);
    uint8_t *column = mem_calloc(n, 1);
    Status status = reward && column ? STATUS_OK : out_of_memory(w->err);
    if (status == STATUS_OK) {
        reward[n - 1] = 1;
        status = blob_rows(w->encoder, "rewards", 0, reward, w->err);
    }
    if (status == STATUS_OK)
        status = write_signals(w, column);
    if (status == STATUS_OK) {
        memset(column, 0, n);
        column[n - 1] = 1;
        status = blob_rows(w->encoder, "dones", 0, column, w->err);
    }
    if (status == STATUS_OK)
        status = blob_rlds(w->encoder, "", column, w->err);
    mem_free(reward);
    mem_free(column);
    return status;
}

static Status write_arrays(const Writing *w) {
    const Demo *demo = w->demo;
    char path[DATA_MAX_PATH];
    TRY(write_actions(w));
    if (demo->state)
        TRY(blob_rows(w->encoder, "states", 0, demo->state, w->err));
    for (int side = 0; side < NSIDE; side++)
        if (demo->eef[side])
            TRY(write_hand(w, side));
    TRY(blob_rows(w->encoder, "obs/scene_joint", 0, demo->joint, w->err));
    for (int k = 0; k < demo->nobject; k++) {
        snprintf(path, sizeof path, "obs/object_%s", w->meta->object[k]);
        TRY(blob_poses(w->encoder, path, demo->object + k, (size_t)demo->nobject, w->err));
        snprintf(path, sizeof path, "datagen_info/object_poses/%s", w->meta->object[k]);
        TRY(blob_matrices(w->encoder, path, demo->object + k, (size_t)demo->nobject, w->err));
    }
    return write_ends(w);
}

static json_t *marks_json(const DataMeta *meta, const Demo *demo) {
    json_t *list = json_array();
    for (int i = 0; list && i < demo->nmark; i++) {
        const DemoMark *m = &demo->mark[i];
        json_t *item =
            json_pack("{s:s, s:i, s:i}", "name", meta->subtask[m->subtask], "begin", m->begin, "end", m->end);
        if (json_array_append_new(list, item) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static Status write_labels(const Writing *w, int index) {
    const Demo *demo = w->demo;
    DataBlob *blob = blob_of(w->encoder);
    char uuid[37];
    json_t *lineage = json_loads(demo->lineage[0] ? demo->lineage : "[]", 0, NULL);
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:o, s:i, s:o, s:s, s:o, s:o}", "id", demo->id, "operator",
                  demo->operator_name, "device", demo->device, "lineage", lineage ? lineage : json_array(),
                  "hands", (int)demo->hands, "subtasks", marks_json(w->meta, demo), "outcome", "ok", "task",
                  data_json_text_or_empty(w->meta->task), "camera_info", json_object());
    char *text = json ? data_json_text(json) : NULL;
    json_decref(json);
    data_episode_uuid(w->meta, (uint64_t)index, uuid);
    blob->attempt = (uint64_t)index;
    blob->seed = w->meta->seed;
    blob->success = true;
    blob->instruction = "";
    blob->uuid = arena_strdup(blob->arena, uuid);
    blob->ep_meta = text ? arena_strdup(blob->arena, text) : NULL;
    mem_free(text);
    return blob->uuid && blob->ep_meta ? STATUS_OK : out_of_memory(w->err);
}

static Status write_demo(Shard *shard, const DataMeta *meta, const Demo *demo, int index, Err *err) {
    Writing w = {.meta = meta, .demo = demo, .err = err};
    TRY(blob_begin(meta, demo->nrow, DATA_DIRECT, &w.encoder, err));
    Status status = write_labels(&w, index);
    if (status == STATUS_OK)
        status = write_arrays(&w);
    if (status == STATUS_OK)
        status = shard_append(shard, blob_of(w.encoder), err);
    if (status != STATUS_OK)
        err_prefix(err, status, "%s", demo->id);
    data_blob_destroy(blob_end(w.encoder, status != STATUS_OK));
    return status;
}

/* Demonstrations in one file share names, rate, hand and state size; hex: what tells this set from another. */
static Status demos_meta(const DataDemoNames *names, const DemoSet *demos, DataMeta *out, char hex[17],
                         Err *err) {
    const Demo *first = demos->n ? demos->demo[0] : NULL;
    uint64_t hash = HASH64_SEED;
    int nstate = 0;
    if (!first)
        return err_set(err, STATUS_FORMAT, "no demonstration to write");
    for (int i = 0; i < demos->n; i++) {
        const Demo *d = demos->demo[i];
        if (d->nobject != names->nobject || d->njoint != names->njoint || d->nsubtask != names->nsubtask ||
            d->nhand != first->nhand || d->rate_hz != first->rate_hz ||
            (nstate && d->state && d->nstate != nstate))
            return err_set(err, STATUS_MISMATCH,
                           "%s: objects, joints, subtasks, hand, rate or state size differ from %s", d->id,
                           first->id);
        nstate = d->state ? d->nstate : nstate;
        for (int side = 0; side < NSIDE; side++)
            if (d->target[side])
                hash = hash64(hash, d->target[side], (size_t)d->nrow * sizeof(Pose));
    }
    snprintf(hex, 17, "%016llx", (unsigned long long)hash);
    *out = (DataMeta){.name = "demonstrations",
                      .generator = "demomill",
                      .task = names->task,
                      .robot = names->robot,
                      .operator_name = first->operator_name,
                      .device = first->device,
                      .rate_hz = first->rate_hz,
                      .nstate = nstate,
                      .nobject = names->nobject,
                      .object = names->object,
                      .njoint = names->njoint,
                      .joint = names->joint,
                      .nsubtask = names->nsubtask,
                      .subtask = names->subtask,
                      .subtask_hand = names->subtask_hand};
    out->hash[DATA_HASH_config] = hex;
    out->action = action_layout(first->nhand, 0);
    return data_meta_check(out, err);
}

Status data_write_demos(const char *path, const DataDemoNames *names, const DemoSet *demos, Err *err) {
    DataMeta meta;
    Shard *shard = NULL;
    char part[4096], hex[17];
    TRY(demos_meta(names, demos, &meta, hex, err));
    if (access(path, F_OK) == 0)
        return err_set(err, STATUS_EXISTS, "%s: already there; choose another name", path);
    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
        return err_set(err, STATUS_LIMIT, "%s: path too long", path);
    unlink(part); /* of a run that was killed */
    TRY(shard_create(part, SHARD_DEMONSTRATIONS, &meta, demos->n, &shard, err));
    Status status = STATUS_OK;
    for (int i = 0; status == STATUS_OK && i < demos->n; i++)
        status = write_demo(shard, &meta, demos->demo[i], i, err);
    if (status == STATUS_OK)
        status = shard_finish(shard, err);
    else
        shard_abandon(shard);
    if (status == STATUS_OK && rename(part, path) < 0)
        status = err_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
    if (status != STATUS_OK)
        unlink(part);
    return status;
}
