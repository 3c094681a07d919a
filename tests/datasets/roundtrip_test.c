/* An episode that was written is the episode that is read. */
#include "tests/datasets/support.h"

#include "tests/shared/synthetic.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void assert_same_bytes(const void *a, const void *b, size_t n, const char *what) {
    if (memcmp(a, b, n) != 0)
        fail_msg("%s differ", what);
}

static void assert_same_rows(const Episode *a, const Episode *b) {
    const size_t n = (size_t)a->nrow;
    assert_int_equal(a->nrow, b->nrow);
    assert_same_bytes(a->action, b->action, n * (size_t)a->naction * sizeof(float), "actions");
    assert_same_bytes(a->action_exec, b->action_exec, n * (size_t)a->naction * sizeof(float),
                      "executed actions");
    assert_same_bytes(a->state, b->state, n * (size_t)a->nstate * sizeof(double), "states");
    assert_same_bytes(a->reward, b->reward, n * sizeof(float), "rewards");
    assert_same_bytes(a->done, b->done, n, "dones");
    assert_same_bytes(a->object, b->object, n * (size_t)a->nobject * sizeof(Pose), "object poses");
    assert_same_bytes(a->joint, b->joint, n * (size_t)a->njoint * sizeof(double), "scene joints");
    assert_same_bytes(a->signal, b->signal, n * (size_t)a->nsubtask_total, "signals");
    assert_same_bytes(a->base, b->base, n * sizeof(Pose), "base poses");
    for (int side = 0; side < NSIDE; side++) {
        assert_same_bytes(a->eef[side], b->eef[side], n * sizeof(Pose), "hand poses");
        assert_same_bytes(a->target[side], b->target[side], n * sizeof(Pose), "target poses");
    }
    assert_int_equal(a->ncolumn, b->ncolumn);
    for (int i = 0; i < a->ncolumn; i++) {
        assert_string_equal(a->column[i].name, b->column[i].name);
        assert_same_bytes(a->column[i].data, b->column[i].data, n * (size_t)a->column[i].dim * sizeof(float),
                          a->column[i].name);
    }
}

static void assert_same_summary(const Episode *a, const Episode *b) {
    assert_int_equal(a->attempt, b->attempt);
    assert_int_equal(a->seed, b->seed);
    assert_int_equal(a->outcome, b->outcome);
    assert_int_equal(a->failed_subtask, b->failed_subtask);
    assert_int_equal(a->retries, b->retries);
    assert_int_equal(a->nsubtask, b->nsubtask);
    assert_same_bytes(a->subtask, b->subtask, (size_t)a->nsubtask * sizeof *a->subtask, "subtasks");
    assert_int_equal(a->draw.bin, b->draw.bin);
    assert_same_bytes(a->draw.object, b->draw.object, sizeof a->draw.object, "drawn poses");
    assert_same_bytes(a->draw.size, b->draw.size, sizeof a->draw.size, "drawn sizes");
    assert_same_bytes(&a->scores, &b->scores, sizeof a->scores, "scores");
    assert_string_equal(a->instruction, b->instruction);
    assert_true(a->final_hash == b->final_hash);
    assert_true(a->sim_time == b->sim_time);
}

static void every_field_comes_back(void **state) {
    (void)state;
    Err err = {0};
    const char *dir = scratch("roundtrip");
    CHECK_OK(run_all(dir, false, 12, &err));
    for (int failed = 0; failed < 2; failed++) {
        DataReader *reader = NULL;
        CHECK_OK(data_reader_open(dir, failed, &reader, &err));
        assert_true(data_reader_count(reader) > 0);
        for (int i = 0; i < data_reader_count(reader); i++) {
            Episode *read = NULL;
            DataCertificate certificate;
            CHECK_OK(data_reader_read(reader, i, &read, &certificate, &err));
            Episode *made =
                synthetic_episode(read->attempt, run_rows(read->attempt), synthetic_outcome(read->attempt));
            assert_int_equal(read->outcome != OUTCOME_ok, failed);
            assert_same_rows(made, read);
            assert_same_summary(made, read);
            assert_string_equal(certificate.hash[DATA_HASH_task], synthetic_meta()->hash[DATA_HASH_task]);
            for (int row = 0; row < read->nrow; row++)
                assert_true(read->state_hash[row] == (row % certificate.every ? 0 : made->state_hash[row]));
            data_episode_destroy(made);
            data_episode_destroy(read);
        }
        data_reader_close(reader);
    }
}

