/* World: a robot in a task's scene, driven through the controller's boundary.
 *
 * SimModel is the compiled, bound, immutable description, shared by threads. SimWorld is one running copy:
 * its own mjModel (sizes and masses are drawn per attempt), its mjData, its controller instance, its realism
 * state. One world belongs to one thread at a time. */
#ifndef DEMOMILL_SIM_WORLD_H
#define DEMOMILL_SIM_WORLD_H

#include "base/action.h"
#include "base/episode.h"
#include "base/scene.h"
#include "base/status.h"
#include "base/task.h"
#include "control/hc.h"
#include "control/robot.h"

#include <mujoco/mujoco.h>
#include <stdbool.h>

typedef enum SimBase { SIM_BASE_STANDING, SIM_BASE_PINNED } SimBase;

typedef struct SimModelDef {
    const CtlRobot *robot;
    const Task *task;  /* NULL: the robot alone on a floor */
    const char *level; /* "D0" …; NULL: first */
    SimBase base;
    const char *realism;           /* profile in robot.yaml; NULL: "default" */
    const hc_api *controller;      /* NULL: the linked-in wholebody */
    const char *controller_config; /* YAML text or NULL */
    double timestep;               /* s; 0: the MJCF's */
    bool raw_contacts;             /* bench reference: every geom collides, nothing tuned */
    bool trusted; /* models that ship with demomill; otherwise compiled first in a guarded child */
} SimModelDef;

typedef struct SimModel SimModel;
typedef struct SimWorld SimWorld;

Status sim_model_create(const SimModelDef *def, SimModel **out, Err *err);
void sim_model_destroy(SimModel *model);
const mjModel *sim_model_mj(const SimModel *model);
const Task *sim_model_task(const SimModel *model);
const CtlRobot *sim_model_robot(const SimModel *model);
const ActionLayout *sim_model_action(const SimModel *model);
int sim_model_state_size(const SimModel *model); /* doubles of mjSTATE_INTEGRATION */
int sim_model_substeps(const SimModel *model);   /* physics steps per row */
/* SHA-256 of the saved MJCF text of the compiled model; and that text (arena-owned by the model). */
const char *sim_model_hash(const SimModel *model);
const char *sim_model_xml(const SimModel *model);
/* grasp = wrist · this, per hand. */
Pose sim_model_grasp_in_wrist(const SimModel *model, int side);

Status sim_world_create(const SimModel *model, SimWorld **out, Err *err);
void sim_world_destroy(SimWorld *world);
const SimModel *sim_world_model(const SimWorld *world);
mjData *sim_world_data(SimWorld *world);
const mjModel *sim_world_mj(const SimWorld *world);
/* The world as it looks: a model with everything that is only seen, and data posed like the world now. Both belong to the
 * world and change with the next call. sim_world_mj has only what physics needs. MEMORY, ENGINE. */
Status sim_world_picture(SimWorld *world, const mjModel **m, mjData **d, Err *err);

/* Draw the start scene for (seed, attempt) by the level's reset regions, settle it for a moment with the
 * controller standing, start the controller. OUTCOME_ok or OUTCOME_reset_failed (draw then tells the tries).
 * Same arguments, same bytes. */
Outcome sim_world_reset(SimWorld *world, uint64_t seed, uint64_t attempt, ResetDraw *draw);
/* The command that keeps everything as it is after reset: wrists at their nominal pose, hands open, standing
 * height. */
void sim_world_home_command(const SimWorld *world, TaskCommand *command);

/* Run one row's time with the command decoded from row (dim). OUTCOME_ok, or fell, numeric. row_velocity
 * feed-forward is the controller's own business. */
Outcome sim_world_tick(SimWorld *world, const float *row);
/* Scene as a perception system would report it (the level's pose noise included), or the truth. */
void sim_world_scene(const SimWorld *world, Scene *scene);
void sim_world_truth(const SimWorld *world, Scene *scene);
/* Evaluate a predicate of the task now; timers advance once per tick. */
bool sim_world_holds(SimWorld *world, const Pred *pred);
/* Unintended contacts at this tick: robot with itself or with furniture. */
int sim_world_unintended(const SimWorld *world);
double sim_world_balance_margin(const SimWorld *world);       /* m, capture point to the support's edge */
double sim_world_limit_margin(const SimWorld *world);         /* rad, arms and waist */
double sim_world_hand_force(const SimWorld *world, int side); /* N, at the wrist, weight removed */
double sim_world_foot_slip(const SimWorld *world);            /* m, largest sole travel since reset */

/* Everything that decides the future: integration state, controller memory, realism, timers. */
size_t sim_world_snapshot_size(const SimWorld *world);
void sim_world_save(const SimWorld *world, void *snapshot);
void sim_world_load(SimWorld *world, const void *snapshot);
uint64_t sim_world_hash(const SimWorld *world);
void sim_world_state(const SimWorld *world, double *state); /* (state_size) mjSTATE_INTEGRATION */

/* Observation columns: what a policy may see. names, dims once; then one row of floats. */
int sim_world_ncolumn(const SimModel *model);
const char *sim_world_column(const SimModel *model, int i, int *dim);
void sim_world_observe(const SimWorld *world, int column, float *out);

/* Copy the controls (nu) of every following physics step into buffer (capacity rows), for `demomill bench`; NULL ends it.
 * Returns how many rows the trace before this call has filled. */
int sim_world_trace_controls(SimWorld *world, double *buffer, int capacity);

/* Push: force (3, world, N) on the robot's push site during [now, now + duration). */
void sim_world_push(SimWorld *world, const double force[3], double duration);

/* Pre-flight: can the arm follow these grasp-frame poses (n, world) from the present posture? OUTCOME_ok,
 * unreachable, joint_limit, ik_diverged, self_collision, scene_collision. Touches no state. held: object in
 * the hand or −1; touch: object that may be touched or −1. */
Outcome sim_world_preflight(SimWorld *world, int side, const Pose *pose, int n, int held, int touch);

#endif
