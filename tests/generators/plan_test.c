/* Segments, selection, retargeting and plans: the pure part of the generator. */
#include "fake_world.h"

#include "base/rng.h"
#include "generators/plan.h"
#include "generators/segment.h"
#include "generators/select.h"

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
    Arena *arena;
} Rig;

static Rig rig;

static void open_rig(FakeKind kind, int ndemo, bool mirror) {
    rig = (Rig){.options = gen_options_default(), .arena = arena_create(0)};
    rig.options.mirror = mirror;
    fake_init(&rig.fake, (FakeOptions){.kind = kind, .spread = 0.06}, &rig.world);
    rig.set = fake_demos(rig.fake.options, ndemo);
    Err err = {0};
    assert_int_equal(gen_sources_create(&rig.fake.task, &rig.set, &rig.world.layout, rig.world.dt,
                                        &rig.options, &rig.sources, &err),
                     STATUS_OK);
}

static void close_rig(void) {
    gen_sources_destroy(rig.sources);
    demo_set_destroy(&rig.set);
    arena_destroy(rig.arena);
}

/* The scene as it was in the demonstration at a row. */
static Scene scene_of(const Demo *d, int row) {
    Scene s = {.base = rig.fake.task.robot, .nobject = d->nobject};
    for (int i = 0; i < d->nobject; i++) {
        s.object[i] = d->object[row * d->nobject + i];
        s.object_scale[i] = 1;
    }
    for (int side = 0; side < NSIDE; side++) {
        if (d->eef[side])
            s.hand[side] = d->eef[side][row];
    }
    return s;
}

static PlanDef plan_in(const Segment *segment, const Scene *scene, Pose hand) {
    Placement all[MAX_PLACEMENTS];
    retarget_all(&rig.fake.task, segment, scene, &rig.options, all);
    return (PlanDef){.task = &rig.fake.task,
                     .options = &rig.options,
                     .segment = segment,
                     .placement = all[0],
                     .scene = scene,
                     .start = {.hand = hand},
                     .dt = rig.world.dt,
                     .entry = -1};
}

static void planning_in_the_sources_own_scene_returns_the_segment(void **state) {
    (void)state;
    open_rig(FAKE_PICK, 3, false);
    for (int d = 0; d < 3; d++) {
        for (int k = 0; k < 2; k++) {
            const Segment *s = &rig.sources->segment[k][d];
            const Scene scene = scene_of(s->demo, s->begin);
            const PlanDef def = plan_in(s, &scene, s->demo->target[SIDE_RIGHT][s->begin]);
            Traj t;
            assert_true(gen_plan(&def, rig.arena, &t));
            assert_int_equal(t.n, s->end - s->begin);
            for (int i = 0; i < t.n; i++) {
                const int row = s->begin + i;
                assert_true(pose_distance(t.point[i].hand, s->demo->target[SIDE_RIGHT][row]) < 1e-9);
                assert_true(pose_angle(t.point[i].hand, s->demo->target[SIDE_RIGHT][row]) < 1e-6);
                assert_memory_equal(t.point[i].closure, s->demo->closure[SIDE_RIGHT] + row * s->demo->nhand,
                                    (size_t)s->demo->nhand * sizeof(float));
            }
        }
    }
    close_rig();
}

