#include "control/reference.h"

#include <math.h>
#include <string.h>

static const double max_lin = 1.0, max_ang = 4.0;          /* m/s, rad/s: beyond, a command is a jump */
static const double min_period = 0.004, max_period = 0.25; /* s */
static const double default_period = 0.05;                 /* s, until two commands have come */
static const double max_distance = 3;                      /* m from base_footprint: not a wrist pose */

void ctl_reference_reset(CtlReference *reference, const Pose wrist[NSIDE], double height) {
    memset(reference, 0, sizeof *reference);
    reference->period = default_period;
    reference->height = height;
    for (int side = 0; side < NSIDE; side++) {
        CtlWristReference *w = &reference->wrist[side];
        w->command = w->pose = wrist[side];
        for (int i = 0; i < 3; i++)
            w->cubic.p0[i] = w->cubic.p1[i] = wrist[side].pos[i];
        w->cubic.duration = default_period;
    }
}

/* Value and rate of the cubic t seconds after it began; past its end a braking parabola. */
static void evaluate(const CtlCubic *c, double t, double p[6], double v[6]) {
    const double d = c->duration;
    if (t >= d) {
        const double brake = 0.5 * d, u = fmin(t - d, brake);
        for (int i = 0; i < 6; i++) {
            p[i] = c->p1[i] + c->v1[i] * (u - 0.5 * u * u / brake);
            v[i] = c->v1[i] * (1 - u / brake);
        }
        return;
    }
    const double s = t / d, s2 = s * s, s3 = s2 * s;
    for (int i = 0; i < 6; i++) {
        const double m0 = d * c->v0[i], m1 = d * c->v1[i], step = c->p1[i] - c->p0[i];
        p[i] = c->p0[i] + m0 * (s - 2 * s2 + s3) + step * (3 * s2 - 2 * s3) + m1 * (s3 - s2);
        v[i] = (m0 * (1 - 4 * s + 3 * s2) + step * (6 * s - 6 * s2) + m1 * (3 * s2 - 2 * s)) / d;
    }
}

static void rotation_between(const double from[4], const double to[4], double rotvec[3]) {
    double inverse[4], turn[4];
    quat_conj(from, inverse);
    quat_mul(to, inverse, turn);
    quat_to_rotvec(turn, rotvec);
}

/* 1 up to the limit, falling to 0 at twice the limit: extrapolation fades out for jumps. */
static double trust(double speed, double limit) {
    return fmin(fmax(2 - speed / limit, 0), 1);
}

static void new_command(CtlWristReference *w, Pose command, double period) {
    CtlCubic *c = &w->cubic;
    double turn[3], offset[3];
    rotation_between(w->command.quat, command.quat, turn);
    rotation_between(command.quat, w->pose.quat, offset);
    double lin[3], far = 0;
    for (int i = 0; i < 3; i++) {
        lin[i] = (command.pos[i] - w->command.pos[i]) / period;
        turn[i] /= period;
        far += (command.pos[i] - w->pose.pos[i]) * (command.pos[i] - w->pose.pos[i]);
    }
    const double keep_lin = trust(vec3_norm(lin), max_lin), keep_ang = trust(vec3_norm(turn), max_ang);
    /* a cubic's peak speed is 1.5 times its mean */
    c->duration =
        fmax(period, fmax(1.5 * sqrt(far) / max_lin - period, 1.5 * vec3_norm(offset) / max_ang - period));
    for (int i = 0; i < 3; i++) {
        c->p0[i] = w->pose.pos[i];
        c->v0[i] = w->lin[i];
        c->v1[i] = keep_lin * lin[i];
        c->p1[i] = command.pos[i] + c->v1[i] * period;
        c->p0[3 + i] = offset[i];
        c->v0[3 + i] = w->ang[i];
        c->v1[3 + i] = keep_ang * turn[i];
        c->p1[3 + i] = c->v1[3 + i] * period;
    }
    w->command = command;
    w->elapsed = 0;
}

static void advance(CtlWristReference *w, double dt) {
    double p[6], v[6], turn[4];
    w->elapsed += dt;
    evaluate(&w->cubic, w->elapsed, p, v);
    quat_from_rotvec(p + 3, turn);
    quat_mul(turn, w->command.quat, w->pose.quat);
    quat_normalize(w->pose.quat);
    for (int i = 0; i < 3; i++) {
        w->pose.pos[i] = p[i];
        w->lin[i] = v[i];
        w->ang[i] = v[3 + i];
    }
}

static bool wrist_of(const hc_task *task, int side, Pose *pose) {
    const float *row = task->wrist[side];
    for (int i = 0; i < 3; i++)
        pose->pos[i] = row[i];
    for (int i = 0; i < 4; i++)
        pose->quat[i] = row[3 + i];
    const double norm = sqrt(pose->quat[0] * pose->quat[0] + vec3_dot(pose->quat + 1, pose->quat + 1));
    if (!pose_is_finite(*pose) || vec3_norm(pose->pos) > max_distance || !(norm > 0.5 && norm < 2))
        return false;
    quat_normalize(pose->quat);
    return true;
}

static bool take(CtlReference *r, const CtlModel *model, const hc_task *task) {
    double period = r->commanded ? (double)(task->time_ns - r->time_ns) * 1e-9 : default_period;
    if (!(period >= min_period && period <= max_period))
        period = fmin(fmax(r->silence, min_period), max_period);
    Pose wrist[NSIDE];
    for (int side = 0; side < NSIDE; side++) {
        if ((task->valid & (HC_TASK_WRIST_LEFT << side)) && !wrist_of(task, side, &wrist[side]))
            return false;
        if (task->valid & (HC_TASK_HAND_LEFT << side))
            for (int i = 0; i < HC_MAX_HAND; i++)
                if (!isfinite(task->hand[side][i]))
                    return false;
    }
    for (int i = 0; i < model->nwaist; i++)
        if ((task->valid & HC_TASK_WAIST) && !isfinite(task->waist[i]))
            return false;
    if ((task->valid & HC_TASK_HEIGHT) && !isfinite(task->base_height))
        return false;

    for (int side = 0; side < NSIDE; side++) {
        if (task->valid & (HC_TASK_WRIST_LEFT << side)) {
            if (!r->commanded)
                r->wrist[side].command = wrist[side]; /* nothing to take a velocity from */
            new_command(&r->wrist[side], wrist[side], period);
        }
        if (task->valid & (HC_TASK_HAND_LEFT << side))
            for (int i = 0; i < HC_MAX_HAND; i++)
                r->closure[side][i] = fmin(fmax(task->hand[side][i], 0), 1);
    }
    if (task->valid & HC_TASK_WAIST)
        for (int i = 0; i < model->nwaist; i++)
            r->waist[i] = task->waist[i];
    if (task->valid & HC_TASK_HEIGHT)
        r->height = task->base_height;
    r->period = period;
    r->time_ns = task->time_ns;
    r->seq = task->seq;
    r->silence = 0;
    r->commanded = true;
    return true;
}

bool ctl_reference_update(CtlReference *r, const CtlModel *model, const hc_task *task, double dt) {
    r->silence += dt;
    if (task && task->valid && (!r->commanded || task->seq != r->seq))
        if (!take(r, model, task))
            return false;
    for (int side = 0; side < NSIDE; side++)
        advance(&r->wrist[side], dt);
    return true;
}
