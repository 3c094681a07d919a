/* The parallel run: what is committed depends on ids alone, and every run ends. */
#include "fake_world.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 3000 };

/* What a run has written. */
typedef struct Log {
    int n;
    GenRecord record[MOST];
    uint64_t hash[MOST];
    int stop_after; /* sets stop at so many commits; 0: never */
    int fail_at;    /* commit of this id fails; −1: none */
    int encoded, discarded;
    atomic_bool stop;
} Log;

static Log log_a, log_b;

static Status encode(void *user, int thread, const Episode *episode, void **out, Err *err) {
    (void)user;
    (void)thread;
    uint64_t *hash = mem_alloc(sizeof *hash);
    if (!hash)
        return err_set(err, STATUS_MEMORY, "out of memory");
    *hash = episode_hash(episode);
    *out = hash;
    return STATUS_OK;
}

static Status commit(void *user, const GenRecord *record, const Episode *episode, void *encoded, Err *err) {
    Log *log = user;
    assert_true(episode->attempt == record->attempt);
    assert_true(log->n < MOST);
    log->record[log->n] = *record;
    log->record[log->n].cpu_time = 0; /* the one thing that may differ */
    log->hash[log->n++] = *(uint64_t *)encoded;
    mem_free(encoded);
    if (log->stop_after > 0 && log->n == log->stop_after)
        atomic_store(&log->stop, true);
    if (log->fail_at >= 0 && record->attempt == (uint64_t)log->fail_at)
        return err_set(err, STATUS_IO, "disk full");
    return STATUS_OK;
}

static void discard(void *user, void *encoded) {
    ((Log *)user)->discarded++;
    mem_free(encoded);
}

typedef struct Rig {
    Fake fake;
    GenWorld world;
    FakeOptions fake_options;
    DemoSet set;
    GenSources *sources;
    GenOptions options;
} Rig;

static Rig rig;

static void open_rig(FakeOptions options) {
    rig = (Rig){.fake_options = options, .options = gen_options_default()};
    rig.options.retries = 1;
    fake_init(&rig.fake, options, &rig.world);
    rig.set = fake_demos((FakeOptions){.spread = options.spread}, 3);
    Err err = {0};
    assert_int_equal(gen_sources_create(&rig.fake.task, &rig.set, &rig.world.layout, rig.world.dt,
                                        &rig.options, &rig.sources, &err),
                     STATUS_OK);
}

static void close_rig(void) {
    gen_sources_destroy(rig.sources);
    demo_set_destroy(&rig.set);
}

static GenRun definition(int threads) {
    return (GenRun){.threads = threads,
                    .seed = 11,
                    .user = &rig.fake_options,
                    .world_create = fake_world_create,
                    .world_destroy = fake_world_destroy,
                    .sources = rig.sources,
                    .options = &rig.options,
                    .task = &rig.fake.task,
                    .level = &rig.fake.level};
}

static GenEnd run(GenRun def, Log *log, GenTotals *totals) {
    const GenSink sink = {.user = log, .encode = encode, .commit = commit, .discard = discard};
    GenEnd end;
    Err err = {0};
    def.stop = &log->stop;
    assert_int_equal(gen_run(&def, &sink, totals, &end, &err), STATUS_OK);
    return end;
}

static void reset_log(Log *log) {
    memset(log, 0, sizeof *log);
    log->fail_at = -1;
}

static void assert_equal_logs(const Log *a, const Log *b, int n) {
    assert_true(a->n >= n && b->n >= n);
    for (int i = 0; i < n; i++) {
        assert_true(a->hash[i] == b->hash[i]);
        assert_memory_equal(&a->record[i], &b->record[i], sizeof a->record[i]);
    }
}

static void any_number_of_threads_gives_the_same(void **state) {
    (void)state;
    open_rig((FakeOptions){.spread = 0.08, .miss_first = 1});
    GenTotals totals;
    GenRun def = definition(1);
    def.attempts = 60;
    reset_log(&log_a);
    assert_int_equal(run(def, &log_a, &totals), GEN_END_ATTEMPTS);
    assert_int_equal(log_a.n, 60);
    for (int threads = 2; threads <= 4; threads += 2) {
        def.threads = threads;
        reset_log(&log_b);
        run(def, &log_b, &totals);
        assert_int_equal(log_b.n, 60);
        assert_equal_logs(&log_a, &log_b, 60);
    }
    close_rig();
}

static void attempts_are_committed_in_order(void **state) {
    (void)state;
    open_rig((FakeOptions){.spread = 0.08});
    GenTotals totals;
    GenRun def = definition(4);
    def.attempts = 100;
    reset_log(&log_a);
    run(def, &log_a, &totals);
    for (int i = 0; i < log_a.n; i++)
        assert_int_equal(log_a.record[i].attempt, i);
    close_rig();
}

