/* Controller "wholebody": stands, keeps its balance, brings the wrists where the task says.
 *
 *   state ─► safety ─► estimate ─► hands feel ─► reference ─► IK ─► balance ─► cmd
 *
 * One instance is one block of memory: what decides the future stands in State; Fixed is made by init and never
 * changes; the mjData is scratch that every step fills anew. */
#include "control/hc.h"

#include "base/config.h"
#include "base/hash.h"
#include "control/balance.h"
#include "control/estimate.h"
#include "control/hands.h"
#include "control/ik.h"
#include "control/model.h"
#include "control/reference.h"
#include "control/safety.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef enum { BASE_STANDING, BASE_PINNED } Base;
typedef enum { PAYLOAD_AUTO, PAYLOAD_OFF } Payload;

typedef struct {
    Base base;
    Payload payload;
    double command_timeout, state_timeout; /* s */
} Config;

typedef struct {
    CtlRobot *robot;
    CtlModel model;
    mjData *scratch;
    CtlBalanceLaw *law;
    Config config;
    double dt;
} Fixed;

/* What a step leaves for probe. */
typedef struct {
    double com[3], capture[2], com_target[2], cop[2], base_height, tilt, newton, limits;
    double wrist_error[NSIDE], wrist_turn[NSIDE], hand_force[NSIDE];
} Readings;

typedef struct {
    CtlFault fault;
    uint32_t seq;         /* of the last state */
    double state_silence; /* s */
    CtlEstimator estimator;
    CtlReference reference;
    CtlHandState hand[NSIDE];
    CtlBalance balance;
    double q[CTL_MAX_JOINTS], dq[CTL_MAX_JOINTS]; /* commanded, waist and arms */
    double ddq[CTL_MAX_JOINTS];                   /* filtered */
    double bearable[NSIDE];                       /* N on each hand, from the last step's balance */
    Readings readings;
} State;

typedef struct {
    Fixed fixed;
    State state;
} Instance;

/* ---- configuration -------------------------------------------------------------------------------- */

static const cyaml_strval_t base_names[] = {{"standing", BASE_STANDING}, {"pinned", BASE_PINNED}};
static const cyaml_strval_t payload_names[] = {{"auto", PAYLOAD_AUTO}, {"off", PAYLOAD_OFF}};
static const cyaml_schema_field_t config_fields[] = {
    CYAML_FIELD_ENUM("base", CYAML_FLAG_OPTIONAL, Config, base, base_names, 2),
    CYAML_FIELD_ENUM("payload", CYAML_FLAG_OPTIONAL, Config, payload, payload_names, 2),
    CYAML_FIELD_FLOAT("command_timeout_s", CYAML_FLAG_OPTIONAL, Config, command_timeout),
    CYAML_FIELD_FLOAT("state_timeout_s", CYAML_FLAG_OPTIONAL, Config, state_timeout),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t config_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, Config, config_fields)};

static const Config default_config = {.command_timeout = 0.2, .state_timeout = 0.05};

static Status read_config(const char *text, Config *config, Err *err) {
    *config = default_config;
    if (!text || text[strspn(text, " \t\r\n")] == '\0')
        return STATUS_OK;
    void *data = NULL;
    TRY(config_parse("controller configuration", text, strlen(text), &config_schema, &data, err));
    const Config *given = data;
    config->base = given->base;
    config->payload = given->payload;
    if (given->command_timeout > 0)
        config->command_timeout = given->command_timeout;
    if (given->state_timeout > 0)
        config->state_timeout = given->state_timeout;
    config_free(&config_schema, data);
    return STATUS_OK;
}

/* ---- life ----------------------------------------------------------------------------------------- */

static size_t mem_size(const hc_robot *robot) {
    if (!robot || robot->size < sizeof *robot || !robot->robot_yaml || !(robot->dt > 0))
        return 0;
    return sizeof(Instance);
}

static void deinit(void *mem) {
    Instance *it = mem;
    if (!it)
        return;
    mj_deleteData(it->fixed.scratch);
    ctl_model_clear(&it->fixed.model);
    ctl_robot_destroy(it->fixed.robot);
    memset(&it->fixed, 0, sizeof it->fixed);
}

