/* A run that was killed, however, ends with the bytes of one that was not. */
#include "tests/datasets/support.h"

#include "base/rng.h"
#include "tests/shared/synthetic.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ATTEMPTS = 60 };

static const char *whole; /* the uninterrupted run */

static int make_whole(void **state) {
    (void)state;
    Err err = {0};
    whole = "scratch_whole";
    remove_tree(whole);
    return run_all(whole, false, ATTEMPTS, &err) == STATUS_OK ? 0 : -1;
}

static int remove_whole(void **state) {
    (void)state;
    remove_tree(whole);
    return 0;
}

/* A run in a process of its own that is killed after delay_us. Returns true when it was quicker. */
static bool run_killed(const char *dir, useconds_t delay_us) {
    const pid_t child = fork();
    if (child == 0) {
        Err err = {0};
        const Status status = run_all(dir, true, ATTEMPTS, &err);
        if (status != STATUS_OK)
            print_error("%s\n", err.message);
        _exit(status == STATUS_OK ? 0 : 1);
    }
    usleep(delay_us);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        fail_msg("the resumed run failed");
    return WIFEXITED(status);
}

static void killing_at_any_moment_changes_nothing(void **state) {
    (void)state;
    Rng rng = rng_make(5, 0, RNG_TEST, 0);
    int kills = 0;
    for (int round = 0; round < 2; round++) {
        const char *dir = scratch("killed");
        for (int i = 0; !run_killed(dir, (useconds_t)rng_range(&rng, 2000, i < 12 ? 120000 : 4e6)); i++)
            kills++;
        assert_same_dataset(whole, dir);
        remove_tree(dir);
    }
    assert_true(kills > 1);
}

/* Attempts 0 … end − 1 in dir, left as a stopped run leaves them. */
static void leave_unfinished(const char *dir, uint64_t end) {
    Err err = {0};
    DataWriter *writer = NULL;
    const DataWriterDef def = run_def(dir, false);
    CHECK_OK(data_writer_create(&def, &writer, &err));
    CHECK_OK(run_attempts(writer, end, &err));
    data_writer_abort(writer);
}

static void assert_resumes(const char *dir) {
    Err err = {0};
    CHECK_OK(run_all(dir, true, ATTEMPTS, &err));
    assert_same_dataset(whole, dir);
    remove_tree(dir);
}

/* Killed after the journal was made and before the first manifest. */
static void an_empty_journal_is_a_start(void **state) {
    (void)state;
    const char *dir = scratch("empty");
    char path[512];
    snprintf(path, sizeof path, "%s/journal.jsonl", dir);
    assert_int_equal(mkdir(dir, 0777), 0);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    assert_resumes(dir);
}

static void stopping_between_any_two_attempts_changes_nothing(void **state) {
    (void)state;
    for (uint64_t end = 0; end <= ATTEMPTS; end += 7) {
        const char *dir = scratch("stopped");
        leave_unfinished(dir, end);
        assert_resumes(dir);
    }
}

static void a_finished_run_can_be_made_longer(void **state) {
    (void)state;
    Err err = {0};
    const char *dir = scratch("longer");
    CHECK_OK(run_all(dir, false, 21, &err));
    assert_resumes(dir);
}

static void a_torn_journal_loses_one_attempt_only(void **state) {
    (void)state;
    for (int cut = 1; cut < 200; cut += 61) {
        const char *dir = scratch("torn");
        char path[256];
        struct stat info;
        leave_unfinished(dir, 30);
        snprintf(path, sizeof path, "%s/journal.jsonl", dir);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(truncate(path, info.st_size - cut), 0);
        assert_resumes(dir);
    }
}

static void a_damaged_line_is_not_believed(void **state) {
    (void)state;
    const char *dir = scratch("damaged");
    char path[256];
    size_t n = 0;
    leave_unfinished(dir, 30);
    snprintf(path, sizeof path, "%s/journal.jsonl", dir);
    char *text = load(path, &n);
    text[n / 2] ^= 1;
    store(path, text, n);
    mem_free(text);
    assert_resumes(dir);
}

static void a_truncated_part_file_is_made_again(void **state) {
    (void)state;
    for (int percent = 0; percent < 100; percent += 37) {
        const char *dir = scratch("part");
        char path[256];
        struct stat info;
        leave_unfinished(dir, 30);
        snprintf(path, sizeof path, "%s/shards/synthetic-r000-0002.hdf5.part", dir);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(truncate(path, info.st_size * percent / 100), 0);
        assert_resumes(dir);
    }
}

