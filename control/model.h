/* The robot as its controller knows it: robot.yaml and the MJCF compiled alone, bound by name.
 *
 * Two models come from one MJCF. `full` is the file as it is: for checks and weights. `m` is what the
 * controller computes with: fingers are frozen straight (they are payload to the body), whatever is only seen
 * is gone, and static bodies are fused, so that one pass of the dynamics costs a few microseconds. */
#ifndef DEMOMILL_CONTROL_MODEL_H
#define DEMOMILL_CONTROL_MODEL_H

#include "control/kin.h"
#include "control/robot.h"
#include "control/selfcollision.h"

#include <mujoco/mujoco.h>

enum { CTL_MAX_LEG = 8, CTL_MAX_ARM = 10 };

/* What lies beyond a force/torque sensor. */
typedef struct CtlSensorMount {
    CtlTreeEnd site;     /* the sensor's frame */
    double mass, com[3]; /* kg; m in the sensor's frame */
} CtlSensorMount;

typedef struct CtlModel {
    mjModel *m; /* owned */
    int base;   /* body with the free joint */
    int njoint; /* body motors, wire order */
    int dof[CTL_MAX_JOINTS], qpos[CTL_MAX_JOINTS];
    double lo[CTL_MAX_JOINTS], hi[CTL_MAX_JOINTS]; /* rad: robot.yaml within the MJCF's limits */
    double posture[CTL_MAX_JOINTS];                /* rad */
    double damping[CTL_MAX_JOINTS];                /* N·m·s/rad, passive */
    int nleg[NSIDE], leg[NSIDE][CTL_MAX_LEG];
    int nwaist, waist[MAX_WAIST];
    int narm[NSIDE], arm[NSIDE][CTL_MAX_ARM];
    CtlTree tree;
    CtlSensorMount foot[NSIDE], hand[NSIDE];
    double imu_rot[9]; /* IMU axes in the base body */
    double mass;       /* kg */
    CtlCapsules capsules;
} CtlModel;

/* Compile robot->mjcf, bind every name. The caller passes a zeroed model and calls ctl_model_clear, also
 * after failure. full may be NULL; else it receives the unreduced model, to be freed with mj_deleteModel. */
Status ctl_model_load(const CtlRobot *robot, CtlModel *model, mjModel **full, Err *err);
void ctl_model_clear(CtlModel *model);

/* The base in base_footprint when all joints stand in q and the soles on the ground. */
void ctl_model_stand(const CtlModel *model, const double *q, CtlFrame *base);

#endif
