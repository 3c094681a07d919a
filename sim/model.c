/* The model: composed, compiled, bound; constant afterwards and shared by threads. */
#include "sim/internal.h"

#include "control/ik.h"
#include "sim/engine.h"

#include <math.h>
#include <string.h>

enum { CONTROL_HZ = 500 };
static const double ROBOT_ALONE_RATE = 20; /* rows per second without a task */

/* steps · dt == span up to rounding: returns steps, or 0. */
static int whole_steps(double span, double dt) {
    const double n = floor(span / dt + 0.5);
    return n >= 1 && fabs(n * dt - span) < 1e-9 ? (int)n : 0;
}

static Status bind_clock(SimModel *model, Err *err) {
    const double dt = model->m->opt.timestep;
    const double control = dt > 1.0 / CONTROL_HZ ? dt : 1.0 / CONTROL_HZ;
    const double rate = model->task ? model->task->rate_hz : ROBOT_ALONE_RATE;
    model->control_every = whole_steps(control, dt);
    if (!model->control_every)
        return err_set(err, STATUS_MISMATCH,
                       "a physics step of %g s does not divide the control step of %g s", dt, control);
    if (!(rate > 0))
        return err_set(err, STATUS_FORMAT, "%s: the rate must be positive", model->task->path);
    model->row_dt = 1.0 / rate;
    model->control_per_row = whole_steps(model->row_dt, control);
    if (!model->control_per_row)
        return err_set(err, STATUS_MISMATCH,
                       "%s: %g rows a second are no whole number of control steps of %g s", model->task->path,
                       rate, control);
    model->hc_robot = (hc_robot){.size = sizeof(hc_robot), .robot_yaml = model->robot->path, .dt = control};
    if (model->task && model->task->ntimer > SIM_MAX_TIMERS)
        return err_set(err, STATUS_LIMIT, "%s: more than %d predicates with 'for'", model->task->path,
                       SIM_MAX_TIMERS);
    return STATUS_OK;
}

static bool any_error(const CtlRealism *r) {
    return r->command_delay > 0 || r->state_delay > 0 || r->torque_error > 0 || r->kp_error > 0 ||
           r->encoder_offset > 0 || r->encoder_resolution > 0 || r->velocity_noise > 0 || r->gyro_noise > 0 ||
           r->acc_noise > 0 || r->imu_tilt > 0 || r->wrench_noise > 0;
}

static Status bind_controller(SimModel *model, const SimModelDef *def, Err *err) {
    model->api = def->controller ? def->controller : hc_get_api(HC_ABI);
    if (!model->api || model->api->abi != HC_ABI)
        return err_set(err, STATUS_CONTROLLER, "the controller does not serve ABI %u", HC_ABI);
    const char *config = def->controller_config;
    if (!config && def->base == SIM_BASE_PINNED)
        config = "base: pinned\n";
    if (config) {
        model->controller_config = arena_strdup(model->arena, config);
        if (!model->controller_config)
            return err_set(err, STATUS_MEMORY, "no memory for the controller's configuration");
    }
    model->controller_size = model->api->mem_size(&model->hc_robot);
    if (model->controller_size == 0)
        return err_set(err, STATUS_CONTROLLER, "controller '%s' cannot drive %s", model->api->name,
                       model->robot->path);
    return STATUS_OK;
}

/* The regions must leave room for the objects: no start scene in several attempts is an error that names them. */
static Status check_regions(const SimModel *model, Err *err) {
    enum { ATTEMPTS = 16 };
    if (!model->task)
        return STATUS_OK;
    ResetDraw draw;
    int blocked[2] = {0, 0};
    for (uint64_t attempt = 0; attempt < ATTEMPTS; attempt++)
        if (sim_draw(model, 0, attempt, &draw, blocked))
            return STATUS_OK;
    return err_set(err, STATUS_MISMATCH,
                   "%s: at level %s there is no room for '%s' beside '%s' in their reset regions",
                   model->task->path, model->level->name, model->task->object[blocked[0]].name,
                   model->task->object[blocked[1]].name);
}

static Status build(SimModel *model, const SimModelDef *def, Err *err) {
    model->robot = def->robot;
    model->task = def->task;
    model->base = def->base;
    if (def->task) {
        model->level = def->level ? task_level(def->task, def->level, err) : &def->task->level[0];
        if (!model->level)
            return STATUS_UNKNOWN_NAME;
    }
    model->realism = ctl_robot_realism(def->robot, def->realism ? def->realism : "default", err);
    if (!model->realism)
        return STATUS_UNKNOWN_NAME;
    model->real = any_error(model->realism);
    TRY(sim_compose(def, model->level, model, err));
    TRY(bind_clock(model, err));
    TRY(bind_controller(model, def, err));
    TRY(sim_bind(model, err));
    TRY(ctl_ik_create(def->robot, &model->ik, err));
    model->action = action_layout(def->robot->hand[0].nmotor, def->robot->nwaist);
    model->nstate = mj_stateSize(model->m, mjSTATE_INTEGRATION);
    return check_regions(model, err);
}

Status sim_model_create(const SimModelDef *def, SimModel **out, Err *err) {
    ASSERT(def && def->robot && out);
    TRY(sim_engine_init(err));
    Arena *arena = arena_create(0);
    SimModel *model = arena ? arena_alloc(arena, sizeof *model) : NULL;
    if (!model) {
        arena_destroy(arena);
        return err_set(err, STATUS_MEMORY, "no memory for a model");
    }
    model->arena = arena;
    const Status status = build(model, def, err);
    if (status != STATUS_OK) {
        sim_model_destroy(model);
        return status;
    }
    *out = model;
    return STATUS_OK;
}

void sim_model_destroy(SimModel *model) {
    if (!model)
        return;
    ctl_ik_destroy(model->ik);
    mj_deleteModel(model->m);
    mj_deleteModel(model->visual);
    arena_destroy(model->arena);
}

const mjModel *sim_model_mj(const SimModel *model) {
    return model->m;
}
const Task *sim_model_task(const SimModel *model) {
    return model->task;
}
const CtlRobot *sim_model_robot(const SimModel *model) {
    return model->robot;
}
const ActionLayout *sim_model_action(const SimModel *model) {
    return &model->action;
}
int sim_model_state_size(const SimModel *model) {
    return model->nstate;
}
int sim_model_substeps(const SimModel *model) {
    return model->control_every * model->control_per_row;
}
const char *sim_model_hash(const SimModel *model) {
    return model->hash;
}
const char *sim_model_xml(const SimModel *model) {
    return model->xml;
}

Pose sim_model_grasp_in_wrist(const SimModel *model, int side) {
    ASSERT(side >= 0 && side < NSIDE);
    return model->grasp_in_wrist[side];
}
