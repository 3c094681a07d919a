/* Safety: what makes the controller give up and damp, and the damping itself. */
#ifndef DEMOMILL_CONTROL_SAFETY_H
#define DEMOMILL_CONTROL_SAFETY_H

#include "control/hc.h"
#include "control/model.h"
#include "control/robot.h"

/* X(name, text): why the controller stopped; latched until reset. */
#define CTL_FAULT_LIST(X)                                                                                    \
    X(NONE, "none")                                                                                          \
    X(STATE, "the state is malformed or holds a number that is not finite")                                  \
    X(STATE_LOST, "the state stopped advancing")                                                             \
    X(TASK, "the task command holds a number that is not finite or a pose that cannot be")                   \
    X(TASK_LOST, "task commands stopped")                                                                    \
    X(MOTOR, "a motor reports a fault")                                                                      \
    X(SPEED, "a joint is faster than its drive can be")                                                      \
    X(FELL, "the robot has fallen")                                                                          \
    X(NUMERIC, "the controller's own numbers are not finite")

typedef enum CtlFault {
#define X(name, text) CTL_FAULT_##name,
    CTL_FAULT_LIST(X)
#undef X
} CtlFault;

const char *ctl_fault_text(CtlFault fault);

/* Is the state well formed, finite, within what the drives can do? */
CtlFault ctl_safety_state(const CtlRobot *robot, const hc_state *state);
/* All drives: no stiffness, some damping. */
void ctl_safety_damp(const CtlRobot *robot, hc_cmd *cmd);
/* Keep feed-forward torques and targets within drives and joints. True if every number was finite. */
bool ctl_safety_command(const CtlRobot *robot, const CtlModel *model, hc_cmd *cmd);

#endif
