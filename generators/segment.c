/* Cutting demonstrations into segments.
 *
 * A mark ends where a subtask's condition comes true. Two things move that boundary: a hand that is still opening or
 * closing finishes first, and the hand's last segment runs to the end of the demonstration, so that a retreat belongs to
 * the release before it. */
#include "generators/segment.h"

#include "generators/generate.h"

#include <math.h>
#include <string.h>

static const double CHANGE_LEAST = 0.1; /* closure, total of a change that counts */
static const double CHANGE_TRAVEL =
    0.03; /* m; a closure that changes over a longer way is shaping on the move */
static const double MOVED_POS = 0.004, MOVED_ANGLE = 0.06; /* m, rad */
static const double FINISH = 1.0; /* s, a change in progress may delay a boundary by so much */
enum { CHANGE_GAP = 3 };          /* rows of stillness inside one change */

/* Largest change of a closure between two rows. */
static double closure_step(const Demo *demo, int side, int row, int other) {
    const float *a = demo->closure[side] + (size_t)row * (size_t)demo->nhand;
    const float *b = demo->closure[side] + (size_t)other * (size_t)demo->nhand;
    double most = 0;
    for (int i = 0; i < demo->nhand; i++) {
        const double step = fabs((double)a[i] - (double)b[i]);
        most = step > most ? step : most;
    }
    return most;
}

/* Run of changing rows that starts at row; its end. */
static int change_end(const Demo *demo, int side, int row, int limit) {
    int end = row + 1;
    for (int r = end; r < limit && r < end + CHANGE_GAP; r++) {
        if (closure_step(demo, side, r, r - 1) > 1e-4)
            end = r + 1;
    }
    return end;
}

bool segment_hand_change(const Demo *demo, int side, int begin, int end, HandChange *change) {
    for (int r = begin > 1 ? begin : 1; r < end; r++) {
        if (closure_step(demo, side, r, r - 1) <= 1e-4)
            continue;
        const int stop = change_end(demo, side, r, end);
        const double travel = pose_distance(demo->target[side][r], demo->target[side][stop - 1]);
        if (closure_step(demo, side, stop - 1, r - 1) >= CHANGE_LEAST && travel <= CHANGE_TRAVEL) {
            *change = (HandChange){r, stop};
            return true;
        }
        r = stop - 1;
    }
    return false;
}

int segment_object_moves(const Segment *segment) {
    const Demo *demo = segment->demo;
    if (segment->object < 0)
        return segment->end;
    const size_t n = (size_t)demo->nobject, o = (size_t)segment->object;
    const Pose first = demo->object[(size_t)segment->begin * n + o];
    for (int r = segment->begin; r < segment->end; r++) {
        const Pose now = demo->object[(size_t)r * n + o];
        if (pose_distance(first, now) > MOVED_POS || pose_angle(first, now) > MOVED_ANGLE)
            return r;
    }
    return segment->end;
}

const Segment *segment_of(const GenSources *sources, int subtask, int demo) {
    for (int i = 0; i < sources->nsegment[subtask]; i++) {
        if (sources->segment[subtask][i].demo_index == demo)
            return &sources->segment[subtask][i];
    }
    return NULL;
}

/* ---- checks ---- */

static Status check_poses(const Demo *demo, const Pose *pose, int n, const char *what, Err *err) {
    for (int i = 0; i < n; i++) {
        if (!pose_is_finite(pose[i]))
            return err_set(err, STATUS_FORMAT, "%s: %s: %s pose %d is no number", demo->file, demo->id, what,
                           i);
    }
    return STATUS_OK;
}

