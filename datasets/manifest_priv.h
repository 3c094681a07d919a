/* Counts over all attempts, and manifest.json which tells them. Private. */
#ifndef DEMOMILL_DATASETS_MANIFEST_PRIV_H
#define DEMOMILL_DATASETS_MANIFEST_PRIV_H

#include "datasets/dataset.h"

#include <jansson.h>

typedef struct TallyBin {
    uint64_t attempts, successes, stored;
} TallyBin;

/* Memory does not grow with the number of attempts. */
typedef struct Tally {
    uint64_t attempts, successes, stored, failures_kept, frames, valid, retries;
    double sim_time;
    uint64_t outcome[OUTCOME_COUNT];
    uint64_t subtask[MAX_SUBTASKS][OUTCOME_COUNT]; /* of the last try of each subtask that was begun */
    uint64_t subtask_retries[MAX_SUBTASKS];
    int nsource;
    uint64_t *source_used, *source_good; /* (nsource) attempts that used it, successes among them */
    int nbin;
    TallyBin *bin; /* (nbin), grows with the largest bin */
} Tally;

Status tally_init(Tally *tally, int nsource, Err *err);
Status tally_add(Tally *tally, const DataMeta *meta, const DataRecord *record, bool stored, Err *err);
void tally_free(Tally *tally);

/* A finished file of the dataset. */
typedef struct ShardInfo {
    char file[128]; /* relative to the dataset */
    char sha256[65];
    uint64_t bytes, frames;
    int episodes;
} ShardInfo;

typedef struct ManifestDef {
    const DataMeta *meta;
    const Tally *tally;
    const char *state;   /* "running", "interrupted", "complete" */
    const char *created; /* ISO 8601; NULL: now */
    int shard_episodes;
    const ShardInfo *shard[2]; /* shards, failed */
    int nshard[2];
} ManifestDef;

char *manifest_text(const ManifestDef *def); /* mem_free; NULL: out of memory */

/* Does the manifest in text fit meta? MISMATCH names the first thing that differs. */
Status manifest_matches(const char *place, const json_t *manifest, const DataMeta *meta, int shard_episodes,
                        Err *err);
/* Entry of file in the manifest's lists; false if it is not there. */
bool manifest_shard(const json_t *manifest, const char *file, ShardInfo *out);

/* README.md from the manifest: the dataset card (mem_free). */
char *card_text(const json_t *manifest);

#endif
