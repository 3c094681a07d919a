/* ep_meta: what is known of an episode beyond its rows, as JSON and back. Private. */
#ifndef DEMOMILL_DATASETS_EP_META_PRIV_H
#define DEMOMILL_DATASETS_EP_META_PRIV_H

#include "datasets/dataset.h"

#include <jansson.h>

/* Attributes live in an object header, which HDF5 bounds at 64 KiB. */
enum { EP_META_MAX = 60000, CERTIFICATE_EVERY = 20 };

/* JSON text (mem_free) of at most EP_META_MAX bytes: state hashes are thinned until it fits. */
Status data_ep_meta_text(const DataMeta *meta, const Episode *episode, char **out, Err *err);
/* The short form for episodes.jsonl, without shard and demo. NULL: out of memory. */
json_t *data_ep_index(const DataMeta *meta, const Episode *episode);
/* Fill episode (whose nrow, seed, attempt and state_hash (nrow, zeroed) are set) from ep_meta. */
Status data_ep_meta_parse(const char *place, const json_t *json, const DataMeta *meta, Episode *episode,
                          DataCertificate *certificate, Err *err);

#endif
