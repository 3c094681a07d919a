/* Replay of a foreign recording: from simulator states and their MJCF to the poses of tools and objects. */
#ifndef DEMOMILL_SIM_IMPORT_REPLAY_H
#define DEMOMILL_SIM_IMPORT_REPLAY_H

#include "base/recording.h"
#include "base/status.h"

/* Names in the recordings' own models. */
typedef struct SimReplayNames {
    int ntool, nobject, njoint;
    const char *const *tool;   /* sites */
    const char *const *object; /* bodies */
    const char *const *joint;  /* joints with one degree of freedom */
} SimReplayNames;

/* For each recording with a model, set its states one by one and add what the names ask for as tracks tool, object and
 * joint; recordings without a model must have those tracks already. The model is reduced to its skeleton (no meshes, no
 * other files) and compiled in a guarded child first. Also checks the time column against the rate that the file states, and
 * sets rate_hz from it where the file states none. Errors name file and demo: FORMAT (model or states malformed), MISMATCH
 * (states of another size than the model's, another rate, uneven time), UNKNOWN_NAME (with the names that exist), LIMIT,
 * MEMORY. Call before threads are started. */
Status sim_replay_recordings(RecordingSet *set, const SimReplayNames *names, Err *err);

#endif
