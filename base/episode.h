/* Episode: everything that happened in one attempt, and its Outcome. */
#ifndef DEMOMILL_BASE_EPISODE_H
#define DEMOMILL_BASE_EPISODE_H

#include "base/action.h"
#include "base/arena.h"
#include "base/scene.h"

#include <stdint.h>

/* X(name, text): how an attempt ended. */
#define OUTCOME_LIST(X)                                                                                      \
    X(ok, "succeeded and held to the end")                                                                   \
    X(reset_failed, "no valid start scene was found")                                                        \
    X(unreachable, "a target is out of reach")                                                               \
    X(joint_limit, "a target needs a joint beyond its limit")                                                \
    X(self_collision, "the plan runs the robot into itself")                                                 \
    X(scene_collision, "the plan runs the robot into the scene")                                             \
    X(ik_diverged, "inverse kinematics found no answer")                                                     \
    X(tracking_lost, "the hand left its target")                                                             \
    X(grasp_missed, "the hand closed on nothing")                                                            \
    X(slipped, "the object left the hand")                                                                   \
    X(knocked, "an object was knocked over or away")                                                         \
    X(off_table, "an object fell off")                                                                       \
    X(fell, "the robot fell")                                                                                \
    X(timeout, "time ran out")                                                                               \
    X(not_held, "success did not hold to the end")                                                           \
    X(numeric, "the simulation became unstable")                                                             \
    X(postcondition, "a subtask ended without its condition")

typedef enum Outcome {
#define X(name, text) OUTCOME_##name,
    OUTCOME_LIST(X)
#undef X
        OUTCOME_COUNT
} Outcome;

const char *outcome_name(Outcome outcome); /* "grasp_missed" */
const char *outcome_text(Outcome outcome);
int outcome_from_name(const char *name); /* −1 if unknown */

/* What was drawn at reset; recorded, and enough to rebuild the start scene. */
typedef struct ResetDraw {
    int nobject;
    Pose object[MAX_OBJECTS];
    double size[MAX_OBJECTS], mass[MAX_OBJECTS], friction[MAX_OBJECTS]; /* factors */
    Pose noise[MAX_OBJECTS];                                            /* perceived = pose · noise */
    Pose base;
    int tries;
    int bin; /* cell of the reset grid, for coverage; see gen_reset_bin */
} ResetDraw;

typedef struct EpisodeScores {
    double path_ratio;       /* hand path length / straight legs of the source segments */
    double jerk;             /* RMS wrist jerk, m/s³ */
    double contact_force;    /* largest force on a hand, N */
    double balance_margin;   /* smallest distance of the capture point to the support's edge, m */
    double limit_margin;     /* smallest distance of an arm or waist joint to its limit, rad */
    double foot_slip;        /* largest travel of a sole, m */
    int unintended_contacts; /* ticks with contact between robot and furniture or itself that no subtask
                                intends */
} EpisodeScores;

typedef struct EpisodeSubtask {
    int subtask, hand, source_demo; /* index into the run's sources */
    int begin, end;                 /* rows */
    int retries;
    Outcome outcome; /* of its last try */
} EpisodeSubtask;

/* One named column set of the observation; f4 (nrow, dim). */
typedef struct EpisodeColumn {
    const char *name; /* "joint_pos"; static or in the arena */
    int dim;
    float *data;
} EpisodeColumn;

enum { MAX_COLUMNS = 40, MAX_EPISODE_SUBTASKS = 32 };

typedef struct Episode {
    Arena *arena;
    uint64_t seed, attempt;
    Outcome outcome;
    int failed_subtask; /* −1 if none */
    int nrow, capacity;
    int naction;        /* ActionLayout.dim */
    float *action;      /* (nrow, naction) clean label, SI */
    float *action_exec; /* (nrow, naction) executed, SI */
    int nstate;
    double *state;        /* (nrow, nstate) integration state before the row's action */
    uint64_t *state_hash; /* (nrow) of world and controller before the row's action */
    uint64_t final_hash;  /* after the last row */
    float *reward;        /* (nrow) */
    uint8_t *done;        /* (nrow) */
    int ncolumn;
    EpisodeColumn column[MAX_COLUMNS];
    int nobject, njoint, nsubtask_total, nhand;
    Pose *object;        /* (nrow, nobject) truth */
    double *joint;       /* (nrow, njoint) */
    Pose *eef[NSIDE];    /* (nrow) grasp frame, world */
    Pose *target[NSIDE]; /* (nrow) grasp frame, world, clean */
    uint8_t *signal;     /* (nrow, nsubtask_total) */
    Pose *base;          /* (nrow) base_footprint, world */
    int nsubtask;
    EpisodeSubtask subtask[MAX_EPISODE_SUBTASKS];
    ResetDraw draw;
    EpisodeScores scores;
    char instruction[256];
    double sim_time;  /* s simulated, discarded branches included */
    double cpu_time;  /* s; never stored in a shard */
    uint32_t retries; /* in all */
} Episode;

#endif
