/* DataBlob: an episode as the writer needs it. Private to datasets/. */
#ifndef DEMOMILL_DATASETS_BLOB_PRIV_H
#define DEMOMILL_DATASETS_BLOB_PRIV_H

#include "datasets/dataset.h"
#include "datasets/schema.h"

typedef struct BlobChunk {
    const unsigned char *data; /* zlib stream of the shuffled bytes */
    size_t size;
} BlobChunk;

/* One dataset. path below the demo, or below /rlds/episode_…/steps when it begins with "rlds:". */
typedef struct BlobItem {
    const char *path;
    DataType type;
    int text_size; /* DATA_TEXT: bytes of one string */
    int rank;
    size_t dim[DATA_MAX_RANK];
    size_t chunk_rows; /* 0: contiguous, raw has the bytes */
    int nchunk;
    BlobChunk *chunk;
    const unsigned char *raw; /* bytes as in memory; NULL where only the chunks are needed */
} BlobItem;

enum { BLOB_MAX_ITEMS = 192 };

struct DataBlob {
    Arena *arena;
    DataMode mode;
    int nrow;
    uint64_t seed, attempt;
    bool success;
    double fps;
    const char *instruction, *uuid, *ep_meta;
    int clipped; /* entries of actions that were clipped */
    int nitem;
    BlobItem item[BLOB_MAX_ITEMS];
    size_t bytes;
    char *index_line; /* the episode's line for episodes.jsonl, without shard, demo and newline */
};

/* Blob of a source demonstration (demos.c): data_encode's inner parts. */
typedef struct Encoder Encoder;
Status blob_begin(const DataMeta *meta, int nrow, DataMode mode, Encoder **out, Err *err);
/* Add rows of the dataset at path; dims after the rows come from the schema, ncolumn where it leaves them open. */
Status blob_rows(Encoder *encoder, const char *path, int ncolumn, const void *rows, Err *err);
Status blob_poses(Encoder *encoder, const char *path, const Pose *pose, size_t stride, Err *err);
Status blob_matrices(Encoder *encoder, const char *path, const Pose *pose, size_t stride, Err *err);
Status blob_rlds(Encoder *encoder, const char *instruction, const uint8_t *done, Err *err);
void blob_allow_nan(Encoder *encoder); /* rows of a simulation that became unstable are kept as they are */
DataBlob *blob_of(Encoder *encoder);
/* Returns the blob (owned by the caller) and frees the encoder; NULL if discard. */
DataBlob *blob_end(Encoder *encoder, bool discard);

#endif
