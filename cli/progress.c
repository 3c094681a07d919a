/* Progress and causes of a run, for people; see progress.h. */
#include "cli/progress.h"

#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

CliProgress cli_progress_begin(const Task *task, uint64_t successes, uint64_t attempts, bool quiet) {
    return (CliProgress){.task = task,
                         .quiet = quiet,
                         .terminal = isatty(STDERR_FILENO) == 1,
                         .successes = successes,
                         .attempts = attempts,
                         .first_attempts = UINT64_MAX,
                         .begin = cli_wall()};
}

void cli_top_causes(const GenTotals *totals, int n, char *text, size_t size) {
    bool used[OUTCOME_COUNT] = {false};
    size_t length = 0;
    text[0] = '\0';
    for (int k = 0; k < n; k++) {
        int best = -1;
        for (int c = OUTCOME_ok + 1; c < OUTCOME_COUNT; c++)
            if (!used[c] && totals->by_cause[c] && (best < 0 || totals->by_cause[c] > totals->by_cause[best]))
                best = c;
        if (best < 0)
            return;
        used[best] = true;
        const int written = snprintf(text + length, size - length, "%s%s %llu", k ? ", " : "",
                                     outcome_name((Outcome)best), (unsigned long long)totals->by_cause[best]);
        if (written < 0 || (size_t)written >= size - length)
            return;
        length += (size_t)written;
    }
}

static void print_line(CliProgress *progress, const GenTotals *totals, double now) {
    const double elapsed = now - progress->begin;
    const uint64_t goal = progress->successes ? progress->successes : progress->attempts;
    const uint64_t have = progress->successes ? totals->accepted : totals->attempts;
    const uint64_t first = progress->successes ? progress->first_accepted : progress->first_attempts;
    const double done = goal ? (double)have / (double)goal : 0;
    const double rate =
        elapsed > 0 ? (double)(totals->accepted - progress->first_accepted) / elapsed * 60 : 0;
    const double speed = elapsed > 0 ? (double)(have - first) / elapsed : 0;
    const double left = speed > 0 && goal > have ? (double)(goal - have) / speed : 0;
    char bar[25], causes[128];
    const int full = (int)(done * 24 > 24 ? 24 : done * 24);
    memset(bar, '-', 24);
    memset(bar, '#', (size_t)full);
    bar[24] = '\0';
    cli_top_causes(totals, 2, causes, sizeof causes);
    fprintf(stderr, "%s[%s] %llu/%llu  %.0f ok/min  success %.1f%%  ETA %d:%02d%s%s%s",
            progress->terminal ? "\r\033[K" : "", bar, (unsigned long long)have, (unsigned long long)goal,
            rate, totals->attempts ? 100.0 * (double)totals->successes / (double)totals->attempts : 0.0,
            (int)left / 60, (int)left % 60, causes[0] ? "  failed: " : "", causes,
            progress->terminal ? "" : "\n");
    fflush(stderr);
}

void cli_progress_show(CliProgress *progress, const GenTotals *totals) {
    if (progress->first_attempts == UINT64_MAX) {
        progress->first_attempts = totals->attempts ? totals->attempts - 1 : 0;
        progress->first_accepted = totals->accepted ? totals->accepted - 1 : 0;
    }
    const double now = cli_wall();
    if (progress->quiet || now - progress->last < (progress->terminal ? 0.2 : 10.0))
        return;
    if (progress->last == 0 &&
        !progress->terminal) { /* the first plain line comes after the first interval */
        progress->last = now;
        return;
    }
    progress->last = now;
    print_line(progress, totals, now);
}

void cli_progress_end(CliProgress *progress, const GenTotals *totals) {
    if (progress->quiet || !progress->terminal || progress->first_attempts == UINT64_MAX)
        return;
    print_line(progress, totals, cli_wall());
    fputc('\n', stderr);
}

void cli_cause_table(const Task *task, const GenTotals *totals) {
    if (totals->attempts == totals->successes)
        return;
    fprintf(stderr, "\nWhy attempts failed:\n");
    for (int c = OUTCOME_ok + 1; c < OUTCOME_COUNT; c++) {
        if (!totals->by_cause[c])
            continue;
        fprintf(stderr, "  %6llu  %-16s %s (", (unsigned long long)totals->by_cause[c],
                outcome_name((Outcome)c), outcome_text((Outcome)c));
        const char *comma = "";
        for (int s = 0; s <= MAX_SUBTASKS; s++) {
            if (!totals->by_subtask[s][c])
                continue;
            fprintf(stderr, "%s%s %llu", comma,
                    s < task->nsubtask ? task->subtask[s].name : "outside any subtask",
                    (unsigned long long)totals->by_subtask[s][c]);
            comma = ", ";
        }
        fprintf(stderr, ")\n");
    }
}
