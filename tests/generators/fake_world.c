/* The fake world and the demonstrations made in it. */
#include "fake_world.h"

#include "base/hash.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NHAND = 2, CUBE = 0, TRAY = 1, NSTATE = 16 };
static const double DT = 0.05, TABLE = 0.875, FOLLOW = 0.7;

/* ---- tasks ---- */

static Pred atom(const char *name, int narg, const char *a, const char *b, const char *c) {
    return (Pred){.kind = PRED_ATOM, .name = name, .narg = narg, .arg = {a, b, c}, .timer = -1};
}

static void pick_task(Fake *f) {
    f->object[CUBE] = (TaskObject){
        .name = "cube", .noun = "cube", .symmetry = SYMMETRY_Z4, .movable = true, .radius = 0.03};
    f->object[TRAY] = (TaskObject){.name = "tray", .noun = "tray", .radius = 0.08};
    f->pred[0] = atom("grasped", 2, "right", "cube", NULL);
    f->pred[1] = atom("near", 3, "cube", "tray", "0.06");
    f->pred[2] = (Pred){.kind = PRED_NOT, .nchild = 1, .child = &f->pred[0], .timer = -1};
    f->pred[3] = f->pred[1];
    f->pred[4] = f->pred[2];
    f->pred[5] = (Pred){.kind = PRED_ALL, .nchild = 2, .child = &f->pred[3], .timer = -1};
    f->subtask[0] =
        (Subtask){.name = "grasp", .hand = SIDE_RIGHT, .object = "cube", .until = &f->pred[0], .track = true};
    f->subtask[1] = (Subtask){.name = "place",
                              .hand = SIDE_RIGHT,
                              .object = "tray",
                              .moves = "cube",
                              .until = &f->pred[5],
                              .track = true};
    f->task.nsubtask = 2;
    f->task.success = &f->pred[5];
}

static void box_task(Fake *f) {
    f->object[CUBE] =
        (TaskObject){.name = "box", .noun = "box", .symmetry = SYMMETRY_Z2, .movable = true, .radius = 0.2};
    f->object[TRAY] = (TaskObject){.name = "tray", .noun = "tray", .radius = 0.08};
    f->pred[0] = atom("grasped", 2, "both", "box", NULL);
    f->pred[1] = atom("above", 2, "box", "0.95", NULL);
    static const char *const name[4] = {"press_left", "press_right", "lift_left", "lift_right"};
    for (int i = 0; i < 4; i++) {
        f->subtask[i] = (Subtask){.name = name[i],
                                  .hand = i % 2,
                                  .object = "box",
                                  .until = &f->pred[i / 2],
                                  .together = i < 2 ? "press" : "lift",
                                  .track = true};
    }
    f->task.nsubtask = 4;
    f->task.success = &f->pred[1];
}

static void make_task(Fake *f) {
    if (f->options.kind == FAKE_PICK)
        pick_task(f);
    else
        box_task(f);
    const double s = f->options.spread;
    f->region = (ResetRegion){.object = f->object[CUBE].name,
                              .x = {0.4 - s, 0.4 + s},
                              .y = {-0.1 - s, -0.1 + s},
                              .yaw = {-5 * s, 5 * s}};
    f->level = (TaskLevel){.name = "D0", .nregion = 1, .region = &f->region};
    f->task.name = "fake";
    f->task.path = "fake/task.yaml";
    f->task.rate_hz = 1 / DT;
    f->task.time_limit = 30;
    f->task.hold = 0.3;
    f->task.robot = POSE_IDENTITY;
    f->task.nobject = 2;
    f->task.object = f->object;
    f->task.nlevel = 1;
    f->task.level = &f->level;
    f->task.subtask = f->subtask;
}

/* ---- the world ---- */

static Pose at(double x, double y, double z, double yaw) {
    Pose p = {.pos = {x, y, z}};
    quat_from_yaw(yaw, p.quat);
    return p;
}

/* Palm down, fingers forward. */
static Pose hand_rest(int side) {
    Pose p = {.pos = {0.3, side == SIDE_LEFT ? 0.25 : -0.25, 1.0}, .quat = {0, 1, 0, 0}};
    return p;
}

