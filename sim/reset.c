/* Reset: draw a start scene, put it into the world, let it settle.
 *
 * Objects are placed one after the other, uniformly in their regions, by rejection: the discs of their footprints must not
 * meet. What has no region stays where the scene file has it, and is avoided too. The draw depends on (seed, attempt) alone
 * and is recorded; everything after it follows from it. */
#include "sim/internal.h"

#include <math.h>
#include <string.h>

enum { MAX_TRIES = 200 };
enum { SUB_PLACE, SUB_BODY, SUB_BASE }; /* sub-streams of RNG_RESET */
static const double SETTLE = 0.3;       /* s */

/* ---- the draw --------------------------------------------------------------------------------------------------- */

static bool present(const SimModel *model, int object) {
    return model->scene.object[object].body >= 0;
}

static const ResetRegion *region_of(const SimModel *model, int object) {
    for (int i = 0; i < model->level->nregion; i++)
        if (strcmp(model->level->region[i].object, model->task->object[object].name) == 0)
            return &model->level->region[i];
    return NULL;
}

static void draw_factors(const SimModel *model, Rng *rng, ResetDraw *draw) {
    const TaskLevel *level = model->level;
    for (int i = 0; i < draw->nobject; i++) {
        draw->size[i] = rng_range(rng, level->size[0], level->size[1]);
        draw->mass[i] = rng_range(rng, level->mass[0], level->mass[1]);
        draw->friction[i] = rng_range(rng, level->friction[0], level->friction[1]);
        if (!model->task->object[i].movable)
            draw->size[i] = draw->mass[i] = draw->friction[i] = 1;
        if (!model->scene.object[i].resizable)
            draw->size[i] = 1;
    }
}

/* An object of another size stands on what it stood on: its lowest point stays. */
static Pose resized_home(const SimObject *object, double size) {
    Pose pose = object->home;
    pose.pos[2] += object->bottom * (1 - size);
    return pose;
}

static Pose draw_pose(const SimObject *object, const ResetRegion *region, double size, Rng *rng) {
    Pose pose = resized_home(object, size);
    double turn[4], quat[4];
    pose.pos[0] = rng_range(rng, region->x[0], region->x[1]);
    pose.pos[1] = rng_range(rng, region->y[0], region->y[1]);
    quat_from_yaw(rng_range(rng, region->yaw[0], region->yaw[1]), turn);
    quat_mul(turn, pose.quat, quat);
    memcpy(pose.quat, quat, sizeof quat);
    return pose;
}

static bool discs_meet(const SimModel *model, const ResetDraw *draw, int a, int b) {
    const double radius_a = model->task->object[a].radius, radius_b = model->task->object[b].radius;
    const double gap = radius_a * draw->size[a] + radius_b * draw->size[b];
    const double dx = draw->object[a].pos[0] - draw->object[b].pos[0];
    const double dy = draw->object[a].pos[1] - draw->object[b].pos[1];
    return radius_a > 0 && radius_b > 0 && dx * dx + dy * dy < gap * gap;
}

/* The object that stands in the way of object at its drawn pose, or −1. Parts of others don't count: they lie within. */
static int blocking(const SimModel *model, const ResetDraw *draw, int object, const bool *placed) {
    for (int i = 0; i < draw->nobject; i++)
        if (i != object && placed[i] && present(model, i) && model->scene.object[i].carrier < 0 &&
            discs_meet(model, draw, i, object))
            return i;
    return -1;
}

static bool place(const SimModel *model, Rng *rng, ResetDraw *draw, int blocked[2]) {
    bool placed[MAX_OBJECTS] = {false};
    for (int i = 0; i < draw->nobject; i++)
        if (!region_of(model, i)) {
            draw->object[i] = resized_home(&model->scene.object[i], draw->size[i]);
            placed[i] = true;
        }
    for (int i = 0; i < draw->nobject; i++) {
        if (placed[i] || !present(model, i))
            continue;
        draw->object[i] = draw_pose(&model->scene.object[i], region_of(model, i), draw->size[i], rng);
        const int other = blocking(model, draw, i, placed);
        if (other >= 0) {
            blocked[0] = i;
            blocked[1] = other;
            return false;
        }
        placed[i] = true;
    }
    for (int i = 0; i < draw->nobject; i++) { /* parts go where their carrier went */
        const SimObject *part = &model->scene.object[i];
        if (part->carrier >= 0)
            draw->object[i] = pose_mul(draw->object[part->carrier],
                                       pose_rel(model->scene.object[part->carrier].home, part->home));
    }
    return true;
}

