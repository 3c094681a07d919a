/* From task commands at 20–100 Hz to smooth wrist references at the controller's rate.
 *
 *      pose                  ___  p1 = command + velocity · period
 *        |            __--°°          (velocity from the last two commands)
 *        |   command x
 *        | ref _.-°°                 one cubic per command, from where the reference is
 *        +-----|--------|--> t       and how fast it moves: no jump when a command arrives
 *             t_k    t_k + period
 *
 * Beyond one period without a new command the reference brakes to a stop within half a period. A command far
 * away is approached at a bounded speed, without extrapolation. */
#ifndef DEMOMILL_CONTROL_REFERENCE_H
#define DEMOMILL_CONTROL_REFERENCE_H

#include "base/pose.h"
#include "control/hc.h"
#include "control/model.h"

#include <stdbool.h>

/* Six numbers: position, then rotation vector from the commanded orientation. m, rad and their rates. */
typedef struct CtlCubic {
    double p0[6], v0[6], p1[6], v1[6];
    double duration; /* s */
} CtlCubic;

typedef struct CtlWristReference {
    Pose command; /* last one */
    CtlCubic cubic;
    double elapsed; /* s since the command came */
    Pose pose;      /* reference now, base_footprint */
    double lin[3], ang[3];
} CtlWristReference;

typedef struct CtlReference {
    bool commanded; /* a task command has come since reset */
    uint32_t seq;
    uint64_t time_ns; /* of the last command */
    double silence;   /* s since the last new command */
    double period;    /* s between the last two */
    CtlWristReference wrist[NSIDE];
    double closure[NSIDE][HC_MAX_HAND];
    double waist[HC_MAX_WAIST];
    double height; /* m */
} CtlReference;

/* Stand still where the wrists are. */
void ctl_reference_reset(CtlReference *reference, const Pose wrist[NSIDE], double height);
/* Take in the task (NULL: none) and advance by dt s. False if the task holds a number that is not finite. */
bool ctl_reference_update(CtlReference *reference, const CtlModel *model, const hc_task *task, double dt);

#endif
