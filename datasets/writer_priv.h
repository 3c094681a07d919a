/* The writer of a dataset folder, as writer.c and resume.c share it. Private. */
#ifndef DEMOMILL_DATASETS_WRITER_PRIV_H
#define DEMOMILL_DATASETS_WRITER_PRIV_H

#include "datasets/dataset.h"
#include "datasets/journal.h"
#include "datasets/manifest_priv.h"
#include "datasets/shard_priv.h"

#include <limits.h>
#include <pthread.h>

enum { STREAM_OK, STREAM_FAILED, NSTREAM };

/* One sequence of shards: shards/ or failed/. */
typedef struct Stream {
    const char *folder; /* "shards" or "failed" */
    Shard *shard;       /* being written, NULL between two */
    int index;          /* of the shard being written, or of the next */
    uint64_t frames;    /* in it */
    ShardInfo *info;    /* (ninfo) finished ones */
    int ninfo;
} Stream;

struct DataWriter {
    pthread_mutex_t lock;
    DataWriterDef def;
    char dir[PATH_MAX - 256];
    char rank[16]; /* "" or "-r001": in the names of this process's own files */
    int lock_fd;
    LineFile journal, episodes;
    Stream stream[NSTREAM];
    Tally tally;
    uint64_t next_attempt;
    char created[32]; /* of the run that was resumed */
    bool failed;      /* a write failed: nothing more is taken */
    double lock_seconds;
};

/* "DIR/name", "DIR/name-r001.ext" for a rank. */
void writer_path(const DataWriter *writer, const char *name, const char *extension, char path[PATH_MAX]);
/* Path of a shard: absolute, and relative to the dataset. */
void writer_shard_path(const DataWriter *writer, const Stream *stream, int index, const char *suffix,
                       char path[PATH_MAX]);
void writer_shard_file(const DataWriter *writer, const Stream *stream, int index, char file[128]);

/* Append to the stream's shard, starting one if none is open. shard, demo: where it stands now. */
Status writer_store(DataWriter *writer, Stream *stream, const DataBlob *blob, int *shard, int *demo,
                    Err *err);
/* Close the stream's shard under its final name and list it. */
Status writer_finish_shard(DataWriter *writer, Stream *stream, Err *err);
/* List a file that is finished already. */
Status writer_list_shard(DataWriter *writer, Stream *stream, const ShardInfo *info, Err *err);
Status writer_manifest(DataWriter *writer, const char *state, Err *err);

/* Take up what an earlier run left: journal, finished shards, the unfinished one. */
Status writer_resume(DataWriter *writer, Err *err);

#endif
