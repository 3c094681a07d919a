/* Progress of a run on stderr: a bar that redraws itself on a terminal, a plain line now and then otherwise. */
#ifndef DEMOMILL_CLI_PROGRESS_H
#define DEMOMILL_CLI_PROGRESS_H

#include "generators/generate.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct CliProgress {
    const Task *task;
    bool quiet, terminal;
    uint64_t successes, attempts;            /* goals; 0: none */
    uint64_t first_attempts, first_accepted; /* what a resumed run began with */
    double begin, last;
} CliProgress;

CliProgress cli_progress_begin(const Task *task, uint64_t successes, uint64_t attempts, bool quiet);
/* After each commit; prints at most five times a second on a terminal, every ten seconds elsewhere. */
void cli_progress_show(CliProgress *progress, const GenTotals *totals);
void cli_progress_end(CliProgress *progress, const GenTotals *totals);

/* The most frequent causes of failure, "grasp_missed 3, slipped 1", at most n of them; "" if there were none. */
void cli_top_causes(const GenTotals *totals, int n, char *text, size_t size);
/* Causes per subtask as a table on stderr; says nothing when all succeeded. */
void cli_cause_table(const Task *task, const GenTotals *totals);

#endif