static Status check_demo(const Task *task, const Demo *demo, const ActionLayout *layout, double dt,
                         Err *err) {
    if (demo->nrow < 2)
        return err_set(err, STATUS_FORMAT, "%s: %s: %d rows; at least 2 are needed", demo->file, demo->id,
                       demo->nrow);
    if (!(fabs(demo->rate_hz * dt - 1) < 1e-6))
        return err_set(err, STATUS_MISMATCH, "%s: %s: recorded at %g Hz, the task runs at %g Hz", demo->file,
                       demo->id, demo->rate_hz, 1 / dt);
    if (demo->nhand != layout->nhand)
        return err_set(err, STATUS_MISMATCH, "%s: %s: %d closures per hand, the robot's hands have %d",
                       demo->file, demo->id, demo->nhand, layout->nhand);
    if (demo->nobject != task->nobject)
        return err_set(err, STATUS_MISMATCH, "%s: %s: %d objects, the task has %d", demo->file, demo->id,
                       demo->nobject, task->nobject);
    for (int s = 0; s < NSIDE; s++) {
        if (!demo->target[s])
            continue;
        TRY(check_poses(demo, demo->target[s], demo->nrow, "target", err));
        TRY(check_poses(demo, demo->eef[s], demo->nrow, "hand", err));
    }
    TRY(check_poses(demo, demo->object, demo->nrow * demo->nobject, "object", err));
    for (int i = 0; i < demo->nmark; i++) {
        const DemoMark *m = &demo->mark[i];
        if (m->subtask < 0 || m->subtask >= task->nsubtask || m->begin < 0 || m->end > demo->nrow ||
            m->begin >= m->end)
            return err_set(err, STATUS_FORMAT, "%s: %s: mark %d (subtask %d, rows %d to %d) is out of range",
                           demo->file, demo->id, i, m->subtask, m->begin, m->end);
    }
    return STATUS_OK;
}

/* ---- cutting ---- */

static const DemoMark *mark_of(const Demo *demo, int subtask) {
    for (int i = 0; i < demo->nmark; i++) {
        if (demo->mark[i].subtask == subtask)
            return &demo->mark[i];
    }
    return NULL;
}

/* Where the hand change that is under way at row has ended; row if there is none. */
static int finish_change(const Demo *demo, int side, int row) {
    const int limit =
        row + (int)(FINISH * demo->rate_hz) < demo->nrow ? row + (int)(FINISH * demo->rate_hz) : demo->nrow;
    if (row < 1 || row >= limit)
        return row;
    int from = row;
    while (from > 1 && from > row - CHANGE_GAP && closure_step(demo, side, from, from - 1) <= 1e-4)
        from--;
    if (closure_step(demo, side, from, from - 1) <= 1e-4)
        return row;
    const int end = change_end(demo, side, from, limit);
    return end > row ? end : row;
}

/* The hand's subtask before or after this one; −1 if there is none. */
static int neighbour(const Task *task, int subtask, int step) {
    for (int i = subtask + step; i >= 0 && i < task->nsubtask; i += step) {
        if (task->subtask[i].hand == task->subtask[subtask].hand)
            return i;
    }
    return -1;
}

static bool cut(const Task *task, const Demo *demo, int subtask, Segment *out) {
    const Subtask *s = &task->subtask[subtask];
    const DemoMark *mark = mark_of(demo, subtask);
    if (!mark || !demo->target[s->hand])
        return false;
    const int before = neighbour(task, subtask, -1);
    const DemoMark *previous = before >= 0 ? mark_of(demo, before) : NULL;
    int begin = mark->begin, end = finish_change(demo, s->hand, mark->end);
    if (previous && previous->end <= mark->begin + 1) {
        const int delayed = finish_change(demo, s->hand, previous->end);
        begin = delayed > begin ? delayed : begin;
    }
    if (neighbour(task, subtask, 1) < 0)
        end = demo->nrow;
    if (begin >= end - 1)
        begin = mark->begin;
    *out = (Segment){.demo = demo,
                     .hand = s->hand,
                     .subtask = subtask,
                     .object = s->object ? task_object_index(task, s->object) : -1,
                     .moves = s->moves ? task_object_index(task, s->moves) : -1,
                     .begin = begin,
                     .end = end};
    return true;
}