static Outcome fake_reset(void *self, uint64_t seed, uint64_t attempt, ResetDraw *draw) {
    Fake *f = self;
    Rng rng = rng_make(seed, attempt, RNG_RESET, 0);
    const double s = f->options.spread, y = f->options.kind == FAKE_PICK ? -0.1 : 0;
    f->state = (struct FakeState){.attempt = attempt, .held_by = {-1, -1}};
    f->grasps = 0;
    Scene *scene = &f->state.scene;
    scene->base = at(0.02, -0.01, 0, 0.1);
    scene->nobject = 2;
    scene->object[CUBE] =
        at(0.4 + rng_range(&rng, -s, s), y + rng_range(&rng, -s, s), TABLE, rng_range(&rng, -5 * s, 5 * s));
    scene->object[TRAY] = at(0.4 + rng_range(&rng, -s, s), 0.2 + rng_range(&rng, -s, s), 0.85, 0);
    for (int i = 0; i < 2; i++) {
        scene->object_scale[i] = 1;
        draw->object[i] = scene->object[i];
        scene->hand[i] = pose_mul(scene->base, hand_rest(i));
    }
    draw->nobject = 2;
    draw->tries = 1;
    return OUTCOME_ok;
}

static void fake_home(void *self, TaskCommand *command) {
    (void)self;
    *command = (TaskCommand){.base_height = 0.93};
    for (int s = 0; s < NSIDE; s++)
        command->wrist[s] =
            pose_mul(hand_rest(s), pose_inv((Pose){.pos = {0.1, 0, 0}, .quat = {1, 0, 0, 0}}));
}

static void let_go(struct FakeState *s, int object) {
    s->held_by[object] = -1;
    s->scene.object[object].pos[2] = TABLE;
}

static bool closed(const struct FakeState *s, int side) {
    return s->scene.closure[side][0] > 0.5;
}

static bool reaches(const struct FakeState *s, int side, double bound) {
    return pose_distance(s->scene.hand[side], s->scene.object[CUBE]) < bound;
}

static void grasp(Fake *f) {
    struct FakeState *s = &f->state;
    const bool both = f->options.kind == FAKE_BOX;
    const double bound = both ? 0.26 : 0.02;
    const bool can = closed(s, SIDE_RIGHT) && reaches(s, SIDE_RIGHT, bound) &&
                     (!both || (closed(s, SIDE_LEFT) && reaches(s, SIDE_LEFT, bound)));
    if (!can || s->lost[CUBE] || f->options.never)
        return;
    if (f->grasps++ < f->options.miss_first) {
        s->scene.object[CUBE].pos[0] += 0.05; /* it jumps away */
        return;
    }
    s->held_by[CUBE] = both ? 2 : SIDE_RIGHT;
    s->in_hand[CUBE] = pose_rel(s->scene.hand[SIDE_RIGHT], s->scene.object[CUBE]);
}

static void move_objects(Fake *f) {
    struct FakeState *s = &f->state;
    if (f->options.shift_at == s->tick && s->held_by[CUBE] < 0)
        s->scene.object[CUBE].pos[1] += 0.03;
    if (f->options.drop_at == s->tick && s->held_by[CUBE] >= 0) {
        let_go(s, CUBE);
        s->lost[CUBE] = true;
    }
    if (s->held_by[CUBE] >= 0 && !closed(s, SIDE_RIGHT))
        let_go(s, CUBE);
    if (s->held_by[CUBE] < 0)
        grasp(f);
    if (s->held_by[CUBE] >= 0)
        s->scene.object[CUBE] = pose_mul(s->scene.hand[SIDE_RIGHT], s->in_hand[CUBE]);
}

