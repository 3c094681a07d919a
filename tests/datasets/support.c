/* What the dataset tests share. */
#include "tests/datasets/support.h"

#include "tests/shared/synthetic.h"

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw) {
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

void remove_tree(const char *path) {
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *scratch(const char *name) {
    static char paths[8][256];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "scratch_%s", name);
    remove_tree(path);
    return path;
}

DataWriterDef run_def(const char *dir, bool resume) {
    return (DataWriterDef){
        .dir = dir, .meta = synthetic_meta(), .max_episodes = SHARD_EPISODES, .resume = resume};
}

int run_rows(uint64_t attempt) {
    return 20 + (int)(attempt * 7 % 30);
}

Status run_attempts(DataWriter *writer, uint64_t end, Err *err) {
    for (uint64_t i = data_writer_info(writer).next_attempt; i < end; i++) {
        Episode *episode = synthetic_episode(i, run_rows(i), synthetic_outcome(i));
        DataBlob *blob = NULL;
        if (!episode)
            return err_set(err, STATUS_MEMORY, "synthetic episode");
        const DataRecord record = data_record(episode);
        Status status = data_encode(synthetic_meta(), episode, DATA_DIRECT, &blob, err);
        data_episode_destroy(episode);
        if (status == STATUS_OK)
            status = data_writer_append(writer, &record, blob, err);
        data_blob_destroy(blob);
        TRY(status);
    }
    return STATUS_OK;
}

Status run_all(const char *dir, bool resume, uint64_t end, Err *err) {
    DataWriter *writer = NULL;
    const DataWriterDef def = run_def(dir, resume);
    TRY(data_writer_create(&def, &writer, err));
    const Status status = run_attempts(writer, end, err);
    if (status != STATUS_OK) {
        data_writer_abort(writer);
        return status;
    }
    return data_writer_close(writer, err);
}

char *load(const char *path, size_t *n) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    *n = (size_t)ftell(file);
    rewind(file);
    char *bytes = mem_alloc(*n + 1);
    if (bytes && fread(bytes, 1, *n, file) != *n) {
        mem_free(bytes);
        bytes = NULL;
    }
    if (bytes)
        bytes[*n] = '\0';
    fclose(file);
    return bytes;
}

void store(const char *path, const void *bytes, size_t n) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

bool same_file(const char *a, const char *b) {
    size_t na = 0, nb = 0;
    char *x = load(a, &na), *y = load(b, &nb);
    const bool same = x && y && na == nb && memcmp(x, y, na) == 0;
    mem_free(x);
    mem_free(y);
    return same;
}

static int count_files(const char *path) {
    DIR *dir = opendir(path);
    int n = 0;
    if (!dir)
        return 0;
    for (const struct dirent *entry; (entry = readdir(dir));)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

void assert_same_dataset(const char *a, const char *b) {
    static const char *const folders[] = {"shards", "failed"};
    static const char *const files[] = {"journal.jsonl", "episodes.jsonl", "stats.json"};
    char x[PATH_MAX], y[PATH_MAX];
    for (int k = 0; k < 2; k++) {
        snprintf(x, sizeof x, "%s/%s", a, folders[k]);
        snprintf(y, sizeof y, "%s/%s", b, folders[k]);
        assert_int_equal(count_files(x), count_files(y));
        DIR *dir = opendir(x);
        for (const struct dirent *entry; dir && (entry = readdir(dir));) {
            snprintf(x, sizeof x, "%s/%s/%s", a, folders[k], entry->d_name);
            snprintf(y, sizeof y, "%s/%s/%s", b, folders[k], entry->d_name);
            if (entry->d_name[0] != '.' && !same_file(x, y))
                fail_msg("%s and %s differ", x, y);
        }
        if (dir)
            closedir(dir);
    }
    for (int k = 0; k < 3; k++) {
        snprintf(x, sizeof x, "%s/%s", a, files[k]);
        snprintf(y, sizeof y, "%s/%s", b, files[k]);
        if (!same_file(x, y))
            fail_msg("%s and %s differ", x, y);
    }
}