static Status build(Fixed *fixed, const hc_robot *robot, const char *config, Err *err) {
    TRY(read_config(config, &fixed->config, err));
    TRY(ctl_robot_load(robot->robot_yaml, &fixed->robot, err));
    TRY(ctl_model_load(fixed->robot, &fixed->model, NULL, err));
    fixed->scratch = mj_makeData(fixed->model.m);
    if (!fixed->scratch)
        return err_set(err, STATUS_MEMORY, "out of memory for the controller's model");
    fixed->law = ctl_balance_law("distribute");
    fixed->dt = robot->dt;
    return STATUS_OK;
}

static int init(void *mem, const hc_robot *robot, const char *config, char *err, size_t err_size) {
    Instance *it = mem;
    memset(it, 0, sizeof *it);
    Err error = {{0}};
    const Status status = mem_size(robot) ? build(&it->fixed, robot, config, &error)
                                          : err_set(&error, STATUS_USAGE, "hc_robot is not filled in");
    if (status == STATUS_OK) {
        it->state.fault = CTL_FAULT_STATE; /* until reset */
        return 0;
    }
    if (err && err_size)
        snprintf(err, err_size, "%s", error.message);
    deinit(it);
    return -(int)status;
}

static void reset(void *mem, const hc_state *state, uint64_t seed) {
    (void)seed; /* nothing here is random */
    Instance *it = mem;
    const Fixed *f = &it->fixed;
    State *s = &it->state;
    memset(s, 0, sizeof *s);
    s->fault = ctl_safety_state(f->robot, state);
    if (s->fault != CTL_FAULT_NONE)
        return;
    s->seq = state->seq;
    CtlEstimate e;
    const bool pinned = f->config.base == BASE_PINNED;
    ctl_estimate(&s->estimator, &f->model, state, pinned, f->dt, &e);
    Pose wrist[NSIDE];
    for (int side = 0; side < NSIDE; side++) {
        CtlFrame frame;
        ctl_kin_end(&e.kin, &f->model.tree.wrist[side], &frame);
        wrist[side] = ctl_frame_pose(&frame);
        ctl_hand_reset(&s->hand[side], f->robot, side, state);
    }
    ctl_reference_reset(&s->reference, wrist, e.kin.base.pos[2]);
    for (int side = 0; side < NSIDE; side++)
        memcpy(s->reference.closure[side], s->hand[side].closure, sizeof s->hand[side].closure);
    for (int i = 0; i < f->model.nwaist; i++)
        s->reference.waist[i] = e.q[f->model.waist[i]];
    ctl_balance_reset(&s->balance, e.kin.base.pos[2]);
    memcpy(s->q, e.q, sizeof s->q);
    for (int side = 0; side < NSIDE; side++)
        s->bearable[side] = f->robot->hand[side].force_limit;
}

/* ---- step ----------------------------------------------------------------------------------------- */

/* Task and state streams must go on. */
static void watch_streams(const Fixed *f, State *s, const hc_state *state) {
    s->state_silence = state->seq == s->seq ? s->state_silence + f->dt : 0;
    s->seq = state->seq;
    if (s->state_silence > f->config.state_timeout)
        s->fault = CTL_FAULT_STATE_LOST;
    if (s->reference.commanded && s->reference.silence > f->config.command_timeout)
        s->fault = CTL_FAULT_TASK_LOST;
}

/* Commanded angles of waist and arms follow the wrist references. */
static void move_arms(const Fixed *f, State *s, const CtlEstimate *e, double give[NSIDE][3]) {
    const CtlModel *model = &f->model;
    CtlWristTarget target[NSIDE];
    for (int side = 0; side < NSIDE; side++) {
        const CtlWristReference *w = &s->reference.wrist[side];
        target[side].pose = w->pose;
        for (int i = 0; i < 3; i++) {
            target[side].pose.pos[i] += s->hand[side].retreat[i];
            target[side].lin[i] = w->lin[i] + give[side][i];
            target[side].ang[i] = w->ang[i];
        }
    }
    double before[CTL_MAX_JOINTS];
    memcpy(before, s->dq, sizeof before);
    for (int side = 0; side < NSIDE; side++)
        for (int i = 0; i < model->nleg[side]; i++)
            s->q[model->leg[side][i]] = e->q[model->leg[side][i]];
    s->readings.limits = ctl_ik_step(model, &e->kin.base, target, s->reference.waist, f->dt, s->q, s->dq);
    for (int j = 0; j < model->njoint; j++) {
        const double raw = fmin(fmax((s->dq[j] - before[j]) / f->dt, -60), 60);
        s->ddq[j] += 0.2 * (raw - s->ddq[j]); /* about 20 Hz */
        /* a blocked joint does not wind up beyond what its drive can press */
        const CtlMotor *motor = &f->robot->motor[j];
        if (motor->kp > 0) {
            const double most = motor->peak_torque / motor->kp;
            s->q[j] = fmin(fmax(s->q[j], e->q[j] - most), e->q[j] + most);
        }
    }
}