static void the_dataset_describes_itself(void **state) {
    (void)state;
    Err err = {0};
    const char *dir = scratch("describes");
    const DataMeta *made = synthetic_meta();
    DataReader *reader = NULL;
    CHECK_OK(run_all(dir, false, 3, &err));
    CHECK_OK(data_reader_open(dir, false, &reader, &err));
    const DataMeta *read = data_reader_meta(reader);
    assert_string_equal(read->robot, made->robot);
    assert_string_equal(read->config_json, made->config_json);
    assert_string_equal(read->model_xml, made->model_xml);
    assert_string_equal(read->source[1].lineage, made->source[1].lineage);
    assert_int_equal(read->action.dim, made->action.dim);
    assert_int_equal(read->ncolumn, made->ncolumn);
    assert_string_equal(read->wire[4], made->wire[4]);
    assert_int_equal(read->subtask_hand[2], SIDE_LEFT);
    data_reader_close(reader);
}

/* One episode of nrow rows through a folder and back. */
static void assert_comes_back(const char *dir, DataMode mode, int nrow) {
    Err err = {0};
    DataWriterDef def = run_def(dir, false);
    DataWriter *writer = NULL;
    def.mode = mode;
    CHECK_OK(data_writer_create(&def, &writer, &err));
    Episode *made = synthetic_episode(0, nrow, OUTCOME_ok), *read = NULL;
    DataBlob *blob = NULL;
    const DataRecord record = data_record(made);
    CHECK_OK(data_encode(def.meta, made, mode, &blob, &err));
    CHECK_OK(data_writer_append(writer, &record, blob, &err));
    data_blob_destroy(blob);
    CHECK_OK(data_writer_close(writer, &err));
    DataReader *reader = NULL;
    CHECK_OK(data_reader_open(dir, false, &reader, &err));
    CHECK_OK(data_reader_read(reader, 0, &read, NULL, &err));
    assert_same_rows(made, read);
    data_episode_destroy(made);
    data_episode_destroy(read);
    data_reader_close(reader);
}

/* The reference path through the library's own filters holds the same episodes. */
static void the_slow_mode_holds_the_same(void **state) {
    (void)state;
    assert_comes_back(scratch("slow"), DATA_LIBRARY, 400);
}

/* More than one chunk, the last one not full. */
static void a_long_episode_comes_back(void **state) {
    (void)state;
    assert_comes_back(scratch("long"), DATA_DIRECT, 5003);
}

static void what_does_not_fit_is_named(void **state) {
    (void)state;
    Err err = {0};
    DataBlob *blob = NULL;
    Episode *episode = synthetic_episode(0, 30, OUTCOME_ok);
    episode->state[17 * episode->nstate + 3] = 0.0 / 0.0 * 1;
    assert_int_equal(data_encode(synthetic_meta(), episode, DATA_DIRECT, &blob, &err), STATUS_FORMAT);
    assert_non_null(strstr(err.message, "states: row 17, column 3"));
    episode->column[2].name = "other";
    assert_int_equal(data_encode(synthetic_meta(), episode, DATA_DIRECT, &blob, &err), STATUS_MISMATCH);
    assert_non_null(strstr(err.message, "other"));
    episode->nstate = 5;
    assert_int_equal(data_encode(synthetic_meta(), episode, DATA_DIRECT, &blob, &err), STATUS_MISMATCH);
    assert_null(blob);
    data_episode_destroy(episode);
}

static void the_page_stands_alone(void **state) {
    (void)state;
    Err err = {0};
    const char *dir = scratch("page");
    size_t n = 0;
    CHECK_OK(run_all(dir, false, 12, &err));
    CHECK_OK(data_html(dir, "scratch_page_alone.html", &err));
    char *page = load("scratch_page_alone.html", &n);
    assert_non_null(strstr(page, "</html>"));
    assert_non_null(strstr(page, "grasp_missed"));
    assert_null(strstr(page, "<script"));
    assert_null(strstr(page, "http"));
    assert_null(strstr(page, "nan"));
    mem_free(page);
    unlink("scratch_page_alone.html");
    assert_int_equal(data_html("scratch_nowhere", "scratch_page_alone.html", &err), STATUS_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_comes_back),       cmocka_unit_test(the_dataset_describes_itself),
        cmocka_unit_test(the_slow_mode_holds_the_same), cmocka_unit_test(a_long_episode_comes_back),
        cmocka_unit_test(what_does_not_fit_is_named),   cmocka_unit_test(the_page_stands_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
