#include "control/hands.h"

#include <math.h>
#include <string.h>

static const double gravity = 9.81;
static const double pi = 3.14159265358979323846;
static const double load_hz = 8, fast_hz = 25, payload_hz = 1.5;
static const double closing_time = 0.5;   /* s from open to closed */
static const double max_payload = 3;      /* kg */
static const double payload_rate = 4;     /* kg/s */
static const double payload_share = 0.95; /* < 1: pulling at something fixed cannot wind itself up */
static const double give_gain = 0.012;    /* m/s per N above the limit */
static const double cushion = 0.4;        /* share of the limit from which pressing on slows down */
static const double least_limit = 15;     /* N, however little the balance can bear */
static const double give_speed = 0.6;     /* m/s */
static const double return_rate = 1.5;    /* 1/s */
static const double max_retreat = 0.5;    /* m */

static double share(double hz, double dt) {
    const double w = 2 * pi * hz * dt;
    return w / (1 + w);
}

static double limit(double x, double bound) {
    return fmin(fmax(x, -bound), bound);
}

static double closure_of(const CtlMotor *motor, double length) {
    const double c = (length - motor->range[0]) / (motor->range[1] - motor->range[0]);
    return fmin(fmax(c, 0), 1);
}

void ctl_hand_reset(CtlHandState *hand, const CtlRobot *robot, int side, const hc_state *state) {
    memset(hand, 0, sizeof *hand);
    for (int i = 0; i < robot->hand[side].nmotor; i++) {
        const int motor = robot->hand[side].motor[i];
        hand->closure[i] = closure_of(&robot->motor[motor], state->motor[motor].q);
    }
}

static void low_pass(double *value, const double *sample, int n, double part) {
    for (int i = 0; i < n; i++)
        value[i] += part * (sample[i] - value[i]);
}

/* Towards the limit the wrist stops pressing on, above it gives way along the force, below it comes back slowly. */
static void yield_to_force(CtlHandState *hand, double limit_n, const double velocity[3], double dt,
                           double give[3]) {
    double contact[3];
    memcpy(contact, hand->fast, sizeof contact);
    contact[2] += gravity * hand->payload; /* weight that is carried is no obstacle */
    const double force = vec3_norm(contact);
    const double pressing = force > 0 ? fmax(0, -vec3_dot(velocity, contact) / force) : 0;
    const double stop = fmin(fmax((force / limit_n - cushion) / (1 - cushion), 0), 1);
    const double away = stop * pressing + fmin(give_gain * fmax(force - limit_n, 0), give_speed);
    const double back = return_rate * (1 - stop);
    for (int i = 0; i < 3; i++) {
        give[i] = (force > 0 ? away * contact[i] / force : 0) - back * hand->retreat[i];
        hand->retreat[i] += dt * give[i];
    }
    const double far = vec3_norm(hand->retreat);
    if (far > max_retreat)
        for (int i = 0; i < 3; i++)
            hand->retreat[i] *= max_retreat / far;
}

void ctl_hand_feel(CtlHandState *hand, const CtlModel *model, const CtlRobot *robot, int side,
                   const CtlEstimate *estimate, const hc_state *state, const double velocity[3],
                   double bearable, bool estimate_payload, double dt, double give[3]) {
    CtlHandLoad now;
    ctl_external_wrench(&model->hand[side], &estimate->kin, state->wrist_wrench[side], now.force, now.torque,
                        now.point);
    const double first = hand->started ? 0 : 1;
    low_pass(hand->load.force, now.force, 3, fmax(first, share(load_hz, dt)));
    low_pass(hand->load.torque, now.torque, 3, fmax(first, share(load_hz, dt)));
    low_pass(hand->fast, now.force, 3, fmax(first, share(fast_hz, dt)));
    memcpy(hand->load.point, now.point, sizeof now.point);
    hand->started = true;
    if (estimate_payload) {
        const double held = fmin(fmax(-payload_share * hand->load.force[2] / gravity, 0), max_payload);
        const double step = share(payload_hz, dt) * (held - hand->payload);
        hand->payload += limit(step, payload_rate * dt);
    }
    const double limit_n = fmin(robot->hand[side].force_limit, fmax(bearable, least_limit));
    yield_to_force(hand, limit_n, velocity, dt, give);
}

void ctl_hand_close(CtlHandState *hand, const CtlRobot *robot, int side, const double *closure,
                    const hc_state *state, double dt, hc_cmd *cmd) {
    for (int i = 0; i < robot->hand[side].nmotor; i++) {
        const int index = robot->hand[side].motor[i];
        const CtlMotor *motor = &robot->motor[index];
        const double step = limit(closure[i] - hand->closure[i], dt / closing_time);
        hand->closure[i] += step;
        const double length = motor->range[1] - motor->range[0];
        double q = motor->range[0] + hand->closure[i] * length;
        /* never ask for more than the drive's peak torque: a blocked finger presses with that and no more */
        if (motor->kp > 0)
            q = state->motor[index].q + limit(q - state->motor[index].q, motor->peak_torque / motor->kp);
        hc_motor_cmd *out = &cmd->motor[index];
        out->mode = HC_MODE_ON;
        out->q = (float)q;
        out->dq = (float)(step / dt * length);
        out->kp = (float)motor->kp;
        out->kd = (float)motor->kd;
        out->tau_ff = 0;
    }
}
