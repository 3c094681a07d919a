#include "control/safety.h"

#include <math.h>

static const float body_damping = 3; /* N·m·s/rad */
static const double overspeed = 2;   /* of no_load_speed: no drive gets there by itself */

const char *ctl_fault_text(CtlFault fault) {
    static const char *const texts[] = {
#define X(name, text) text,
        CTL_FAULT_LIST(X)
#undef X
    };
    return texts[fault];
}

static bool all_finite(const float *values, int n) {
    for (int i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

CtlFault ctl_safety_state(const CtlRobot *robot, const hc_state *state) {
    if (state->size < sizeof *state || state->nmotor != (uint32_t)robot->nmotor)
        return CTL_FAULT_STATE;
    for (int i = 0; i < robot->nmotor; i++) {
        const hc_motor_state *m = &state->motor[i];
        if (!isfinite(m->q) || !isfinite(m->dq))
            return CTL_FAULT_STATE;
        if (m->fault)
            return CTL_FAULT_MOTOR;
        if (i < robot->nbody_motor && robot->motor[i].no_load_speed > 0 &&
            fabs((double)m->dq) > overspeed * robot->motor[i].no_load_speed)
            return CTL_FAULT_SPEED;
    }
    const float *q = state->imu_quat;
    const float norm = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
    if (!(norm > 0.9f && norm < 1.1f) || !all_finite(state->imu_gyro, 3) || !all_finite(state->imu_acc, 3) ||
        !all_finite(state->foot_wrench[0], 12) || !all_finite(state->wrist_wrench[0], 12))
        return CTL_FAULT_STATE;
    return CTL_FAULT_NONE;
}

void ctl_safety_damp(const CtlRobot *robot, hc_cmd *cmd) {
    for (int i = 0; i < robot->nmotor; i++) {
        const float kd = i < robot->nbody_motor ? body_damping : (float)robot->motor[i].kd;
        cmd->motor[i] = (hc_motor_cmd){.mode = HC_MODE_ON, .kd = kd};
    }
}

bool ctl_safety_command(const CtlRobot *robot, const CtlModel *model, hc_cmd *cmd) {
    for (int i = 0; i < robot->nmotor; i++) {
        hc_motor_cmd *m = &cmd->motor[i];
        if (!isfinite(m->q) || !isfinite(m->dq) || !isfinite(m->tau_ff) || !isfinite(m->kp) ||
            !isfinite(m->kd))
            return false;
        const float peak = (float)robot->motor[i].peak_torque;
        m->tau_ff = fminf(fmaxf(m->tau_ff, -peak), peak);
        if (i < model->njoint)
            m->q = fminf(fmaxf(m->q, (float)model->lo[i]), (float)model->hi[i]);
    }
    return true;
}
