/* Standing: from where the body is to the torques that keep it up.
 *
 *      capture point, height, tilt ──► wanted acceleration and moment
 *      hands' wrenches, arms' motion ─►  + inverse dynamics of the floating body
 *                                       └► wrench wanted from the ground ──► contact forces ──► leg torques
 *
 * The step from "wrench wanted" to torques is the only part that a whole-body QP would replace; it sits behind
 * CtlBalanceLaw, a table of laws chosen by name. */
#ifndef DEMOMILL_CONTROL_BALANCE_H
#define DEMOMILL_CONTROL_BALANCE_H

#include "control/estimate.h"

typedef struct CtlBalance {
    double lambda[6];     /* dual of the last contact-force distribution: its next first guess */
    double cop[2];        /* filtered, m */
    double trim[2];       /* where leaning corrects what no model explains, m */
    double hand_shift[2]; /* pressure-point shift due to the hands, filtered, m */
    double height;        /* reference, moves at a bounded speed, m */
    double height_trim;   /* m/s² */
    double tilt_trim[3];  /* N·m */
} CtlBalance;

/* What the world does to the hands: force and torque about a point, footprint axes. */
typedef struct CtlHandLoad {
    double force[3], torque[3], point[3];
} CtlHandLoad;

typedef struct CtlBalanceInput {
    const CtlEstimate *estimate;
    CtlHandLoad hand[NSIDE]; /* filtered */
    const double *ddq;       /* (njoint) commanded accelerations of waist and arms, rad/s² */
    double height;           /* commanded, m */
    double dt;
} CtlBalanceInput;

typedef struct CtlBalanceOutput {
    double torque[CTL_MAX_JOINTS]; /* N·m, feed-forward for every joint */
    double com[3], com_velocity[3];
    double capture[2];          /* capture point, m */
    double com_target[2];       /* m */
    double wanted[6], given[6]; /* wrench from the ground about the CoM: force, moment */
    double foot[NSIDE][6];      /* force and moment about the sole's site, footprint axes */
    double bearable[NSIDE];     /* N, force on each hand under which the pressure point keeps its reserve */
    int newton;                 /* steps of the distribution; −1: stopped early */
} CtlBalanceOutput;

typedef void CtlBalanceLaw(CtlBalance *balance, const CtlModel *model, const CtlRobot *robot, mjData *scratch,
                           const CtlBalanceInput *in, CtlBalanceOutput *out);

void ctl_balance_reset(CtlBalance *balance, double height);
/* The law by its name ("distribute"), NULL if there is none. */
CtlBalanceLaw *ctl_balance_law(const char *name);
/* Put a measured state into the scratch and compute positions, velocities and the inverse dynamics with
 * joint accelerations ddq and the base at rest: bias (nv). */
void ctl_inverse_dynamics(const CtlModel *model, const CtlEstimate *estimate, const double *ddq,
                          mjData *scratch, double *bias);

#endif
