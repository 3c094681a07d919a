/* Synthetic episodes: no physics, every field filled with something that a wrong index would betray. */
#ifndef DEMOMILL_TESTS_SHARED_SYNTHETIC_H
#define DEMOMILL_TESTS_SHARED_SYNTHETIC_H

#include "datasets/dataset.h"

enum { SYNTHETIC_OBJECTS = 2, SYNTHETIC_SUBTASKS = 3 };

/* A dataset of a two-handed robot with a small state, three subtasks, two sources. Static storage. */
const DataMeta *synthetic_meta(void);
/* Task that fits synthetic_meta; static storage, not to be destroyed. */
const Task *synthetic_task(void);
/* Attempt number `attempt` with nrow rows (≥ 1) and the outcome; data_episode_destroy frees it. NULL: out of memory. */
Episode *synthetic_episode(uint64_t attempt, int nrow, Outcome outcome);
/* A first-hand demonstration without simulator states; demo_destroy frees it. */
Demo *synthetic_demo(int index, int nrow);
/* Fails by attempt id, as a run would: about one in four. */
Outcome synthetic_outcome(uint64_t attempt);

#endif
