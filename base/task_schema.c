/* The schema of task.yaml. */
#include "task_schema_priv.h"

#include <string.h>

static const cyaml_schema_value_t text_value = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, TASK_MAX_TEXT)};
static const cyaml_schema_value_t number_value = {CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, double)};

static const cyaml_strval_t symmetry_names[] = {
    {"none", SYMMETRY_NONE}, {"z2", SYMMETRY_Z2}, {"z4", SYMMETRY_Z4}, {"z", SYMMETRY_Z_ANY}};
static const cyaml_strval_t hand_names[] = {{"left", SIDE_LEFT}, {"right", SIDE_RIGHT}};

#define TEXT(key, type, member)                                                                              \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, TASK_MAX_TEXT)
#define TEXT_OPTIONAL(key, type, member)                                                                     \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER_NULL_STR | CYAML_FLAG_OPTIONAL, type, member, 1,          \
                           TASK_MAX_TEXT)
#define NUMBER(key, flags, type, member) CYAML_FIELD_FLOAT(key, flags, type, member)
#define RANGE(key, flags, type, member) CYAML_FIELD_SEQUENCE_FIXED(key, flags, type, member, &number_value, 2)
#define LIST(key, flags, type, member, entry, min, max)                                                      \
    CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | (flags), type, member, entry, min, max)

static const cyaml_schema_field_t object_fields[] = {
    TEXT("name", RawObject, name),
    TEXT("noun", RawObject, noun),
    TEXT_OPTIONAL("colour", RawObject, colour),
    CYAML_FIELD_ENUM("symmetry", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, RawObject, symmetry, symmetry_names,
                     CYAML_ARRAY_LEN(symmetry_names)),
    CYAML_FIELD_BOOL_PTR("movable", CYAML_FLAG_OPTIONAL, RawObject, movable),
    CYAML_FIELD_BOOL("distractor", CYAML_FLAG_OPTIONAL, RawObject, distractor),
    NUMBER("radius_m", CYAML_FLAG_DEFAULT, RawObject, radius),
    CYAML_FIELD_END};
static const cyaml_schema_value_t object_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RawObject, object_fields)};

static const cyaml_schema_field_t region_fields[] = {
    TEXT("object", RawRegion, object), RANGE("x", CYAML_FLAG_DEFAULT, RawRegion, x),
    RANGE("y", CYAML_FLAG_DEFAULT, RawRegion, y), RANGE("yaw_deg", CYAML_FLAG_OPTIONAL, RawRegion, yaw_deg),
    CYAML_FIELD_END};
static const cyaml_schema_value_t region_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RawRegion, region_fields)};

static const cyaml_schema_field_t level_fields[] = {
    TEXT("name", RawLevel, name),
    LIST("regions", 0, RawLevel, regions, &region_value, 1, MAX_OBJECTS),
    RANGE("size", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, RawLevel, size),
    RANGE("mass", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, RawLevel, mass),
    RANGE("friction", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, RawLevel, friction),
    NUMBER("noise_pos_m", CYAML_FLAG_OPTIONAL, RawLevel, noise_pos),
    NUMBER("noise_rot_deg", CYAML_FLAG_OPTIONAL, RawLevel, noise_rot_deg),
    CYAML_FIELD_INT("distractors", CYAML_FLAG_OPTIONAL, RawLevel, distractors),
    NUMBER("base_xy_m", CYAML_FLAG_OPTIONAL, RawLevel, base_xy),
    NUMBER("base_yaw_deg", CYAML_FLAG_OPTIONAL, RawLevel, base_yaw_deg),
    CYAML_FIELD_END};
static const cyaml_schema_value_t level_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RawLevel, level_fields)};

typedef struct RawRobot {
    double x, y, yaw_deg;
} RawRobot;
static const cyaml_schema_field_t robot_fields[] = {
    NUMBER("x", CYAML_FLAG_OPTIONAL, RawRobot, x), NUMBER("y", CYAML_FLAG_OPTIONAL, RawRobot, y),
    NUMBER("yaw_deg", CYAML_FLAG_OPTIONAL, RawRobot, yaw_deg), CYAML_FIELD_END};

/* Templates: what depends on the predicates' names has its fields filled in below. */

static const cyaml_schema_field_t subtask_template[] = {
    TEXT("name", RawSubtask, name),
    CYAML_FIELD_ENUM("hand", CYAML_FLAG_STRICT, RawSubtask, hand, hand_names, CYAML_ARRAY_LEN(hand_names)),
    TEXT("object", RawSubtask, object),
    TEXT_OPTIONAL("moves", RawSubtask, moves),
    LIST("after", CYAML_FLAG_OPTIONAL, RawSubtask, after, &text_value, 0, 4),
    TEXT_OPTIONAL("together", RawSubtask, together),
    CYAML_FIELD_BOOL_PTR("track", CYAML_FLAG_OPTIONAL, RawSubtask, track),
    CYAML_FIELD_BOOL("until_force", CYAML_FLAG_OPTIONAL, RawSubtask, until_force),
    TEXT_OPTIONAL("text", RawSubtask, text),
    CYAML_FIELD_MAPPING_PTR("until", CYAML_FLAG_POINTER, RawSubtask, until, NULL),
    CYAML_FIELD_END};