/* Weight held by the hands, on the arms that hold it: less Jᵀ · weight at the grasp. */
static void carry(const Fixed *f, const State *s, const CtlEstimate *e, double *torque) {
    const CtlModel *model = &f->model;
    for (int side = 0; side < NSIDE; side++) {
        if (!(s->hand[side].payload > 0))
            continue;
        CtlFrame grasp;
        ctl_kin_end(&e->kin, &model->tree.grasp[side], &grasp);
        const double weight[3] = {0, 0, -9.81 * s->hand[side].payload};
        for (int j = 0; j < model->njoint; j++) {
            if (!ctl_tree_carries(&model->tree, j, model->tree.grasp[side].joint))
                continue;
            double arm[3], moment[3];
            vec3_sub(grasp.pos, e->kin.joint[j].pos, arm);
            vec3_cross(arm, weight, moment);
            torque[j] -= vec3_dot(e->kin.axis[j], moment);
        }
    }
}

static bool is_leg(const CtlRobot *robot, int j) {
    return strcmp(robot->motor[j].group, "left_leg") == 0 || strcmp(robot->motor[j].group, "right_leg") == 0;
}

static void compose(const Fixed *f, const State *s, const double *torque, hc_cmd *cmd) {
    const bool pinned = f->config.base == BASE_PINNED;
    for (int j = 0; j < f->model.njoint; j++) {
        const CtlMotor *motor = &f->robot->motor[j];
        hc_motor_cmd *out = &cmd->motor[j];
        *out = (hc_motor_cmd){.mode = HC_MODE_ON, .tau_ff = (float)torque[j]};
        if (is_leg(f->robot, j) && !pinned) {
            out->q = (float)s->q[j];
            out->kd = (float)f->robot->balance.leg_damping;
            continue;
        }
        const bool holds = is_leg(f->robot, j);
        out->q = (float)(holds ? f->model.posture[j] : s->q[j]);
        out->dq = (float)(holds ? 0 : s->dq[j]);
        out->kp = (float)motor->kp;
        out->kd = (float)motor->kd;
        if (!holds)
            out->tau_ff += (float)(f->model.damping[j] * s->dq[j]);
    }
}

static void read_out(const Fixed *f, State *s, const CtlEstimate *e, const CtlBalanceOutput *b) {
    Readings *r = &s->readings;
    memcpy(r->com, b->com, sizeof r->com);
    memcpy(r->capture, b->capture, sizeof r->capture);
    memcpy(r->com_target, b->com_target, sizeof r->com_target);
    memcpy(r->cop, e->cop, sizeof r->cop);
    r->base_height = e->kin.base.pos[2];
    r->tilt = e->tilt;
    r->newton = b->newton;
    for (int side = 0; side < NSIDE; side++) {
        CtlFrame wrist;
        ctl_kin_end(&e->kin, &f->model.tree.wrist[side], &wrist);
        const Pose now = ctl_frame_pose(&wrist);
        r->wrist_error[side] = pose_distance(now, s->reference.wrist[side].pose);
        r->wrist_turn[side] = pose_angle(now, s->reference.wrist[side].pose);
        r->hand_force[side] = vec3_norm(s->hand[side].load.force);
    }
}

