/* Synthetic episodes, see synthetic.h. */
#include "tests/shared/synthetic.h"

#include "base/rng.h"

#include <stdio.h>
#include <string.h>

enum { NHAND = 6, NWAIST = 2, NSTATE = 120, NCOLUMN = 4, NJOINT = 1 };

static const char *const wire[] = {"left_hip", "left_knee", "right_hip", "right_knee", "waist_yaw"};
static const char *const objects[] = {"cube", "tray"};
static const char *const joints[] = {"drawer"};
static const char *const subtasks[] = {"reach", "lift", "place"};
static const int hands[] = {SIDE_RIGHT, SIDE_RIGHT, SIDE_LEFT};
static const char *const columns[] = {"joint_pos", "joint_vel", "base_quat", "touch"};
static const int column_dims[] = {50, 50, 4, 12};
static const DataSource sources[] = {
    {"demo_0", "human.hdf5", "human", "robosuite Panda", "[]"},
    {"demo_1", "first_round.hdf5", "generated", "", "[\"ancestor_a\",\"ancestor_b\"]"},
};

const DataMeta *synthetic_meta(void) {
    static DataMeta meta = {.name = "synthetic",
                            .generator = "demomill test",
                            .license = "CC0-1.0",
                            .robot = "optimus",
                            .task = "pick_place",
                            .level = "D1",
                            .base = "standing",
                            .realism = "default",
                            .controller = "wholebody",
                            .engine = "none",
                            .operator_name = "generated",
                            .device = "",
                            .hash = {"e0", "11", "22", "33", "44", "55", "66"},
                            .seed = 7,
                            .rate_hz = 20,
                            .nstate = NSTATE,
                            .nwire = 5,
                            .wire = wire,
                            .nobject = SYNTHETIC_OBJECTS,
                            .object = objects,
                            .njoint = NJOINT,
                            .joint = joints,
                            .nsubtask = SYNTHETIC_SUBTASKS,
                            .subtask = subtasks,
                            .subtask_hand = hands,
                            .ncolumn = NCOLUMN,
                            .column = columns,
                            .column_dim = column_dims,
                            .nsource = 2,
                            .source = sources,
                            .config_json = "{\"retries\":2}",
                            .model_xml = "<mujoco/>"};
    meta.action = action_layout(NHAND, NWAIST);
    return &meta;
}

const Task *synthetic_task(void) {
    static TaskObject object[] = {{.name = "cube", .movable = true}, {.name = "tray"}};
    static TaskJoint joint[] = {{.name = "drawer"}};
    static Subtask subtask[] = {{.name = "reach", .hand = SIDE_RIGHT, .object = "cube"},
                                {.name = "lift", .hand = SIDE_RIGHT, .object = "cube"},
                                {.name = "place", .hand = SIDE_LEFT, .object = "tray", .moves = "cube"}};
    static Task task = {.path = "synthetic",
                        .name = "pick_place",
                        .rate_hz = 20,
                        .nobject = SYNTHETIC_OBJECTS,
                        .object = object,
                        .njoint = NJOINT,
                        .joint = joint,
                        .nsubtask = SYNTHETIC_SUBTASKS,
                        .subtask = subtask};
    return &task;
}

Outcome synthetic_outcome(uint64_t attempt) {
    Rng rng = rng_make(3, attempt, RNG_TEST, 1);
    const uint32_t k = rng_below(&rng, 8);
    return k == 0 ? OUTCOME_grasp_missed : k == 1 ? OUTCOME_slipped : OUTCOME_ok;
}

static Pose random_pose(Rng *rng) {
    Pose pose;
    for (int k = 0; k < 3; k++)
        pose.pos[k] = rng_range(rng, -0.5, 0.5);
    for (int k = 0; k < 4; k++)
        pose.quat[k] = rng_normal(rng);
    quat_normalize(pose.quat);
    return pose;
}

/* A random walk, so that rows compress as real ones do. */
static void walk(Rng *rng, float *x, size_t n, size_t width, size_t row) {
    for (size_t k = 0; k < width; k++)
        x[row * width + k] = (row ? x[(row - 1) * width + k] : 0) + (float)rng_range(rng, -0.01, 0.01);
    (void)n;
}

