/* See shard.h. */
#include "shard.h"

#include "datasets/dataset.h"
#include "input_file.h"
#include "tests/shared/synthetic.h"

#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

static int drop(const char *path, const struct stat *info, int type, struct FTW *ftw) {
    (void)info, (void)type, (void)ftw;
    return remove(path);
}

static Status write_dataset(const char *dir, Err *err) {
    const DataWriterDef def = {.dir = dir, .meta = synthetic_meta()};
    DataWriter *writer = NULL;
    Status status = data_writer_create(&def, &writer, err);
    for (uint64_t i = 0; i < 2 && status == STATUS_OK; i++) {
        Episode *episode = synthetic_episode(i, 3, OUTCOME_ok);
        DataBlob *blob = NULL;
        status = data_encode(def.meta, episode, DATA_DIRECT, &blob, err);
        const DataRecord record = data_record(episode);
        if (status == STATUS_OK)
            status = data_writer_append(writer, &record, blob, err);
        data_blob_destroy(blob);
        data_episode_destroy(episode);
    }
    return status == STATUS_OK ? data_writer_close(writer, err) : status;
}

uint8_t *make_shard(const char *folder, size_t *size) {
    char dir[256], pattern[300];
    Err err = {""};
    snprintf(dir, sizeof dir, "%s/dataset", folder);
    snprintf(pattern, sizeof pattern, "%s/shards/*.hdf5", dir);
    glob_t found;
    if (write_dataset(dir, &err) != STATUS_OK || glob(pattern, 0, NULL, &found) != 0) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
    uint8_t *bytes = file_bytes(found.gl_pathv[0], size);
    globfree(&found);
    nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS);
    return bytes;
}
