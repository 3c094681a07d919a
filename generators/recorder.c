/* Recording rows into an episode's arena. Columns double in size; what they leave behind stays in the arena until the
 * next attempt resets it. */
#include "generators/recorder.h"

#include "base/status.h"

#include <string.h>

enum { FIRST_ROWS = 512 };

/* *column: array of n items of size bytes, to be of capacity items. */
static bool grow(Episode *e, void *column, int n, int capacity, size_t size) {
    void *old, *bigger = arena_alloc(e->arena, (size_t)capacity * size);
    if (!bigger)
        return false;
    memcpy(&old, column, sizeof old);
    if (n > 0 && size > 0)
        memcpy(bigger, old, (size_t)n * size);
    memcpy(column, &bigger, sizeof bigger);
    return true;
}

static bool reserve(Episode *e, int capacity) {
    const int n = e->nrow;
    const size_t nobject = (size_t)e->nobject, njoint = (size_t)e->njoint,
                 nsignal = (size_t)e->nsubtask_total;
    bool ok = grow(e, &e->action, n, capacity, (size_t)e->naction * sizeof(float)) &&
              grow(e, &e->action_exec, n, capacity, (size_t)e->naction * sizeof(float)) &&
              grow(e, &e->state, n, capacity, (size_t)e->nstate * sizeof(double)) &&
              grow(e, &e->state_hash, n, capacity, sizeof(uint64_t)) &&
              grow(e, &e->reward, n, capacity, sizeof(float)) &&
              grow(e, &e->done, n, capacity, sizeof(uint8_t)) &&
              grow(e, &e->object, n, capacity, nobject * sizeof(Pose)) &&
              grow(e, &e->joint, n, capacity, njoint * sizeof(double)) &&
              grow(e, &e->signal, n, capacity, nsignal) && grow(e, &e->base, n, capacity, sizeof(Pose));
    for (int s = 0; ok && s < NSIDE; s++)
        ok = grow(e, &e->eef[s], n, capacity, sizeof(Pose)) &&
             grow(e, &e->target[s], n, capacity, sizeof(Pose));
    for (int c = 0; ok && c < e->ncolumn; c++)
        ok = grow(e, &e->column[c].data, n, capacity, (size_t)e->column[c].dim * sizeof(float));
    if (ok)
        e->capacity = capacity;
    return ok;
}

bool recorder_begin(Episode *e, GenWorld *world, uint64_t seed, uint64_t attempt) {
    Arena *arena = e->arena ? e->arena : arena_create(1u << 20);
    if (!arena)
        return false;
    arena_reset(arena);
    *e = (Episode){.arena = arena,
                   .seed = seed,
                   .attempt = attempt,
                   .failed_subtask = -1,
                   .naction = world->layout.dim,
                   .nstate = world->nstate,
                   .ncolumn = world->ncolumn,
                   .nobject = world->task->nobject,
                   .njoint = world->task->njoint,
                   .nsubtask_total = world->task->nsubtask,
                   .nhand = world->layout.nhand};
    ASSERT(world->ncolumn <= MAX_COLUMNS);
    for (int c = 0; c < e->ncolumn; c++)
        e->column[c].name = world->column(world->self, c, &e->column[c].dim);
    return reserve(e, FIRST_ROWS);
}

bool recorder_row(Episode *e, GenWorld *world, const Scene *truth, const float *action, const float *executed,
                  const Pose target[NSIDE], const uint8_t *signal) {
    if (e->nrow == e->capacity && !reserve(e, 2 * e->capacity))
        return false;
    const size_t r = (size_t)e->nrow, na = (size_t)e->naction;
    memcpy(e->action + r * na, action, na * sizeof(float));
    memcpy(e->action_exec + r * na, executed, na * sizeof(float));
    world->state(world->self, e->state + r * (size_t)e->nstate);
    e->state_hash[r] = world->hash(world->self);
    for (int c = 0; c < e->ncolumn; c++)
        world->observe(world->self, c, e->column[c].data + r * (size_t)e->column[c].dim);
    memcpy(e->object + r * (size_t)e->nobject, truth->object, (size_t)e->nobject * sizeof(Pose));
    memcpy(e->joint + r * (size_t)e->njoint, truth->joint, (size_t)e->njoint * sizeof(double));
    memcpy(e->signal + r * (size_t)e->nsubtask_total, signal, (size_t)e->nsubtask_total);
    for (int s = 0; s < NSIDE; s++) {
        e->eef[s][r] = truth->hand[s];
        e->target[s][r] = target[s];
    }
    e->base[r] = truth->base;
    e->reward[r] = 0;
    e->done[r] = 0;
    e->nrow++;
    return true;
}

void recorder_result(Episode *e, float reward, bool done) {
    ASSERT(e->nrow > 0);
    e->reward[e->nrow - 1] = reward;
    e->done[e->nrow - 1] = done;
}

void recorder_cut(Episode *e, int nrow) {
    ASSERT(nrow >= 0 && nrow <= e->nrow);
    e->nrow = nrow;
}