static bool allocate(Episode *e) {
    const size_t n = (size_t)e->nrow;
    e->action = arena_alloc(e->arena, n * (size_t)e->naction * sizeof *e->action);
    e->action_exec = arena_alloc(e->arena, n * (size_t)e->naction * sizeof *e->action_exec);
    e->state = arena_alloc(e->arena, n * (size_t)e->nstate * sizeof *e->state);
    e->state_hash = arena_alloc(e->arena, n * sizeof *e->state_hash);
    e->reward = arena_alloc(e->arena, n * sizeof *e->reward);
    e->done = arena_alloc(e->arena, n);
    e->object = arena_alloc(e->arena, n * SYNTHETIC_OBJECTS * sizeof(Pose));
    e->joint = arena_alloc(e->arena, n * NJOINT * sizeof *e->joint);
    e->signal = arena_alloc(e->arena, n * SYNTHETIC_SUBTASKS);
    e->base = arena_alloc(e->arena, n * sizeof(Pose));
    bool ok = e->action && e->action_exec && e->state && e->state_hash && e->reward && e->done && e->object &&
              e->joint && e->signal && e->base;
    for (int side = 0; side < NSIDE; side++) {
        e->eef[side] = arena_alloc(e->arena, n * sizeof(Pose));
        e->target[side] = arena_alloc(e->arena, n * sizeof(Pose));
        ok = ok && e->eef[side] && e->target[side];
    }
    for (int i = 0; i < NCOLUMN; i++) {
        e->column[i] = (EpisodeColumn){columns[i], column_dims[i],
                                       arena_alloc(e->arena, n * (size_t)column_dims[i] * sizeof(float))};
        ok = ok && e->column[i].data;
    }
    return ok;
}

static void fill_row(Episode *e, Rng *rng, size_t i) {
    const size_t n = (size_t)e->nrow;
    walk(rng, e->action, n, (size_t)e->naction, i);
    memcpy(e->action_exec + i * (size_t)e->naction, e->action + i * (size_t)e->naction,
           (size_t)e->naction * sizeof(float));
    e->action_exec[i * (size_t)e->naction] += 0.001f;
    for (int k = 0; k < NSTATE; k++)
        e->state[i * NSTATE + (size_t)k] =
            (i ? e->state[(i - 1) * NSTATE + (size_t)k] : k) + rng_range(rng, -1e-3, 1e-3);
    e->state_hash[i] = rng_u64(rng);
    e->reward[i] = i + 1 == n && e->outcome == OUTCOME_ok;
    e->done[i] = i + 1 == n;
    for (int c = 0; c < NCOLUMN; c++)
        walk(rng, e->column[c].data, n, (size_t)column_dims[c], i);
    for (int k = 0; k < SYNTHETIC_OBJECTS; k++)
        e->object[i * SYNTHETIC_OBJECTS + (size_t)k] = random_pose(rng);
    e->joint[i] = rng_uniform(rng);
    for (int side = 0; side < NSIDE; side++) {
        e->eef[side][i] = random_pose(rng);
        e->target[side][i] = random_pose(rng);
    }
    for (size_t s = 0; s < SYNTHETIC_SUBTASKS; s++)
        e->signal[i * SYNTHETIC_SUBTASKS + s] = i * SYNTHETIC_SUBTASKS >= (s + 1) * (n - 1);
    e->base[i] = random_pose(rng);
}

