/* Shared parts of hosts that drive a controller on a MuJoCo model: the wire, without errors or delay.
 *
 *      mjData ──ctl_host_read──► hc_state          hc_cmd ──ctl_host_torque──► one drive's torque
 *
 * Adapters copy; they do no mathematics beyond the drive's own: joint impedance, then torque–speed limits. */
#ifndef DEMOMILL_CONTROL_HOST_H
#define DEMOMILL_CONTROL_HOST_H

#include "control/hc.h"
#include "control/robot.h"

#include <mujoco/mujoco.h>

/* Addresses of the wire's quantities in one model. */
typedef struct CtlWire {
    int nmotor;
    int actuator[CTL_MAX_MOTORS];
    int imu_quat, imu_gyro, imu_acc;     /* in sensordata */
    int foot[NSIDE][2], wrist[NSIDE][2]; /* force, torque */
    int ntouch, touch[NSIDE][CTL_MAX_TOUCH];
} CtlWire;

/* Find everything by name; prefix ("" or "robot/") stands before each name. A name that is missing is an error
 * with the name in it. */
Status ctl_wire_bind(const CtlRobot *robot, const mjModel *m, const char *prefix, CtlWire *wire, Err *err);
/* Fill state from positions, velocities and sensors of d; seq and time by the caller. MuJoCo's force sensors give
 * what the part exerts on its parent, the wire what the world exerts on the part: signs change here. */
void ctl_wire_read(const CtlWire *wire, const mjModel *m, const mjData *d, hc_state *state);
/* Drive law: impedance, then full torque up to the knee speed, none at no-load speed (braking is not limited
 * by speed), then the drive's friction if friction is true. q rad, dq rad/s → N·m. */
double ctl_drive_torque(const CtlMotor *motor, const hc_motor_cmd *cmd, double q, double dq, bool friction);

#endif
