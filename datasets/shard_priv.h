/* One HDF5 file being written. Private. */
#ifndef DEMOMILL_DATASETS_SHARD_PRIV_H
#define DEMOMILL_DATASETS_SHARD_PRIV_H

#include "datasets/blob_priv.h"

typedef struct Shard Shard;

/* What a file holds: attribute "kind" of its root. */
#define SHARD_EPISODES "episodes"
#define SHARD_DEMONSTRATIONS "demonstrations"

/* Create path (must not exist). max_episodes is the most that will be appended. */
Status shard_create(const char *path, const char *kind, const DataMeta *meta, int max_episodes, Shard **out,
                    Err *err);
/* Append the next demo; when this returns OK its bytes are with the system, and a process killed at any later moment
 * leaves a file in which it can be read. On failure the shard takes no more; what was appended before stays. */
Status shard_append(Shard *shard, const DataBlob *blob, Err *err);
int shard_count(const Shard *shard);
/* Write masks, flush, fsync, close. Frees the shard, also on failure. */
Status shard_finish(Shard *shard, Err *err);
void shard_abandon(Shard *shard); /* close as it is; NULL is fine */

#endif