static void moving_the_scene_moves_the_plan(void **state) {
    (void)state;
    open_rig(FAKE_PICK, 2, false);
    Rng rng = rng_make(4, 0, RNG_TEST, 0);
    for (int trial = 0; trial < 40; trial++) {
        const Segment *s = &rig.sources->segment[trial % 2][0];
        const Demo *other = rig.set.demo[1];
        Scene scene = scene_of(other, trial % 2 ? other->mark[1].begin : 0), moved = scene;
        Pose by = {.pos = {rng_range(&rng, -1, 1), rng_range(&rng, -1, 1), rng_range(&rng, -0.2, 0.2)}};
        quat_from_yaw(rng_range(&rng, -3, 3), by.quat);
        for (int i = 0; i < scene.nobject; i++)
            moved.object[i] = pose_mul(by, scene.object[i]);
        for (int i = 0; i < NSIDE; i++)
            moved.hand[i] = pose_mul(by, scene.hand[i]);
        moved.base = pose_mul(by, scene.base);
        const Pose hand = scene.hand[SIDE_RIGHT];
        const PlanDef here = plan_in(s, &scene, hand), there = plan_in(s, &moved, pose_mul(by, hand));
        Traj a, b;
        assert_true(gen_plan(&here, rig.arena, &a) && gen_plan(&there, rig.arena, &b));
        assert_int_equal(a.n, b.n);
        for (int i = 0; i < a.n; i++) {
            assert_true(pose_distance(pose_mul(by, a.point[i].hand), b.point[i].hand) < 1e-8);
            assert_true(pose_angle(pose_mul(by, a.point[i].hand), b.point[i].hand) < 1e-6);
            assert_int_equal(a.point[i].flags, b.point[i].flags);
        }
    }
    close_rig();
}

static void what_is_placed_is_the_object_not_the_hand(void **state) {
    (void)state;
    open_rig(FAKE_PICK, 1, false);
    const Segment *s = &rig.sources->segment[1][0];
    const Demo *d = s->demo;
    Scene scene = scene_of(d, s->begin);
    Pose slip = {.pos = {0.004, -0.006, 0.003}};
    quat_from_yaw(0.2, slip.quat);
    scene.object[0] = pose_mul(scene.object[0], slip);
    const PlanDef def = plan_in(s, &scene, d->target[SIDE_RIGHT][s->begin]);
    const Pose in_hand = pose_rel(scene.hand[SIDE_RIGHT], scene.object[0]);
    const Pose was = pose_rel(d->eef[SIDE_RIGHT][s->begin], d->object[s->begin * d->nobject]);
    for (int r = s->begin; r < s->end; r++) {
        const Pose placed = pose_mul(placement_apply(&def.placement, d->target[SIDE_RIGHT][r]), in_hand);
        assert_true(pose_distance(placed, pose_mul(d->target[SIDE_RIGHT][r], was)) < 1e-9);
    }
    close_rig();
}

static void symmetry_gives_as_many_placements_as_the_groups_have_members(void **state) {
    (void)state;
    open_rig(FAKE_PICK, 1, false);
    const Scene scene = scene_of(rig.set.demo[0], 0);
    Placement all[MAX_PLACEMENTS];
    assert_int_equal(retarget_all(&rig.fake.task, &rig.sources->segment[0][0], &scene, &rig.options, all), 4);
    assert_int_equal(retarget_all(&rig.fake.task, &rig.sources->segment[1][0], &scene, &rig.options, all), 4);
    rig.fake.object[1].symmetry = SYMMETRY_Z_ANY;
    assert_int_equal(retarget_all(&rig.fake.task, &rig.sources->segment[1][0], &scene, &rig.options, all),
                     48);
    rig.options.symmetry = false;
    assert_int_equal(retarget_all(&rig.fake.task, &rig.sources->segment[1][0], &scene, &rig.options, all), 1);
    close_rig();
}

static void the_hand_settles_before_it_closes(void **state) {
    (void)state;
    open_rig(FAKE_PICK, 1, false);
    const Segment *s = &rig.sources->segment[0][0];
    const Scene scene = scene_of(s->demo, 0);
    const PlanDef def = plan_in(s, &scene, scene.hand[SIDE_RIGHT]);
    Traj t;
    assert_true(gen_plan(&def, rig.arena, &t));
    int settle = -1;
    for (int i = 0; i < t.n && settle < 0; i++)
        settle = t.point[i].flags & TRAJ_SETTLE ? i : -1;
    assert_true(settle > 0 && settle < t.n - 1);
    assert_true(t.point[settle].closure[0] < 0.01f && t.point[settle + 1].closure[0] > 0.01f);
    for (int i = 0; i < t.n; i++)
        assert_int_equal((t.point[i].flags & TRAJ_FROZEN) != 0, i >= settle);
    close_rig();
}

