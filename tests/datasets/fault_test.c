/* Bad days: a full disk, a folder that is taken, files that are cut or foreign, memory that runs out. Each ends in one
 * clear message, and what was committed stays. */
#include "tests/datasets/support.h"

#include "datasets/check.h"
#include "tests/shared/synthetic.h"

#include <fcntl.h>
#include <hdf5.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void output_that_exists_is_not_touched(void **state) {
    (void)state;
    Err err = {0};
    const char *dir = scratch("exists");
    DataWriter *writer = NULL;
    char other[256];
    CHECK_OK(run_all(dir, false, 3, &err));
    const DataWriterDef def = run_def(dir, false);
    assert_int_equal(data_writer_create(&def, &writer, &err), STATUS_EXISTS);
    assert_non_null(strstr(err.message, "--resume"));
    remove_tree(dir);
    mkdir(dir, 0777);
    snprintf(other, sizeof other, "%s/thesis.txt", dir);
    store(other, "precious", 8);
    assert_int_equal(data_writer_create(&def, &writer, &err), STATUS_EXISTS);
    assert_int_equal(access(other, F_OK), 0);
    remove_tree(dir);
    store(dir, "a file", 6);
    assert_int_equal(data_writer_create(&def, &writer, &err), STATUS_IO);
    unlink(dir);
    assert_null(writer);
}

static void an_output_that_cannot_be_written_is_told(void **state) {
    (void)state;
    Err err = {0};
    DataWriter *writer = NULL;
    const DataWriterDef def = run_def("/proc/dataset", false);
    assert_int_equal(data_writer_create(&def, &writer, &err), STATUS_IO);
    assert_non_null(strstr(err.message, "/proc/dataset"));
    assert_null(writer);
}

static void two_runs_in_one_folder_are_refused(void **state) {
    (void)state;
    Err err = {0};
    const char *dir = scratch("lock");
    DataWriter *first = NULL, *second = NULL;
    DataWriterDef def = run_def(dir, false);
    char own[64];
    CHECK_OK(data_writer_create(&def, &first, &err));
    def.resume = true;
    assert_int_equal(data_writer_create(&def, &second, &err), STATUS_LOCKED);
    snprintf(own, sizeof own, "process %ld", (long)getpid());
    assert_non_null(strstr(err.message, own));
    data_writer_abort(first);
    CHECK_OK(data_writer_create(&def, &second, &err)); /* free again */
    data_writer_abort(second);
    remove_tree(dir);
}