static Outcome fake_tick(void *self, const float *row) {
    Fake *f = self;
    struct FakeState *s = &f->state;
    const ActionLayout layout = action_layout(NHAND, 0);
    TaskCommand c;
    action_decode(&layout, row, &c);
    s->tick++;
    f->ticks++;
    s->scene.time += DT;
    for (int side = 0; side < NSIDE; side++) {
        const Pose grasp_in_wrist = {.pos = {0.1, 0, 0}, .quat = {1, 0, 0, 0}};
        const Pose wanted = pose_mul(s->scene.base, pose_mul(c.wrist[side], grasp_in_wrist));
        if (f->options.lose_at == 0 || s->tick < f->options.lose_at)
            s->scene.hand[side] = pose_lerp(s->scene.hand[side], wanted, FOLLOW);
        for (int i = 0; i < NHAND; i++)
            s->scene.closure[side][i] += FOLLOW * (c.hand[side][i] - s->scene.closure[side][i]);
    }
    move_objects(f);
    if (f->options.numeric_above > 0 && s->scene.hand[SIDE_RIGHT].pos[2] > f->options.numeric_above)
        return OUTCOME_numeric;
    return f->options.fall_at > 0 && s->tick >= f->options.fall_at ? OUTCOME_fell : OUTCOME_ok;
}

static void fake_scene(void *self, Scene *scene) {
    *scene = ((Fake *)self)->state.scene;
}

static bool fake_holds(void *self, const Pred *p) {
    Fake *f = self;
    const struct FakeState *s = &f->state;
    if (p->kind == PRED_NOT)
        return !fake_holds(self, p->child);
    if (p->kind == PRED_ALL) {
        for (int i = 0; i < p->nchild; i++) {
            if (!fake_holds(self, &p->child[i]))
                return false;
        }
        return true;
    }
    if (strcmp(p->name, "grasped") == 0)
        return s->held_by[CUBE] >= 0;
    if (strcmp(p->name, "above") == 0)
        return s->scene.object[CUBE].pos[2] > 0.95;
    return pose_distance(s->scene.object[CUBE], s->scene.object[TRAY]) < 0.06;
}

static Outcome fake_preflight(void *self, int side, const Pose *pose, int n, int held, int touch) {
    Fake *f = self;
    (void)side;
    (void)held;
    (void)touch;
    f->preflights++;
    if (f->options.unreachable)
        return OUTCOME_unreachable;
    for (int i = 0; i < n; i++) {
        if (!pose_is_finite(pose[i]))
            return OUTCOME_ik_diverged;
    }
    return OUTCOME_ok;
}

static size_t fake_snapshot_size(void *self) {
    (void)self;
    return sizeof(struct FakeState);
}

static void fake_save(void *self, void *snapshot) {
    Fake *f = self;
    f->saves++;
    memcpy(snapshot, &f->state, sizeof f->state);
}

static void fake_load(void *self, const void *snapshot) {
    Fake *f = self;
    f->loads++;
    memcpy(&f->state, snapshot, sizeof f->state);
}

static uint64_t fake_hash(void *self) {
    const Scene *scene = &((Fake *)self)->state.scene;
    return hash64(hash64(HASH64_SEED, scene->hand, sizeof scene->hand), scene->object, 2 * sizeof(Pose));
}

static void fake_state(void *self, double *state) {
    const Scene *scene = &((Fake *)self)->state.scene;
    memset(state, 0, NSTATE * sizeof(double));
    memcpy(state, &scene->hand[SIDE_RIGHT], sizeof(Pose));
    memcpy(state + 7, &scene->object[CUBE], sizeof(Pose));
}

static const char *fake_column(void *self, int i, int *dim) {
    (void)self;
    (void)i;
    *dim = 3;
    return "hand_pos";
}

static void fake_observe(void *self, int column, float *out) {
    (void)column;
    for (int i = 0; i < 3; i++)
        out[i] = (float)((Fake *)self)->state.scene.hand[SIDE_RIGHT].pos[i];
}

static int no_contacts(void *self) {
    (void)self;
    return 0;
}

static double some_margin(void *self) {
    (void)self;
    return 0.05;
}

static double no_force(void *self, int side) {
    (void)self;
    (void)side;
    return 0;
}

