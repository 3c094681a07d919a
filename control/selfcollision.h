/* Self-collision as distances between capsules, for the IK's margin and for pre-flight.
 *
 * Every collision geom of the MJCF becomes a capsule that rides on a joint; a pair is watched if the MJCF lets
 * the two collide, at least one of them rides on an arm, and they do not touch in the nominal posture. */
#ifndef DEMOMILL_CONTROL_SELFCOLLISION_H
#define DEMOMILL_CONTROL_SELFCOLLISION_H

#include "base/status.h"
#include "control/kin.h"

enum { CTL_MAX_CAPSULES = 48, CTL_MAX_PAIRS = 256 };
#define CTL_SELF_MARGIN 0.015 /* m kept between parts of the robot */

typedef struct CtlCapsule {
    int joint;         /* −1: base */
    double a[3], b[3]; /* ends of its axis in the joint's frame, m */
    double radius;     /* m */
    double centre[3];  /* middle, in the joint's frame */
    double reach;      /* radius of the bounding sphere, m */
    int contype, conaffinity;
    int side; /* of the arm it belongs to; −1: trunk or leg */
} CtlCapsule;

typedef struct CtlCapsules {
    int ncapsule;
    CtlCapsule capsule[CTL_MAX_CAPSULES];
    int npair;
    struct {
        short a, b;
        double slack; /* m by which the pair is nearer than the margin in the nominal posture, and may stay */
    } pair[CTL_MAX_PAIRS];
} CtlCapsules;

/* A pair that is closer than asked. */
typedef struct CtlNear {
    int a, b;                      /* capsules */
    double distance;               /* m, surface to surface, slack added; < 0: penetration */
    double normal[3];              /* from a to b */
    double point_a[3], point_b[3]; /* nearest points on the axes */
} CtlNear;

/* List the pairs; posture: kinematics of the nominal posture, margin m. Pairs on joints linked directly are
 * left out. */
Status ctl_capsules_pair(CtlCapsules *capsules, const CtlTree *tree, const CtlKin *posture, double margin,
                         Err *err);
/* The nearest pairs below limit (m), nearest first, at most max. sides: bit per side whose arm moves (pairs
 * without a moving arm are skipped). Returns how many. */
int ctl_capsules_near(const CtlCapsules *capsules, const CtlKin *kin, unsigned sides, double limit,
                      CtlNear *near, int max);

#endif
