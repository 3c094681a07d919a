/* Attempts in the fake world: what is commanded, what is counted, what is tried again. */
#include "fake_world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef struct Rig {
    Fake fake;
    GenWorld world;
    DemoSet set;
    GenSources *sources;
    GenOptions options;
    Episode episode;
} Rig;

/* Demonstrations come from an undisturbed world of the same kind. */
static void rig_open(Rig *rig, FakeOptions options, int ndemo, GenOptions gen) {
    *rig = (Rig){.options = gen};
    fake_init(&rig->fake, options, &rig->world);
    rig->set = fake_demos((FakeOptions){.kind = options.kind, .spread = options.spread}, ndemo);
    Err err = {0};
    assert_int_equal(gen_sources_create(&rig->fake.task, &rig->set, &rig->world.layout, rig->world.dt,
                                        &rig->options, &rig->sources, &err),
                     STATUS_OK);
}

static void rig_close(Rig *rig) {
    arena_destroy(rig->episode.arena);
    gen_sources_destroy(rig->sources);
    demo_set_destroy(&rig->set);
}

static Outcome rig_run(Rig *rig, uint64_t attempt) {
    Err err = {0};
    assert_int_equal(gen_attempt(&rig->world, rig->sources, &rig->options, 5, attempt, &rig->episode, &err),
                     STATUS_OK);
    return rig->episode.outcome;
}

static Rig rig;

static void attempts_succeed(FakeOptions options) {
    rig_open(&rig, options, 3, gen_options_default());
    for (uint64_t i = 0; i < 50; i++)
        assert_int_equal(rig_run(&rig, i), OUTCOME_ok);
    rig_close(&rig);
}

static void one_hand_picks_and_places(void **state) {
    (void)state;
    attempts_succeed((FakeOptions){.spread = 0.08});
}

static void two_hands_lift_together(void **state) {
    (void)state;
    attempts_succeed((FakeOptions){.kind = FAKE_BOX, .spread = 0.04});
}

static void hands_together_start_and_end_at_one_tick_from_one_source(void **state) {
    (void)state;
    rig_open(&rig, (FakeOptions){.kind = FAKE_BOX, .spread = 0.04}, 4, gen_options_default());
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(rig_run(&rig, i), OUTCOME_ok);
        assert_int_equal(rig.episode.nsubtask, 4);
        for (int k = 0; k < 4; k += 2) {
            const EpisodeSubtask *a = &rig.episode.subtask[k], *b = a + 1;
            assert_int_equal(a->begin, b->begin);
            assert_int_equal(a->end, b->end);
            assert_int_equal(a->source_demo, b->source_demo);
        }
    }
    rig_close(&rig);
}

static void success_holds_to_the_end(void **state) {
    (void)state;
    rig_open(&rig, (FakeOptions){.spread = 0.05}, 2, gen_options_default());
    assert_int_equal(rig_run(&rig, 3), OUTCOME_ok);
    const int hold = (int)ceil(rig.fake.task.hold / rig.world.dt - 1e-9);
    for (int r = rig.episode.nrow - hold; r < rig.episode.nrow; r++)
        assert_true(rig.episode.reward[r] > 0);
    assert_int_equal(rig.episode.done[rig.episode.nrow - 1], 1);
    rig_close(&rig);
}

static const float *closure_at(int row) {
    return rig.episode.action + row * rig.episode.naction + rig.world.layout.right_hand;
}

/* In its own scene, without noise, an episode repeats the demonstration: hand and closure of the same row together, the
 * second subtask without a lag. */
static void an_episode_in_the_sources_scene_repeats_it(void **state) {
    (void)state;
    GenOptions gen = gen_options_default();
    gen.noise = 0;
    gen.settle = gen.trim = false;
    gen.clearance = 0;
    rig_open(&rig, (FakeOptions){0}, 1, gen);
    assert_int_equal(rig_run(&rig, 0), OUTCOME_ok);
    const Demo *d = rig.set.demo[0];
    for (int k = 0; k < 2; k++) {
        const int length = d->mark[k].end - d->mark[k].begin;
        for (int i = 0; i < length; i++) {
            const int row = rig.episode.subtask[k].begin + i, source = d->mark[k].begin + i;
            assert_true(pose_distance(rig.episode.target[SIDE_RIGHT][row], d->target[SIDE_RIGHT][source]) <
                        2e-3);
            assert_true(fabsf(closure_at(row)[0] - d->closure[SIDE_RIGHT][source * d->nhand]) < 1e-6f);
        }
    }
    rig_close(&rig);
}

