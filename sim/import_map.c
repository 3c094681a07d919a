/* The map's file: schema and checks. */
#include "sim/import_map.h"

#include "base/config.h"

#include <stdio.h>
#include <string.h>

static const double degree = 0.017453292519943295; /* rad */

typedef struct RawPose {
    double pos[3];
    double *quat; /* (4) or NULL */
    double *yaw_deg;
} RawPose;

typedef struct RawHand {
    int side, action;
    char *tool, *target, *gripper, *open_closure, *closed_closure;
    double open, closed, close_time;
    RawPose grasp_in_tool;
} RawHand;

typedef struct RawName {
    char *name, *source;
} RawName;

typedef struct RawMap {
    char *device, *operator_name;
    double rate_hz;
    double *scale, *idle_pos, *idle_angle_deg;
    RawPose world;
    RawHand *hands;
    unsigned hands_count;
    RawName *objects, *joints, *signals;
    unsigned objects_count, joints_count, signals_count;
} RawMap;

static const cyaml_schema_value_t number_value = {CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, double)};
static const cyaml_strval_t side_names[] = {{"left", SIDE_LEFT}, {"right", SIDE_RIGHT}};

static const cyaml_schema_field_t pose_fields[] = {
    CYAML_FIELD_SEQUENCE_FIXED("pos_m", CYAML_FLAG_OPTIONAL, RawPose, pos, &number_value, 3),
    CYAML_FIELD_SEQUENCE_FIXED("quat", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, RawPose, quat, &number_value,
                               4),
    CYAML_FIELD_FLOAT_PTR("yaw_deg", CYAML_FLAG_OPTIONAL, RawPose, yaw_deg), CYAML_FIELD_END};

static const cyaml_schema_field_t hand_fields[] = {
    CYAML_FIELD_ENUM("side", CYAML_FLAG_STRICT, RawHand, side, side_names, CYAML_ARRAY_LEN(side_names)),
    CYAML_FIELD_STRING_PTR("tool", CYAML_FLAG_POINTER, RawHand, tool, 1, 60),
    CYAML_FIELD_STRING_PTR("target", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, RawHand, target, 1, 60),
    CYAML_FIELD_MAPPING("grasp_in_tool", CYAML_FLAG_OPTIONAL, RawHand, grasp_in_tool, pose_fields),
    CYAML_FIELD_STRING_PTR("gripper", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, RawHand, gripper, 1, 60),
    CYAML_FIELD_INT("action", CYAML_FLAG_OPTIONAL, RawHand, action),
    CYAML_FIELD_FLOAT("open", CYAML_FLAG_DEFAULT, RawHand, open),
    CYAML_FIELD_FLOAT("closed", CYAML_FLAG_DEFAULT, RawHand, closed),
    CYAML_FIELD_STRING_PTR("open_closure", CYAML_FLAG_POINTER, RawHand, open_closure, 1, 60),
    CYAML_FIELD_STRING_PTR("closed_closure", CYAML_FLAG_POINTER, RawHand, closed_closure, 1, 60),
    CYAML_FIELD_FLOAT("close_time_s", CYAML_FLAG_OPTIONAL, RawHand, close_time),
    CYAML_FIELD_END};
static const cyaml_schema_value_t hand_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RawHand, hand_fields)};

static const cyaml_schema_field_t name_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, RawName, name, 1, 60),
    CYAML_FIELD_STRING_PTR("source", CYAML_FLAG_POINTER, RawName, source, 1, 60), CYAML_FIELD_END};
static const cyaml_schema_value_t name_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RawName, name_fields)};

static const cyaml_schema_field_t map_fields[] = {
    CYAML_FIELD_STRING_PTR("device", CYAML_FLAG_POINTER, RawMap, device, 1, 60),
    CYAML_FIELD_STRING_PTR("operator", CYAML_FLAG_POINTER, RawMap, operator_name, 1, 30),
    CYAML_FIELD_FLOAT("rate_hz", CYAML_FLAG_OPTIONAL, RawMap, rate_hz),
    CYAML_FIELD_FLOAT_PTR("scale", CYAML_FLAG_OPTIONAL, RawMap, scale),
    CYAML_FIELD_MAPPING("world", CYAML_FLAG_OPTIONAL, RawMap, world, pose_fields),
    CYAML_FIELD_FLOAT_PTR("idle_pos_m", CYAML_FLAG_OPTIONAL, RawMap, idle_pos),
    CYAML_FIELD_FLOAT_PTR("idle_angle_deg", CYAML_FLAG_OPTIONAL, RawMap, idle_angle_deg),
    CYAML_FIELD_SEQUENCE("hands", CYAML_FLAG_POINTER, RawMap, hands, &hand_value, 1, NSIDE),
    CYAML_FIELD_SEQUENCE("objects", CYAML_FLAG_POINTER, RawMap, objects, &name_value, 1, MAX_OBJECTS),
    CYAML_FIELD_SEQUENCE("joints", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, RawMap, joints, &name_value, 0,
                         MAX_SCENE_JOINTS),
    CYAML_FIELD_SEQUENCE("signals", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, RawMap, signals, &name_value, 0,
                         MAX_SUBTASKS),
    CYAML_FIELD_END};
static const cyaml_schema_value_t map_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, RawMap, map_fields)};

static Status build(SimImportMap *map, const RawMap *raw, Err *err);

