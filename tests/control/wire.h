/* The robot's wire on a bare MuJoCo model, without errors or delay: an adapter independent of sim/, so that the
 * controller is tested by a second reading of its boundary.
 *
 *      mjData ──wire_read──► hc_state          hc_cmd ──wire_torque──► one drive's torque */
#ifndef DEMOMILL_TESTS_CONTROL_WIRE_H
#define DEMOMILL_TESTS_CONTROL_WIRE_H

#include "control/hc.h"
#include "control/robot.h"

#include <mujoco/mujoco.h>

/* Addresses of the wire's quantities in one model. */
typedef struct Wire {
    int nmotor;
    int actuator[CTL_MAX_MOTORS];
    int imu_quat, imu_gyro, imu_acc;     /* in sensordata */
    int foot[NSIDE][2], wrist[NSIDE][2]; /* force, torque */
    int ntouch, touch[NSIDE][CTL_MAX_TOUCH];
} Wire;

/* Find everything by name; prefix ("" or "robot/") stands before each name. A name that is missing is an error
 * with the name in it. */
Status wire_bind(const CtlRobot *robot, const mjModel *m, const char *prefix, Wire *wire, Err *err);
/* Fill state from positions, velocities and sensors of d; seq and time by the caller. MuJoCo's force sensors give
 * what the part exerts on its parent, the wire what the world exerts on the part: signs change here. */
void wire_read(const Wire *wire, const mjModel *m, const mjData *d, hc_state *state);
/* Drive law: impedance, then full torque up to the knee speed, none at no-load speed (braking is not limited
 * by speed), then the drive's friction if friction is true. q rad, dq rad/s → N·m. */
double wire_torque(const CtlMotor *motor, const hc_motor_cmd *cmd, double q, double dq, bool friction);

#endif
