/* Scores: how well an episode was done, from its rows. */
#ifndef DEMOMILL_GENERATORS_SCORE_H
#define DEMOMILL_GENERATORS_SCORE_H

#include "base/episode.h"

/* extremes: what the run has kept (forces, margins, slip, contacts). */
EpisodeScores score_episode(const Episode *episode, const EpisodeScores *extremes, double dt);

#endif
