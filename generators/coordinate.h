/* Coordination: which subtask a hand does next, and when it may start. */
#ifndef DEMOMILL_GENERATORS_COORDINATE_H
#define DEMOMILL_GENERATORS_COORDINATE_H

#include "base/task.h"

#include <stdbool.h>
#include <stdint.h>

/* The hand's first subtask that is not done (done: nsubtask flags); −1 if all are. */
int coordinate_next(const Task *task, int side, const uint8_t *done);
/* The other hand's subtask in the same `together` group; −1 if there is none. */
int coordinate_partner(const Task *task, int subtask);
/* Are all subtasks that it must come after done? */
bool coordinate_ready(const Task *task, int subtask, const uint8_t *done);
/* May the hand start the subtask now, given which subtask each hand is waiting to start (−1: none)? With a partner both
 * start, or neither. */
bool coordinate_may_start(const Task *task, int subtask, const uint8_t *done, const int waiting[NSIDE]);

#endif
