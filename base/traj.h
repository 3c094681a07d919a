/* Traj: what the task interface shall command next, for one hand, per control tick. */
#ifndef DEMOMILL_BASE_TRAJ_H
#define DEMOMILL_BASE_TRAJ_H

#include "base/scene.h"

/* What the episode loop does at a point besides commanding it. */
enum {
    TRAJ_BRIDGE = 1,  /* part of the bridge, not of a demonstration */
    TRAJ_SETTLE = 2,  /* wait here (bounded) until the hand has arrived before going on */
    TRAJ_FROZEN = 4,  /* no re-tracking from here on: contact */
    TRAJ_GUARDED = 8, /* ends early when the hand's contact force says so */
    TRAJ_GRIP = 16,   /* wait here (bounded) until the fingers have come to rest */
    TRAJ_QUIET = 32   /* no action noise: last approach or hand change */
};

typedef struct TrajPoint {
    Pose hand; /* grasp frame, world, for the reference pose at planning time */
    float closure[MAX_HAND_MOTORS];
    unsigned flags;
} TrajPoint;

typedef struct Traj {
    int hand; /* side */
    int n, capacity;
    TrajPoint *point; /* (capacity), owned by whoever made the Traj */
    int reference; /* object whose motion since planning moves the untouched rest of the plan; −1: none */
    Pose reference_pose; /* of that object when planned */
    int source_begin;    /* first point that comes from the demonstration */
} Traj;

#endif
