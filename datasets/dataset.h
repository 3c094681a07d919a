/* Datasets: file <-> noun.
 *
 *   Episode --data_encode--> DataBlob --data_writer_append--> NAME/shards/NAME-r000-0000.hdf5
 *   (worker thread: rows to compressed chunks)   (one writer, in order of attempt)
 *
 * A dataset is a folder: shards/ (robomimic-family HDF5), failed/ (kept failures), journal.jsonl (how
 * every attempt ended: the commit log that resume trusts), episodes.jsonl, manifest.json, stats.json, README.md.
 * Reading an episode and encoding it again gives the same bytes; that is how a killed run resumes.
 *
 * Every function that touches a file may return STATUS_IO (with what the system said), STATUS_FORMAT (the file is
 * damaged or foreign; file and place named), STATUS_MEMORY. HDF5 is not re-entrant: one thread at a time may be
 * inside functions other than data_encode and data_blob_*; a DataWriter locks for itself. */
#ifndef DEMOMILL_DATASETS_DATASET_H
#define DEMOMILL_DATASETS_DATASET_H

#include "base/demo.h"
#include "base/episode.h"
#include "base/status.h"
#include "base/task.h"

#include <stdbool.h>
#include <stdint.h>

#define DATA_FORMAT "oxe-hdf5"
#define DATA_FORMAT_VERSION "1.0.0" /* semantic; a reader takes its own major and ignores unknown groups */

/* X(name, text): what a dataset is bound to. An episode replays bit for bit where all of these agree. */
#define DATA_HASH_LIST(X)                                                                                    \
    X(engine, "physics library")                                                                             \
    X(libm, "elementary functions")                                                                          \
    X(model, "compiled MJCF")                                                                                \
    X(controller, "controller")                                                                              \
    X(config, "run configuration")                                                                           \
    X(task, "task.yaml and scene")                                                                           \
    X(robot, "robot.yaml and MJCF")

typedef enum DataHash {
#define X(name, text) DATA_HASH_##name,
    DATA_HASH_LIST(X)
#undef X
        DATA_NHASH
} DataHash;

/* A demonstration that a run draws from; Episode's EpisodeSubtask.source_demo counts in this list. */
typedef struct DataSource {
    const char *id, *file, *operator_name, *device;
    const char *lineage; /* JSON array of ancestors' ids */
} DataSource;

/* What is the same for a whole dataset. Strings and arrays belong to the caller and must outlive whatever was given the
 * meta; NULL strings count as "". Nothing here may depend on date or host. */
typedef struct DataMeta {
    const char *name;      /* letters, digits, '_', '-'; also the stem of the shards' names */
    const char *generator; /* "demomill 0.1.0" */
    const char *license;   /* SPDX expression; NULL: "unspecified" */
    const char *robot, *task, *level, *base, *realism, *controller;
    const char *engine;        /* "MuJoCo 4.0.0" */
    const char *operator_name; /* "generated", "scripted", "human" */
    const char *device;        /* of a person's recording */
    const char *hash[DATA_NHASH];
    uint64_t seed;
    double rate_hz; /* rows per second: the task's */
    ActionLayout action;
    int nstate;
    int nwire; /* robot's joints in the order of its wire */
    const char *const *wire;
    int nobject; /* in the order of the task */
    const char *const *object;
    int njoint; /* joints of the scene, in the order of the task */
    const char *const *joint;
    int nsubtask;
    const char *const *subtask;
    const int *subtask_hand; /* (nsubtask) side */
    int ncolumn;             /* Episode.column, in that order */
    const char *const *column;
    const int *column_dim;
    int nsource;
    const DataSource *source;
    const char *config_json; /* the run's configuration, a JSON object; NULL: {} */
    const char *model_xml;   /* compiled MJCF text, stored once per shard; may be NULL */
} DataMeta;

/* ---- encoding: any thread ---- */

/* An episode as compressed chunks and attribute texts, ready to be written. */
typedef struct DataBlob DataBlob;

/* How chunks are made. DATA_LIBRARY leaves them raw and lets HDF5's own gzip-4 filter work inside the writer: the
 * slow reference of `demomill bench`, equal in content. */
typedef enum DataMode { DATA_DIRECT, DATA_LIBRARY } DataMode;

/* Encode episode; the result owns copies of everything. Columns, dims and counts must be those of meta
 * (STATUS_MISMATCH names the first that isn't); a row that is not finite is STATUS_FORMAT with its place.
 * Deterministic; thread-safe. */
Status data_encode(const DataMeta *meta, const Episode *episode, DataMode mode, DataBlob **out, Err *err);
void data_blob_destroy(DataBlob *blob); /* NULL is fine */
size_t data_blob_bytes(const DataBlob *blob);

/* ---- writing a dataset: one run, one writer ---- */

typedef struct DataWriter DataWriter;

typedef struct DataWriterDef {
    const char *dir;      /* the dataset's folder; made if absent */
    const DataMeta *meta; /* must outlive the writer */
    DataMode mode;
    int max_episodes; /* per shard; 0: 100 */
    int rank;         /* of this process in a many-process run */
    bool resume;      /* go on with what is in dir; without it anything there is STATUS_EXISTS */
} DataWriterDef;

