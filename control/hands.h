/* Hands: closures and payload, force limit and the wrench on the wrists. */
#ifndef DEMOMILL_CONTROL_HANDS_H
#define DEMOMILL_CONTROL_HANDS_H

#include "control/balance.h"
#include "control/hc.h"
#include "control/robot.h"

#include <stdbool.h>

typedef struct CtlHandState {
    double closure[MAX_HAND_MOTORS]; /* commanded, moves at a bounded speed */
    CtlHandLoad load;                /* what the world does to the hand, filtered */
    double fast[3];                  /* its force, filtered less, for the force limit */
    double payload;                  /* kg held, estimated */
    double retreat[3];               /* m by which the wrist gives way to force */
    bool started;
} CtlHandState;

/* Start with the fingers where they are. */
void ctl_hand_reset(CtlHandState *hand, const CtlRobot *robot, int side, const hc_state *state);
/* Wrench, payload (if estimate_payload) and retreat from this step's measurement. velocity: of the wrist's reference,
 * m/s; bearable: force that the balance can take on this hand now, N; give: velocity of the retreat, m/s; all in
 * footprint axes. */
void ctl_hand_feel(CtlHandState *hand, const CtlModel *model, const CtlRobot *robot, int side,
                   const CtlEstimate *estimate, const hc_state *state, const double velocity[3],
                   double bearable, bool estimate_payload, double dt, double give[3]);
/* Drive commands of the fingers towards closure (nmotor), 0 open … 1 closed. */
void ctl_hand_close(CtlHandState *hand, const CtlRobot *robot, int side, const double *closure,
                    const hc_state *state, double dt, hc_cmd *cmd);

#endif
