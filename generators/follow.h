/* Follow: one hand carrying out its plan, row by row, against what it meets. */
#ifndef DEMOMILL_GENERATORS_FOLLOW_H
#define DEMOMILL_GENERATORS_FOLLOW_H

#include "base/traj.h"
#include "generators/body.h"
#include "generators/generate.h"
#include "generators/perturb.h"
#include "generators/retarget.h"

typedef struct Follow {
    int side;
    const Segment *segment;
    Placement placement;
    Traj traj;
    int row;      /* next point to command */
    bool frozen;  /* no re-tracking any more */
    Pose tracked; /* the reference as followed, speed-limited */
    Pose shift;   /* world: what re-tracking and force make of the plan, from the left */
    Pose in_hand; /* and the in-hand correction since planning, from the right */
    bool waiting; /* at the last commanded point, for the hand or the fingers */
    int waited;   /* rows at the present settle or grip point */
    int resting;  /* rows that the fingers have been at rest */
    double fingers[MAX_HAND_MOTORS];
    bool guarding, touched;
    double guard_force[3]; /* N at the start of the guarded part */
    bool presses;          /* ends pressing: goes on a little while its condition is not true */
    double beyond;         /* m that the hand has gone on where the plan had ended */
    bool changed;          /* a hand change has been reached */
    Perturb perturb;
} Follow;

Follow follow_make(const Body *body, const Segment *segment, Placement placement, const Traj *traj,
                   Perturb perturb);
/* Must the hand wait at its last commanded point? Sets waiting; call once per row. */
void follow_watch(Follow *follow, const Body *body, const GenOptions *options);
/* Aim the hand for the next row: the next point, or, if hold, the last one again. */
void follow_aim(Follow *follow, Body *body, const Task *task, const GenOptions *options, bool hold);
/* Has the last point been commanded? */
bool follow_at_end(const Follow *follow);
/* Too far from the target where the hand is about to change? */
bool follow_lost(const Follow *follow, const Body *body);

#endif
