/* Sources: written and read, from demonstrations and from episodes. */
#include "tests/datasets/support.h"

#include "tests/shared/synthetic.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const path = "scratch_demos.hdf5";

static void write_demos(int n, int nrow) {
    Err err = {0};
    DemoSet set = {.n = n, .demo = mem_calloc((size_t)n, sizeof *set.demo)};
    Arena *arena = arena_create(0);
    DataDemoNames names;
    for (int i = 0; i < n; i++)
        set.demo[i] = synthetic_demo(i, nrow + i);
    CHECK_OK(data_demo_names(synthetic_task(), arena, &names));
    names.robot = "optimus";
    unlink(path);
    CHECK_OK(data_write_demos(path, &names, &set, &err));
    assert_int_equal(data_write_demos(path, &names, &set, &err), STATUS_EXISTS);
    arena_destroy(arena);
    demo_set_destroy(&set);
}

static void demonstrations_come_back(void **state) {
    (void)state;
    Err err = {0};
    DemoSet set = {0};
    write_demos(3, 60);
    CHECK_OK(data_read_demos(path, synthetic_task(), &set, &err));
    assert_int_equal(set.n, 3);
    for (int i = 0; i < 3; i++) {
        Demo *made = synthetic_demo(i, 60 + i), *read = set.demo[i];
        const size_t n = (size_t)made->nrow;
        assert_int_equal(made->nrow, read->nrow);
        assert_string_equal(made->id, read->id);
        assert_string_equal(made->operator_name, read->operator_name);
        assert_string_equal(made->device, read->device);
        assert_string_equal(made->lineage, read->lineage);
        assert_int_equal(read->hands, 3);
        for (int side = 0; side < NSIDE; side++) {
            assert_memory_equal(made->eef[side], read->eef[side], n * sizeof(Pose));
            assert_memory_equal(made->target[side], read->target[side], n * sizeof(Pose));
            assert_memory_equal(made->closure[side], read->closure[side],
                                n * (size_t)made->nhand * sizeof(float));
        }
        assert_memory_equal(made->object, read->object, n * (size_t)made->nobject * sizeof(Pose));
        assert_memory_equal(made->joint, read->joint, n * sizeof(double));
        assert_memory_equal(made->signal, read->signal, n * (size_t)made->nsubtask);
        assert_int_equal(made->nmark, read->nmark);
        assert_memory_equal(made->mark, read->mark, (size_t)made->nmark * sizeof *made->mark);
        demo_destroy(made);
    }
    demo_set_destroy(&set);
}

static void an_episode_is_a_source_again(void **state) {
    (void)state;
    Err err = {0};
    const char *dir = scratch("source");
    DemoSet set = {0};
    CHECK_OK(run_all(dir, false, 9, &err));
    CHECK_OK(data_read_demos(dir, synthetic_task(), &set, &err));
    DataReader *reader = NULL;
    CHECK_OK(data_reader_open(dir, false, &reader, &err));
    assert_int_equal(set.n, data_reader_count(reader));
    for (int i = 0; i < set.n; i++) {
        Episode *episode = NULL;
        const Demo *demo = set.demo[i];
        CHECK_OK(data_reader_read(reader, i, &episode, NULL, &err));
        assert_int_equal(demo->nrow, episode->nrow);
        assert_memory_equal(demo->target[SIDE_RIGHT], episode->target[SIDE_RIGHT],
                            (size_t)demo->nrow * sizeof(Pose));
        assert_int_equal(demo->nmark, episode->nsubtask);
        assert_int_equal(demo->mark[1].begin, episode->subtask[1].begin);
        assert_string_equal(demo->operator_name, "generated");
        assert_non_null(strstr(demo->lineage, "demo_"));
        assert_int_equal(demo->nstate, episode->nstate);
        const ActionLayout *a = &synthetic_meta()->action;
        assert_true(demo->closure[SIDE_LEFT][0] == episode->action[a->left_hand]);
        data_episode_destroy(episode);
    }
    data_reader_close(reader);
    demo_set_destroy(&set);
    remove_tree(dir);
}

