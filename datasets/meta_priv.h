/* DataMeta as JSON and back; what an episode's identity is made of. Private. */
#ifndef DEMOMILL_DATASETS_META_PRIV_H
#define DEMOMILL_DATASETS_META_PRIV_H

#include "datasets/dataset.h"

#include <jansson.h>

/* Are names usable and counts within the limits of base/? */
Status data_meta_check(const DataMeta *meta, Err *err);

json_t *
data_meta_json(const DataMeta *meta); /* without the model's text; NULL: out of memory or bad JSON inside */
/* Fill out from json; strings go to arena. place is for messages. */
Status data_meta_parse(const char *place, const json_t *json, Arena *arena, DataMeta *out, Err *err);

/* env_args of robomimic: env_name, type, env_version, env_kwargs. mem_free; NULL: out of memory. */
char *data_env_args(const DataMeta *meta);

/* UUID of an attempt (version 8: from a hash of seed, attempt and the dataset's hashes), 36 characters. */
void data_episode_uuid(const DataMeta *meta, uint64_t attempt, char uuid[37]);

/* Is the attempt part of the validation split? One in ten, keyed by seed and attempt. */
bool data_is_valid_split(uint64_t seed, uint64_t attempt);

extern const char *const data_hash_names[DATA_NHASH];
extern const char *const data_side_names[NSIDE];

#endif
