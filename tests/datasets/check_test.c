/* Every rule of the contract, and for each a dataset that breaks it. */
#include "tests/datasets/support.h"

#include "datasets/check.h"
#include "tests/shared/synthetic.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHARD "scratch_check/shards/synthetic-r000-0000.hdf5"
static const char *const dir = "scratch_check";

static char told[4096];

static void tell(void *user, const DataFinding *finding) {
    (void)user;
    const size_t n = strlen(told);
    snprintf(told + n, sizeof told - n, "%s: %s %s: %s\n", data_rule_name(finding->rule), finding->file,
             finding->place, finding->text);
}

static bool replay_fails(void *user, const char *file, int demo, const Episode *episode,
                         const DataCertificate *certificate, char *why, size_t size) {
    (void)user;
    (void)file;
    (void)certificate;
    snprintf(why, size, "differs at row 3");
    return demo != 1 || episode->nrow < 1;
}

static DataReport check(void) {
    Err err = {0};
    DataReport report;
    const DataCheckOptions options = {.hashes = true, .numbers = true, .sink = tell};
    told[0] = '\0';
    CHECK_OK(data_check(dir, &options, &report, &err));
    return report;
}

/* ---- breaking ---- */

static hid_t file;

static void open_shard(void) {
    file = H5Fopen(SHARD, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
}

static void close_shard(void) {
    assert_true(H5Fclose(file) >= 0);
}

static void put_number(const char *object, const char *name, int64_t value) {
    const hid_t o = H5Oopen(file, object, H5P_DEFAULT), space = H5Screate(H5S_SCALAR);
    H5Adelete(o, name);
    const hid_t a = H5Acreate2(o, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(a, H5T_NATIVE_INT64, &value) >= 0);
    H5Aclose(a);
    H5Sclose(space);
    H5Oclose(o);
}

static void put_text(const char *object, const char *name, const char *value) {
    const hid_t o = H5Oopen(file, object, H5P_DEFAULT), space = H5Screate(H5S_SCALAR),
                type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, strlen(value));
    H5Adelete(o, name);
    const hid_t a = H5Acreate2(o, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(a, type, value) >= 0);
    H5Aclose(a);
    H5Tclose(type);
    H5Sclose(space);
    H5Oclose(o);
}