static Status cut_all(GenSources *sources, Err *err) {
    const Task *task = sources->task;
    for (int k = 0; k < task->nsubtask; k++) {
        sources->segment[k] = arena_alloc(sources->arena, (size_t)sources->ndemo * sizeof(Segment));
        if (!sources->segment[k])
            return err_set(err, STATUS_MEMORY, "out of memory");
        for (int d = 0; d < sources->ndemo; d++) {
            Segment segment;
            if (cut(task, sources->demo[d], k, &segment)) {
                segment.demo_index = d;
                sources->segment[k][sources->nsegment[k]++] = segment;
            }
        }
        if (sources->nsegment[k] == 0)
            return err_set(err, STATUS_NOT_FOUND,
                           "no source has the subtask '%s' marked (see demomill annotate)",
                           task->subtask[k].name);
    }
    return STATUS_OK;
}

/* ---- sources ---- */

static Status add_mirrored(GenSources *sources, Err *err) {
    for (int i = 0; i < sources->ngiven; i++) {
        bool memory = false;
        Demo *demo = mirror_demo(sources->task, sources->demo[i], &memory);
        if (memory)
            return err_set(err, STATUS_MEMORY, "out of memory");
        if (!demo)
            return STATUS_OK;
        sources->mirrored[sources->nmirrored++] = demo;
        sources->origin[sources->ndemo] = i;
        sources->demo[sources->ndemo++] = demo;
    }
    return STATUS_OK;
}

static Status fill(GenSources *sources, const DemoSet *set, const ActionLayout *layout, double dt,
                   bool mirror, Err *err) {
    const size_t most = 2 * (size_t)set->n;
    sources->demo = arena_alloc(sources->arena, most * sizeof *sources->demo);
    sources->origin = arena_alloc(sources->arena, most * sizeof *sources->origin);
    sources->mirrored = arena_alloc(sources->arena, most * sizeof *sources->mirrored);
    if (!sources->demo || !sources->origin || !sources->mirrored)
        return err_set(err, STATUS_MEMORY, "out of memory");
    for (int i = 0; i < set->n; i++) {
        TRY(check_demo(sources->task, set->demo[i], layout, dt, err));
        sources->demo[i] = set->demo[i];
        sources->origin[i] = i;
    }
    sources->ndemo = sources->ngiven = set->n;
    if (mirror)
        TRY(add_mirrored(sources, err));
    return cut_all(sources, err);
}

Status gen_sources_create(const Task *task, const DemoSet *set, const ActionLayout *layout, double dt,
                          const GenOptions *options, GenSources **out, Err *err) {
    if (set->n < 1)
        return err_set(err, STATUS_NOT_FOUND, "no source demonstrations");
    Arena *arena = arena_create(0);
    GenSources *sources = arena ? arena_alloc(arena, sizeof *sources) : NULL;
    if (!sources) {
        arena_destroy(arena);
        return err_set(err, STATUS_MEMORY, "out of memory");
    }
    sources->arena = arena;
    sources->task = task;
    const Status status = fill(sources, set, layout, dt, options->mirror, err);
    if (status != STATUS_OK) {
        gen_sources_destroy(sources);
        return status;
    }
    *out = sources;
    return STATUS_OK;
}

void gen_sources_destroy(GenSources *sources) {
    if (!sources)
        return;
    for (int i = 0; i < sources->nmirrored; i++)
        demo_destroy(sources->mirrored[i]);
    arena_destroy(sources->arena);
}

int gen_sources_count(const GenSources *sources) {
    return sources->ndemo;
}

const Demo *gen_sources_demo(const GenSources *sources, int i) {
    ASSERT(i >= 0 && i < sources->ndemo);
    return sources->demo[i];
}

int gen_sources_origin(const GenSources *sources, int i) {
    ASSERT(i >= 0 && i < sources->ndemo);
    return sources->origin[i];
}
