/* task.yaml as libcyaml loads it: the schema, and the plain structs that it fills. */
#ifndef DEMOMILL_BASE_TASK_SCHEMA_PRIV_H
#define DEMOMILL_BASE_TASK_SCHEMA_PRIV_H

#include "base/config.h"
#include "base/task.h"

enum { TASK_MAX_PREDS = 48, TASK_MAX_CHILDREN = 16, TASK_MAX_TEXT = 240 };

/* A predicate mapping: exactly one of all, any, not or an atom is given. */
typedef struct RawPred {
    struct RawPred *all, *any, *not ;
    unsigned all_count, any_count;
    double for_s;
    struct {
        char **arg;
        unsigned narg;      /* 0: not this atom */
    } atom[TASK_MAX_PREDS]; /* in the order of the known names */
} RawPred;

typedef struct RawObject {
    char *name, *noun, *colour;
    Symmetry symmetry;
    bool *movable, distractor;
    double radius;
} RawObject;

typedef struct RawRegion {
    char *object;
    double x[2], y[2], yaw_deg[2];
} RawRegion;

typedef struct RawLevel {
    char *name;
    RawRegion *regions;
    unsigned regions_count;
    double *size, *mass, *friction; /* (2) or NULL */
    double noise_pos, noise_rot_deg, base_xy, base_yaw_deg;
    int distractors;
} RawLevel;

typedef struct RawSubtask {
    char *name, *object, *moves, *together, *text;
    int hand;
    char **after;
    unsigned after_count;
    bool *track, until_force;
    RawPred *until;
} RawSubtask;

typedef struct RawTask {
    char *name, *summary, *mjcf;
    double rate_hz, time_limit, hold;
    struct {
        double x, y, yaw_deg;
    } robot;
    RawObject *objects;
    unsigned objects_count;
    char **joints;
    unsigned joints_count;
    RawLevel *levels;
    unsigned levels_count;
    RawSubtask *subtasks;
    unsigned subtasks_count;
    RawPred *success, *abort;
    char **instructions;
    unsigned instructions_count;
} RawTask;

/* The schema is built at run time, since predicates are recursive and their names come from a table elsewhere. It points
 * into itself: it is never copied. */
typedef struct TaskSchema {
    cyaml_schema_value_t task; /* what config_parse takes; gives a RawTask */
    cyaml_schema_value_t subtask, pred;
    cyaml_schema_field_t task_fields[16], subtask_fields[12], pred_fields[TASK_MAX_PREDS + 5];
} TaskSchema;

/* known_preds: NULL-terminated, at most TASK_MAX_PREDS, alive as long as the schema. */
void task_schema_init(TaskSchema *schema, const char *const *known_preds);

#endif