Status sim_import_map_parse(const char *path, const char *text, size_t size, SimImportMap **out, Err *err) {
    void *raw = NULL;
    TRY(config_parse(path, text, size, &map_value, &raw, err));
    Arena *arena = arena_create(0);
    SimImportMap *map = arena ? arena_alloc(arena, sizeof *map) : NULL;
    Status status = STATUS_MEMORY;
    if (map) {
        map->arena = arena;
        map->path = arena_strdup(arena, path);
        status = map->path ? build(map, raw, err) : STATUS_MEMORY;
    }
    config_free(&map_value, raw);
    if (status == STATUS_MEMORY)
        err_set(err, status, "%s: out of memory", path);
    if (status != STATUS_OK)
        arena_destroy(arena);
    else
        *out = map;
    return status;
}

Status sim_import_map_load(const char *path, SimImportMap **out, Err *err) {
    char *text;
    size_t size;
    TRY(config_read(path, &text, &size, err));
    const Status status = sim_import_map_parse(path, text, size, out, err);
    mem_free(text);
    return status;
}

void sim_import_map_destroy(SimImportMap *map) {
    if (map)
        arena_destroy(map->arena);
}

static Status copy(SimImportMap *map, const char *text, const char **out) {
    *out = text ? arena_strdup(map->arena, text) : NULL;
    return text && !*out ? STATUS_MEMORY : STATUS_OK;
}

static Status build_pose(const SimImportMap *map, const RawPose *raw, const char *what, Pose *out, Err *err) {
    *out = POSE_IDENTITY;
    memcpy(out->pos, raw->pos, sizeof out->pos);
    if (raw->quat && raw->yaw_deg)
        return err_set(err, STATUS_FORMAT, "%s: %s has both quat and yaw_deg", map->path, what);
    if (raw->yaw_deg)
        quat_from_yaw(*raw->yaw_deg * degree, out->quat);
    if (raw->quat) {
        memcpy(out->quat, raw->quat, sizeof out->quat);
        const double *q = out->quat, square = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
        if (!(square > 0.98 && square < 1.02))
            return err_set(err, STATUS_FORMAT, "%s: %s: quat (w, x, y, z) is not of length 1", map->path,
                           what);
        quat_normalize(out->quat);
    }
    for (int i = 0; i < 3; i++) {
        if (!(out->pos[i] >= -1000 && out->pos[i] <= 1000))
            return err_set(err, STATUS_FORMAT, "%s: %s: pos_m lies beyond 1 km", map->path, what);
    }
    return STATUS_OK;
}

static Status build_hand(SimImportMap *map, const RawHand *raw, SimMapHand *hand, Err *err) {
    hand->side = raw->side;
    TRY(copy(map, raw->tool, &hand->tool));
    TRY(copy(map, raw->target, &hand->target));
    TRY(copy(map, raw->gripper, &hand->gripper));
    TRY(copy(map, raw->open_closure, &hand->closure[0]));
    TRY(copy(map, raw->closed_closure, &hand->closure[1]));
    hand->action = raw->action;
    hand->command[0] = raw->open;
    hand->command[1] = raw->closed;
    hand->close_time = raw->close_time;
    if (hand->command[0] == hand->command[1])
        return err_set(err, STATUS_FORMAT, "%s: hands: open and closed are the same command", map->path);
    if (!(hand->close_time >= 0 && hand->close_time <= 10))
        return err_set(err, STATUS_FORMAT, "%s: hands: close_time_s must lie in 0 … 10", map->path);
    return build_pose(map, &raw->grasp_in_tool, "grasp_in_tool", &hand->grasp_in_tool, err);
}

static Status build_names(SimImportMap *map, const RawName *raw, unsigned n, SimMapName **out, int *nout) {
    *nout = (int)n;
    *out = arena_alloc(map->arena, n * sizeof **out);
    if (!*out)
        return STATUS_MEMORY;
    for (unsigned i = 0; i < n; i++) {
        TRY(copy(map, raw[i].name, &(*out)[i].name));
        TRY(copy(map, raw[i].source, &(*out)[i].source));
    }
    return STATUS_OK;
}

static Status build(SimImportMap *map, const RawMap *raw, Err *err) {
    TRY(copy(map, raw->device, &map->device));
    TRY(copy(map, raw->operator_name, &map->operator_name));
    map->rate_hz = raw->rate_hz;
    map->scale = raw->scale ? *raw->scale : 1;
    map->idle_pos = raw->idle_pos ? *raw->idle_pos : 0.002;
    map->idle_angle = (raw->idle_angle_deg ? *raw->idle_angle_deg : 1) * degree;
    if (!(map->rate_hz >= 0 && map->rate_hz <= 10000))
        return err_set(err, STATUS_FORMAT, "%s: rate_hz must lie in 0 … 10000", map->path);
    if (!(map->scale >= 0.01 && map->scale <= 100))
        return err_set(err, STATUS_FORMAT, "%s: scale must lie in 0.01 … 100", map->path);
    TRY(build_pose(map, &raw->world, "world", &map->world, err));
    map->nhand = (int)raw->hands_count;
    for (int i = 0; i < map->nhand; i++)
        TRY(build_hand(map, &raw->hands[i], &map->hand[i], err));
    if (map->nhand == 2 && map->hand[0].side == map->hand[1].side)
        return err_set(err, STATUS_FORMAT, "%s: hands: both are the same side", map->path);
    TRY(build_names(map, raw->objects, raw->objects_count, &map->object, &map->nobject));
    TRY(build_names(map, raw->joints, raw->joints_count, &map->joint, &map->njoint));
    return build_names(map, raw->signals, raw->signals_count, &map->signal, &map->nsignal);
}
