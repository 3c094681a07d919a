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

/* Where a source stands in an attempt's order. */
typedef struct SelectRank {
    int index; /* into sources->segment[subtask] */
    int place; /* in the attempt's permutation */
    double cost;
} SelectRank;

/* The sources in the order in which the attempt tries them, into rank (nsegment). Depends on the definition alone:
 * never on how other attempts went. */
void select_order(const SelectDef *def, SelectRank *rank);

#endif
