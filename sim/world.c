/* The world: one row of the task interface at a time through the controller's boundary.
 *
 *   row (float32) ─> TaskCommand ─> hc_task ┐
 *        ┌── every control step ────────────┴─────────────┐
 *        │  sensors ─> hc_state ─> controller ─> hc_cmd   │
 *        │  ┌── every physics step ────────────────────┐  │
 *        │  │ drives ─> step 2 (forces, integrate) ─>  │  │
 *        │  │ contacts ─> step 1 (poses, velocities)   │  │
 *        │  └──────────────────────────────────────────┘  │
 *        └──────────────────────────────────────────────── ┘
 *
 * Between steps mjData holds the poses and velocities of the present state, and the forces of the step that led to it. */
#include "sim/internal.h"

#include "sim/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static Status make_controller(SimWorld *world, Err *err) {
    const SimModel *model = world->model;
    char message[512] = "";
    world->controller = aligned_alloc(64, (model->controller_size + 63) / 64 * 64);
    if (!world->controller)
        return err_set(err, STATUS_MEMORY, "no memory for the controller");
    memset(world->controller, 0, model->controller_size);
    if (model->api->init(world->controller, &model->hc_robot, model->controller_config, message,
                         sizeof message) < 0)
        return err_set(err, STATUS_CONTROLLER, "controller '%s': %s", model->api->name, message);
    world->controller_ready = true;
    return STATUS_OK;
}

static int delay_entries(double delay, double dt) {
    return (int)floor(delay / dt + 0.5);
}

static Status make_delays(SimWorld *world, Err *err) {
    const SimModel *model = world->model;
    SimDelay *delay = &world->delay;
    const double dt = model->m->opt.timestep;
    delay->ncommand = delay_entries(model->realism->command_delay, dt);
    delay->nstate = delay_entries(model->realism->state_delay, dt * model->control_every);
    if (delay->ncommand > SIM_MAX_DELAY || delay->nstate > SIM_MAX_DELAY)
        return err_set(err, STATUS_LIMIT, "%s: realism '%s': at most %d steps of delay", model->robot->path,
                       model->realism->name, SIM_MAX_DELAY);
    delay->command = mem_calloc((size_t)delay->ncommand + 1, sizeof *delay->command);
    delay->state = mem_calloc((size_t)delay->nstate + 1, sizeof *delay->state);
    if (!delay->command || !delay->state)
        return err_set(err, STATUS_MEMORY, "no memory for delays");
    return STATUS_OK;
}

static void copy_model(void *argument) {
    SimWorld *world = argument;
    world->m = mj_copyModel(NULL, world->model->m);
    world->d = world->m ? mj_makeData(world->m) : NULL;
}

static Status build(SimWorld *world, Err *err) {
    TRY(sim_engine_try(copy_model, world, err));
    if (!world->d)
        return err_set(err, STATUS_MEMORY, "no memory for a world");
    TRY(make_delays(world, err));
    return make_controller(world, err);
}

Status sim_world_create(const SimModel *model, SimWorld **out, Err *err) {
    ASSERT(model && out);
    SimWorld *world = mem_calloc(1, sizeof *world);
    if (!world)
        return err_set(err, STATUS_MEMORY, "no memory for a world");
    world->model = model;
    const Status status = build(world, err);
    if (status != STATUS_OK) {
        sim_world_destroy(world);
        return status;
    }
    *out = world;
    return STATUS_OK;
}

void sim_world_destroy(SimWorld *world) {
    if (!world)
        return;
    if (world->controller_ready)
        world->model->api->deinit(world->controller);
    free(world->controller);
    mem_free(world->delay.command);
    mem_free(world->delay.state);
    mj_deleteData(world->scratch);
    mj_deleteData(world->picture_d);
    mj_deleteModel(world->picture_m);
    mj_deleteData(world->d);
    mj_deleteModel(world->m);
    mem_free(world);
}

const SimModel *sim_world_model(const SimWorld *world) {
    return world->model;
}

mjData *sim_world_data(SimWorld *world) {
    return world->d;
}
const mjModel *sim_world_mj(const SimWorld *world) {
    return world->m;
}

int sim_world_trace_controls(SimWorld *world, double *buffer, int capacity) {
    const int filled = world->trace.n;
    world->trace.buffer = buffer;
    world->trace.capacity = buffer ? capacity : 0;
    world->trace.n = 0;
    return filled;
}

