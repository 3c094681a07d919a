/* Selection: in which order an attempt tries the sources for a subtask. */
#ifndef DEMOMILL_GENERATORS_SELECT_H
#define DEMOMILL_GENERATORS_SELECT_H

#include "generators/generate.h"
#include "generators/segment.h"

typedef struct SelectDef {
    const GenSources *sources;
    const GenOptions *options;
    int subtask;
    const Scene *scene;
    Pose hand; /* now, world */
    uint64_t seed, attempt;
    int retry;
    int prefer; /* source to try first, −1: none */
} SelectDef;

typedef struct SelectStrategy SelectStrategy;
const SelectStrategy *select_strategy(const char *name); /* NULL if unknown */

/* Indices into sources->segment[subtask], best first, into order (nsegment). Depends on the definition alone: never on
 * how other attempts went. */
void select_order(const SelectDef *def, int *order);

#endif
