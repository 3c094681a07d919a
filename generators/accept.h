/* Acceptance: which successes are kept, in order of attempt id, and what has been counted. */
#ifndef DEMOMILL_GENERATORS_ACCEPT_H
#define DEMOMILL_GENERATORS_ACCEPT_H

#include "generators/generate.h"

enum { ACCEPT_MAX_BINS = 32 };

typedef struct Accept {
    double coverage;
    uint64_t successes; /* wanted; 0: no such end */
    int nbin;
    uint64_t bin[ACCEPT_MAX_BINS]; /* accepted per bin */
    GenTotals totals;
} Accept;

Accept accept_make(const GenRun *run);
/* Decide record->accepted and count it. */
void accept_add(Accept *accept, GenRecord *record);
/* Count a record whose acceptance has been decided by an earlier run. */
void accept_restore(Accept *accept, const GenRecord *record);
bool accept_full(const Accept *accept);

#endif
