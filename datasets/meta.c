/* What is the same for a whole dataset, as JSON and back. */
#include "datasets/meta_priv.h"

#include "base/hash.h"
#include "base/rng.h"
#include "datasets/json_priv.h"
#include "datasets/schema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const data_hash_names[DATA_NHASH] = {
#define X(name, text) #name,
    DATA_HASH_LIST(X)
#undef X
};
const char *const data_side_names[NSIDE] = {"left", "right"};

/* X(field): the texts of DataMeta that are stored under their own name. */
#define TEXT_LIST(X)                                                                                         \
    X(name)                                                                                                  \
    X(generator)                                                                                             \
    X(license)                                                                                               \
    X(robot)                                                                                                 \
    X(task)                                                                                                  \
    X(level)                                                                                                 \
    X(base)                                                                                                  \
    X(realism)                                                                                               \
    X(controller)                                                                                            \
    X(engine)                                                                                                \
    X(operator_name)                                                                                         \
    X(device)

static Status check_names(const char *what, const char *const *name, int n, int max, Err *err) {
    if (n < 0 || n > max)
        return err_set(err, STATUS_LIMIT, "%s: %d given, 0 … %d are possible", what, n, max);
    for (int i = 0; i < n; i++) {
        if (!data_name_ok(name[i]))
            return err_set(err, STATUS_MISMATCH,
                           "%s name '%s': letters, digits, '_', '-' and '.' were expected, at most 47", what,
                           name[i] ? name[i] : "");
        for (int j = 0; j < i; j++)
            if (strcmp(name[i], name[j]) == 0)
                return err_set(err, STATUS_MISMATCH, "%s name '%s' occurs twice", what, name[i]);
    }
    return STATUS_OK;
}

Status data_meta_check(const DataMeta *meta, Err *err) {
    const ActionLayout *a = &meta->action;
    TRY(check_names("dataset", &meta->name, 1, 1, err));
    TRY(check_names("joint", meta->wire, meta->nwire, 256, err));
    TRY(check_names("object", meta->object, meta->nobject, MAX_OBJECTS, err));
    TRY(check_names("scene joint", meta->joint, meta->njoint, MAX_SCENE_JOINTS, err));
    TRY(check_names("subtask", meta->subtask, meta->nsubtask, MAX_SUBTASKS, err));
    TRY(check_names("observation", meta->column, meta->ncolumn, MAX_COLUMNS, err));
    for (int i = 0; i < meta->ncolumn; i++) {
        char path[DATA_MAX_PATH];
        snprintf(path, sizeof path, "obs/%s", meta->column[i]);
        if (meta->column_dim[i] < 1 || meta->column_dim[i] > 65536)
            return err_set(err, STATUS_MISMATCH, "observation %s has %d numbers a row", meta->column[i],
                           meta->column_dim[i]);
        if (data_field(path)->type != DATA_F4)
            return err_set(err, STATUS_MISMATCH, "observation %s: this name is the format's own",
                           meta->column[i]);
    }
    if (!(meta->rate_hz > 0) || !isfinite(meta->rate_hz))
        return err_set(err, STATUS_MISMATCH, "rate %g Hz", meta->rate_hz);
    if (a->nhand < 0 || a->nhand > MAX_HAND_MOTORS || a->nwaist < 0 || a->nwaist > MAX_WAIST ||
        a->dim != 18 + 2 * a->nhand + a->nwaist + 4)
        return err_set(err, STATUS_MISMATCH, "action of %d numbers with %d hand motors and %d waist joints",
                       a->dim, a->nhand, a->nwaist);
    if (meta->nstate < 0 || meta->nstate > 1 << 20)
        return err_set(err, STATUS_LIMIT, "a state of %d numbers", meta->nstate);
    return STATUS_OK;
}

static json_t *parse_or_null(const char *text, const char *absent) {
    return json_loads(text && *text ? text : absent, 0, NULL);
}

/* A file is told by its name alone: where it lay is no property of the data. */
static const char *file_name(const char *path) {
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}