static void a_missing_shard_is_made_again(void **state) {
    (void)state;
    const char *dir = scratch("missing");
    char path[256];
    leave_unfinished(dir, 40);
    snprintf(path, sizeof path, "%s/shards/synthetic-r000-0001.hdf5", dir);
    assert_int_equal(unlink(path), 0);
    assert_resumes(dir);
}

static void an_interrupted_resume_is_resumed(void **state) {
    (void)state;
    const char *dir = scratch("twice");
    char part[256], old[256];
    leave_unfinished(dir, 30);
    snprintf(part, sizeof part, "%s/shards/synthetic-r000-0002.hdf5.part", dir);
    snprintf(old, sizeof old, "%s/shards/synthetic-r000-0002.hdf5.old", dir);
    assert_int_equal(rename(part, old), 0);
    store(part, "half", 4); /* what the interrupted resume had written */
    assert_resumes(dir);
}

static void an_unfinished_shard_opens_with_all_that_was_committed(void **state) {
    (void)state;
    Err err = {0};
    const char *dir = scratch("opens");
    DataReader *reader = NULL;
    leave_unfinished(dir, 5);
    CHECK_OK(data_reader_open(dir, false, &reader, &err));
    int ok = 0;
    for (uint64_t i = 0; i < 5; i++)
        ok += synthetic_outcome(i) == OUTCOME_ok;
    assert_int_equal(data_reader_count(reader), ok);
    for (int i = 0; i < ok; i++) {
        Episode *episode = NULL;
        CHECK_OK(data_reader_read(reader, i, &episode, NULL, &err));
        data_episode_destroy(episode);
    }
    data_reader_close(reader);
}

static void another_configuration_is_refused(void **state) {
    (void)state;
    Err err = {0};
    const char *dir = scratch("other");
    leave_unfinished(dir, 5);
    DataMeta meta = *synthetic_meta();
    DataWriterDef def = run_def(dir, true);
    DataWriter *writer = NULL;
    def.meta = &meta;
    meta.seed = 8;
    assert_int_equal(data_writer_create(&def, &writer, &err), STATUS_MISMATCH);
    assert_non_null(strstr(err.message, "seed: 7, now 8"));
    meta.seed = 7;
    meta.hash[DATA_HASH_task] = "another";
    assert_int_equal(data_writer_create(&def, &writer, &err), STATUS_MISMATCH);
    assert_non_null(strstr(err.message, "hashes.task"));
    def = run_def(dir, true);
    def.max_episodes = 9;
    assert_int_equal(data_writer_create(&def, &writer, &err), STATUS_MISMATCH);
    assert_non_null(strstr(err.message, "8 episodes per shard"));
    assert_resumes(dir); /* and nothing was harmed */
}

typedef struct Seen {
    uint64_t next;
    int stored;
} Seen;

static void see(void *user, const DataRecord *record, bool stored) {
    Seen *seen = user;
    assert_int_equal(record->attempt, seen->next);
    assert_int_equal(record->outcome, synthetic_outcome(record->attempt));
    seen->next++;
    seen->stored += stored;
}

static void the_journal_tells_every_attempt(void **state) {
    (void)state;
    Err err = {0};
    const char *dir = scratch("visit");
    DataWriter *writer = NULL;
    Seen seen = {0};
    leave_unfinished(dir, 17);
    const DataWriterDef def = run_def(dir, true);
    CHECK_OK(data_writer_create(&def, &writer, &err));
    CHECK_OK(data_writer_visit(writer, see, &seen, &err));
    assert_int_equal(seen.next, 17);
    assert_int_equal(seen.stored, 17);
    const DataWriterInfo info = data_writer_info(writer);
    assert_int_equal(info.attempts, 17);
    assert_int_equal(info.stored + info.failures_kept, 17);
    assert_int_equal(info.outcome[OUTCOME_ok], info.successes);
    data_writer_abort(writer);
    remove_tree(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killing_at_any_moment_changes_nothing),
        cmocka_unit_test(an_empty_journal_is_a_start),
        cmocka_unit_test(stopping_between_any_two_attempts_changes_nothing),
        cmocka_unit_test(a_finished_run_can_be_made_longer),
        cmocka_unit_test(a_torn_journal_loses_one_attempt_only),
        cmocka_unit_test(a_damaged_line_is_not_believed),
        cmocka_unit_test(a_truncated_part_file_is_made_again),
        cmocka_unit_test(a_missing_shard_is_made_again),
        cmocka_unit_test(an_interrupted_resume_is_resumed),
        cmocka_unit_test(an_unfinished_shard_opens_with_all_that_was_committed),
        cmocka_unit_test(another_configuration_is_refused),
        cmocka_unit_test(the_journal_tells_every_attempt),
    };
    return cmocka_run_group_tests(tests, make_whole, remove_whole);
}