static void fill_summary(Episode *e, Rng *rng) {
    const int third = e->nrow / 3;
    e->nsubtask = SYNTHETIC_SUBTASKS;
    for (int s = 0; s < SYNTHETIC_SUBTASKS; s++)
        e->subtask[s] = (EpisodeSubtask){.subtask = s,
                                         .hand = hands[s],
                                         .source_demo = (int)rng_below(rng, 2),
                                         .begin = s * third,
                                         .end = s == 2 ? e->nrow : (s + 1) * third,
                                         .retries = (int)rng_below(rng, 2),
                                         .outcome = OUTCOME_ok};
    e->failed_subtask = -1;
    if (e->outcome != OUTCOME_ok) {
        e->failed_subtask = (int)rng_below(rng, SYNTHETIC_SUBTASKS);
        e->nsubtask = e->failed_subtask + 1;
        e->subtask[e->failed_subtask].outcome = e->outcome;
    }
    e->draw = (ResetDraw){
        .nobject = SYNTHETIC_OBJECTS, .tries = 1, .bin = (int)rng_below(rng, 16), .base = random_pose(rng)};
    for (int k = 0; k < SYNTHETIC_OBJECTS; k++) {
        e->draw.object[k] = random_pose(rng);
        e->draw.noise[k] = POSE_IDENTITY;
        e->draw.size[k] = rng_range(rng, 0.7, 1.3);
        e->draw.mass[k] = rng_range(rng, 0.7, 1.3);
        e->draw.friction[k] = 1;
    }
    e->scores = (EpisodeScores){rng_range(rng, 1, 2),      rng_range(rng, 10, 60), rng_range(rng, 5, 40),
                                rng_range(rng, 0.01, 0.1), rng_range(rng, 0, 1),   rng_range(rng, 0, 0.01),
                                (int)rng_below(rng, 3)};
    e->final_hash = rng_u64(rng);
    e->retries = rng_below(rng, 3);
    e->sim_time = e->nrow / 20.0;
    e->cpu_time = 1.5;
    snprintf(e->instruction, sizeof e->instruction, "put the red cube into the tray, please (%llu)",
             (unsigned long long)(e->attempt % 3));
}

Episode *synthetic_episode(uint64_t attempt, int nrow, Outcome outcome) {
    Arena *arena = arena_create(1 << 20);
    Episode *e = arena ? arena_alloc(arena, sizeof *e) : NULL;
    if (e) {
        *e = (Episode){.arena = arena,
                       .seed = 7,
                       .attempt = attempt,
                       .outcome = outcome,
                       .nrow = nrow,
                       .capacity = nrow,
                       .naction = synthetic_meta()->action.dim,
                       .nstate = NSTATE,
                       .ncolumn = NCOLUMN,
                       .nobject = SYNTHETIC_OBJECTS,
                       .njoint = NJOINT,
                       .nsubtask_total = SYNTHETIC_SUBTASKS,
                       .nhand = NHAND};
        Rng rng = rng_make(7, attempt, RNG_TEST, 0);
        if (allocate(e)) {
            for (size_t i = 0; i < (size_t)nrow; i++)
                fill_row(e, &rng, i);
            fill_summary(e, &rng);
            return e;
        }
    }
    arena_destroy(arena);
    return NULL;
}

Demo *synthetic_demo(int index, int nrow) {
    Demo *demo = demo_create(nrow, NHAND, 3, SYNTHETIC_OBJECTS, NJOINT, SYNTHETIC_SUBTASKS);
    if (!demo)
        return NULL;
    Rng rng = rng_make(11, (uint64_t)index, RNG_TEST, 2);
    snprintf(demo->id, sizeof demo->id, "demo_%d", index);
    snprintf(demo->operator_name, sizeof demo->operator_name, "human");
    snprintf(demo->device, sizeof demo->device, "a mouse");
    snprintf(demo->lineage, sizeof demo->lineage, "[\"older\"]");
    demo->rate_hz = 20;
    for (size_t i = 0; i < (size_t)nrow; i++) {
        for (int side = 0; side < NSIDE; side++) {
            demo->eef[side][i] = random_pose(&rng);
            demo->target[side][i] = random_pose(&rng);
            for (size_t k = 0; k < NHAND; k++)
                demo->closure[side][i * NHAND + k] = (float)rng_uniform(&rng);
        }
        for (size_t k = 0; k < SYNTHETIC_OBJECTS; k++)
            demo->object[i * SYNTHETIC_OBJECTS + k] = random_pose(&rng);
        demo->joint[i] = rng_uniform(&rng);
        for (size_t s = 0; s < SYNTHETIC_SUBTASKS; s++)
            demo->signal[i * SYNTHETIC_SUBTASKS + s] = i * SYNTHETIC_SUBTASKS >= (s + 1) * (size_t)(nrow - 1);
    }
    for (int s = 0; s < SYNTHETIC_SUBTASKS; s++)
        demo->mark[s] = (DemoMark){s, s * (nrow / 3), (s + 1) * (nrow / 3)};
    demo->nmark = SYNTHETIC_SUBTASKS;
    return demo;
}