static void draw_noise(const SimModel *model, uint64_t seed, uint64_t attempt, ResetDraw *draw) {
    for (int i = 0; i < draw->nobject; i++) {
        Rng rng = rng_make(seed, attempt, RNG_POSE_NOISE, (uint32_t)i);
        double axis[3];
        draw->noise[i] = POSE_IDENTITY;
        for (int k = 0; k < 3; k++)
            draw->noise[i].pos[k] = model->level->noise_pos * rng_normal(&rng);
        rng_unit3(&rng, axis);
        quat_from_axis_angle(axis, model->level->noise_rot * rng_normal(&rng), draw->noise[i].quat);
    }
}

static Pose draw_base(const SimModel *model, uint64_t seed, uint64_t attempt) {
    Rng rng = rng_make(seed, attempt, RNG_RESET, SUB_BASE);
    const TaskLevel *level = model->level;
    Pose move = POSE_IDENTITY;
    move.pos[0] = rng_range(&rng, -level->base_xy, level->base_xy);
    move.pos[1] = rng_range(&rng, -level->base_xy, level->base_xy);
    quat_from_yaw(rng_range(&rng, -level->base_yaw, level->base_yaw), move.quat);
    return pose_mul(model->task->robot, move);
}

/* Fill draw for (seed, attempt). Returns 1, or 0 when no try found room; blocked then names the last pair in each other's
 * way. */
int sim_draw(const SimModel *model, uint64_t seed, uint64_t attempt, ResetDraw *draw, int blocked[2]) {
    memset(draw, 0, sizeof *draw);
    draw->base = POSE_IDENTITY;
    draw->tries = 1;
    if (!model->task)
        return 1;
    draw->nobject = model->task->nobject;
    Rng body = rng_make(seed, attempt, RNG_RESET, SUB_BODY),
        rng = rng_make(seed, attempt, RNG_RESET, SUB_PLACE);
    draw_factors(model, &body, draw);
    draw_noise(model, seed, attempt, draw);
    draw->base = draw_base(model, seed, attempt);
    for (; draw->tries <= MAX_TRIES; draw->tries++)
        if (place(model, &rng, draw, blocked))
            return 1;
    draw->tries = MAX_TRIES;
    return 0;
}

/* ---- into the world --------------------------------------------------------------------------------------------- */

static void scale(mjtNum *x, int n, double factor) {
    for (int i = 0; i < n; i++)
        x[i] *= factor;
}

static void scale_object(mjModel *m, const SimObject *object, double size, double mass, double friction) {
    const int body = object->body;
    for (int i = 0; i < object->ngeom; i++) {
        const int g = object->geom[i];
        scale(m->geom_size + 3 * g, 3, size);
        scale(m->geom_pos + 3 * g, 3, size);
        scale(m->geom_aabb + 6 * g, 6, size);
        m->geom_rbound[g] *= size;
        m->geom_friction[3 * g] *= friction;
    }
    for (int s = 0; s < (int)m->nsite; s++)
        if (m->site_bodyid[s] == body) {
            scale(m->site_size + 3 * s, 3, size);
            scale(m->site_pos + 3 * s, 3, size);
        }
    scale(m->body_ipos + 3 * body, 3, size);
    for (int i = 0; i < m->body_bvhnum[body]; i++)
        scale(m->bvh_aabb + 6 * (m->body_bvhadr[body] + i), 6, size);
    m->body_mass[body] *= mass;
    scale(m->body_inertia + 3 * body, 3, mass * size * size);
}

static bool differs(const ResetDraw *draw, int i) {
    return draw->size[i] != 1 || draw->mass[i] != 1 || draw->friction[i] != 1;
}

