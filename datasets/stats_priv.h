/* Running statistics of one number: exact moments, quantiles from a histogram that adapts. Private. */
#ifndef DEMOMILL_DATASETS_STATS_PRIV_H
#define DEMOMILL_DATASETS_STATS_PRIV_H

#include <stdint.h>

enum { STATS_BINS = 1024 };

/* The histogram's bins are [k w, (k + 1) w) with w a power of two. A value that does not fit doubles w and merges bins
 * in pairs, so between 512 and 1024 bins cover what was seen, in constant memory, whatever the order of magnitude. */
typedef struct Running {
    uint64_t n;
    double min, max, mean, m2; /* Welford 1962 */
    double width;
    int64_t lo, hi;           /* first and last bin in use */
    uint64_t bin[STATS_BINS]; /* bin[k − lo] */
} Running;

void running_add(Running *running, double x); /* x finite */
double running_std(const Running *running);   /* of the population */
/* q-quantile, within one bin's width of the exact one and inside [min, max]. */
double running_quantile(const Running *running, double q);

#endif