/* A dataset of zeros in place of what may be there. */
static void put_dataset(const char *path, hid_t type, int rank, const hsize_t *dim, bool times) {
    const hid_t space = rank ? H5Screate_simple(rank, dim, NULL) : H5Screate(H5S_NULL);
    const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(plist, times);
    if (H5Lexists(file, path, H5P_DEFAULT) > 0)
        H5Ldelete(file, path, H5P_DEFAULT);
    const hid_t d = H5Dcreate2(file, path, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    assert_true(d >= 0);
    H5Dclose(d);
    H5Pclose(plist);
    H5Sclose(space);
}

static void change_number(const char *path, size_t index, double value) {
    const hid_t d = H5Dopen2(file, path, H5P_DEFAULT), space = H5Dget_space(d);
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    double *rows = mem_alloc((size_t)n * sizeof *rows);
    H5Dread(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows);
    rows[index] = value;
    assert_true(H5Dwrite(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows) >= 0);
    mem_free(rows);
    H5Sclose(space);
    H5Dclose(d);
}

static hsize_t rows_of_demo0(void) {
    hsize_t dim[2] = {0};
    const hid_t d = H5Dopen2(file, "data/demo_0/actions", H5P_DEFAULT), space = H5Dget_space(d);
    H5Sget_simple_extent_dims(space, dim, NULL);
    H5Sclose(space);
    H5Dclose(d);
    return dim[0];
}

static void break_readable(void) {
    assert_int_equal(truncate(SHARD, 5000), 0);
}

static void break_version(void) {
    put_text("/", "format_version", "2.0.0");
}

static void break_demo_names(void) {
    H5Gclose(H5Gcreate2(file, "data/extra", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}

static void break_rows(void) {
    const hsize_t dim = rows_of_demo0() + 1;
    put_dataset("data/demo_0/extra", H5T_IEEE_F32LE, 1, &dim, false);
}

static void break_env_args(void) {
    put_text("/data", "env_args", "{\"env_name\":\"x\",\"type\":2}");
}

static void break_total(void) {
    put_number("/data", "total", 1);
}

static void break_fields(void) {
    H5Ldelete(file, "data/demo_0/states", H5P_DEFAULT);
}

static void break_types(void) {
    const hsize_t dim = rows_of_demo0();
    put_dataset("data/demo_0/extra", H5T_STD_U16LE, 1, &dim, false);
    put_dataset("data/demo_0/none", H5T_IEEE_F32LE, 0, NULL, false);
}

static void break_bools(void) {
    const hid_t type = H5Tenum_create(H5T_STD_U8LE);
    const unsigned char yes = 1;
    const hsize_t dim = rows_of_demo0();
    H5Tenum_insert(type, "YES", &yes);
    put_dataset("data/demo_0/extra", type, 1, &dim, false);
    H5Tclose(type);
}

static void break_action_range(void) {
    change_number("data/demo_0/actions", 40, 1.5);
}

static void break_finite(void) {
    change_number("data/demo_0/states", 7, (double)NAN);
}

static void break_quaternions(void) {
    change_number("data/demo_0/obs/object_cube", 3, 2);
}

static void break_joint_names(void) {
    const hid_t data = H5Gopen2(file, "data", H5P_DEFAULT);
    H5Adelete(data, "joint_names");
    H5Gclose(data);
}

static void break_images(void) {
    const hsize_t dim[4] = {rows_of_demo0(), 8, 8, 3};
    put_dataset("data/demo_0/obs/head_image", H5T_STD_U8LE, 4, dim, false);
}

static void break_timing(void) {
    change_number("data/demo_0/dones", 3, 1);
}

static void break_attributes(void) {
    put_text("data/demo_0", "ninth", "x");
}

static void break_bounds(void) {
    const hsize_t dim = rows_of_demo0();
    put_dataset("data/demo_0/extra", H5T_IEEE_F32LE, 1, &dim, true);
}

static void break_certificate(void) {
    put_text("data/demo_0", "ep_meta", "{\"outcome\":\"ok\"}");
}

static void break_uuids(void) {
    put_number("data/demo_0", "attempt", 3);
}

static void break_rlds(void) {
    H5Ldelete(file, "rlds/episode_000000/steps/action", H5P_DEFAULT);
}

static void break_masks(void) {
    H5Ldelete(file, "mask/train", H5P_DEFAULT);
}

static void edit_text(const char *name, const char *from, const char *to) {
    char path[256];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    char *text = load(path, &n), *at = strstr(text, from);
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
    store(path, text, n);
    mem_free(text);
}

static void break_journal(void) {
    edit_text("journal.jsonl", "\"demo\":", "\"dome\":");
}
static void break_episodes(void) {
    edit_text("episodes.jsonl", "\"demo\":0", "\"demo\":7");
}
static void break_manifest(void) {
    edit_text("manifest.json", "\"sha256\": \"", "\"sha255\": \"");
}
static void break_statistics(void) {
    edit_text("stats.json", "\"count\"", "\"cuont\"");
}
static void break_finished(void) {
    store("scratch_check/shards/synthetic-r000-0009.hdf5.old", "x", 1);
}

typedef struct Breaking {
    DataRule rule;
    void (*make)(void);
    bool in_hdf5;     /* make works on the open shard */
    const char *says; /* a part of the message */
} Breaking;

static const Breaking breakings[] = {
    {DATA_RULE_readable, break_readable, false, "truncated"},
    {DATA_RULE_version, break_version, true, "format version 2.0.0"},
    {DATA_RULE_demo_names, break_demo_names, true, "'extra'"},
    {DATA_RULE_rows, break_rows, true, "/data/demo_0/extra"},
    {DATA_RULE_env_args, break_env_args, true, "env_kwargs"},
    {DATA_RULE_total, break_total, true, "total is 1"},
    {DATA_RULE_fields, break_fields, true, "'states' is missing"},
    {DATA_RULE_types, break_types, true, "u2"},
    {DATA_RULE_bools, break_bools, true, "enum"},
    {DATA_RULE_action_range, break_action_range, true, "row 1, column 4 is 1.5"},
    {DATA_RULE_finite, break_finite, true, "row 0, column 7"},
    {DATA_RULE_quaternions, break_quaternions, true, "row 0"},
    {DATA_RULE_joint_names, break_joint_names, true, "joint_names"},
    {DATA_RULE_images, break_images, true, "head_image"},
    {DATA_RULE_timing, break_timing, true, "done at row 3"},
    {DATA_RULE_attributes, break_attributes, true, "9 attributes"},
    {DATA_RULE_bounds, break_bounds, true, "times"},
    {DATA_RULE_certificate, break_certificate, true, "demo_0"},
    {DATA_RULE_uuids, break_uuids, true, "attempt 3"},
    {DATA_RULE_rlds, break_rlds, true, "action"},
    {DATA_RULE_masks, break_masks, true, "neither"},
    {DATA_RULE_journal, break_journal, false, "damaged"},
    {DATA_RULE_episodes, break_episodes, false, "demo"},
    {DATA_RULE_manifest, break_manifest, false, "SHA-256"},
    {DATA_RULE_statistics, break_statistics, false, "stats.json"},
    {DATA_RULE_finished, break_finished, false, "was not closed"},
};

static int make_dataset(void **state) {
    (void)state;
    Err err = {0};
    remove_tree(dir);
    return run_all(dir, false, 16, &err) == STATUS_OK ? 0 : -1;
}

static void what_the_writer_makes_breaks_no_rule(void **state) {
    (void)state;
    const DataReport report = check();
    if (report.total)
        fail_msg("%s", told);
    assert_true(report.episodes > 8);
    assert_true(report.files >= 2);
}

static void every_break_is_found(void **state) {
    bool covered[DATA_NRULE] = {[DATA_RULE_replay] = true}; /* below */
    for (size_t i = 0; i < sizeof breakings / sizeof *breakings; i++) {
        const Breaking *b = &breakings[i];
        assert_int_equal(make_dataset(state), 0);
        told[0] = '\0';
        if (b->in_hdf5)
            open_shard();
        b->make();
        if (b->in_hdf5)
            close_shard();
        const DataReport report = check();
        if (report.broken[b->rule] == 0)
            fail_msg("the breaking of %s was not found; told:\n%s", data_rule_name(b->rule), told);
        char line[64];
        snprintf(line, sizeof line, "%s: ", data_rule_name(b->rule));
        const char *at = strstr(told, line);
        assert_non_null(at);
        if (!strstr(at, b->says))
            fail_msg("'%s' is not in the message:\n%s", b->says, told);
        covered[b->rule] = true;
    }
    for (int rule = 0; rule < DATA_NRULE; rule++)
        if (!covered[rule])
            fail_msg("no file breaks rule %s", data_rule_name((DataRule)rule));
}

static void a_replay_that_differs_is_a_break(void **state) {
    (void)state;
    Err err = {0};
    DataReport report;
    DataCheckOptions options = {.sink = tell, .replay = replay_fails, .replays = -1};
    told[0] = '\0';
    CHECK_OK(data_check(dir, &options, &report, &err));
    assert_true(report.replayed > 8);
    assert_true(report.broken[DATA_RULE_replay] > 0);
    assert_non_null(strstr(told, "/data/demo_1: differs at row 3"));
    options.replays = 2;
    CHECK_OK(data_check(dir, &options, &report, &err));
    assert_int_equal(report.replayed, 2);
}

static void one_file_can_be_checked(void **state) {
    (void)state;
    Err err = {0};
    DataReport report;
    const DataCheckOptions options = {.numbers = true, .sink = tell};
    told[0] = '\0';
    CHECK_OK(data_check(SHARD, &options, &report, &err));
    if (report.total)
        fail_msg("%s", told);
    assert_int_equal(report.episodes, SHARD_EPISODES);
}

static int clean(void **state) {
    (void)state;
    remove_tree(dir);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_the_writer_makes_breaks_no_rule, make_dataset),
        cmocka_unit_test_setup_teardown(every_break_is_found, make_dataset, clean),
        cmocka_unit_test_setup(a_replay_that_differs_is_a_break, make_dataset),
        cmocka_unit_test_setup_teardown(one_file_can_be_checked, make_dataset, clean),
    };
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
