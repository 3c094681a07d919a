#include "control/estimate.h"

#include <math.h>
#include <string.h>

static const double gravity = 9.81;
static const double pi = 3.14159265358979323846;
static const double gyro_hz = 40, velocity_hz = 40; /* corner frequencies of the low-passes */
static const double tilt_time = 4;                  /* s, correction of the IMU's mounting */
static const double tilt_limit = 0.12;              /* rad */

/* First-order low-pass: share of the new sample. */
static double share(double hz, double dt) {
    const double w = 2 * pi * hz * dt;
    return w / (1 + w);
}

void ctl_external_wrench(const CtlSensorMount *mount, const CtlKin *kin, const float wrench[6],
                         double force[3], double torque[3], double point[3]) {
    CtlFrame site;
    ctl_kin_end(kin, &mount->site, &site);
    const double f[3] = {wrench[0], wrench[1], wrench[2]}, t[3] = {wrench[3], wrench[4], wrench[5]};
    double arm[3], weight_torque[3];
    const double weight[3] = {0, 0, -gravity * mount->mass};
    ctl_rotate(site.rot, f, force);
    ctl_rotate(site.rot, t, torque);
    ctl_rotate(site.rot, mount->com, arm);
    vec3_cross(arm, weight, weight_torque);
    for (int i = 0; i < 3; i++) {
        force[i] -= weight[i];
        torque[i] -= weight_torque[i];
        point[i] = site.pos[i];
    }
}

/* Up in base body axes according to the IMU and to the soles. */
static void up_vectors(const CtlModel *model, const hc_state *state, const CtlFrame sole[NSIDE],
                       double imu[3], double soles[3]) {
    const double q[4] = {state->imu_quat[0], state->imu_quat[1], state->imu_quat[2], state->imu_quat[3]};
    double rot[9], up[3];
    quat_to_matrix(q, rot);
    memcpy(up, rot + 6, sizeof up); /* third row: world z in IMU axes */
    ctl_rotate(model->imu_rot, up, imu);
    for (int i = 0; i < 3; i++)
        soles[i] = sole[0].rot[3 * i + 2] + sole[1].rot[3 * i + 2];
    const double norm = vec3_norm(soles);
    for (int i = 0; i < 3; i++)
        soles[i] = norm > 1e-6 ? soles[i] / norm : imu[i];
}

static void turn_vector(const double rotvec[3], const double v[3], double out[3]) {
    double q[4];
    quat_from_rotvec(rotvec, q);
    quat_rotate(q, v, out);
}

/* The IMU sits a little crooked; feet that stand flat tell how much, slowly. */
static void correct_tilt(CtlEstimator *e, const double imu[3], const double soles[3], bool trust, double dt) {
    double up[3], error[3];
    turn_vector(e->tilt_error, imu, up);
    vec3_cross(up, soles, error);
    const double rate = !e->started ? 1 : trust ? dt / tilt_time : 0;
    for (int i = 0; i < 3; i++)
        e->tilt_error[i] += rate * error[i];
    const double norm = vec3_norm(e->tilt_error);
    if (norm > tilt_limit)
        for (int i = 0; i < 3; i++)
            e->tilt_error[i] *= tilt_limit / norm;
}

/* Base body axes in base_footprint: z is up, x the mean of the soles' x made level. */
static void orient(const double up[3], const CtlFrame sole[NSIDE], double rot[9]) {
    double x[3], y[3];
    for (int i = 0; i < 3; i++)
        x[i] = sole[0].rot[3 * i] + sole[1].rot[3 * i];
    const double along = vec3_dot(x, up);
    for (int i = 0; i < 3; i++)
        x[i] -= along * up[i];
    double norm = vec3_norm(x);
    if (norm < 1e-6) {
        x[0] = 1, x[1] = x[2] = 0;
        norm = 1;
    }
    for (int i = 0; i < 3; i++)
        x[i] /= norm;
    vec3_cross(up, x, y);
    for (int i = 0; i < 3; i++) {
        rot[i] = x[i];
        rot[3 + i] = y[i];
        rot[6 + i] = up[i];
    }
}

/* Load and pressure point of one foot, kin still relative to the base's origin. */
static void foot_pressure(const CtlModel *model, const hc_state *state, int side, CtlEstimate *out) {
    double force[3], torque[3], at[3];
    ctl_external_wrench(&model->foot[side], &out->kin, state->foot_wrench[side], force, torque, at);
    const CtlFrame *sole = &out->sole[side];
    double f[3], t[3], d[3], local[3];
    ctl_rotate_inverse(sole->rot, force, f);
    ctl_rotate_inverse(sole->rot, torque, t);
    vec3_sub(at, sole->pos, d);
    ctl_rotate_inverse(sole->rot, d, local);
    /* moment about the sole's origin */
    const double mx = t[0] + local[1] * f[2] - local[2] * f[1];
    const double my = t[1] + local[2] * f[0] - local[0] * f[2];
    double p[3] = {0, 0, 0};
    const double enough = 0.03 * gravity * model->mass;
    out->load[side] = fmax(0, force[2]);
    if (f[2] > enough) {
        p[0] = fmin(fmax(-my / f[2], -0.2), 0.2);
        p[1] = fmin(fmax(mx / f[2], -0.1), 0.1);
    }
    ctl_rotate(sole->rot, p, out->pressure[side]);
    for (int i = 0; i < 3; i++)
        out->pressure[side][i] += sole->pos[i];
}