static void a_boundary_waits_for_a_hand_that_is_closing(void **state) {
    (void)state;
    open_rig(FAKE_PICK, 1, false);
    Demo *d = rig.set.demo[0];
    HandChange change;
    assert_true(segment_hand_change(d, SIDE_RIGHT, 1, d->mark[0].end, &change));
    const int early = change.begin + 2;
    d->mark[0].end = d->mark[1].begin = early;
    gen_sources_destroy(rig.sources);
    Err err = {0};
    assert_int_equal(gen_sources_create(&rig.fake.task, &rig.set, &rig.world.layout, rig.world.dt,
                                        &rig.options, &rig.sources, &err),
                     STATUS_OK);
    assert_int_equal(rig.sources->segment[0][0].end, change.end);
    assert_int_equal(rig.sources->segment[1][0].begin, change.end);
    assert_int_equal(rig.sources->segment[1][0].end, d->nrow);
    close_rig();
}

static SelectDef selection(uint64_t attempt, const Scene *scene) {
    return (SelectDef){.sources = rig.sources,
                       .options = &rig.options,
                       .scene = scene,
                       .hand = scene->hand[SIDE_RIGHT],
                       .seed = 3,
                       .attempt = attempt,
                       .prefer = -1};
}

static void random_selection_uses_every_source_once_per_block(void **state) {
    (void)state;
    open_rig(FAKE_PICK, 7, false);
    const Scene scene = scene_of(rig.set.demo[0], 0);
    bool differs = false;
    int last[7] = {0};
    for (uint64_t block = 0; block < 20; block++) {
        int used[7] = {0}, lead[7];
        for (uint64_t i = 0; i < 7; i++) {
            SelectRank order[7];
            int seen[7] = {0};
            const SelectDef def = selection(7 * block + i, &scene);
            select_order(&def, order);
            for (int k = 0; k < 7; k++)
                seen[order[k].index]++;
            for (int k = 0; k < 7; k++)
                assert_int_equal(seen[k], 1);
            used[order[0].index]++;
            lead[i] = order[0].index;
        }
        for (int k = 0; k < 7; k++)
            assert_int_equal(used[k], 1);
        differs |= block > 0 && memcmp(lead, last, sizeof lead) != 0;
        memcpy(last, lead, sizeof lead);
    }
    assert_true(differs);
    close_rig();
}

static void nearest_object_draws_evenly_from_the_nearest(void **state) {
    (void)state;
    open_rig(FAKE_PICK, 8, false);
    rig.options.strategy = "nearest_object";
    rig.options.top_k = 3;
    const Scene scene = scene_of(rig.set.demo[2], 0);
    int used[8] = {0};
    for (uint64_t i = 0; i < 800; i++) {
        SelectRank order[8];
        const SelectDef def = selection(i, &scene);
        select_order(&def, order);
        used[order[0].index]++;
    }
    int nused = 0;
    for (int k = 0; k < 8; k++) {
        nused += used[k] > 0;
        assert_true(used[k] == 0 || (used[k] > 150 && used[k] < 400));
    }
    assert_int_equal(nused, 3);
    assert_true(used[2] > 0);
    close_rig();
}

static void no_source_has_more_than_its_share(void **state) {
    (void)state;
    open_rig(FAKE_PICK, 8, false);
    rig.options.strategy = "nearest_hand";
    rig.options.top_k = 1;
    rig.options.share = 0.25;
    const Scene scene = scene_of(rig.set.demo[2], 0);
    int used[8] = {0};
    for (uint64_t i = 0; i < 800; i++) {
        SelectRank order[8];
        const SelectDef def = selection(i, &scene);
        select_order(&def, order);
        used[order[0].index]++;
    }
    for (int k = 0; k < 8; k++)
        assert_true(used[k] < 800 * 0.3);
    close_rig();
}