static void names_and_rate_must_fit(void **state) {
    (void)state;
    Err err = {0};
    DemoSet set = {0};
    write_demos(1, 40);
    Task task = *synthetic_task();
    TaskObject object[2] = {task.object[0], task.object[1]};
    TaskJoint joint = {.name = "door"};
    Subtask subtask[3] = {task.subtask[0], task.subtask[1], task.subtask[2]};
    task.rate_hz = 50;
    assert_int_equal(data_read_demos(path, &task, &set, &err), STATUS_MISMATCH);
    assert_non_null(strstr(err.message, "20 rows a second"));
    task.rate_hz = 20;
    task.joint = &joint;
    assert_int_equal(data_read_demos(path, &task, &set, &err), STATUS_MISMATCH);
    assert_non_null(strstr(err.message, "'door'"));
    assert_non_null(strstr(err.message, "drawer"));
    task.joint = synthetic_task()->joint;
    task.object = object;
    task.subtask = subtask;
    object[0].name = subtask[0].object = "can";
    assert_int_equal(data_read_demos(path, &task, &set, &err), STATUS_MISMATCH);
    assert_non_null(strstr(err.message, "'can'"));
    assert_int_equal(set.n, 0);
}

/* Objects are found by name, whatever their order; one that nothing needs may be absent. */
static void order_does_not_matter(void **state) {
    (void)state;
    Err err = {0};
    DemoSet set = {0};
    Task task = *synthetic_task();
    TaskObject object[3] = {task.object[1], task.object[0], {.name = "distractor", .distractor = true}};
    write_demos(1, 40);
    task.object = object;
    task.nobject = 3;
    CHECK_OK(data_read_demos(path, &task, &set, &err));
    Demo *made = synthetic_demo(0, 40);
    assert_memory_equal(&set.demo[0]->object[1], &made->object[0], sizeof(Pose));
    assert_memory_equal(&set.demo[0]->object[2], &POSE_IDENTITY, sizeof(Pose));
    demo_destroy(made);
    demo_set_destroy(&set);
}

static void put(const char *dataset, size_t index, double value) {
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), d = H5Dopen2(file, dataset, H5P_DEFAULT);
    const hid_t space = H5Dget_space(d);
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    double *rows = mem_alloc((size_t)n * sizeof *rows);
    H5Dread(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows);
    rows[index] = value;
    H5Dwrite(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows);
    mem_free(rows);
    H5Sclose(space);
    H5Dclose(d);
    H5Fclose(file);
}

static void bad_numbers_are_told_with_their_place(void **state) {
    (void)state;
    Err err = {0};
    DemoSet set = {0};
    write_demos(2, 40);
    put("data/demo_1/obs/object_cube", 7 * 5, (double)NAN);
    assert_int_equal(data_read_demos(path, synthetic_task(), &set, &err), STATUS_FORMAT);
    assert_non_null(strstr(err.message, "demo_1: 'obs/object_cube' row 5"));
    write_demos(2, 40);
    put("data/demo_0/datagen_info/gripper_action/left", 6 * 3, (double)INFINITY);
    assert_int_equal(data_read_demos(path, synthetic_task(), &set, &err), STATUS_FORMAT);
    assert_non_null(strstr(err.message, "demo_0"));
    assert_non_null(strstr(err.message, "row 3"));
    assert_null(set.demo);
}

static void a_demonstration_without_signals_is_not_annotated(void **state) {
    (void)state;
    Err err = {0};
    DemoSet set = {0};
    write_demos(1, 40);
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    H5Ldelete(file, "data/demo_0/datagen_info/subtask_term_signals/lift", H5P_DEFAULT);
    H5Fclose(file);
    CHECK_OK(data_read_demos(path, synthetic_task(), &set, &err));
    assert_null(set.demo[0]->signal);
    demo_set_destroy(&set);
}

static int clean(void **state) {
    (void)state;
    unlink(path);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(demonstrations_come_back),
        cmocka_unit_test(an_episode_is_a_source_again),
        cmocka_unit_test(names_and_rate_must_fit),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(bad_numbers_are_told_with_their_place),
        cmocka_unit_test(a_demonstration_without_signals_is_not_annotated),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