/* In a process of its own: files may grow to limit bytes, as on a disk that is full then. */
static int run_into_full_disk(const char *dir, rlim_t limit) {
    const pid_t child = fork();
    if (child == 0) {
        Err err = {0};
        const struct rlimit room = {limit, limit};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &room);
        const Status status = run_all(dir, true, 40, &err);
        const bool clear =
            status == STATUS_IO && strstr(err.message, "File too large") && strstr(err.message, dir);
        _exit(clear ? 0 : status == STATUS_OK ? 1 : 2);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_full_disk_stops_with_a_message_and_can_be_resumed(void **state) {
    (void)state;
    Err err = {0};
    const char *whole = scratch("room"), *dir = scratch("full");
    CHECK_OK(run_all(whole, false, 40, &err));
    for (rlim_t limit = 450 * 1024; limit < 1000 * 1024; limit += 170 * 1024) {
        remove_tree(dir);
        const int code = run_into_full_disk(dir, limit);
        if (code == 1)
            break; /* there was room for everything */
        assert_int_equal(code, 0);
        DataReader *reader = NULL;
        CHECK_OK(data_reader_open(dir, false, &reader, &err));
        for (int i = 0; i < data_reader_count(reader); i++) {
            Episode *episode = NULL;
            CHECK_OK(data_reader_read(reader, i, &episode, NULL, &err));
            data_episode_destroy(episode);
        }
        data_reader_close(reader);
        CHECK_OK(run_all(dir, true, 40, &err));
        assert_same_dataset(whole, dir);
    }
    remove_tree(whole);
    remove_tree(dir);
}

/* ---- bad files ---- */

/* Opens, reads and checks whatever is there; only whether it ends is of interest, and that with a message. */
static void look_at(const char *path) {
    Err err = {0};
    DataReader *reader = NULL;
    DataReport report;
    const DataCheckOptions options = {.numbers = true};
    Status status = data_reader_open(path, false, &reader, &err);
    for (int i = 0; status == STATUS_OK && i < data_reader_count(reader); i++) {
        Episode *episode = NULL;
        status = data_reader_read(reader, i, &episode, NULL, &err);
        data_episode_destroy(episode);
    }
    if (status != STATUS_OK)
        assert_true(strstr(err.message, path) != NULL);
    data_reader_close(reader);
    DemoSet demos = {0};
    if (data_read_demos(path, synthetic_task(), &demos, &err) == STATUS_OK)
        demo_set_destroy(&demos);
    assert_int_equal(data_check(path, &options, &report, &err), STATUS_OK);
}

static char *good_shard(size_t *n) {
    Err err = {0};
    const char *dir = scratch("good");
    char path[256];
    CHECK_OK(run_all(dir, false, 4, &err));
    snprintf(path, sizeof path, "%s/shards/synthetic-r000-0000.hdf5", dir);
    char *bytes = load(path, n);
    assert_non_null(bytes);
    remove_tree(dir);
    return bytes;
}

static void truncated_files_are_refused(void **state) {
    (void)state;
    size_t n = 0;
    char *bytes = good_shard(&n);
    for (size_t cut = 0; cut < n; cut += n / 23 + 1) {
        Err err = {0};
        DataReader *reader = NULL;
        store("scratch_cut.hdf5", bytes, cut);
        look_at("scratch_cut.hdf5");
        assert_int_equal(data_reader_open("scratch_cut.hdf5", false, &reader, &err), STATUS_FORMAT);
        assert_null(reader);
    }
    mem_free(bytes);
    unlink("scratch_cut.hdf5");
}

static void damaged_files_never_crash(void **state) {
    (void)state;
    size_t n = 0;
    char *bytes = good_shard(&n);
    for (int round = 0; round < 40; round++) {
        const size_t at = (size_t)(((double)round + 0.37) / 40 * (double)n);
        const char was = bytes[at];
        bytes[at] = (char)(was ^ (1 << round % 8));
        store("scratch_bits.hdf5", bytes, n);
        look_at("scratch_bits.hdf5");
        bytes[at] = was;
    }
    mem_free(bytes);
    unlink("scratch_bits.hdf5");
}

static void foreign_files_are_refused(void **state) {
    (void)state;
    Err err = {0};
    DataReader *reader = NULL;
    store("scratch_foreign.hdf5", "PK\003\004 this is no HDF5", 20);
    look_at("scratch_foreign.hdf5");
    const hid_t file = H5Fcreate("scratch_foreign.hdf5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t group = H5Gcreate2(file, "data", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
    H5Fclose(file);
    look_at("scratch_foreign.hdf5");
    assert_int_equal(data_reader_open("scratch_foreign.hdf5", false, &reader, &err), STATUS_FORMAT);
    assert_non_null(strstr(err.message, "import"));
    assert_int_equal(data_reader_open("scratch_none.hdf5", false, &reader, &err), STATUS_NOT_FOUND);
    unlink("scratch_foreign.hdf5");
}

/* A dataset that claims terabytes must not make the reader ask for them. */
static void claims_are_not_believed(void **state) {
    (void)state;
    Err err = {0};
    size_t n = 0;
    char *bytes = good_shard(&n);
    DataReader *reader = NULL;
    Episode *episode = NULL;
    store("scratch_claim.hdf5", bytes, n);
    mem_free(bytes);
    const hid_t file = H5Fopen("scratch_claim.hdf5", H5F_ACC_RDWR, H5P_DEFAULT);
    const hsize_t dim[2] = {900000, 120}, chunk[2] = {1, 120};
    const int64_t rows = 900000;
    const hid_t space = H5Screate_simple(2, dim, NULL), plist = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(plist, 2, chunk);
    H5Ldelete(file, "data/demo_0/states", H5P_DEFAULT);
    H5Dclose(H5Dcreate2(file, "data/demo_0/states", H5T_IEEE_F64LE, space, H5P_DEFAULT, plist, H5P_DEFAULT));
    H5Ldelete(file, "data/demo_0/actions_abs", H5P_DEFAULT);
    const hsize_t wide[2] = {900000, 36};
    const hid_t other = H5Screate_simple(2, wide, NULL);
    H5Pset_chunk(plist, 2, (const hsize_t[]){1, 36});
    H5Dclose(
        H5Dcreate2(file, "data/demo_0/actions_abs", H5T_IEEE_F32LE, other, H5P_DEFAULT, plist, H5P_DEFAULT));
    const hid_t demo = H5Gopen2(file, "data/demo_0", H5P_DEFAULT);
    const hid_t attribute = H5Aopen(demo, "num_samples", H5P_DEFAULT);
    assert_true(H5Awrite(attribute, H5T_NATIVE_INT64, &rows) >= 0);
    H5Aclose(attribute);
    H5Gclose(demo);
    H5Sclose(space);
    H5Sclose(other);
    H5Pclose(plist);
    H5Fclose(file);
    CHECK_OK(data_reader_open("scratch_claim.hdf5", false, &reader, &err));
    assert_int_equal(data_reader_read(reader, 0, &episode, NULL, &err), STATUS_FORMAT);
    if (!strstr(err.message, "not all in the file"))
        fail_msg("%s", err.message);
    data_reader_close(reader);
    unlink("scratch_claim.hdf5");
}

/* ---- memory ---- */

static Status write_some(const char *dir, Err *err) {
    return run_all(dir, false, 10, err);
}

static Status resume_some(const char *dir, Err *err) {
    return run_all(dir, true, 14, err);
}

static Status read_some(const char *dir, Err *err) {
    DataReader *reader = NULL;
    DemoSet demos = {0};
    char *json = NULL;
    DataReport report;
    const DataCheckOptions options = {.numbers = true};
    TRY(data_reader_open(dir, false, &reader, err));
    Episode *episode = NULL;
    Status status = data_reader_read(reader, 0, &episode, NULL, err);
    data_episode_destroy(episode);
    data_reader_close(reader);
    TRY(status);
    TRY(data_read_demos(dir, synthetic_task(), &demos, err));
    demo_set_destroy(&demos);
    TRY(data_stats(dir, &json, err));
    mem_free(json);
    TRY(data_html(dir, "scratch_page.html", err));
    return data_check(dir, &options, &report, err);
}

/* Fail the n-th allocation for n = 0, 1, …, until all succeed. */
static void fail_each(Status (*act)(const char *, Err *), const char *dir, void (*prepare)(const char *)) {
    long step = 1;
    for (long n = 0;; n += step) {
        Err err = {0};
        prepare(dir);
        mem_fail_after(n);
        const Status status = act(dir, &err);
        const long made = mem_count();
        mem_fail_after(-1);
        if (status == STATUS_OK) {
            assert_true(made <= n);
            return;
        }
        if (status != STATUS_MEMORY)
            fail_msg("allocation %ld: %s: %s", n, status_text(status), err.message);
        step = n < 60 ? 1 : 1 + n / 8; /* all of the first, then samples */
    }
}

static void prepare_nothing(const char *dir) {
    (void)dir;
}
static void prepare_empty(const char *dir) {
    remove_tree(dir);
}

static void prepare_unfinished(const char *dir) {
    Err err = {0};
    DataWriter *writer = NULL;
    const DataWriterDef def = run_def(dir, false);
    remove_tree(dir);
    CHECK_OK(data_writer_create(&def, &writer, &err));
    CHECK_OK(run_attempts(writer, 12, &err));
    data_writer_abort(writer);
}

static void every_allocation_of_the_writer_fails_in_turn(void **state) {
    (void)state;
    fail_each(write_some, scratch("memory"), prepare_empty);
}

static void every_allocation_of_a_resume_fails_in_turn(void **state) {
    (void)state;
    fail_each(resume_some, scratch("memory2"), prepare_unfinished);
}

static void every_allocation_of_the_readers_fails_in_turn(void **state) {
    (void)state;
    Err err = {0};
    const char *dir = scratch("memory3");
    CHECK_OK(run_all(dir, false, 6, &err));
    fail_each(read_some, dir, prepare_nothing);
    remove_tree(dir);
    unlink("scratch_page.html");
}

/* HDF5 1.10 forgets a few blocks when it meets a damaged object. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libhdf5";
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_that_exists_is_not_touched),
        cmocka_unit_test(an_output_that_cannot_be_written_is_told),
        cmocka_unit_test(two_runs_in_one_folder_are_refused),
        cmocka_unit_test(a_full_disk_stops_with_a_message_and_can_be_resumed),
        cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(damaged_files_never_crash),
        cmocka_unit_test(foreign_files_are_refused),
        cmocka_unit_test(claims_are_not_believed),
        cmocka_unit_test(every_allocation_of_the_writer_fails_in_turn),
        cmocka_unit_test(every_allocation_of_a_resume_fails_in_turn),
        cmocka_unit_test(every_allocation_of_the_readers_fails_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
