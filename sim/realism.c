/* Between controller and physics: drives and sensors as they are.
 *
 *   command ─> delay ring ─> hold ─> PD on the encoder ─> torque–speed limit ─> friction ─> physics
 *   state <─ float32 <─ delay ring <─ noise <─ encoder offset, resolution <─────────────────┘
 *
 * What is constant in an attempt is drawn once; noise of a step is addressed by the step's number, so that a restored
 * snapshot needs no stream. With an all-zero profile only the limits remain. */
#include "sim/internal.h"

#include <math.h>
#include <string.h>

static const double FRICTION_SPEED =
    0.2; /* rad/s over which static friction turns round: smooth enough for 2 ms */
static const uint32_t NOISE_SUB = 16; /* sub-streams below are for what is drawn once */
static const uint32_t SETTLING_BIT = 1u << 31;
static const float TEMPERATURE = 30; /* °C, not modelled */

void sim_realism_draw(SimWorld *world) {
    const CtlRealism *profile = world->model->realism;
    SimRealism *r = &world->realism;
    Rng rng = rng_make(world->carry.seed, world->carry.attempt, RNG_REALISM, 0);
    for (int i = 0; i < world->model->robot->nmotor; i++) {
        r->tau_factor[i] = 1 + profile->torque_error * rng_range(&rng, -1, 1);
        r->gain_factor[i] = 1 + profile->kp_error * rng_range(&rng, -1, 1);
        r->encoder[i] = profile->encoder_offset * rng_range(&rng, -1, 1);
    }
    double axis[3];
    rng_unit3(&rng, axis);
    quat_from_axis_angle(axis, profile->imu_tilt * rng_range(&rng, -1, 1), r->imu_tilt);
}

/* ---- drives ----------------------------------------------------------------------------------------------------- */

static double encoder(const SimWorld *world, int i) {
    const double q = world->d->actuator_length[world->model->motor[i].out] + world->realism.encoder[i];
    const double step = world->model->realism->encoder_resolution;
    return step > 0 ? step * floor(q / step + 0.5) : q;
}

/* Full torque up to the knee speed, none at no-load speed; braking is not limited by speed. */
static double limit_torque(const CtlMotor *motor, double torque, double speed) {
    double peak = motor->peak_torque;
    if (motor->no_load_speed > motor->knee_speed && torque * speed > 0) {
        const double left = (motor->no_load_speed - fabs(speed)) / (motor->no_load_speed - motor->knee_speed);
        peak *= left < 0 ? 0 : left > 1 ? 1 : left;
    }
    return torque > peak ? peak : torque < -peak ? -peak : torque;
}

static double drive_friction(const CtlMotor *motor, double speed) {
    const double x = speed / FRICTION_SPEED; /* x / √(1 + x²): a sign function without a corner */
    return motor->friction[0] * x / sqrt(1 + x * x) + motor->friction[1] * speed;
}

/* The command that arrives now: the newest goes in, the one that is due comes out. */
static const hc_cmd *delayed(SimWorld *world, const hc_cmd *command) {
    SimDelay *delay = &world->delay;
    if (delay->ncommand == 0)
        return command;
    const uint64_t n = (uint64_t)delay->ncommand + 1;
    delay->command[world->carry.step % n] = *command;
    return &delay->command[(world->carry.step + 1) % n];
}

void sim_drive(SimWorld *world, const hc_cmd *command) {
    const SimModel *model = world->model;
    command = delayed(world, command);
    for (int i = 0; i < model->robot->nmotor; i++) {
        const CtlMotor *motor = &model->robot->motor[i];
        const hc_motor_cmd *c = &command->motor[i];
        const double speed = world->d->actuator_velocity[model->motor[i].out];
        double torque = 0;
        if (c->mode == HC_MODE_ON) {
            const double gain = world->realism.gain_factor[i];
            torque = gain * ((double)c->kp * ((double)c->q - encoder(world, i)) +
                             (double)c->kd * ((double)c->dq - speed)) +
                     (double)c->tau_ff;
            torque = limit_torque(motor, world->realism.tau_factor[i] * torque, speed);
        }
        world->carry.tau[i] = (float)torque;
        if (model->real)
            torque -= drive_friction(motor, speed);
        world->d->ctrl[model->motor[i].ctrl] = torque;
    }
}

/* ---- sensors ---------------------------------------------------------------------------------------------------- */

