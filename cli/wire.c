/* Wiring of robot, task, model and the generator's view of a world; see wire.h. */
#include "cli/wire.h"

#include "cli/cli.h"
#include "sim/predicate.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

Status cli_task_open(const char *spec, Task **task, char level[32], Err *err) {
    char name[PATH_MAX], path[PATH_MAX];
    const char *colon = strrchr(spec, ':');
    const size_t n = colon ? (size_t)(colon - spec) : strlen(spec);
    if (n == 0 || n >= sizeof name)
        return err_set(err, STATUS_USAGE, "--task '%s': a name or name:level was expected", spec);
    memcpy(name, spec, n);
    name[n] = '\0';
    TRY(cli_find("tasks", "task.yaml", name, path, sizeof path, err));
    Task *loaded = NULL;
    TRY(task_load(path, sim_predicate_names(), &loaded, err));
    const char *wanted = colon ? colon + 1 : loaded->level[0].name;
    const TaskLevel *found = task_level(loaded, wanted, err);
    if (!found || strlen(found->name) >= 32) {
        task_destroy(loaded);
        return STATUS_UNKNOWN_NAME;
    }
    snprintf(level, 32, "%s", found->name);
    *task = loaded;
    return STATUS_OK;
}

Status cli_robot_open(const char *name, CtlRobot **robot, Err *err) {
    char path[PATH_MAX];
    TRY(cli_find("robots", "robot.yaml", name, path, sizeof path, err));
    return ctl_robot_load(path, robot, err);
}

static Status load_controller(const char *path, void **handle, const hc_api **api, Err *err) {
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!object)
        return err_set(err, STATUS_CONTROLLER, "controller %s: %s", path, dlerror());
    const hc_api *(*get)(uint32_t) = NULL;
    *(void **)&get = dlsym(object, "hc_get_api");
    const hc_api *table = get ? get(HC_ABI) : NULL;
    if (!table || table->abi != HC_ABI) {
        dlclose(object);
        return err_set(err, STATUS_CONTROLLER,
                       get ? "controller %s does not serve ABI %u"
                           : "controller %s exports no hc_get_api (ABI %u)",
                       path, HC_ABI);
    }
    *handle = object;
    *api = table;
    return STATUS_OK;
}

Status cli_setup_open(const CliSetupDef *def, CliSetup *out, Err *err) {
    CliSetup setup = {0};
    SimModelDef model = {.realism = def->realism, .raw_contacts = def->raw_contacts, .trusted = false};
    Status status = STATUS_OK;
    if (def->base && strcmp(def->base, "pinned") == 0)
        model.base = SIM_BASE_PINNED;
    else if (def->base && strcmp(def->base, "standing") != 0)
        return err_set(err, STATUS_USAGE, "--base '%s': standing or pinned was expected", def->base);
    status = cli_task_open(def->task, &setup.task, setup.level, err);
    if (status == STATUS_OK)
        status = cli_robot_open(def->robot, &setup.robot, err);
    if (status == STATUS_OK && def->controller)
        status = load_controller(def->controller, &setup.controller, &model.controller, err);
    if (status == STATUS_OK) {
        model.robot = setup.robot;
        model.task = setup.task;
        model.level = setup.level;
        status = sim_model_create(&model, &setup.model, err);
    }
    if (status != STATUS_OK)
        cli_setup_close(&setup);
    else
        *out = setup;
    return status;
}

void cli_setup_close(CliSetup *setup) {
    sim_model_destroy(setup->model);
    if (setup->controller)
        dlclose(setup->controller);
    task_destroy(setup->task);
    ctl_robot_destroy(setup->robot);
    *setup = (CliSetup){0};
}

/* The generator's table over a SimWorld: copies, no mathematics. */
static Outcome world_reset(void *self, uint64_t seed, uint64_t attempt, ResetDraw *draw) {
    return sim_world_reset(self, seed, attempt, draw);
}
static void world_home(void *self, TaskCommand *command) {
    sim_world_home_command(self, command);
}
static Outcome world_tick(void *self, const float *row) {
    return sim_world_tick(self, row);
}
static void world_scene(void *self, Scene *scene) {
    sim_world_scene(self, scene);
}
static void world_truth(void *self, Scene *scene) {
    sim_world_truth(self, scene);
}
static bool world_holds(void *self, const Pred *pred) {
    return sim_world_holds(self, pred);
}
static Outcome world_preflight(void *self, int side, const Pose *pose, int n, int held, int touch) {
    return sim_world_preflight(self, side, pose, n, held, touch);
}
static size_t world_snapshot_size(void *self) {
    return sim_world_snapshot_size(self);
}
static void world_save(void *self, void *snapshot) {
    sim_world_save(self, snapshot);
}
static void world_load(void *self, const void *snapshot) {
    sim_world_load(self, snapshot);
}
static uint64_t world_hash(void *self) {
    return sim_world_hash(self);
}
static void world_state(void *self, double *state) {
    sim_world_state(self, state);
}
static const char *world_column(void *self, int i, int *dim) {
    return sim_world_column(sim_world_model(self), i, dim);
}
static void world_observe(void *self, int column, float *out) {
    sim_world_observe(self, column, out);
}
static int world_unintended(void *self) {
    return sim_world_unintended(self);
}
static double world_balance_margin(void *self) {
    return sim_world_balance_margin(self);
}
static double world_limit_margin(void *self) {
    return sim_world_limit_margin(self);
}
static double world_hand_force(void *self, int side) {
    return sim_world_hand_force(self, side);
}
static double world_foot_slip(void *self) {
    return sim_world_foot_slip(self);
}

Status cli_world_create(const SimModel *model, GenWorld *out, Err *err) {
    SimWorld *world = NULL;
    TRY(sim_world_create(model, &world, err));
    const Task *task = sim_model_task(model);
    *out = (GenWorld){.self = world,
                      .task = task,
                      .layout = *sim_model_action(model),
                      .grasp_in_wrist = {sim_model_grasp_in_wrist(model, SIDE_LEFT),
                                         sim_model_grasp_in_wrist(model, SIDE_RIGHT)},
                      .nstate = sim_model_state_size(model),
                      .dt = 1.0 / task->rate_hz,
                      .reset = world_reset,
                      .home = world_home,
                      .tick = world_tick,
                      .scene = world_scene,
                      .truth = world_truth,
                      .holds = world_holds,
                      .preflight = world_preflight,
                      .snapshot_size = world_snapshot_size,
                      .save = world_save,
                      .load = world_load,
                      .hash = world_hash,
                      .state = world_state,
                      .ncolumn = sim_world_ncolumn(model),
                      .column = world_column,
                      .observe = world_observe,
                      .unintended = world_unintended,
                      .balance_margin = world_balance_margin,
                      .limit_margin = world_limit_margin,
                      .hand_force = world_hand_force,
                      .foot_slip = world_foot_slip};
    return STATUS_OK;
}

void cli_world_destroy(GenWorld *world) {
    sim_world_destroy(world->self);
    *world = (GenWorld){0};
}
