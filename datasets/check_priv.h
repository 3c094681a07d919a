/* What the parts of the check share. Private. */
#ifndef DEMOMILL_DATASETS_CHECK_PRIV_H
#define DEMOMILL_DATASETS_CHECK_PRIV_H

#include "datasets/check.h"
#include "datasets/manifest_priv.h"
#include "datasets/reader_priv.h"

/* An episode met in a shard. */
typedef struct CheckedEpisode {
    uint64_t attempt;
    char uuid[40];
    int file, demo, nrow; /* file: index in the check's list */
    bool failed;          /* from failed/ */
} CheckedEpisode;

typedef struct Check {
    const DataCheckOptions *options;
    DataReport *report;
    Err *err;
    const char *root; /* the dataset's folder, or the file */
    int told[DATA_NRULE];
    double rate_hz; /* of the first file */
    /* of the file being checked */
    const char *file;
    int file_index;
    bool failed, ours, demonstrations;
    DataMeta meta;
    Arena *scratch;
    CheckedEpisode *episode;
    int nepisode, room;
} Check;

void check_break(Check *check, DataRule rule, const char *place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* All rules of one open file. MEMORY only; everything else is a finding. */
Status check_file(Check *check, const DataFile *file);
/* One demo; name is "demo_3". */
Status check_demo(Check *check, const DataFile *file, int i, int64_t *nrow);
/* Rules about the files around the shards. */
Status check_folder(Check *check, char *const *path, int n);

#endif
