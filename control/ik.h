/* Inverse kinematics of waist and arms: damped least squares on velocities.
 *
 *     dq = rest + W Jᵀ (J W Jᵀ + λ²I)⁻¹ (rate − J rest)        W: weights of the joints
 *
 * `rest` pulls towards the preferred posture and acts only where the wrists leave freedom. Joints that would
 * leave their range or exceed their speed are clamped and the rest is solved again; capsule pairs that approach
 * too fast become rows of J. Used twice: one step per control period towards moving targets, and as a pure
 * solver along a path for pre-flight. */
#ifndef DEMOMILL_CONTROL_IK_H
#define DEMOMILL_CONTROL_IK_H

#include "base/pose.h"
#include "base/status.h"
#include "control/model.h"

typedef struct CtlWristTarget {
    Pose pose;             /* wrist site, in the frame of the base */
    double lin[3], ang[3]; /* its velocity, m/s, rad/s */
} CtlWristTarget;

/* One control step: q (njoint) holds commanded angles of waist and arms and measured ones of the legs; waist and
 * arms advance by dt. base: measured. dq (njoint): their velocities. waist: preferred angles. Returns the number
 * of joints that stand at a limit. */
int ctl_ik_step(const CtlModel *model, const CtlFrame *base, const CtlWristTarget target[NSIDE],
                const double *waist, double dt, double *q, double *dq);

/* X(name, text): what became of a path. */
#define CTL_IK_LIST(X)                                                                                       \
    X(OK, "reached")                                                                                         \
    X(UNREACHABLE, "too far from the shoulder")                                                              \
    X(JOINT_LIMIT, "needs a joint beyond its limit")                                                         \
    X(SELF_COLLISION, "runs the robot into itself")                                                          \
    X(DIVERGED, "found no answer")

typedef enum CtlIkVerdict {
#define X(name, text) CTL_IK_##name,
    CTL_IK_LIST(X)
#undef X
} CtlIkVerdict;

const char *ctl_ik_text(CtlIkVerdict verdict);

/* The robot's kinematics for pre-flight; immutable, so threads may share it. */
typedef struct CtlIk CtlIk;
Status ctl_ik_create(const CtlRobot *robot, CtlIk **out, Err *err);
void ctl_ik_destroy(CtlIk *ik); /* NULL is fine */
const CtlModel *ctl_ik_model(const CtlIk *ik);

/* Follow wrist poses (n) of one side with waist and that arm, all other joints held. base: pose of the base body
 * in the frame of the poses; q0 (njoint, wire order): posture to start from, rad. q: (n, njoint) the answers, or
 * NULL. failed: index of the pose that ended it, n if none; may be NULL. Pure; one pose takes a few µs when it is
 * near the one before. */
CtlIkVerdict ctl_ik_solve(const CtlIk *ik, int side, Pose base, const double *q0, const Pose *wrist, int n,
                          double *q, int *failed);

#endif