static void work(const Fixed *f, State *s, const hc_state *state, hc_cmd *cmd) {
    const bool pinned = f->config.base == BASE_PINNED;
    CtlEstimate e;
    ctl_estimate(&s->estimator, &f->model, state, pinned, f->dt, &e);
    if (e.tilt > 0.8) {
        s->fault = CTL_FAULT_FELL;
        return;
    }
    double give[NSIDE][3];
    for (int side = 0; side < NSIDE; side++)
        ctl_hand_feel(&s->hand[side], &f->model, f->robot, side, &e, state, s->reference.wrist[side].lin,
                      pinned ? INFINITY : s->bearable[side], f->config.payload == PAYLOAD_AUTO, f->dt,
                      give[side]);
    move_arms(f, s, &e, give);

    CtlBalanceOutput out = {.newton = 0};
    if (pinned) {
        double bias[6 + CTL_MAX_JOINTS];
        ctl_inverse_dynamics(&f->model, &e, s->ddq, f->scratch, bias);
        for (int j = 0; j < f->model.njoint; j++)
            out.torque[j] = bias[f->model.dof[j]];
    } else {
        const CtlBalanceInput in = {.estimate = &e,
                                    .hand = {s->hand[0].load, s->hand[1].load},
                                    .ddq = s->ddq,
                                    .height = s->reference.height,
                                    .dt = f->dt};
        f->law(&s->balance, &f->model, f->robot, f->scratch, &in, &out);
        memcpy(s->bearable, out.bearable, sizeof s->bearable);
    }
    carry(f, s, &e, out.torque);
    compose(f, s, out.torque, cmd);
    for (int side = 0; side < NSIDE; side++)
        ctl_hand_close(&s->hand[side], f->robot, side, s->reference.closure[side], state, f->dt, cmd);
    if (!ctl_safety_command(f->robot, &f->model, cmd))
        s->fault = CTL_FAULT_NUMERIC;
    read_out(f, s, &e, &out);
}

static int step(void *mem, const hc_state *state, const hc_task *task, hc_cmd *cmd) {
    Instance *it = mem;
    const Fixed *f = &it->fixed;
    State *s = &it->state;
    memset(cmd, 0, sizeof *cmd);
    cmd->size = sizeof *cmd;
    cmd->seq = state->seq;
    cmd->nmotor = (uint32_t)f->robot->nmotor;
    if (s->fault == CTL_FAULT_NONE)
        s->fault = ctl_safety_state(f->robot, state);
    if (s->fault == CTL_FAULT_NONE && !ctl_reference_update(&s->reference, &f->model, task, f->dt))
        s->fault = CTL_FAULT_TASK;
    if (s->fault == CTL_FAULT_NONE)
        watch_streams(f, s, state);
    if (s->fault == CTL_FAULT_NONE)
        work(f, s, state, cmd);
    if (s->fault == CTL_FAULT_NONE)
        return HC_OK;
    ctl_safety_damp(f->robot, cmd);
    return HC_DAMP;
}

/* ---- looking in ----------------------------------------------------------------------------------- */

static int probe(const void *mem, const char **names, double *values, int n) {
    const State *s = &((const Instance *)mem)->state;
    const Readings *r = &s->readings;
    const struct {
        const char *name;
        double value;
    } all[] = {
        {"com_x", r->com[0]},
        {"com_y", r->com[1]},
        {"com_z", r->com[2]},
        {"capture_point_x", r->capture[0]},
        {"capture_point_y", r->capture[1]},
        {"com_target_x", r->com_target[0]},
        {"com_target_y", r->com_target[1]},
        {"cop_x", r->cop[0]},
        {"cop_y", r->cop[1]},
        {"base_height", r->base_height},
        {"tilt", r->tilt},
        {"wrist_error_left", r->wrist_error[0]},
        {"wrist_error_right", r->wrist_error[1]},
        {"wrist_turn_left", r->wrist_turn[0]},
        {"wrist_turn_right", r->wrist_turn[1]},
        {"hand_force_left", r->hand_force[0]},
        {"hand_force_right", r->hand_force[1]},
        {"payload_left", s->hand[0].payload},
        {"payload_right", s->hand[1].payload},
        {"joints_at_limit", r->limits},
        {"newton_steps", r->newton},
        {"fault", s->fault},
    };
    const int count = (int)(sizeof all / sizeof *all);
    for (int i = 0; i < n && i < count; i++) {
        names[i] = all[i].name;
        values[i] = all[i].value;
    }
    return count;
}

static uint64_t fingerprint(const void *mem) {
    const Instance *it = mem;
    return hash64(HASH64_SEED, &it->state, sizeof it->state);
}

EXPORT const hc_api *hc_get_api(uint32_t host_abi) {
    static const hc_api api = {
        .abi = HC_ABI,
        .size = sizeof(hc_api),
        .name = "wholebody",
        .version = "1",
        .mem_size = mem_size,
        .init = init,
        .reset = reset,
        .step = step,
        .probe = probe,
        .deinit = deinit,
        .fingerprint = fingerprint,
    };
    return host_abi == HC_ABI ? &api : NULL;
}
