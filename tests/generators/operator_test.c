/* The scripted operator: its file, its habits, its demonstrations. */
#include "fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void demonstrations_are_marked_by_subtask(void **state) {
    (void)state;
    Demo *d = fake_demo((FakeOptions){.spread = 0.05}, 1);
    assert_int_equal(d->nmark, 2);
    assert_int_equal(d->mark[0].subtask, 0);
    assert_int_equal(d->mark[1].begin, d->mark[0].end);
    assert_true(d->mark[1].end > d->mark[1].begin && d->mark[1].end <= d->nrow);
    demo_destroy(d);
}

static void both_hands_go_through_their_moves_in_step(void **state) {
    (void)state;
    Demo *d = fake_demo((FakeOptions){.kind = FAKE_BOX, .spread = 0.03}, 1);
    assert_int_equal(d->nmark, 4);
    assert_int_equal(d->mark[0].begin, d->mark[1].begin);
    assert_int_equal(d->mark[0].end, d->mark[1].end);
    assert_int_equal(d->mark[2].end, d->mark[3].end);
    demo_destroy(d);
}

static void equal_attempts_are_equal_and_others_differ(void **state) {
    (void)state;
    Demo *a = fake_demo((FakeOptions){0}, 1), *b = fake_demo((FakeOptions){0}, 1),
         *c = fake_demo((FakeOptions){0}, 2);
    assert_int_equal(a->nrow, b->nrow);
    assert_memory_equal(a->target[SIDE_RIGHT], b->target[SIDE_RIGHT], (size_t)a->nrow * sizeof(Pose));
    assert_true(a->nrow != c->nrow ||
                memcmp(a->target[SIDE_RIGHT], c->target[SIDE_RIGHT], (size_t)a->nrow * sizeof(Pose)) != 0);
    demo_destroy(a);
    demo_destroy(b);
    demo_destroy(c);
}

static void refused(const char *text, Status status, const char *part) {
    static Fake fake;
    GenWorld world;
    fake_init(&fake, (FakeOptions){0}, &world);
    Operator *o = NULL;
    Err err = {0};
    assert_int_equal(
        operator_parse("operator.yaml", text, strlen(text), &fake.task, fake_closure, NULL, &o, &err),
        status);
    assert_null(o);
    if (!strstr(err.message, part))
        fail_msg("'%s' lacks '%s'", err.message, part);
}

static void unknown_names_are_refused_with_the_known_ones(void **state) {
    (void)state;
    refused("name: a\nphases: [{subtask: fly, moves: [{frame: here}]}]\n", STATUS_UNKNOWN_NAME,
            "grasp, place");
    refused("name: a\nphases: [{subtask: grasp, moves: [{frame: moon}]}]\n", STATUS_UNKNOWN_NAME,
            "cube, tray");
    refused("name: a\nphases: [{subtask: grasp, moves: [{grasp: top}]}]\n", STATUS_UNKNOWN_NAME,
            "unknown grasp 'top'");
    refused("name: a\nphases: [{subtask: grasp, moves: [{closure: fist}]}]\n", STATUS_UNKNOWN_NAME, "fist");
    refused("name: a\nphases: [{subtask: grasp, moves: [{frame: here, sped: 1}]}]\n", STATUS_UNKNOWN_NAME,
            "sped");
    refused("name: a\nphases: [{subtask: grasp, moves: [{frame: here}]}]\n", STATUS_FORMAT, "place");
    refused("name: a\nphases: [{subtask: grasp}, {subtask: place}]\n", STATUS_FORMAT,
            "either moves or variants");
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    static Fake fake;
    GenWorld world;
    fake_init(&fake, (FakeOptions){0}, &world);
    Operator *o = fake_operator(&fake.task);
    for (long n = 0; n < 4; n++) {
        Episode episode = {0};
        Err err = {0};
        mem_fail_after(n);
        const Status status = operator_run(o, &world, fake_closure, NULL, 1, 1, &episode, &err);
        mem_fail_after(-1);
        assert_true(status == STATUS_MEMORY || (status == STATUS_OK && episode.outcome == OUTCOME_ok));
        arena_destroy(episode.arena);
    }
    operator_destroy(o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(demonstrations_are_marked_by_subtask),
        cmocka_unit_test(both_hands_go_through_their_moves_in_step),
        cmocka_unit_test(equal_attempts_are_equal_and_others_differ),
        cmocka_unit_test(unknown_names_are_refused_with_the_known_ones),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
