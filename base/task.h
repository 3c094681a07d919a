/* Task: what is to be done, as data read from tasks/<name>/task.yaml.
 *
 * Names are kept as text; sim/ binds them to addresses once, loudly. A task knows nothing of one robot. */
#ifndef DEMOMILL_BASE_TASK_H
#define DEMOMILL_BASE_TASK_H

#include "base/arena.h"
#include "base/scene.h"
#include "base/status.h"

#include <stdbool.h>

enum { MAX_SUBTASKS = 16, MAX_LEVELS = 4, MAX_PRED_ARGS = 4 };

/* A predicate expression. YAML: `all: [..]`, `any: [..]`, `not: {..}`, or `name: [args]`, with optional `for:
 * seconds` beside it ("has been true without a break for so long"). */
typedef enum PredKind { PRED_ALL, PRED_ANY, PRED_NOT, PRED_ATOM } PredKind;
typedef struct Pred {
    PredKind kind;
    double for_s; /* 0: instantaneous */
    int nchild;
    struct Pred *child; /* (nchild) */
    const char *name;   /* PRED_ATOM: key of the predicate table in sim/predicate.h */
    int narg;
    const char *arg[MAX_PRED_ARGS];
    int timer; /* index of this node's timer, unique in the task, −1 if for_s is 0 */
    int line;  /* in task.yaml */
} Pred;

/* Rotations about an object's z axis that leave it looking the same. */
typedef enum Symmetry { SYMMETRY_NONE, SYMMETRY_Z2, SYMMETRY_Z4, SYMMETRY_Z_ANY } Symmetry;

typedef struct TaskObject {
    const char *name;   /* also the body's name in the scene file */
    const char *noun;   /* for instructions: "cube" */
    const char *colour; /* "red"; may be NULL */
    Symmetry symmetry;
    bool movable;    /* free joint; false: furniture whose pose may still be drawn (mocap-like fixed body) */
    bool distractor; /* in the world only at levels that ask for distractors */
    double radius;   /* footprint for reset separation, m */
} TaskObject;

typedef struct TaskJoint {
    const char *name; /* joint's name in the scene file */
} TaskJoint;

typedef struct ResetRegion {
    const char *object;
    double x[2], y[2]; /* of the object's origin, world, m */
    double yaw[2];     /* rad, about the pose in the scene file */
} ResetRegion;

typedef struct TaskLevel {
    const char *name; /* "D0" */
    int nregion;
    ResetRegion *region;
    double size[2];           /* factor on the size of movable objects */
    double mass[2];           /* factor on mass */
    double friction[2];       /* factor on sliding friction */
    double noise_pos;         /* perceived object pose: standard deviation per axis, m */
    double noise_rot;         /* and of the rotation about a random axis, rad */
    int distractors;          /* how many of the distractor objects are in the world */
    double base_xy, base_yaw; /* half ranges of the robot's start pose, m and rad */
} TaskLevel;

/* Which hand does a subtask. SIDE_LEFT, SIDE_RIGHT. */
typedef struct Subtask {
    const char *name;
    int hand;
    const char *object; /* reference: the segment moves with this object */
    const char *moves;  /* object in the hand whose pose is what matters; NULL if none */
    Pred *until;        /* post-condition; its rising edge is the boundary in a demonstration */
    int nafter;
    const char *after[4]; /* subtasks of the other hand that must have ended before this one starts */
    const char *together; /* group name: started at one tick from one demonstration under one shared
                             transform, ended at one tick */
    bool track;           /* re-read the reference pose each tick until contact */
    bool until_force;     /* end the approach at contact force instead of at position */
    const char *text;     /* "reach for the {cube}" */
} Subtask;

typedef struct Task {
    Arena *arena;
    const char *path; /* task.yaml */
    const char *dir;
    const char *name, *summary;
    const char *mjcf;  /* scene file, absolute or relative to dir */
    double rate_hz;    /* of the task interface and of the rows */
    double time_limit; /* s */
    double hold;       /* s the success must hold at the end */
    Pose robot;        /* base_footprint at reset, world */
    int nobject;
    TaskObject *object;
    int njoint;
    TaskJoint *joint;
    int nlevel;
    TaskLevel *level;
    int nsubtask;
    Subtask *subtask; /* in file order; one list per hand by Subtask.hand */
    Pred *success;
    Pred *abort; /* may be NULL */
    int ntimer;  /* predicate timers in all */
    int ninstruction;
    const char **instruction; /* templates with {object.colour}, {object.noun} */
    char hash[65];            /* SHA-256 of task.yaml and the scene file */
} Task;

/* Load tasks/<name>/task.yaml. known_preds: names that a predicate may have (NULL-terminated; from sim).
 * Errors name file, line and what is known. The task is freed by task_destroy (NULL is fine). */
Status task_load(const char *path, const char *const *known_preds, Task **out, Err *err);
/* The same from memory, without its scene file: hash stays empty. path stands for the file in messages. */
Status task_parse(const char *path, const char *text, size_t size, const char *const *known_preds, Task **out,
                  Err *err);
void task_destroy(Task *task);
int task_object_index(const Task *task, const char *name);  /* −1 if absent */
int task_subtask_index(const Task *task, const char *name); /* −1 if absent */
const TaskLevel *task_level(const Task *task, const char *name,
                            Err *err); /* NULL with a message that lists the known */

#endif
