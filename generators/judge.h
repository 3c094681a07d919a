/* Judge: why a subtask failed, from what can be seen. */
#ifndef DEMOMILL_GENERATORS_JUDGE_H
#define DEMOMILL_GENERATORS_JUDGE_H

#include "generators/world.h"

typedef struct JudgeDef {
    GenWorld *world;
    int subtask; /* −1: after all subtasks */
    int hand;
    bool released;      /* the hand has opened or closed in this subtask already */
    const Scene *first; /* truth after reset */
    const Scene *begin; /* truth when the subtask began */
    const Scene *now;   /* truth now */
} JudgeDef;

/* Has the object moved in the hand by more than 3 cm? */
bool judge_slip(const Scene *begin, const Scene *now, int hand, int object);
/* off_table, slipped, grasp_missed, knocked; otherwise what is given. */
Outcome judge_cause(const JudgeDef *def, Outcome otherwise);

#endif
