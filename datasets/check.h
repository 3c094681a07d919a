/* Holding a dataset to its contract: every rule once, one message per break with file, place and what was expected. */
#ifndef DEMOMILL_DATASETS_CHECK_H
#define DEMOMILL_DATASETS_CHECK_H

#include "datasets/dataset.h"

/* X(name, text). Order is that of a report. */
#define DATA_RULE_LIST(X)                                                                                    \
    X(readable, "every file opens as HDF5 and every value in it can be decoded")                             \
    X(version, "the format's name and major version are this program's")                                     \
    X(demo_names, "children of /data are demo_0 … demo_n-1 and nothing else")                                \
    X(rows, "num_samples is there and every dataset of a demo has that many rows")                           \
    X(env_args, "/data has env_args with env_name, type and env_kwargs")                                     \
    X(total, "/data/total is the sum of num_samples")                                                        \
    X(fields, "the fields of the schema are there with their type and shape")                                \
    X(types, "below a demo stand only floats, signed integers, u1 and bool")                                 \
    X(bools, "a bool is an enum over int8 with FALSE 0 and TRUE 1")                                          \
    X(action_range, "actions lie in [-1, 1] and are the normalised actions_abs; clipping is counted")        \
    X(finite, "numbers are finite")                                                                          \
    X(quaternions, "poses have unit quaternions, wxyz")                                                      \
    X(joint_names, "/data names the joints in the order of the wire")                                        \
    X(images, "images are uint8 (N, H, W, 3), one frame a chunk")                                            \
    X(timing, "one rate per dataset; timestamp is index / fps; done only at the last row")                   \
    X(attributes, "no object has more than 8 attributes")                                                    \
    X(bounds, "HDF5 1.8 structures, no times of objects, no filters but shuffle and deflate")                \
    X(certificate, "ep_meta parses, its certificate has a state hash every few rows")                        \
    X(uuids, "episode_uuid and attempt of an episode occur once")                                            \
    X(rlds, "the RLDS names are hard links to the same data, with first, last and terminal flags")           \
    X(masks, "train and valid together name every demo once, as the attempt's key says")                     \
    X(journal, "the journal is whole and every stored episode stands where it says")                         \
    X(episodes, "episodes.jsonl has one line per stored episode, with its file and demo")                    \
    X(manifest, "manifest.json lists every shard with its size, hash, episodes and frames; totals agree")    \
    X(statistics, "stats.json and README.md are there and are those of the shards")                          \
    X(finished, "the run was closed: no .part or .old file is left")                                         \
    X(replay, "a replayed episode gives the stored states, bit for bit")

typedef enum DataRule {
#define X(name, text) DATA_RULE_##name,
    DATA_RULE_LIST(X)
#undef X
        DATA_NRULE
} DataRule;

const char *data_rule_name(DataRule rule);
const char *data_rule_text(DataRule rule);

typedef struct DataFinding {
    DataRule rule;
    char file[512], place[160], text[320];
} DataFinding;

/* Called for each break, at most DataCheckOptions.most times per rule and file. */
typedef void DataFindingSink(void *user, const DataFinding *finding);

/* Replays an episode; false with the reason in why when it does not give the stored states. */
typedef bool DataReplay(void *user, const char *file, int demo, const Episode *episode,
                        const DataCertificate *certificate, char *why, size_t size);

typedef struct DataCheckOptions {
    int most;              /* findings told per rule and file; 0: 5 */
    bool hashes;           /* compare SHA-256 of every shard with the manifest */
    bool numbers;          /* read every value, not only shapes and types */
    DataFindingSink *sink; /* may be NULL */
    void *user;
    DataReplay *replay; /* may be NULL; called for episodes that were chosen */
    int replays;        /* how many, evenly over the dataset; −1: all */
} DataCheckOptions;

typedef struct DataReport {
    int files, episodes, replayed;
    int broken[DATA_NRULE]; /* breaks per rule, those not told included */
    int total;              /* of them all */
} DataReport;

/* Check a dataset folder or one HDF5 file. STATUS_OK when all could be checked, whatever was found: look at
 * report->total. Errors are those of not being able to look (NOT_FOUND, IO, MEMORY). */
Status data_check(const char *path, const DataCheckOptions *options, DataReport *report, Err *err);

#endif
