/* Body: both hands' targets turned into the row that the world runs, and into the row that is recorded.
 *
 * A plain value (but for what it points to), so that a checkpoint copies it. */
#ifndef DEMOMILL_GENERATORS_BODY_H
#define DEMOMILL_GENERATORS_BODY_H

#include "generators/world.h"

typedef struct BodyHand {
    bool idle;    /* keeps its home pose in the base frame */
    Pose target;  /* grasp frame, world, clean */
    Pose before;  /* target of the row before */
    Pose execute; /* target with noise */
    float closure[MAX_HAND_MOTORS];
    double allowed; /* m from its target that the source itself shows: pressing */
    int far;        /* rows in a row that the hand was beyond the bound from its target */
} BodyHand;

typedef struct Body {
    GenWorld *world;
    Episode *episode;
    Scene scene, truth; /* now */
    Scene first;        /* truth after reset */
    TaskCommand home;
    BodyHand hand[NSIDE];
    uint8_t signal[MAX_SUBTASKS];
    EpisodeScores extremes; /* as far as they are kept while running */
    int successful;         /* rows in a row that success holds */
    bool once;              /* success has held at some time */
} Body;

/* Reset the world, begin the episode. *memory: out of memory. */
Outcome body_begin(Body *body, GenWorld *world, Episode *episode, uint64_t seed, uint64_t attempt,
                   bool *memory);
/* Read the scene; before the first row also an idle hand's target. */
void body_look(Body *body);
/* Home pose of a hand's grasp frame, world, with the base where it is. */
Pose body_home(const Body *body, int side);
/* Set a hand's target for the next row; execute is the same until the caller changes it. */
void body_aim(Body *body, int side, Pose target, const float *closure);
/* Keep a hand's target for the next row. */
void body_keep(Body *body, int side);
/* Velocity of the hand's target over the last row. */
Twist body_twist(const Body *body, int side);
/* Distance and angle of the measured hand from its executed target. */
void body_error(const Body *body, int side, double *pos, double *angle);
/* Record and run one row. ok, fell, numeric. */
Outcome body_act(Body *body, bool *memory);
/* Has success held without a break for the task's hold time? */
bool body_held(const Body *body);

#endif
