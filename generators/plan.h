/* Plan: bridge and moved segment of one hand as one trajectory. */
#ifndef DEMOMILL_GENERATORS_PLAN_H
#define DEMOMILL_GENERATORS_PLAN_H

#include "base/arena.h"
#include "base/demo.h"
#include "base/traj.h"
#include "generators/generate.h"
#include "generators/retarget.h"

/* The last row commanded to the hand. */
typedef struct PlanStart {
    Pose hand;   /* world */
    Twist twist; /* world axes */
    float closure[MAX_HAND_MOTORS];
} PlanStart;

typedef struct PlanDef {
    const Task *task;
    const GenOptions *options;
    const Segment *segment;
    Placement placement;
    const Scene *scene;
    PlanStart start;
    double dt;      /* s per row */
    int entry;      /* source row to enter at, −1: chosen here */
    int least_rows; /* of the bridge, for hands that start together */
} PlanDef;

/* traj's points live in arena. Pure but for the arena; false when out of memory. */
bool gen_plan(const PlanDef *def, Arena *arena, Traj *traj);
/* The source row where gen_plan enters. */
int plan_entry(const PlanDef *def);
/* Rows of the bridge that gen_plan makes. */
int plan_bridge_rows(const PlanDef *def);
/* s that the way from the start to the entry takes: what candidates are compared by. */
double plan_bridge_time(const PlanDef *def);
/* Is the object in the hand from the segment's begin on? */
bool plan_carries(const Segment *segment, int object);
/* Up to most poses that decide whether the plan can be followed: hand changes, ends, and points between. */
int plan_keys(const Traj *traj, Pose *key, int most);

#endif