/* Velocity that a point fixed to a joint's link has if the base only turned: ang × p + Σ axis dq × (p − anchor). */
static void point_velocity(const CtlModel *model, const CtlEstimate *e, int joint, const double point[3],
                           double v[3]) {
    double arm[3], part[3];
    vec3_sub(point, e->kin.base.pos, arm);
    vec3_cross(e->ang, arm, v);
    for (int j = joint; j >= 0; j = model->tree.joint[j].parent) {
        vec3_sub(point, e->kin.joint[j].pos, arm);
        vec3_cross(e->kin.axis[j], arm, part);
        for (int i = 0; i < 3; i++)
            v[i] += e->dq[j] * part[i];
    }
}

static void move(CtlFrame *frame, const double by[3]) {
    for (int i = 0; i < 3; i++)
        frame->pos[i] += by[i];
}

/* Shift everything so that the loaded pressure points lie at z = 0 and the middle of the soles at x = y = 0. */
static void settle_on_ground(const CtlModel *model, const double weight[NSIDE], CtlEstimate *out) {
    double by[3];
    for (int i = 0; i < 2; i++)
        by[i] = -0.5 * (out->sole[0].pos[i] + out->sole[1].pos[i]);
    by[2] = -(weight[0] * out->pressure[0][2] + weight[1] * out->pressure[1][2]);
    move(&out->kin.base, by);
    for (int j = 0; j < model->njoint; j++)
        move(&out->kin.joint[j], by);
    for (int side = 0; side < NSIDE; side++) {
        move(&out->sole[side], by);
        for (int i = 0; i < 3; i++)
            out->pressure[side][i] += by[i];
    }
}

static void read_joints(const CtlModel *model, const hc_state *state, CtlEstimate *out) {
    for (int j = 0; j < model->njoint; j++) {
        out->q[j] = state->motor[j].q;
        out->dq[j] = state->motor[j].dq;
    }
}

static void pin(const CtlModel *model, CtlEstimate *out) {
    ctl_model_stand(model, model->posture, &out->kin.base);
    ctl_kin_update(&model->tree, out->q, 0, model->njoint, &out->kin);
    for (int side = 0; side < NSIDE; side++) {
        ctl_kin_end(&out->kin, &model->tree.sole[side], &out->sole[side]);
        memcpy(out->pressure[side], out->sole[side].pos, sizeof out->pressure[side]);
    }
    out->grounded = true;
}

void ctl_estimate(CtlEstimator *e, const CtlModel *model, const hc_state *state, bool pinned, double dt,
                  CtlEstimate *out) {
    memset(out, 0, sizeof *out);
    read_joints(model, state, out);
    if (pinned) {
        pin(model, out);
        return;
    }
    /* soles seen from the base body */
    mju_eye(out->kin.base.rot, 3);
    CtlFrame sole[NSIDE];
    for (int side = 0; side < NSIDE; side++) {
        const int *leg = model->leg[side];
        ctl_kin_update(&model->tree, out->q, leg[0], leg[model->nleg[side] - 1] + 1, &out->kin);
        ctl_kin_end(&out->kin, &model->tree.sole[side], &sole[side]);
    }
    double imu_up[3], sole_up[3], up[3];
    up_vectors(model, state, sole, imu_up, sole_up);
    const float load0 = state->foot_wrench[0][2], load1 = state->foot_wrench[1][2];
    const double quarter = 0.25 * gravity * model->mass;
    correct_tilt(e, imu_up, sole_up, load0 > quarter && load1 > quarter, dt);
    turn_vector(e->tilt_error, imu_up, up);

    orient(up, sole, out->kin.base.rot);
    ctl_kin_update(&model->tree, out->q, 0, model->njoint, &out->kin);
    for (int side = 0; side < NSIDE; side++) {
        ctl_kin_end(&out->kin, &model->tree.sole[side], &out->sole[side]);
        foot_pressure(model, state, side, out);
    }
    const double total = out->load[0] + out->load[1];
    out->grounded = total > 0.3 * gravity * model->mass;
    double weight[NSIDE] = {0.5, 0.5};
    if (total > 0.05 * gravity * model->mass)
        for (int side = 0; side < NSIDE; side++)
            weight[side] = out->load[side] / total;
    settle_on_ground(model, weight, out);
    for (int i = 0; i < 2; i++)
        out->cop[i] = weight[0] * out->pressure[0][i] + weight[1] * out->pressure[1][i];
    out->tilt = acos(fmin(fmax(out->kin.base.rot[8], -1), 1));

    const double gyro[3] = {state->imu_gyro[0], state->imu_gyro[1], state->imu_gyro[2]};
    double body[3], still[3] = {0};
    ctl_rotate(model->imu_rot, gyro, body);
    const double new_gyro = e->started ? share(gyro_hz, dt) : 1;
    for (int i = 0; i < 3; i++)
        e->gyro[i] += new_gyro * (body[i] - e->gyro[i]);
    ctl_rotate(out->kin.base.rot, e->gyro, out->ang);
    for (int side = 0; side < NSIDE; side++) {
        double v[3];
        point_velocity(model, out, model->tree.sole[side].joint, out->pressure[side], v);
        for (int i = 0; i < 3; i++)
            still[i] -= weight[side] * v[i];
    }
    const double new_velocity = e->started ? share(velocity_hz, dt) : 1;
    for (int i = 0; i < 3; i++) {
        e->velocity[i] += new_velocity * (still[i] - e->velocity[i]);
        out->lin[i] = e->velocity[i];
    }
    e->started = true;
}
