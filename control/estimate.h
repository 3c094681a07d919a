/* Where the base is, from what a robot can know: joint encoders, IMU, foot loads.
 *
 *        up        from the IMU, corrected slowly towards "the soles stand flat"
 *        yaw       the mean of the feet (base_footprint is defined by them)
 *        position  the pressure point of each loaded foot lies on the ground and does not move
 *
 * Everything is expressed in base_footprint, which therefore is the identity here. */
#ifndef DEMOMILL_CONTROL_ESTIMATE_H
#define DEMOMILL_CONTROL_ESTIMATE_H

#include "control/hc.h"
#include "control/model.h"

#include <stdbool.h>

/* Persistent part. */
typedef struct CtlEstimator {
    double tilt_error[3]; /* rotation that turns the IMU's up into the true up, base body axes, rad */
    double gyro[3];       /* filtered, base body axes, rad/s */
    double velocity[3];   /* of the base, filtered, m/s */
    bool started;
} CtlEstimator;

/* One control step's answer. */
typedef struct CtlEstimate {
    double q[CTL_MAX_JOINTS], dq[CTL_MAX_JOINTS]; /* rad, rad/s */
    CtlKin kin;                                   /* all joints, measured, in base_footprint */
    CtlFrame sole[NSIDE];
    double lin[3], ang[3];     /* velocity of the base body, footprint axes */
    double tilt;               /* of the base body from upright, rad */
    double load[NSIDE];        /* N, vertical force under each foot */
    double pressure[NSIDE][3]; /* pressure point under each foot, m; the sole's middle if unloaded */
    double cop[2];             /* of both feet together, m */
    bool grounded;             /* the feet carry most of the weight */
} CtlEstimate;

/* pinned: the base stands as in the nominal posture and does not move. dt s. */
void ctl_estimate(CtlEstimator *estimator, const CtlModel *model, const hc_state *state, bool pinned,
                  double dt, CtlEstimate *out);

/* What the world exerts on the part beyond a force/torque sensor, that part's own weight taken out: force and
 * torque about the sensor's site, footprint axes. wrench: force, torque as on the wire. */
void ctl_external_wrench(const CtlSensorMount *mount, const CtlKin *kin, const float wrench[6],
                         double force[3], double torque[3], double point[3]);

#endif
