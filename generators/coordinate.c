/* Hands run in parallel unless the task says otherwise: `after` waits for subtasks to end, `together` for the other hand. */
#include "generators/coordinate.h"

#include <string.h>

int coordinate_next(const Task *task, int side, const uint8_t *done) {
    for (int i = 0; i < task->nsubtask; i++) {
        if (task->subtask[i].hand == side && !done[i])
            return i;
    }
    return -1;
}

int coordinate_partner(const Task *task, int subtask) {
    const Subtask *s = &task->subtask[subtask];
    for (int i = 0; s->together && i < task->nsubtask; i++) {
        const Subtask *other = &task->subtask[i];
        if (other->hand != s->hand && other->together && strcmp(other->together, s->together) == 0)
            return i;
    }
    return -1;
}

bool coordinate_ready(const Task *task, int subtask, const uint8_t *done) {
    const Subtask *s = &task->subtask[subtask];
    for (int i = 0; i < s->nafter; i++) {
        const int before = task_subtask_index(task, s->after[i]);
        if (before >= 0 && !done[before])
            return false;
    }
    return true;
}

bool coordinate_may_start(const Task *task, int subtask, const uint8_t *done, const int waiting[NSIDE]) {
    if (!coordinate_ready(task, subtask, done))
        return false;
    const int partner = coordinate_partner(task, subtask);
    return partner < 0 ||
           (waiting[task->subtask[partner].hand] == partner && coordinate_ready(task, partner, done));
}
