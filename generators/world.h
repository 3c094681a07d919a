/* What the generator needs of a world, as a table of functions, so that generators/ knows no engine.
 *
 * cli/ fills it from sim/; tests fill it with worlds of their own. self belongs to one thread. */
#ifndef DEMOMILL_GENERATORS_WORLD_H
#define DEMOMILL_GENERATORS_WORLD_H

#include "base/action.h"
#include "base/episode.h"
#include "base/scene.h"
#include "base/task.h"

#include <stdbool.h>

typedef struct GenWorld {
    void *self;
    const Task *task;
    ActionLayout layout;
    Pose grasp_in_wrist[NSIDE];
    int nstate;
    double dt; /* s per row */
    Outcome (*reset)(void *self, uint64_t seed, uint64_t attempt, ResetDraw *draw);
    void (*home)(void *self, TaskCommand *command);
    Outcome (*tick)(void *self, const float *row);
    void (*scene)(void *self, Scene *scene); /* as perceived */
    void (*truth)(void *self, Scene *scene);
    bool (*holds)(void *self, const Pred *pred);
    Outcome (*preflight)(void *self, int side, const Pose *pose, int n, int held, int touch);
    size_t (*snapshot_size)(void *self);
    void (*save)(void *self, void *snapshot);
    void (*load)(void *self, const void *snapshot);
    uint64_t (*hash)(void *self);
    void (*state)(void *self, double *state);
    int ncolumn;
    const char *(*column)(void *self, int i, int *dim);
    void (*observe)(void *self, int column, float *out);
    int (*unintended)(void *self);
    double (*balance_margin)(void *self);
    double (*limit_margin)(void *self);
    double (*hand_force)(void *self, int side);
    double (*foot_slip)(void *self);
} GenWorld;

#endif