/* ---- one row ---------------------------------------------------------------------------------------------------- */

static void set_task(SimWorld *world, const float *row) {
    const SimModel *model = world->model;
    TaskCommand command;
    action_decode(&model->action, row, &command);
    hc_task *task = &world->carry.task;
    memset(task, 0, sizeof *task);
    task->size = sizeof *task;
    task->seq = ++world->carry.command_seq;
    task->time_ns = world->carry.step * (uint64_t)(world->m->opt.timestep * 1e9 + 0.5);
    task->valid = HC_TASK_ALL_BODY;
    for (int s = 0; s < NSIDE; s++) {
        for (int k = 0; k < 3; k++)
            task->wrist[s][k] = (float)command.wrist[s].pos[k];
        for (int k = 0; k < 4; k++)
            task->wrist[s][3 + k] = (float)command.wrist[s].quat[k];
        for (int k = 0; k < model->action.nhand; k++)
            task->hand[s][k] = (float)command.hand[s][k];
    }
    for (int k = 0; k < model->action.nwaist; k++)
        task->waist[k] = (float)command.waist[k];
    for (int k = 0; k < 3; k++)
        task->base_velocity[k] = (float)command.base_velocity[k];
    task->base_height = (float)command.base_height;
}

static void apply_push(SimWorld *world) {
    const int site = world->model->push_site, body = world->m->site_bodyid[site];
    mjtNum *wrench = world->d->xfrc_applied + 6 * body;
    memset(wrench, 0, 6 * sizeof *wrench);
    if (world->d->time >= world->carry.push_until)
        return;
    double lever[3];
    vec3_sub(world->d->site_xpos + 3 * site, world->d->xipos + 3 * body, lever);
    memcpy(wrench, world->carry.push_force, 3 * sizeof *wrench);
    vec3_cross(lever, world->carry.push_force, wrench + 3);
}

static void physics_step(SimWorld *world, bool last) {
    apply_push(world);
    sim_drive(world, &world->carry.command);
    if (world->trace.n < world->trace.capacity)
        memcpy(world->trace.buffer + (size_t)world->m->nu * (size_t)world->trace.n++, world->d->ctrl,
               sizeof(double) * (size_t)world->m->nu);
    mj_step2(world->m, world->d);
    sim_contacts_step(world);
    if (last)
        sim_contacts_tick(world);
    mj_step1(world->m, world->d);
    world->carry.step++;
}

static void control_step(SimWorld *world) {
    sim_sense(world, &world->measured);
    world->carry.status = world->model->api->step(world->controller, &world->measured, &world->carry.task,
                                                  &world->carry.command);
}

static void run_row(void *argument) {
    SimWorld *world = argument;
    const SimModel *model = world->model;
    for (int i = 0; i < model->control_per_row; i++) {
        control_step(world);
        for (int k = 0; k < model->control_every; k++)
            physics_step(world, i + 1 == model->control_per_row && k + 1 == model->control_every);
    }
    world->carry.rows++;
    sim_view_tick(world);
    sim_peek(world, &world->measured);
}

static bool unstable(const mjData *d) {
    static const int bad[] = {mjWARN_INERTIA, mjWARN_CONTACTFULL, mjWARN_CNSTRFULL, mjWARN_BADQPOS,
                              mjWARN_BADQVEL, mjWARN_BADQACC,     mjWARN_BADCTRL};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (d->warning[bad[i]].number > 0)
            return true;
    return false;
}

Outcome sim_world_tick(SimWorld *world, const float *row) {
    if (world->broken)
        return OUTCOME_numeric;
    set_task(world, row);
    world->carry.unintended = 0;
    if (sim_engine_try(run_row, world, NULL) != STATUS_OK || unstable(world->d)) {
        world->broken = true;
        return OUTCOME_numeric;
    }
    if (!world->carry.settling && world->model->task)
        sim_pred_advance(&world->model->atoms, &world->carry.view, world->model->row_dt, world->carry.timer);
    return world->carry.view.fell ? OUTCOME_fell : OUTCOME_ok;
}

bool sim_world_holds(SimWorld *world, const Pred *pred) {
    return pred && sim_pred_holds(&world->model->atoms, pred, &world->carry.view, world->carry.timer);
}

void sim_world_push(SimWorld *world, const double force[3], double duration) {
    memcpy(world->carry.push_force, force, sizeof world->carry.push_force);
    world->carry.push_until = world->d->time + duration;
}
