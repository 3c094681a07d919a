/* Reset bins and stratified acceptance.
 *
 * With coverage c, a bin takes at most ⌈c · successes wanted / bins⌉ episodes, so that no corner of the reset range fills
 * the dataset; what comes too much is counted, not kept. Decisions are made in order of attempt id from counts of lower ids
 * alone, so they are the same on any number of threads and after a resume. */
#include "generators/accept.h"

#include <math.h>

enum { GRID = 4, YAWS = 2 };

/* The first object whose place is drawn; NULL if none is. */
static const ResetRegion *wide_region(const Task *task, const TaskLevel *level, int *object) {
    for (int i = 0; level && i < level->nregion; i++) {
        const ResetRegion *r = &level->region[i];
        *object = task_object_index(task, r->object);
        if (*object >= 0 && (r->x[1] > r->x[0] || r->y[1] > r->y[0]))
            return r;
    }
    return NULL;
}

static int cell(double value, const double range[2], int n) {
    if (!(range[1] > range[0]))
        return 0;
    const double i = floor(n * (value - range[0]) / (range[1] - range[0]));
    return i < 0 ? 0 : i >= n ? n - 1 : (int)i;
}

int gen_reset_nbin(const Task *task, const TaskLevel *level) {
    int object;
    return wide_region(task, level, &object) ? GRID * GRID * YAWS : 1;
}

int gen_reset_bin(const Task *task, const TaskLevel *level, const ResetDraw *draw) {
    int object;
    const ResetRegion *r = wide_region(task, level, &object);
    if (!r || object >= draw->nobject)
        return 0;
    const Pose p = draw->object[object];
    return (cell(quat_yaw(p.quat), r->yaw, YAWS) * GRID + cell(p.pos[1], r->y, GRID)) * GRID +
           cell(p.pos[0], r->x, GRID);
}

static void cell_range(int i, const double range[2], int n, double *lo, double *hi) {
    *lo = range[0] + (range[1] - range[0]) * i / n;
    *hi = range[0] + (range[1] - range[0]) * (i + 1) / n;
}

void gen_reset_bin_box(const Task *task, const TaskLevel *level, int bin, double box[6]) {
    int object;
    const ResetRegion *r = wide_region(task, level, &object);
    for (int i = 0; i < 6; i++)
        box[i] = 0;
    if (!r)
        return;
    cell_range(bin % GRID, r->x, GRID, &box[0], &box[1]);
    cell_range(bin / GRID % GRID, r->y, GRID, &box[2], &box[3]);
    cell_range(bin / (GRID * GRID), r->yaw, YAWS, &box[4], &box[5]);
}

Accept accept_make(const GenRun *run) {
    Accept accept = {.coverage = run->coverage, .successes = run->successes, .nbin = 1};
    if (run->level)
        accept.nbin = gen_reset_nbin(run->task, run->level);
    return accept;
}

static bool bin_has_room(const Accept *accept, int bin) {
    if (accept->coverage <= 0 || accept->successes == 0 || accept->nbin <= 1)
        return true;
    const double room = accept->coverage * (double)accept->successes / accept->nbin;
    return (double)accept->bin[bin] < (room > 1 ? room : 1);
}

void accept_restore(Accept *accept, const GenRecord *record) {
    GenTotals *t = &accept->totals;
    const int subtask = record->failed_subtask >= 0 ? record->failed_subtask : MAX_SUBTASKS;
    t->attempts++;
    t->by_cause[record->outcome]++;
    t->retries += record->retries;
    t->sim_time += record->sim_time;
    t->cpu_time += record->cpu_time;
    if (record->outcome == OUTCOME_ok) {
        t->successes++;
        t->accepted += record->accepted;
        accept->bin[record->bin] += record->accepted;
    } else {
        t->by_subtask[subtask][record->outcome]++;
    }
}

void accept_add(Accept *accept, GenRecord *record) {
    ASSERT(record->bin >= 0 && record->bin < ACCEPT_MAX_BINS);
    record->accepted = record->outcome == OUTCOME_ok && bin_has_room(accept, record->bin);
    accept_restore(accept, record);
}

bool accept_full(const Accept *accept) {
    return accept->successes > 0 && accept->totals.accepted >= accept->successes;
}