static void noise_is_in_the_executed_action_only_and_never_on_closures(void **state) {
    (void)state;
    GenOptions gen = gen_options_default();
    gen.noise = 0.1;
    rig_open(&rig, (FakeOptions){.spread = 0.05}, 2, gen);
    assert_int_equal(rig_run(&rig, 1), OUTCOME_ok);
    const Episode *e = &rig.episode;
    const ActionLayout *l = &rig.world.layout;
    double most = 0;
    for (int r = 0; r < e->nrow; r++) {
        const float *clean = e->action + r * e->naction, *executed = e->action_exec + r * e->naction;
        for (int i = 0; i < 3; i++)
            most = fmax(most, fabs((double)(clean[l->right_wrist + i] - executed[l->right_wrist + i])));
        assert_memory_equal(clean + l->left_hand, executed + l->left_hand,
                            (size_t)(2 * l->nhand) * sizeof(float));
    }
    assert_true(most > 0.002 && most < 0.04);
    rig_close(&rig);
}

static void without_noise_both_actions_are_equal(void **state) {
    (void)state;
    GenOptions gen = gen_options_default();
    gen.noise = 0;
    rig_open(&rig, (FakeOptions){.spread = 0.05}, 2, gen);
    assert_int_equal(rig_run(&rig, 1), OUTCOME_ok);
    assert_memory_equal(rig.episode.action, rig.episode.action_exec,
                        (size_t)(rig.episode.nrow * rig.episode.naction) * sizeof(float));
    rig_close(&rig);
}

static void an_object_that_is_moved_is_followed(void **state) {
    (void)state;
    const FakeOptions moved = {.spread = 0.05, .shift_at = 20};
    GenOptions gen = gen_options_default();
    rig_open(&rig, moved, 3, gen);
    for (uint64_t i = 0; i < 20; i++) {
        assert_int_equal(rig_run(&rig, i), OUTCOME_ok);
        assert_int_equal(rig.episode.retries, 0);
    }
    rig_close(&rig);
    gen.track = false;
    gen.retries = 0;
    rig_open(&rig, moved, 3, gen);
    int ok = 0;
    for (uint64_t i = 0; i < 20; i++)
        ok += rig_run(&rig, i) == OUTCOME_ok;
    assert_true(ok < 10);
    rig_close(&rig);
}

static void a_failed_subtask_is_tried_again_from_its_start(void **state) {
    (void)state;
    rig_open(&rig, (FakeOptions){.spread = 0.05, .miss_first = 2}, 3, gen_options_default());
    assert_int_equal(rig_run(&rig, 0), OUTCOME_ok);
    assert_int_equal(rig.episode.retries, 2);
    assert_int_equal(rig.fake.loads, 2);
    assert_int_equal(rig.episode.nsubtask, 2);
    assert_int_equal(rig.episode.subtask[0].begin, 0);
    assert_true(rig.episode.sim_time > rig.episode.nrow * rig.world.dt);
    /* What was discarded leaves no trace in the rows: running them again gives the same states. */
    static Fake again;
    GenWorld world;
    fake_init(&again, (FakeOptions){.spread = 0.05}, &world);
    ResetDraw draw = {0};
    world.reset(world.self, 5, 0, &draw);
    for (int r = 0; r < rig.episode.nrow; r++) {
        assert_true(world.hash(world.self) == rig.episode.state_hash[r]);
        world.tick(world.self, rig.episode.action_exec + r * rig.episode.naction);
    }
    assert_true(world.hash(world.self) == rig.episode.final_hash);
    rig_close(&rig);
}

static void retries_are_bounded(void **state) {
    (void)state;
    GenOptions gen = gen_options_default();
    gen.retries = 2;
    rig_open(&rig, (FakeOptions){.spread = 0.05, .never = true}, 3, gen);
    assert_int_equal(rig_run(&rig, 0), OUTCOME_grasp_missed);
    assert_int_equal(rig.episode.failed_subtask, 0);
    assert_int_equal(rig.episode.retries, 2);
    rig_close(&rig);
}

static void every_failure_has_its_cause(void **state) {
    (void)state;
    const struct {
        FakeOptions options;
        Outcome cause;
    } cases[] = {
        {{.never = true}, OUTCOME_grasp_missed},  {{.unreachable = true}, OUTCOME_unreachable},
        {{.fall_at = 30}, OUTCOME_fell},          {{.numeric_above = 0.5}, OUTCOME_numeric},
        {{.lose_at = 15}, OUTCOME_tracking_lost}, {{.miss_first = 100}, OUTCOME_knocked},
        {{.drop_at = 95}, OUTCOME_slipped},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        GenOptions gen = gen_options_default();
        gen.retries = 1;
        rig_open(&rig, cases[i].options, 1, gen);
        assert_string_equal(outcome_name(rig_run(&rig, 0)), outcome_name(cases[i].cause));
        rig_close(&rig);
    }
}