static void a_mirrored_demo_is_its_own_mirrors_mirror(void **state) {
    (void)state;
    open_rig(FAKE_BOX, 1, true);
    assert_int_equal(gen_sources_count(rig.sources), 2);
    assert_int_equal(gen_sources_origin(rig.sources, 1), 0);
    const Demo *once = gen_sources_demo(rig.sources, 1);
    bool memory;
    Demo *twice = mirror_demo(&rig.fake.task, once, &memory);
    assert_non_null(twice);
    const Demo *d = rig.set.demo[0];
    for (int r = 0; r < d->nrow; r++) {
        for (int s = 0; s < NSIDE; s++) {
            assert_true(pose_distance(twice->target[s][r], d->target[s][r]) < 1e-12);
            assert_true(pose_angle(twice->target[s][r], d->target[s][r]) < 1e-6);
            assert_true(fabs(once->target[1 - s][r].pos[1] + d->target[s][r].pos[1]) < 1e-12);
        }
    }
    for (int i = 0; i < d->nmark; i++)
        assert_int_equal(twice->mark[i].subtask, d->mark[i].subtask);
    demo_destroy(twice);
    close_rig();
}

static void a_task_without_counterparts_has_no_mirrored_sources(void **state) {
    (void)state;
    open_rig(FAKE_PICK, 2, true);
    assert_int_equal(gen_sources_count(rig.sources), 2);
    close_rig();
}

static void refused(Status status, const char *part) {
    GenSources *sources = NULL;
    Err err = {0};
    assert_int_equal(gen_sources_create(&rig.fake.task, &rig.set, &rig.world.layout, rig.world.dt,
                                        &rig.options, &sources, &err),
                     status);
    if (!strstr(err.message, part))
        fail_msg("'%s' lacks '%s'", err.message, part);
}

static void bad_sources_are_refused(void **state) {
    (void)state;
    open_rig(FAKE_PICK, 1, false);
    Demo *d = rig.set.demo[0];
    const Pose pose = d->target[SIDE_RIGHT][3];
    d->target[SIDE_RIGHT][3].pos[1] = NAN;
    refused(STATUS_FORMAT, "no number");
    d->target[SIDE_RIGHT][3] = pose;
    d->rate_hz = 50;
    refused(STATUS_MISMATCH, "50 Hz");
    d->rate_hz = 20;
    d->mark[1].end = d->nrow + 1;
    refused(STATUS_FORMAT, "out of range");
    d->nmark = 1;
    refused(STATUS_NOT_FOUND, "'place'");
    d->nrow = 0;
    refused(STATUS_FORMAT, "0 rows");
    close_rig();
}

static void options_out_of_range_are_refused(void **state) {
    (void)state;
    Err err = {0};
    GenOptions o = gen_options_default();
    assert_int_equal(gen_options_check(&o, &err), STATUS_OK);
    o.strategy = "best";
    assert_int_equal(gen_options_check(&o, &err), STATUS_UNKNOWN_NAME);
    assert_non_null(strstr(err.message, "nearest_hand"));
    o = gen_options_plain();
    assert_int_equal(gen_options_check(&o, &err), STATUS_OK);
    o.noise = NAN;
    assert_int_equal(gen_options_check(&o, &err), STATUS_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planning_in_the_sources_own_scene_returns_the_segment),
        cmocka_unit_test(moving_the_scene_moves_the_plan),
        cmocka_unit_test(what_is_placed_is_the_object_not_the_hand),
        cmocka_unit_test(symmetry_gives_as_many_placements_as_the_groups_have_members),
        cmocka_unit_test(the_hand_settles_before_it_closes),
        cmocka_unit_test(a_boundary_waits_for_a_hand_that_is_closing),
        cmocka_unit_test(random_selection_uses_every_source_once_per_block),
        cmocka_unit_test(nearest_object_draws_evenly_from_the_nearest),
        cmocka_unit_test(no_source_has_more_than_its_share),
        cmocka_unit_test(a_mirrored_demo_is_its_own_mirrors_mirror),
        cmocka_unit_test(a_task_without_counterparts_has_no_mirrored_sources),
        cmocka_unit_test(bad_sources_are_refused),
        cmocka_unit_test(options_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