static json_t *sources_json(const DataMeta *meta) {
    json_t *list = json_array();
    for (int i = 0; list && i < meta->nsource; i++) {
        const DataSource *s = &meta->source[i];
        json_t *item =
            json_pack("{s:o, s:o, s:o, s:o, s:o}", "id", data_json_text_or_empty(s->id), "file",
                      data_json_text_or_empty(file_name(s->file)), "operator",
                      data_json_text_or_empty(s->operator_name), "device", data_json_text_or_empty(s->device),
                      "lineage", parse_or_null(s->lineage, "[]"));
        if (json_array_append_new(list, item) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *pairs_json(const char *const *name, const int *value, int n) {
    json_t *list = json_array();
    for (int i = 0; list && i < n; i++)
        if (json_array_append_new(list, json_pack("[s, i]", name[i], value[i])) < 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *hashes_json(const DataMeta *meta) {
    json_t *hashes = json_object();
    for (int i = 0; hashes && i < DATA_NHASH; i++)
        if (json_object_set_new(hashes, data_hash_names[i], data_json_text_or_empty(meta->hash[i])) < 0) {
            json_decref(hashes);
            return NULL;
        }
    return hashes;
}

json_t *data_meta_json(const DataMeta *meta) {
    json_t *json = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:f, s:i, s:i, s:i}", "hashes", hashes_json(meta),
        "sources", sources_json(meta), "subtasks",
        pairs_json(meta->subtask, meta->subtask_hand, meta->nsubtask), "columns",
        pairs_json(meta->column, meta->column_dim, meta->ncolumn), "joint_names",
        data_json_names(meta->wire, meta->nwire), "objects", data_json_names(meta->object, meta->nobject),
        "scene_joints", data_json_names(meta->joint, meta->njoint), "config",
        parse_or_null(meta->config_json, "{}"), "seed", (json_int_t)meta->seed, "rate_hz", meta->rate_hz,
        "hand_motors", meta->action.nhand, "waist_joints", meta->action.nwaist, "state_size", meta->nstate);
    bool ok = json != NULL;
#define X(field) ok = ok && json_object_set_new(json, #field, data_json_text_or_empty(meta->field)) == 0;
    TEXT_LIST(X)
#undef X
    if (!ok) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static Status parse_names(const char *place, const json_t *json, const char *key, Arena *arena, int max,
                          int *n, const char *const **out, int **value, Err *err) {
    const json_t *list = json_object_get(json, key);
    const size_t size = json_array_size(list);
    if (!json_is_array(list) || size > (size_t)max)
        return err_set(err, STATUS_FORMAT, "%s: '%s' must be a list of at most %d", place, key, max);
    const char **name = arena_alloc(arena, (size + 1) * sizeof *name);
    int *number = arena_alloc(arena, (size + 1) * sizeof *number);
    if (!name || !number)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", place);
    for (size_t i = 0; i < size; i++) {
        const json_t *item = json_array_get(list, i);
        const json_t *text = value ? json_array_get(item, 0) : item;
        if (!json_is_string(text))
            return err_set(err, STATUS_FORMAT, "%s: entry %zu of '%s' has no name", place, i, key);
        if (!(name[i] = arena_strdup(arena, json_string_value(text))))
            return err_set(err, STATUS_MEMORY, "%s: out of memory", place);
        const json_int_t v = json_integer_value(json_array_get(item, 1));
        if (value && (v < 0 || v > 1 << 20))
            return err_set(err, STATUS_FORMAT, "%s: entry %zu of '%s' is out of range", place, i, key);
        number[i] = (int)v;
    }
    *n = (int)size;
    *out = name;
    if (value)
        *value = number;
    return STATUS_OK;
}

static const char *keep(Arena *arena, const json_t *json, const char *key, bool *ok) {
    const char *text = arena_strdup(arena, data_json_get_text(json, key, ""));
    *ok = *ok && text;
    return text;
}

static Status parse_sources(const char *place, const json_t *json, Arena *arena, DataMeta *out, Err *err) {
    const json_t *list = json_object_get(json, "sources");
    const size_t n = json_array_size(list);
    if (n > 1000000)
        return err_set(err, STATUS_FORMAT, "%s: %zu sources", place, n);
    DataSource *source = arena_alloc(arena, (n + 1) * sizeof *source);
    bool ok = source != NULL;
    for (size_t i = 0; ok && i < n; i++) {
        const json_t *item = json_array_get(list, i);
        char *lineage = data_json_text(json_object_get(item, "lineage"));
        source[i] = (DataSource){.id = keep(arena, item, "id", &ok),
                                 .file = keep(arena, item, "file", &ok),
                                 .operator_name = keep(arena, item, "operator", &ok),
                                 .device = keep(arena, item, "device", &ok),
                                 .lineage = arena_strdup(arena, lineage ? lineage : "[]")};
        ok = ok && source[i].lineage;
        mem_free(lineage);
    }
    if (!ok)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", place);
    out->nsource = (int)n;
    out->source = source;
    return STATUS_OK;
}

Status data_meta_parse(const char *place, const json_t *json, Arena *arena, DataMeta *out, Err *err) {
    DataMeta meta = {.seed = (uint64_t)data_json_get_int(json, "seed", 0),
                     .rate_hz = data_json_get_real(json, "rate_hz", 0)};
    const int64_t nhand = data_json_get_int(json, "hand_motors", -1);
    const int64_t nwaist = data_json_get_int(json, "waist_joints", -1);
    const int64_t nstate = data_json_get_int(json, "state_size", -1);
    if (nhand < 0 || nhand > MAX_HAND_MOTORS || nwaist < 0 || nwaist > MAX_WAIST || nstate < 0 ||
        nstate > 1 << 20)
        return err_set(err, STATUS_FORMAT,
                       "%s: hand_motors, waist_joints or state_size is missing or out of range", place);
    meta.action = action_layout((int)nhand, (int)nwaist);
    meta.nstate = (int)nstate;
    int *hand = NULL, *dim = NULL;
    TRY(parse_names(place, json, "joint_names", arena, 256, &meta.nwire, &meta.wire, NULL, err));
    TRY(parse_names(place, json, "objects", arena, MAX_OBJECTS, &meta.nobject, &meta.object, NULL, err));
    TRY(parse_names(place, json, "scene_joints", arena, MAX_SCENE_JOINTS, &meta.njoint, &meta.joint, NULL,
                    err));
    TRY(parse_names(place, json, "subtasks", arena, MAX_SUBTASKS, &meta.nsubtask, &meta.subtask, &hand, err));
    TRY(parse_names(place, json, "columns", arena, MAX_COLUMNS, &meta.ncolumn, &meta.column, &dim, err));
    meta.subtask_hand = hand;
    meta.column_dim = dim;
    for (int i = 0; i < meta.nsubtask; i++)
        if (hand[i] >= NSIDE)
            return err_set(err, STATUS_FORMAT, "%s: subtask %s has hand %d", place, meta.subtask[i], hand[i]);
    TRY(parse_sources(place, json, arena, &meta, err));
    bool ok = true;
#define X(field) meta.field = keep(arena, json, #field, &ok);
    TEXT_LIST(X)
#undef X
    const json_t *hashes = json_object_get(json, "hashes");
    for (int i = 0; i < DATA_NHASH; i++)
        meta.hash[i] = keep(arena, hashes, data_hash_names[i], &ok);
    const json_t *config = json_object_get(json, "config");
    char *text = config ? data_json_text(config) : mem_strdup("{}");
    meta.config_json = text ? arena_strdup(arena, text) : NULL;
    mem_free(text);
    if (!ok || !meta.config_json)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", place);
    TRY(data_meta_check(&meta, err));
    *out = meta;
    return STATUS_OK;
}

char *data_env_args(const DataMeta *meta) {
    /* type 2 is robomimic's "gym": the nearest of its kinds to an environment of one's own. */
    json_t *json = json_pack(
        "{s:o, s:i, s:s, s:{s:o, s:o, s:o, s:o, s:f, s:I}}", "env_name", data_json_text_or_empty(meta->task),
        "type", 2, "env_version", DATA_FORMAT_VERSION, "env_kwargs", "robot",
        data_json_text_or_empty(meta->robot), "level", data_json_text_or_empty(meta->level), "base",
        data_json_text_or_empty(meta->base), "realism", data_json_text_or_empty(meta->realism), "rate_hz",
        meta->rate_hz, "seed", (json_int_t)meta->seed);
    char *text = json ? data_json_text(json) : NULL;
    json_decref(json);
    return text;
}

void data_episode_uuid(const DataMeta *meta, uint64_t attempt, char uuid[37]) {
    Sha256 sha;
    unsigned char d[32], key[16];
    for (int i = 0; i < 8; i++) {
        key[i] = (unsigned char)(meta->seed >> 8 * i);
        key[8 + i] = (unsigned char)(attempt >> 8 * i);
    }
    sha256_begin(&sha);
    sha256_add(&sha, key, sizeof key);
    for (int i = 0; i < DATA_NHASH; i++)
        if (meta->hash[i])
            sha256_add(&sha, meta->hash[i], strlen(meta->hash[i]) + 1);
    if (meta->operator_name)
        sha256_add(&sha, meta->operator_name, strlen(meta->operator_name) + 1);
    sha256_end(&sha, d);
    d[6] = (unsigned char)((d[6] & 0x0f) | 0x80); /* version 8 */
    d[8] = (unsigned char)((d[8] & 0x3f) | 0x80); /* RFC 9562 */
    snprintf(uuid, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", d[0], d[1],
             d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10], d[11], d[12], d[13], d[14], d[15]);
}

bool data_is_valid_split(uint64_t seed, uint64_t attempt) {
    Rng rng = rng_make(seed, attempt, RNG_SPLIT, 0);
    return rng_uniform(&rng) < 0.1;
}