static const cyaml_schema_field_t task_template[] = {
    TEXT("name", RawTask, name),
    TEXT("summary", RawTask, summary),
    TEXT("mjcf", RawTask, mjcf),
    NUMBER("rate_hz", CYAML_FLAG_DEFAULT, RawTask, rate_hz),
    NUMBER("time_limit_s", CYAML_FLAG_DEFAULT, RawTask, time_limit),
    NUMBER("hold_s", CYAML_FLAG_DEFAULT, RawTask, hold),
    CYAML_FIELD_MAPPING("robot", CYAML_FLAG_OPTIONAL, RawTask, robot, robot_fields),
    LIST("objects", 0, RawTask, objects, &object_value, 1, MAX_OBJECTS),
    LIST("joints", CYAML_FLAG_OPTIONAL, RawTask, joints, &text_value, 0, MAX_SCENE_JOINTS),
    LIST("levels", 0, RawTask, levels, &level_value, 1, MAX_LEVELS),
    LIST("subtasks", 0, RawTask, subtasks, NULL, 1, MAX_SUBTASKS),
    CYAML_FIELD_MAPPING_PTR("success", CYAML_FLAG_POINTER, RawTask, success, NULL),
    CYAML_FIELD_MAPPING_PTR("abort", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, RawTask, abort, NULL),
    LIST("instructions", 0, RawTask, instructions, &text_value, 1, 64),
    CYAML_FIELD_END};

static cyaml_schema_field_t *field(cyaml_schema_field_t *fields, const char *key) {
    while (strcmp(fields->key, key) != 0)
        fields++;
    return fields;
}

static void init_pred(TaskSchema *schema, const char *const *known_preds) {
    const cyaml_schema_field_t combine[] = {
        LIST("all", CYAML_FLAG_OPTIONAL, RawPred, all, &schema->pred, 1, TASK_MAX_CHILDREN),
        LIST("any", CYAML_FLAG_OPTIONAL, RawPred, any, &schema->pred, 1, TASK_MAX_CHILDREN),
        CYAML_FIELD_MAPPING_PTR("not", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, RawPred, not,
                                schema->pred_fields),
        NUMBER("for", CYAML_FLAG_OPTIONAL, RawPred, for_s)};
    memcpy(schema->pred_fields, combine, sizeof combine);
    cyaml_schema_field_t *next = schema->pred_fields + CYAML_ARRAY_LEN(combine);
    for (unsigned i = 0; known_preds[i]; i++) {
        ASSERT(i < TASK_MAX_PREDS);
        *next = (cyaml_schema_field_t)CYAML_FIELD_SEQUENCE_COUNT(
            known_preds[i], CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, RawPred, atom[0].arg, atom[0].narg,
            &text_value, 0, MAX_PRED_ARGS);
        next->data_offset += (uint32_t)(i * sizeof((RawPred *)0)->atom[0]);
        next->count_offset += (uint32_t)(i * sizeof((RawPred *)0)->atom[0]);
        next++;
    }
    *next = (cyaml_schema_field_t)CYAML_FIELD_END;
    schema->pred =
        (cyaml_schema_value_t){CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RawPred, schema->pred_fields)};
}

void task_schema_init(TaskSchema *schema, const char *const *known_preds) {
    _Static_assert(sizeof schema->subtask_fields >= sizeof subtask_template, "room for the subtask's fields");
    _Static_assert(sizeof schema->task_fields >= sizeof task_template, "room for the task's fields");
    init_pred(schema, known_preds);

    memcpy(schema->subtask_fields, subtask_template, sizeof subtask_template);
    field(schema->subtask_fields, "until")->value.mapping.fields = schema->pred_fields;
    schema->subtask =
        (cyaml_schema_value_t){CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RawSubtask, schema->subtask_fields)};

    memcpy(schema->task_fields, task_template, sizeof task_template);
    field(schema->task_fields, "subtasks")->value.sequence.entry = &schema->subtask;
    field(schema->task_fields, "success")->value.mapping.fields = schema->pred_fields;
    field(schema->task_fields, "abort")->value.mapping.fields = schema->pred_fields;
    schema->task =
        (cyaml_schema_value_t){CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, RawTask, schema->task_fields)};
}