/* How one attempt ended: what the journal keeps, stored or not. */
typedef struct DataRecord {
    uint64_t attempt;
    Outcome outcome;
    int failed_subtask; /* −1 if none */
    int retries, nrow, bin;
    double sim_time; /* s */
    int nsubtask;
    EpisodeSubtask subtask[MAX_EPISODE_SUBTASKS];
} DataRecord;

DataRecord data_record(const Episode *episode);

/* What a writer has, its resumed part included. */
typedef struct DataWriterInfo {
    uint64_t next_attempt; /* first attempt that the journal does not have */
    uint64_t attempts, successes, stored, failures_kept, frames;
    uint64_t outcome[OUTCOME_COUNT];
    int nshard;
    double lock_seconds; /* time spent inside append, the lock held */
} DataWriterInfo;

/* Create or resume. Resuming reads the finished episodes of the unfinished shard and writes them again, so that the
 * shard's bytes become those of a run that was never killed. STATUS_EXISTS: dir holds something already;
 * STATUS_LOCKED: another process writes there; STATUS_MISMATCH: dir was made with another configuration. */
Status data_writer_create(const DataWriterDef *def, DataWriter **out, Err *err);

/* Commit one attempt; attempts must come in increasing order (an ASSERT). blob is stored in shards/ if the outcome
 * is ok, else in failed/; NULL: only counted. The blob stays the caller's. After an error the writer takes no more;
 * what was committed before is safe and a later run can resume. Thread-safe. */
Status data_writer_append(DataWriter *writer, const DataRecord *record, const DataBlob *blob, Err *err);

/* For each record already in the journal, in order, e.g. to restore coverage counts after a resume. */
typedef void DataRecordVisit(void *user, const DataRecord *record, bool stored);
Status data_writer_visit(DataWriter *writer, DataRecordVisit *visit, void *user, Err *err);

DataWriterInfo data_writer_info(DataWriter *writer);

/* Finish shards, write manifest, statistics and card, release the lock, free the writer (also on error). */
Status data_writer_close(DataWriter *writer, Err *err);
/* Leave the unfinished shard as .part, to be resumed; free the writer. NULL is fine. */
void data_writer_abort(DataWriter *writer);

/* ---- reading ---- */

typedef struct DataReader DataReader;

/* Open one HDF5 file or a dataset folder (its shards/, or failed/ if asked, in order of name; an unfinished .part
 * counts when no run holds it). A folder with no shard opens with count 0. */
Status data_reader_open(const char *path, bool failed, DataReader **out, Err *err);
void data_reader_close(DataReader *reader); /* NULL is fine */
int data_reader_count(const DataReader *reader);
const DataMeta *
data_reader_meta(const DataReader *reader); /* of the first file; lives as long as the reader */
/* File and demo number of episode i, for messages. */
void data_reader_place(const DataReader *reader, int i, const char **file, int *demo);

typedef struct DataCertificate {
    char hash[DATA_NHASH][65];
    int every; /* rows between state hashes */
    int n;     /* state hashes: rows 0, every, 2·every, …; then Episode.final_hash */
} DataCertificate;

/* Read episode i. The Episode lives in an arena of its own: data_episode_destroy. state_hash is filled at the
 * certificate's rows and 0 elsewhere; cpu_time is 0. certificate may be NULL. */
Status data_reader_read(DataReader *reader, int i, Episode **out, DataCertificate *certificate, Err *err);
void data_episode_destroy(Episode *episode); /* NULL is fine */

/* Read every demonstration in a file or dataset folder, for task: objects, joints and subtasks are matched by name.
 * Errors name file and demo: STATUS_MISMATCH (rate, an object a subtask needs is absent, other joints),
 * STATUS_FORMAT (NaN, zero length, not ours). Subtask signals that are absent leave Demo.signal NULL; simulator states
 * are read as long as those of all demos together stay below 256 MiB. */
Status data_read_demos(const char *path, const Task *task, DemoSet *out, Err *err);

/* Write demonstrations as one file of the same format (path must not exist). names: objects, joints and subtasks in
 * the order that the demos use. */
typedef struct DataDemoNames {
    const char *task, *robot;
    int nobject, njoint, nsubtask;
    const char *const *object;
    const char *const *joint;
    const char *const *subtask;
    const int *subtask_hand; /* (nsubtask) side */
} DataDemoNames;
Status data_demo_names(const Task *task, Arena *arena, DataDemoNames *out); /* those of task; MEMORY */
Status data_write_demos(const char *path, const DataDemoNames *names, const DemoSet *demos, Err *err);

/* ---- after the run ---- */

/* Statistics of a dataset as JSON text (mem_free it); also what writers put into stats.json. */
Status data_stats(const char *path, char **json, Err *err);

/* manifest.json as text (mem_free it); NOT_FOUND if path is no dataset folder. */
Status data_manifest(const char *path, char **json, Err *err);

/* One self-contained page about a dataset: outcomes, coverage of resets, source use, lengths, scores. */
Status data_html(const char *path, const char *out_file, Err *err);

#endif