static void put_body(mjModel *m, int body, Pose pose) {
    memcpy(m->body_pos + 3 * body, pose.pos, sizeof pose.pos);
    memcpy(m->body_quat + 4 * body, pose.quat, sizeof pose.quat);
}

static Pose pelvis_pose(const SimModel *model, const ResetDraw *draw) {
    return pose_mul(draw->base, model->pelvis_in_base);
}

bool sim_alter_model(const SimModel *model, const ResetDraw *draw, const SimSceneBind *scene, mjModel *m) {
    bool reweigh = false;
    for (int i = 0; i < draw->nobject; i++) {
        const SimObject *object = &scene->object[i];
        if (object->body < 0)
            continue;
        if (object->qpos >= 0 && differs(draw, i)) {
            scale_object(m, object, draw->size[i], draw->mass[i], draw->friction[i]);
            reweigh = true;
        }
        if (object->qpos < 0 && m->body_parentid[object->body] == 0)
            put_body(m, object->body, draw->object[i]);
    }
    if (model->base_qpos < 0)
        put_body(m, model->base_body, pelvis_pose(model, draw));
    return reweigh;
}

/* Sizes, masses and furniture into the world's own mjModel; poses and posture into qpos. Numbers are always computed from
 * the shared model's, so an attempt never depends on the one before. */
void sim_apply_draw(SimWorld *world) {
    const SimModel *model = world->model;
    const ResetDraw *draw = &world->draw;
    mjModel *m = world->m;
    if (world->altered)
        mj_copyModel(m, model->m);
    world->altered = sim_alter_model(model, draw, &model->scene, m);
    if (world->altered)
        mj_setConst(m, world->d);
    world->pictured = false;
    const Pose pelvis = pelvis_pose(model, draw);

    mj_resetData(m, world->d);
    memcpy(world->d->qpos, model->posture, (size_t)m->nq * sizeof *model->posture);
    if (model->base_qpos >= 0)
        memcpy(world->d->qpos + model->base_qpos, &pelvis, 7 * sizeof(mjtNum));
    for (int i = 0; i < draw->nobject; i++) {
        const SimObject *object = &model->scene.object[i];
        if (object->body >= 0 && object->qpos >= 0)
            memcpy(world->d->qpos + object->qpos, &draw->object[i], 7 * sizeof(mjtNum));
    }
}

/* ---- the start -------------------------------------------------------------------------------------------------- */

static void settle(SimWorld *world) {
    float row[ACTION_MAX];
    TaskCommand home;
    sim_world_home_command(world, &home);
    action_encode(&world->model->action, &home, row);
    const int rows = (int)ceil(SETTLE / world->model->row_dt - 1e-9);
    for (int i = 0; i < rows; i++)
        if (sim_world_tick(world, row) == OUTCOME_numeric)
            return;
}

Outcome sim_world_reset(SimWorld *world, uint64_t seed, uint64_t attempt, ResetDraw *draw) {
    const SimModel *model = world->model;
    SimCarry *carry = &world->carry;
    int blocked[2];
    const int drawn = sim_draw(model, seed, attempt, &world->draw, blocked);
    if (draw)
        *draw = world->draw;
    if (!drawn)
        return OUTCOME_reset_failed;

    memset(carry, 0, sizeof *carry);
    carry->seed = seed;
    carry->attempt = attempt;
    carry->settling = 1;
    world->broken = false;
    sim_apply_draw(world);
    sim_realism_draw(world);
    mj_forward(world->m, world->d);
    sim_view_begin(world);
    sim_realism_start(world);
    model->api->reset(world->controller, &world->measured, seed ^ attempt);
    settle(world);
    if (world->broken || carry->view.fell)
        return OUTCOME_reset_failed;

    /* The attempt begins: its clock, its references. */
    world->d->time = 0;
    carry->settling = 0;
    carry->rows = 0;
    carry->unintended = 0;
    sim_view_begin(world);
    sim_contacts_tick(world);
    sim_view_tick(world);
    return OUTCOME_ok;
}

void sim_world_home_command(const SimWorld *world, TaskCommand *command) {
    *command = world->model->home;
}
