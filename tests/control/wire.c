#include "wire.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static Status find(const mjModel *m, mjtObj type, const char *kind, const char *prefix, const char *name,
                   int *id, Err *err) {
    char full[256];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    *id = mj_name2id(m, (int)type, full);
    if (*id < 0)
        return err_set(err, STATUS_NOT_FOUND, "the model has no %s '%s'", kind, full);
    return STATUS_OK;
}

static Status find_sensor(const mjModel *m, const char *prefix, const char *name, int dim, int *address,
                          Err *err) {
    int id;
    TRY(find(m, mjOBJ_SENSOR, "sensor", prefix, name, &id, err));
    if (m->sensor_dim[id] != dim)
        return err_set(err, STATUS_MISMATCH, "sensor '%s%s' gives %d numbers where %d are needed", prefix,
                       name, m->sensor_dim[id], dim);
    *address = m->sensor_adr[id];
    return STATUS_OK;
}

Status wire_bind(const CtlRobot *robot, const mjModel *m, const char *prefix, Wire *wire, Err *err) {
    memset(wire, 0, sizeof *wire);
    wire->nmotor = robot->nmotor;
    for (int i = 0; i < robot->nmotor; i++) {
        TRY(find(m, mjOBJ_ACTUATOR, "actuator", prefix, robot->motor[i].name, &wire->actuator[i], err));
        if (m->actuator_ctrlnum[wire->actuator[i]] != 1)
            return err_set(err, STATUS_MISMATCH, "actuator '%s%s' does not take one number", prefix,
                           robot->motor[i].name);
    }
    TRY(find_sensor(m, prefix, robot->imu_quat, 4, &wire->imu_quat, err));
    TRY(find_sensor(m, prefix, robot->imu_gyro, 3, &wire->imu_gyro, err));
    TRY(find_sensor(m, prefix, robot->imu_acc, 3, &wire->imu_acc, err));
    for (int side = 0; side < NSIDE; side++) {
        const CtlFoot *foot = &robot->foot[side];
        const CtlHand *hand = &robot->hand[side];
        TRY(find_sensor(m, prefix, foot->force, 3, &wire->foot[side][0], err));
        TRY(find_sensor(m, prefix, foot->torque, 3, &wire->foot[side][1], err));
        TRY(find_sensor(m, prefix, hand->force, 3, &wire->wrist[side][0], err));
        TRY(find_sensor(m, prefix, hand->torque, 3, &wire->wrist[side][1], err));
        wire->ntouch = hand->ntouch > wire->ntouch ? hand->ntouch : wire->ntouch;
        for (int i = 0; i < hand->ntouch; i++)
            TRY(find_sensor(m, prefix, hand->touch[i], 1, &wire->touch[side][i], err));
    }
    return STATUS_OK;
}

static void copy(const double *from, int n, double sign, float *to) {
    for (int i = 0; i < n; i++)
        to[i] = (float)(sign * from[i]);
}

void wire_read(const Wire *wire, const mjModel *m, const mjData *d, hc_state *state) {
    memset(state, 0, sizeof *state);
    state->size = sizeof *state;
    state->nmotor = (uint32_t)wire->nmotor;
    for (int i = 0; i < wire->nmotor; i++) {
        const int a = wire->actuator[i];
        state->motor[i].q = (float)d->actuator_length[a];
        state->motor[i].dq = (float)d->actuator_velocity[a];
        state->motor[i].tau_est = (float)d->actuator_force[a];
        state->motor[i].temperature = 25;
    }
    copy(d->sensordata + wire->imu_quat, 4, 1, state->imu_quat);
    copy(d->sensordata + wire->imu_gyro, 3, 1, state->imu_gyro);
    copy(d->sensordata + wire->imu_acc, 3, 1, state->imu_acc);
    state->ntouch = (uint32_t)wire->ntouch;
    for (int side = 0; side < NSIDE; side++) {
        for (int part = 0; part < 2; part++) {
            copy(d->sensordata + wire->foot[side][part], 3, -1, state->foot_wrench[side] + 3 * part);
            copy(d->sensordata + wire->wrist[side][part], 3, -1, state->wrist_wrench[side] + 3 * part);
        }
        for (int i = 0; i < wire->ntouch; i++)
            state->touch[side][i] = (float)d->sensordata[wire->touch[side][i]];
    }
    (void)m;
}

double wire_torque(const CtlMotor *motor, const hc_motor_cmd *cmd, double q, double dq, bool friction) {
    if (cmd->mode == HC_MODE_OFF)
        return 0;
    double torque = (double)cmd->kp * ((double)cmd->q - q) + (double)cmd->kd * ((double)cmd->dq - dq) +
                    (double)cmd->tau_ff;
    double most = motor->peak_torque;
    if (motor->no_load_speed > 0 && torque * dq > 0 && fabs(dq) > motor->knee_speed)
        most *= fmax(0, (motor->no_load_speed - fabs(dq)) / (motor->no_load_speed - motor->knee_speed));
    torque = fmin(fmax(torque, -most), most);
    if (friction) /* Coulomb, smooth around standstill, and viscous */
        torque -= motor->friction[0] * dq / (fabs(dq) + 0.02) + motor->friction[1] * dq;
    return torque;
}