static void sense_motors(const SimWorld *world, Rng *rng, hc_state *state) {
    const SimModel *model = world->model;
    const double noise = model->realism->velocity_noise;
    state->nmotor = (uint32_t)model->robot->nmotor;
    for (int i = 0; i < model->robot->nmotor; i++) {
        double speed = world->d->actuator_velocity[model->motor[i].out];
        if (noise > 0)
            speed += noise * rng_normal(rng);
        state->motor[i] = (hc_motor_state){.q = (float)encoder(world, i),
                                           .dq = (float)speed,
                                           .tau_est = world->carry.tau[i],
                                           .temperature = TEMPERATURE};
    }
}

static void sense_vector(const double *x, int n, double noise, Rng *rng, float *out) {
    for (int k = 0; k < n; k++)
        out[k] = (float)(noise > 0 ? x[k] + noise * rng_normal(rng) : x[k]);
}

static void sense_imu(const SimWorld *world, Rng *rng, hc_state *state) {
    const SimModel *model = world->model;
    const double *data = world->d->sensordata;
    const double *tilt = world->realism.imu_tilt;
    double back[4], quat[4], gyro[3], acc[3];
    quat_conj(tilt, back);
    quat_mul(data + model->imu_quat, tilt, quat);
    quat_rotate(back, data + model->imu_gyro, gyro);
    quat_rotate(back, data + model->imu_acc, acc);
    sense_vector(quat, 4, 0, rng, state->imu_quat);
    sense_vector(gyro, 3, model->realism->gyro_noise, rng, state->imu_gyro);
    sense_vector(acc, 3, model->realism->acc_noise, rng, state->imu_acc);
}

/* The engine reads what the inner part exerts on the outer; the wire carries what the world exerts on the outer. */
static void sense_wrench(const double *force, const double *torque, double noise, Rng *rng, float *out) {
    double f[3], t[3];
    mju_scl3(f, force, -1);
    mju_scl3(t, torque, -1);
    sense_vector(f, 3, noise, rng, out);
    sense_vector(t, 3, 0, rng, out + 3);
}

static void sense_touch(const SimWorld *world, Rng *rng, hc_state *state) {
    const SimModel *model = world->model;
    const double *data = world->d->sensordata;
    const double noise = model->realism->wrench_noise;
    state->ntouch = (uint32_t)model->robot->hand[0].ntouch;
    for (int s = 0; s < NSIDE; s++) {
        sense_wrench(data + model->foot_force[s], data + model->foot_torque[s], noise, rng,
                     state->foot_wrench[s]);
        sense_wrench(data + model->wrist_force[s], data + model->wrist_torque[s], noise, rng,
                     state->wrist_wrench[s]);
        for (int i = 0; i < model->robot->hand[s].ntouch; i++)
            state->touch[s][i] = (float)data[model->touch[s][i]];
    }
}

static uint64_t step_ns(const SimWorld *world) {
    return (uint64_t)(world->m->opt.timestep * 1e9 + 0.5);
}

/* The sensors at this step. Pure: asked twice, it answers the same. */
static void read_sensors(const SimWorld *world, hc_state *state) {
    Rng rng = {{0}, {0}, {0}, 4, 0, 0, 0};
    if (world->model->real) {
        const uint32_t sub = NOISE_SUB + (uint32_t)world->carry.step;
        rng = rng_make(world->carry.seed, world->carry.attempt, RNG_REALISM,
                       world->carry.settling ? sub | SETTLING_BIT : sub);
    }
    memset(state, 0, sizeof *state);
    state->size = sizeof *state;
    state->time_ns = world->carry.step * step_ns(world);
    sense_motors(world, &rng, state);
    sense_imu(world, &rng, state);
    sense_touch(world, &rng, state);
}

void sim_sense(SimWorld *world, hc_state *state) {
    SimDelay *delay = &world->delay;
    read_sensors(world, state);
    if (delay->nstate > 0) {
        const uint32_t n = (uint32_t)delay->nstate + 1, slot = world->carry.state_seq;
        delay->state[slot % n] = *state;
        *state = delay->state[(slot + 1) % n];
    }
    state->seq = ++world->carry.state_seq;
}

void sim_peek(const SimWorld *world, hc_state *state) {
    const SimDelay *delay = &world->delay;
    if (delay->nstate > 0)
        *state = delay->state[(world->carry.state_seq + 1) % ((uint32_t)delay->nstate + 1)];
    else
        read_sensors(world, state);
    state->seq = world->carry.state_seq;
}

/* Fill the rings with the present: before the first step nothing else has been said. */
void sim_realism_start(SimWorld *world) {
    SimDelay *delay = &world->delay;
    read_sensors(world, &world->measured);
    for (int i = 0; i <= delay->nstate; i++)
        delay->state[i] = world->measured;
    for (int i = 0; i <= delay->ncommand; i++)
        delay->command[i] = world->carry.command;
}
