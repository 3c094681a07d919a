/* The same past gives the same future, bit by bit: after a rewind, in another world, in another thread. */
#include "rig.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 30 };

/* Rows that move both hands about. */
static void wave(const Rig *rig, int t, float *row) {
    TaskCommand command;
    sim_world_home_command(rig->world, &command);
    const double a = 0.3 * t;
    for (int s = 0; s < NSIDE; s++) {
        command.wrist[s].pos[0] += 0.05 * (1 - cos(a));
        command.wrist[s].pos[2] += 0.06 * sin(a);
        for (int i = 0; i < sim_model_action(rig->model)->nhand; i++)
            command.hand[s][i] = 0.5 - 0.5 * cos(a);
    }
    action_encode(sim_model_action(rig->model), &command, row);
}

static void run(Rig *rig, int begin, int end, uint64_t *hash) {
    for (int t = begin; t < end; t++) {
        float row[ACTION_MAX];
        wave(rig, t, row);
        assert_int_equal(sim_world_tick(rig->world, row), OUTCOME_ok);
        hash[t] = sim_world_hash(rig->world);
    }
}

static void rewinding_repeats_the_future(const SimModelDef *def) {
    Rig rig;
    rig_create(&rig, "pick_place", def);
    rig_reset(&rig, 2, 7);
    uint64_t first[ROWS], again[ROWS];
    run(&rig, 0, ROWS / 3, first);
    unsigned char *snapshot = malloc(sim_world_snapshot_size(rig.world));
    assert_non_null(snapshot);
    sim_world_save(rig.world, snapshot);
    const uint64_t saved = sim_world_hash(rig.world);
    run(&rig, ROWS / 3, ROWS, first);
    for (int round = 0; round < 2; round++) {
        sim_world_load(rig.world, snapshot);
        assert_true(sim_world_hash(rig.world) == saved);
        run(&rig, ROWS / 3, ROWS, again);
        assert_memory_equal(first + ROWS / 3, again + ROWS / 3, (ROWS - ROWS / 3) * sizeof first[0]);
    }
    free(snapshot);
    rig_destroy(&rig);
}

static void rewinding_repeats_the_future_standing(void **state) {
    (void)state;
    rewinding_repeats_the_future(NULL);
}

static void rewinding_repeats_the_future_with_delays_and_noise(void **state) {
    (void)state;
    rewinding_repeats_the_future(&(SimModelDef){.realism = "field"});
}

static void rewinding_repeats_the_future_pinned_at_D2(void **state) {
    (void)state;
    rewinding_repeats_the_future(&(SimModelDef){.base = SIM_BASE_PINNED, .level = "D2"});
}

static void rewinding_restores_everything_that_is_read(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, "pick_place", NULL);
    rig_reset(&rig, 2, 7);
    uint64_t hash[ROWS];
    run(&rig, 0, 10, hash);
    unsigned char *snapshot = malloc(sim_world_snapshot_size(rig.world));
    assert_non_null(snapshot);
    sim_world_save(rig.world, snapshot);
    Scene before, after;
    sim_world_truth(rig.world, &before);
    float column_before[128], column_after[128];
    sim_world_observe(rig.world, 9, column_before);
    const double slip = sim_world_foot_slip(rig.world), margin = sim_world_balance_margin(rig.world);
    run(&rig, 10, 20, hash);
    sim_world_load(rig.world, snapshot);
    sim_world_truth(rig.world, &after);
    sim_world_observe(rig.world, 9, column_after);
    assert_memory_equal(&before, &after, sizeof before);
    assert_memory_equal(column_before, column_after, 6 * sizeof column_before[0]);
    assert_true(slip == sim_world_foot_slip(rig.world));
    assert_true(margin == sim_world_balance_margin(rig.world));
    free(snapshot);
    rig_destroy(&rig);
}

/* Looking must not change what is looked at. */
static void looking_changes_nothing(void **state) {
    (void)state;
    Rig a, b;
    rig_create(&a, "pick_place", NULL);
    rig_create(&b, "pick_place", NULL);
    rig_reset(&a, 2, 7);
    rig_reset(&b, 2, 7);
    uint64_t hash_a[ROWS], hash_b[ROWS];
    for (int t = 0; t < 10; t++) {
        run(&a, t, t + 1, hash_a);
        run(&b, t, t + 1, hash_b);
        Scene scene;
        sim_world_truth(b.world, &scene);
        sim_world_balance_margin(b.world);
        sim_world_holds(b.world, b.task->success);
        for (int i = 0; i < sim_world_ncolumn(b.model); i++) {
            float value[128];
            sim_world_observe(b.world, i, value);
        }
        const Pose pose = scene.hand[SIDE_RIGHT];
        sim_world_preflight(b.world, SIDE_RIGHT, &pose, 1, -1, 0);
    }
    assert_memory_equal(hash_a, hash_b, 10 * sizeof hash_a[0]);
    rig_destroy(&a);
    rig_destroy(&b);
}

typedef struct Job {
    const SimModel *model;
    Rig *rig;
    uint64_t hash[ROWS];
    Status status;
} Job;

static void *work(void *argument) {
    Job *job = argument;
    SimWorld *world;
    Err err = {{0}};
    job->status = sim_world_create(job->model, &world, &err);
    if (job->status != STATUS_OK)
        return NULL;
    Rig rig = *job->rig;
    rig.world = world;
    ResetDraw draw;
    sim_world_reset(world, 2, 7, &draw);
    for (int t = 0; t < ROWS; t++) {
        float row[ACTION_MAX];
        wave(&rig, t, row);
        sim_world_tick(world, row);
        job->hash[t] = sim_world_hash(world);
    }
    sim_world_destroy(world);
    return NULL;
}

static void worlds_in_two_threads_agree_with_one(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, "stack", &(SimModelDef){.level = "D2"});
    rig_reset(&rig, 2, 7);
    uint64_t alone[ROWS];
    run(&rig, 0, ROWS, alone);
    Job job[2] = {{.model = rig.model, .rig = &rig}, {.model = rig.model, .rig = &rig}};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, work, &job[i]), 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(job[i].status, STATUS_OK);
        assert_memory_equal(alone, job[i].hash, sizeof alone);
    }
    rig_destroy(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rewinding_repeats_the_future_standing),
        cmocka_unit_test(rewinding_repeats_the_future_with_delays_and_noise),
        cmocka_unit_test(rewinding_repeats_the_future_pinned_at_D2),
        cmocka_unit_test(rewinding_restores_everything_that_is_read),
        cmocka_unit_test(looking_changes_nothing),
        cmocka_unit_test(worlds_in_two_threads_agree_with_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