static void time_runs_out(void **state) {
    (void)state;
    rig_open(&rig, (FakeOptions){0}, 1, gen_options_default());
    rig.fake.task.time_limit = 1;
    assert_int_equal(rig_run(&rig, 0), OUTCOME_timeout);
    rig_close(&rig);
}

static void a_success_that_is_lost_is_not_held(void **state) {
    (void)state;
    rig_open(&rig, (FakeOptions){0}, 1, gen_options_default());
    rig.fake.task.hold = 5;
    rig.fake.task.time_limit = 1000;
    assert_int_equal(rig_run(&rig, 0), OUTCOME_ok);
    const int end = rig.episode.nrow;
    rig_close(&rig);
    rig_open(&rig, (FakeOptions){.shift_at = end - 20}, 1, gen_options_default());
    rig.fake.task.hold = 5;
    rig.options.retries = 0;
    rig.fake.pred[1].name = "near";
    const Outcome outcome = rig_run(&rig, 0);
    assert_true(outcome == OUTCOME_ok || outcome == OUTCOME_not_held || outcome == OUTCOME_knocked);
    rig_close(&rig);
}

static void equal_attempts_are_equal_and_others_differ(void **state) {
    (void)state;
    rig_open(&rig, (FakeOptions){.spread = 0.05, .miss_first = 1}, 3, gen_options_default());
    rig_run(&rig, 4);
    const uint64_t first = episode_hash(&rig.episode);
    rig_run(&rig, 5);
    assert_true(episode_hash(&rig.episode) != first);
    rig_run(&rig, 4);
    assert_true(episode_hash(&rig.episode) == first);
    rig_close(&rig);
}

static void a_generated_episode_can_be_a_source(void **state) {
    (void)state;
    rig_open(&rig, (FakeOptions){.spread = 0.05}, 2, gen_options_default());
    assert_int_equal(rig_run(&rig, 1), OUTCOME_ok);
    Demo *second = demo_from_episode(&rig.episode, &rig.world.layout, rig.world.dt);
    DemoSet set = {.n = 1, .demo = &second};
    GenSources *sources = NULL;
    Err err = {0};
    assert_int_equal(gen_sources_create(&rig.fake.task, &set, &rig.world.layout, rig.world.dt, &rig.options,
                                        &sources, &err),
                     STATUS_OK);
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(gen_attempt(&rig.world, sources, &rig.options, 9, i, &rig.episode, &err), STATUS_OK);
        assert_int_equal(rig.episode.outcome, OUTCOME_ok);
    }
    gen_sources_destroy(sources);
    demo_destroy(second);
    rig_close(&rig);
}

static void the_published_method_neither_asks_nor_goes_back(void **state) {
    (void)state;
    rig_open(&rig, (FakeOptions){.spread = 0.05, .miss_first = 1}, 3, gen_options_plain());
    assert_int_not_equal(rig_run(&rig, 0), OUTCOME_ok);
    assert_int_equal(rig.fake.preflights, 0);
    assert_int_equal(rig.fake.loads, 0);
    rig_close(&rig);
}

static void running_out_of_memory_is_a_status(void **state) {
    (void)state;
    rig_open(&rig, (FakeOptions){.spread = 0.05}, 2, gen_options_default());
    int failures = 0;
    for (long n = 0; n < 12; n++) {
        Err err = {0};
        mem_fail_after(n);
        const Status status = gen_attempt(&rig.world, rig.sources, &rig.options, 5, 1, &rig.episode, &err);
        mem_fail_after(-1);
        assert_true(status == STATUS_MEMORY || status == STATUS_OK);
        failures += status == STATUS_MEMORY;
    }
    assert_true(failures > 2);
    assert_int_equal(rig_run(&rig, 1), OUTCOME_ok);
    rig_close(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_hand_picks_and_places),
        cmocka_unit_test(two_hands_lift_together),
        cmocka_unit_test(hands_together_start_and_end_at_one_tick_from_one_source),
        cmocka_unit_test(success_holds_to_the_end),
        cmocka_unit_test(an_episode_in_the_sources_scene_repeats_it),
        cmocka_unit_test(noise_is_in_the_executed_action_only_and_never_on_closures),
        cmocka_unit_test(without_noise_both_actions_are_equal),
        cmocka_unit_test(an_object_that_is_moved_is_followed),
        cmocka_unit_test(a_failed_subtask_is_tried_again_from_its_start),
        cmocka_unit_test(retries_are_bounded),
        cmocka_unit_test(every_failure_has_its_cause),
        cmocka_unit_test(time_runs_out),
        cmocka_unit_test(a_success_that_is_lost_is_not_held),
        cmocka_unit_test(equal_attempts_are_equal_and_others_differ),
        cmocka_unit_test(a_generated_episode_can_be_a_source),
        cmocka_unit_test(the_published_method_neither_asks_nor_goes_back),
        cmocka_unit_test(running_out_of_memory_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
