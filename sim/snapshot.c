/* Snapshots: everything that decides the future, as one block of bytes.
 *
 *   | integration state | sensordata | controller | carry | last sensors | command ring | state ring |
 *
 * The engine's integration state holds positions, velocities, controls, warm start. Force sensors are kept because the
 * controller reads, at the next step, the forces of the last one. A snapshot belongs to the attempt it was taken in: drawn
 * sizes and masses live in the world's mjModel and are not in it. */
#include "sim/internal.h"

#include "base/hash.h"

#include <string.h>

typedef struct Block {
    void *data;
    size_t size;
} Block;

enum { NBLOCK = 6 };

/* What is copied as it is; the integration state comes before. */
static void blocks(const SimWorld *world, Block block[NBLOCK]) {
    SimWorld *w = (SimWorld *)world; /* save only reads through it */
    block[0] = (Block){w->d->sensordata, (size_t)w->m->nsensordata * sizeof(mjtNum)};
    block[1] = (Block){w->controller, w->model->controller_size};
    block[2] = (Block){&w->carry, sizeof w->carry};
    block[3] = (Block){&w->measured, sizeof w->measured};
    block[4] = (Block){w->delay.command, ((size_t)w->delay.ncommand + 1) * sizeof *w->delay.command};
    block[5] = (Block){w->delay.state, ((size_t)w->delay.nstate + 1) * sizeof *w->delay.state};
}

static size_t state_bytes(const SimWorld *world) {
    return (size_t)world->model->nstate * sizeof(mjtNum);
}

size_t sim_world_snapshot_size(const SimWorld *world) {
    Block block[NBLOCK];
    blocks(world, block);
    size_t size = state_bytes(world);
    for (int i = 0; i < NBLOCK; i++)
        size += block[i].size;
    return size;
}

void sim_world_save(const SimWorld *world, void *snapshot) {
    Block block[NBLOCK];
    blocks(world, block);
    mj_getState(world->m, world->d, snapshot, mjSTATE_INTEGRATION);
    char *at = (char *)snapshot + state_bytes(world);
    for (int i = 0; i < NBLOCK; i++) {
        memcpy(at, block[i].data, block[i].size);
        at += block[i].size;
    }
}

void sim_world_load(SimWorld *world, const void *snapshot) {
    Block block[NBLOCK];
    blocks(world, block);
    if (world->broken) { /* an error left mjData in pieces */
        mj_resetData(world->m, world->d);
        world->broken = false;
    }
    memset(world->d->warning, 0, sizeof world->d->warning);
    mj_setState(world->m, world->d, snapshot, mjSTATE_INTEGRATION);
    mj_step1(world->m, world->d);
    const char *at = (const char *)snapshot + state_bytes(world);
    for (int i = 0; i < NBLOCK; i++) {
        memcpy(block[i].data, at, block[i].size);
        at += block[i].size;
    }
}

void sim_world_state(const SimWorld *world, double *state) {
    mj_getState(world->m, world->d, state, mjSTATE_INTEGRATION);
}

/* Of the controller its last command stands in: its memory may hold addresses, which differ from run to run. */
uint64_t sim_world_hash(const SimWorld *world) {
    const SimCarry *carry = &world->carry;
    mjData *d = world->d;
    uint64_t hash = HASH64_SEED;
    const struct {
        const void *data;
        size_t size;
    } part[] = {
        {&d->time, sizeof d->time},
        {d->qpos, (size_t)world->m->nq * sizeof(mjtNum)},
        {d->qvel, (size_t)world->m->nv * sizeof(mjtNum)},
        {d->qacc_warmstart, (size_t)world->m->nv * sizeof(mjtNum)},
        {d->ctrl, (size_t)world->m->nu * sizeof(mjtNum)},
        {carry->command.motor, (size_t)world->model->robot->nmotor * sizeof carry->command.motor[0]},
        {carry->timer, sizeof carry->timer},
    };
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
        hash = hash64(hash, part[i].data, part[i].size);
    return hash;
}
