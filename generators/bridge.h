/* Bridge: a smooth, speed-limited way from one moving hand pose to another, over obstacles if asked. */
#ifndef DEMOMILL_GENERATORS_BRIDGE_H
#define DEMOMILL_GENERATORS_BRIDGE_H

#include "base/pose.h"
#include "generators/generate.h"

typedef struct BridgeDef {
    Pose from, to;
    Twist from_twist, to_twist; /* world axes, at the hand's origin */
    bool lift;                  /* pass at height over between the ends */
    double over;                /* world z, m */
    double speed, turn;         /* limits, m/s and rad/s; a given end velocity may be higher */
    GenBridge shape;
} BridgeDef;

typedef struct Bridge {
    BridgeDef def;
    double duration;    /* s; 0 if the ends are the same place */
    double rise, drop;  /* m up from the start and down to the end */
    double up, down;    /* s of them */
    double leave, land; /* s: the horizontal part runs during [leave, land] */
} Bridge;

/* Choose duration and shape. Pure. */
Bridge bridge_make(const BridgeDef *def);
/* Stretch to a duration that is not shorter. */
void bridge_stretch(Bridge *bridge, double duration);
/* Pose at t ∈ [0, duration]. */
Pose bridge_at(const Bridge *bridge, double t);
/* Rows strictly between the ends at dt; stretches the bridge so that its end falls on a row. */
int bridge_rows(Bridge *bridge, double dt);
/* Least duration between two resting poses under the limits, s. */
double bridge_time(Pose from, Pose to, double speed, double turn);

#endif
