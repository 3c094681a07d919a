/* Reading of demonstrations that other projects recorded: robosuite and robomimic HDF5 (states, model_file, actions) and
 * MimicGen source files (datagen_info). */
#ifndef DEMOMILL_DATASETS_IMPORT_READ_H
#define DEMOMILL_DATASETS_IMPORT_READ_H

#include "base/recording.h"
#include "base/status.h"

#include <stdbool.h>

/* Read every /data/demo_<n> of a file, in order of n. What a demo has decides what its Recording has: datagen_info
 * becomes tracks, states and model_file are kept for a replay, actions always. Tools and targets are called as the
 * file calls them, "eef" where it has only one without a name, "0", "1" … where they are stacked; grippers likewise.
 * Errors name file, demo and row: NOT_FOUND, IO (not HDF5, truncated), FORMAT (no demonstrations, zero length, NaN,
 * arrays of other shapes or lengths, nothing to import), LIMIT (too large), MEMORY. libhdf5 can crash on a damaged file, so a child process reads it first: call before threads are
 * started. One thread at a time may use HDF5.
 * Free with recording_set_destroy. */
Status data_read_recordings(const char *path, RecordingSet *out, Err *err);

/* Is this a dataset folder or file of our own, which data_read_demos reads without a map? */
bool data_is_own(const char *path);

#endif
