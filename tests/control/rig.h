/* A bench for controllers: the robot alone on a floor, driven over the wire in lockstep. */
#ifndef DEMOMILL_TESTS_CONTROL_RIG_H
#define DEMOMILL_TESTS_CONTROL_RIG_H

#include "base/pose.h"
#include "control/hc.h"
#include "control/robot.h"
#include "wire.h"

#include <mujoco/mujoco.h>
#include <stdbool.h>

typedef struct RigDef {
    const char *robot;    /* robot.yaml; NULL: optimus */
    const char *config;   /* of the controller; NULL: defaults */
    bool pinned;          /* pelvis fixed in the world */
    bool friction;        /* of the drives */
    double load[NSIDE];   /* kg fixed to each hand at the grasp site */
    double wall[6];       /* box: centre, half sizes, m; half size 0: none */
    int delay;            /* control steps between state and command */
    double torque_factor; /* 0: 1 */
} RigDef;

typedef struct Rig {
    RigDef def;
    CtlRobot *robot;
    mjModel *m;
    mjData *d;
    Wire wire;
    const hc_api *api;
    void *mem;
    hc_state state;
    hc_task task;
    hc_cmd cmd, queue[8];
    int verdict;      /* of the last step */
    double push[3];   /* N on the push site, world axes */
    double saturated; /* drives at their limit, summed over steps */
    int base, push_body, push_site;
    int sole[NSIDE], wrist[NSIDE];
} Rig;

enum { RIG_RATE = 500, RIG_TASK_EVERY = 25 }; /* 20 Hz commands */

/* Stands in the nominal posture on the floor, controller reset. */
void rig_create(Rig *rig, const RigDef *def);
void rig_destroy(Rig *rig);
/* One control and physics step of 2 ms. */
void rig_step(Rig *rig);
void rig_run(Rig *rig, double seconds);
/* Tell the task again (20 Hz commands advance by themselves in rig_run). */
void rig_command(Rig *rig);
double rig_probe(const Rig *rig, const char *name);
/* base_footprint in the world, from the true soles. */
Pose rig_footprint(const Rig *rig);
Pose rig_site(const Rig *rig, int site);
/* Set the wrist command to a pose in base_footprint. */
void rig_wrist(Rig *rig, int side, Pose pose);
Pose rig_wrist_command(const Rig *rig, int side);
bool rig_fell(const Rig *rig);
double rig_foot_travel(const Rig *rig, const double from[NSIDE][3]); /* m, larger of the soles' */
void rig_soles(const Rig *rig, double soles[NSIDE][3]);

#endif
