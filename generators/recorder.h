/* Recorder: rows of an episode, growing, and cut back when a retry goes back to its checkpoint. */
#ifndef DEMOMILL_GENERATORS_RECORDER_H
#define DEMOMILL_GENERATORS_RECORDER_H

#include "base/episode.h"
#include "generators/world.h"

/* Empty the episode for this world (arena created or reset). false: out of memory. */
bool recorder_begin(Episode *episode, GenWorld *world, uint64_t seed, uint64_t attempt);
/* Record what stands before the row's action: state, observation, truth. The caller has filled action, action_exec (naction)
 * and says the clean hand targets and signals (nsubtask_total). false: out of memory. */
bool recorder_row(Episode *episode, GenWorld *world, const Scene *truth, const float *action,
                  const float *executed, const Pose target[NSIDE], const uint8_t *signal);
/* What became of the last row. */
void recorder_result(Episode *episode, float reward, bool done);
/* Forget rows from nrow on. */
void recorder_cut(Episode *episode, int nrow);

#endif