void fake_init(Fake *fake, FakeOptions options, GenWorld *world) {
    *fake = (Fake){.options = options};
    make_task(fake);
    *world = (GenWorld){.self = fake,
                        .task = &fake->task,
                        .layout = action_layout(NHAND, 0),
                        .nstate = NSTATE,
                        .dt = DT,
                        .reset = fake_reset,
                        .home = fake_home,
                        .tick = fake_tick,
                        .scene = fake_scene,
                        .truth = fake_scene,
                        .holds = fake_holds,
                        .preflight = fake_preflight,
                        .snapshot_size = fake_snapshot_size,
                        .save = fake_save,
                        .load = fake_load,
                        .hash = fake_hash,
                        .state = fake_state,
                        .ncolumn = 1,
                        .column = fake_column,
                        .observe = fake_observe,
                        .unintended = no_contacts,
                        .balance_margin = some_margin,
                        .limit_margin = some_margin,
                        .hand_force = no_force,
                        .foot_slip = some_margin};
    for (int s = 0; s < NSIDE; s++)
        world->grasp_in_wrist[s] = (Pose){.pos = {0.1, 0, 0}, .quat = {1, 0, 0, 0}};
}

Status fake_world_create(void *user, int thread, GenWorld *world, Err *err) {
    (void)thread;
    Fake *fake = mem_alloc(sizeof *fake);
    if (!fake)
        return err_set(err, STATUS_MEMORY, "out of memory");
    fake_init(fake, *(const FakeOptions *)user, world);
    return STATUS_OK;
}

void fake_world_destroy(void *user, int thread, GenWorld *world) {
    (void)user;
    (void)thread;
    mem_free(world->self);
}

/* ---- demonstrations ---- */

static const char pick_yaml[] =
    "name: scripted\n"
    "habits: {speed_spread: 0.2, pause_chance: 0.3, pause_s: 0.3, correction_chance: 0.5, correction_m: "
    "0.004}\n"
    "grasps: [{name: top, object: cube, rpy_deg: [180, 0, 0]}]\n"
    "phases:\n"
    "  - subtask: grasp\n"
    "    yaw: nearest\n"
    "    moves:\n"
    "      - {grasp: top, offset: [0, 0, -0.12], closure: open}\n"
    "      - {grasp: top, speed: 0.15, settle: 0.5, follow: true}\n"
    "      - {frame: here, closure: pinch, time: 0.4, wait: 0.1}\n"
    "  - subtask: place\n"
    "    moves:\n"
    "      - {frame: here, pos: [0, 0, 0.12]}\n"
    "      - {frame: tray, carry: cube, pos: [0, 0, 0.15]}\n"
    "      - {frame: tray, carry: cube, pos: [0, 0, 0.03], speed: 0.15, settle: 0.5}\n"
    "      - {frame: here, closure: open, time: 0.4}\n"
    "      - {frame: here, pos: [0, 0, 0.1]}\n";

static const char box_yaml[] = "name: scripted\n"
                               "grasps:\n"
                               "  - {name: left, object: box, pos: [0, 0.2, 0], rpy_deg: [90, 0, 0]}\n"
                               "  - {name: right, object: box, pos: [0, -0.2, 0], rpy_deg: [-90, 0, 0]}\n"
                               "phases:\n"
                               "  - subtask: press_left\n"
                               "    moves:\n"
                               "      - {grasp: left, offset: [0, 0, -0.12]}\n"
                               "      - {grasp: left, settle: 0.5}\n"
                               "      - {frame: here, closure: pinch, time: 0.4}\n"
                               "  - subtask: press_right\n"
                               "    moves:\n"
                               "      - {grasp: right, offset: [0, 0, -0.12]}\n"
                               "      - {grasp: right, settle: 0.5}\n"
                               "      - {frame: here, closure: pinch, time: 0.4}\n"
                               "  - subtask: lift_left\n"
                               "    moves: [{frame: here, pos: [0, 0, 0.14]}]\n"
                               "  - subtask: lift_right\n"
                               "    moves: [{frame: here, pos: [0, 0, 0.14]}]\n";

bool fake_closure(void *user, int side, const char *name, double values[MAX_HAND_MOTORS]) {
    (void)user;
    (void)side;
    const double v = strcmp(name, "pinch") == 0 ? 0.9 : 0;
    for (int i = 0; i < MAX_HAND_MOTORS; i++)
        values[i] = v;
    return strcmp(name, "pinch") == 0 || strcmp(name, "open") == 0;
}