static void a_stopped_run_goes_on_where_it_was(void **state) {
    (void)state;
    open_rig((FakeOptions){.spread = 0.08});
    GenTotals totals;
    GenRun def = definition(2);
    def.successes = 40;
    def.coverage = 2;
    reset_log(&log_a);
    assert_int_equal(run(def, &log_a, &totals), GEN_END_SUCCESSES);
    const uint64_t accepted = totals.accepted;
    reset_log(&log_b);
    log_b.stop_after = 13;
    assert_int_equal(run(def, &log_b, &totals), GEN_END_STOPPED);
    assert_true(log_b.n >= 13 && log_b.n < log_a.n);
    static GenRecord prior[MOST];
    memcpy(prior, log_b.record, sizeof prior);
    def.prior = prior;
    def.nprior = (size_t)log_b.n;
    def.first = (uint64_t)log_b.n;
    log_b.stop_after = 0;
    atomic_store(&log_b.stop, false);
    assert_int_equal(run(def, &log_b, &totals), GEN_END_SUCCESSES);
    assert_int_equal(log_b.n, log_a.n);
    assert_equal_logs(&log_a, &log_b, log_a.n);
    assert_int_equal(totals.accepted, accepted);
    close_rig();
}

static void the_first_successes_are_those_of_the_lowest_ids(void **state) {
    (void)state;
    open_rig((FakeOptions){.spread = 0.08});
    GenTotals totals;
    GenRun def = definition(4);
    def.successes = 25;
    reset_log(&log_a);
    assert_int_equal(run(def, &log_a, &totals), GEN_END_SUCCESSES);
    assert_int_equal(totals.accepted, 25);
    assert_true(log_a.record[log_a.n - 1].accepted);
    int accepted = 0;
    for (int i = 0; i < log_a.n; i++)
        accepted += log_a.record[i].accepted;
    assert_int_equal(accepted, 25);
    close_rig();
}

static void a_run_in_which_all_fail_ends_and_says_why(void **state) {
    (void)state;
    open_rig((FakeOptions){.unreachable = true});
    GenTotals totals;
    GenRun def = definition(2);
    def.successes = 10;
    reset_log(&log_a);
    assert_int_equal(run(def, &log_a, &totals), GEN_END_ATTEMPTS);
    assert_int_equal(totals.attempts, gen_attempt_cap(10));
    assert_int_equal(totals.successes, 0);
    assert_int_equal(totals.by_cause[OUTCOME_unreachable], totals.attempts);
    assert_int_equal(totals.by_subtask[0][OUTCOME_unreachable], totals.attempts);
    close_rig();
}

static void causes_add_up(void **state) {
    (void)state;
    open_rig((FakeOptions){.spread = 0.08, .drop_at = 90});
    GenTotals totals;
    GenRun def = definition(2);
    def.attempts = 50;
    reset_log(&log_a);
    run(def, &log_a, &totals);
    uint64_t sum = 0, failures = 0;
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        sum += totals.by_cause[i];
        for (int k = 0; k <= MAX_SUBTASKS; k++)
            failures += totals.by_subtask[k][i];
    }
    assert_int_equal(sum, 50);
    assert_int_equal(failures, 50 - totals.successes);
    close_rig();
}

static void coverage_bounds_every_bin(void **state) {
    (void)state;
    open_rig((FakeOptions){.spread = 0.08});
    GenTotals totals;
    GenRun def = definition(2);
    def.successes = 64;
    def.coverage = 1.5;
    reset_log(&log_a);
    assert_int_equal(run(def, &log_a, &totals), GEN_END_SUCCESSES);
    int bin[32] = {0};
    for (int i = 0; i < log_a.n; i++)
        bin[log_a.record[i].bin] += log_a.record[i].accepted;
    for (int i = 0; i < 32; i++)
        assert_true(bin[i] <= 3);
    assert_true(totals.successes > totals.accepted);
    close_rig();
}

static void an_error_of_the_writer_ends_the_run(void **state) {
    (void)state;
    open_rig((FakeOptions){.spread = 0.08});
    GenRun def = definition(3);
    def.attempts = 200;
    reset_log(&log_a);
    log_a.fail_at = 20;
    const GenSink sink = {.user = &log_a, .encode = encode, .commit = commit, .discard = discard};
    GenTotals totals;
    GenEnd end;
    Err err = {0};
    assert_int_equal(gen_run(&def, &sink, &totals, &end, &err), STATUS_IO);
    assert_string_equal(err.message, "disk full");
    assert_int_equal(log_a.n, 21);
    close_rig();
}

static void time_ends_a_run(void **state) {
    (void)state;
    open_rig((FakeOptions){.spread = 0.08});
    GenTotals totals;
    GenRun def = definition(2);
    def.attempts = 1000000000;
    def.time = 0.2;
    reset_log(&log_a);
    assert_int_equal(run(def, &log_a, &totals), GEN_END_TIME);
    close_rig();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_threads_gives_the_same),
        cmocka_unit_test(attempts_are_committed_in_order),
        cmocka_unit_test(a_stopped_run_goes_on_where_it_was),
        cmocka_unit_test(the_first_successes_are_those_of_the_lowest_ids),
        cmocka_unit_test(a_run_in_which_all_fail_ends_and_says_why),
        cmocka_unit_test(causes_add_up),
        cmocka_unit_test(coverage_bounds_every_bin),
        cmocka_unit_test(an_error_of_the_writer_ends_the_run),
        cmocka_unit_test(time_ends_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