Operator *fake_operator(const Task *task) {
    const bool pick = task->nsubtask == 2;
    Operator *o = NULL;
    Err err = {0};
    const Status status =
        operator_parse("operator.yaml", pick ? pick_yaml : box_yaml, strlen(pick ? pick_yaml : box_yaml),
                       task, fake_closure, NULL, &o, &err);
    if (status != STATUS_OK)
        fprintf(stderr, "%s\n", err.message);
    ASSERT(status == STATUS_OK);
    return o;
}

Demo *demo_from_episode(const Episode *e, const ActionLayout *layout, double dt) {
    unsigned hands = 0;
    for (int i = 0; i < e->nsubtask; i++)
        hands |= 1u << e->subtask[i].hand;
    Demo *d = demo_create(e->nrow, e->nhand, hands, e->nobject, e->njoint, e->nsubtask_total);
    ASSERT(d);
    d->rate_hz = 1 / dt;
    snprintf(d->id, sizeof d->id, "episode_%llu", (unsigned long long)e->attempt);
    memcpy(d->object, e->object, (size_t)(e->nrow * e->nobject) * sizeof(Pose));
    for (int s = 0; s < NSIDE; s++) {
        if (!(hands >> s & 1))
            continue;
        memcpy(d->eef[s], e->eef[s], (size_t)e->nrow * sizeof(Pose));
        memcpy(d->target[s], e->target[s], (size_t)e->nrow * sizeof(Pose));
        const int offset = s == SIDE_LEFT ? layout->left_hand : layout->right_hand;
        for (int r = 0; r < e->nrow; r++)
            memcpy(d->closure[s] + r * e->nhand, e->action + r * e->naction + offset,
                   (size_t)e->nhand * sizeof(float));
    }
    d->nmark = e->nsubtask;
    for (int i = 0; i < e->nsubtask; i++)
        d->mark[i] = (DemoMark){e->subtask[i].subtask, e->subtask[i].begin, e->subtask[i].end};
    return d;
}

Demo *fake_demo(FakeOptions options, uint64_t attempt) {
    static const uint64_t seed = 77;
    Fake *fake = mem_alloc(sizeof *fake);
    ASSERT(fake);
    GenWorld world;
    fake_init(fake, options, &world);
    Operator *o = fake_operator(&fake->task);
    Episode episode = {0};
    Err err = {0};
    ASSERT(operator_run(o, &world, fake_closure, NULL, seed, attempt, &episode, &err) == STATUS_OK);
    if (episode.outcome != OUTCOME_ok)
        fprintf(stderr, "demonstration %d: %s in %d after %d rows\n", (int)attempt,
                outcome_name(episode.outcome), episode.failed_subtask, episode.nrow);
    ASSERT(episode.outcome == OUTCOME_ok);
    Demo *demo = demo_from_episode(&episode, &world.layout, world.dt);
    arena_destroy(episode.arena);
    operator_destroy(o);
    mem_free(fake);
    return demo;
}

DemoSet fake_demos(FakeOptions options, int n) {
    DemoSet set = {.n = n, .demo = mem_alloc((size_t)n * sizeof(Demo *))};
    ASSERT(set.demo);
    for (int i = 0; i < n; i++)
        set.demo[i] = fake_demo(options, (uint64_t)i);
    return set;
}

uint64_t episode_hash(const Episode *e) {
    const size_t n = (size_t)e->nrow;
    uint64_t h = hash64(HASH64_SEED, &e->outcome, sizeof e->outcome);
    h = hash64(h, e->action, n * (size_t)e->naction * sizeof(float));
    h = hash64(h, e->action_exec, n * (size_t)e->naction * sizeof(float));
    h = hash64(h, e->state, n * (size_t)e->nstate * sizeof(double));
    h = hash64(h, e->object, n * (size_t)e->nobject * sizeof(Pose));
    h = hash64(h, e->signal, n * (size_t)e->nsubtask_total);
    h = hash64(h, e->reward, n * sizeof(float));
    h = hash64(h, &e->final_hash, sizeof e->final_hash);
    return hash64(h, &e->retries, sizeof e->retries);
}
