/* The run: attempts in parallel, commits in order.
 *
 *      next ─► worker 0 ── attempt, encode ──┐      slots (a ring of WINDOW · threads attempts)
 *              worker 1 ── attempt, encode ──┼──►  [7 ready][8 running][9 ready] …
 *              …                             ┘       ▲ commit: strictly by attempt id, one at a time
 *
 * A worker takes the next attempt id when the ring has room for it, so a slow attempt holds back at most a ring of others
 * and memory does not grow with the length of the run. */
#include "generators/accept.h"
#include "generators/generate.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

enum { WINDOW = 4 };
static const uint64_t CAP_LEAST = 1000, CAP_FACTOR = 20;

typedef struct Slot {
    bool ready;
    uint64_t attempt;
    Episode episode;
    void *encoded;
} Slot;

typedef struct Run {
    const GenRun *def;
    const GenSink *sink;
    pthread_mutex_t mutex;
    pthread_cond_t room; /* a slot was freed, or the run is ending */
    /* guarded by mutex */
    uint64_t next, committed, cap; /* ids: to be started, to be committed, not to be started */
    bool committing, ending;
    GenEnd end;
    Status status;
    Err err;
    Accept accept;
    int nslot;
    Slot *slot;
    double begin; /* s, monotonic */
} Run;

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

uint64_t gen_attempt_cap(uint64_t successes) {
    const uint64_t cap = CAP_FACTOR * successes;
    return cap > CAP_LEAST ? cap : CAP_LEAST;
}

/* ---- under the mutex ---- */

static void end_run(Run *run, GenEnd end) {
    if (!run->ending)
        run->end = end;
    run->ending = true;
    pthread_cond_broadcast(&run->room);
}

static void end_with_error(Run *run, Status status, const Err *err) {
    if (run->status == STATUS_OK) {
        run->status = status;
        run->err = *err;
    }
    end_run(run, GEN_END_STOPPED);
}

static void check_limits(Run *run) {
    if (run->def->stop && atomic_load(run->def->stop))
        end_run(run, GEN_END_STOPPED);
    if (run->def->time > 0 && seconds() - run->begin >= run->def->time)
        end_run(run, GEN_END_TIME);
}

/* Take the next attempt; false if the run is ending. */
static bool take(Run *run, uint64_t *attempt) {
    pthread_mutex_lock(&run->mutex);
    check_limits(run);
    while (!run->ending && run->next < run->cap && run->next - run->committed >= (uint64_t)run->nslot)
        pthread_cond_wait(&run->room, &run->mutex);
    const bool more = !run->ending && run->next < run->cap;
    if (more)
        *attempt = run->next++;
    pthread_mutex_unlock(&run->mutex);
    return more;
}

/* ---- committing ---- */

static GenRecord make_record(const Run *run, const Episode *e) {
    GenRecord r = {.attempt = e->attempt,
                   .outcome = e->outcome,
                   .failed_subtask = e->failed_subtask,
                   .nrow = e->nrow,
                   .retries = e->retries,
                   .nsource = e->nsubtask,
                   .sim_time = e->sim_time,
                   .cpu_time = e->cpu_time};
    for (int i = 0; i < e->nsubtask; i++)
        r.source[i] = e->subtask[i].source_demo;
    if (run->def->level)
        r.bin = gen_reset_bin(run->def->task, run->def->level, &e->draw);
    return r;
}

/* Commit the slot whose turn it is; called without the mutex, by one thread at a time. */
static Status commit_slot(Run *run, Slot *slot, GenTotals *totals, bool *full, Err *err) {
    GenRecord record = make_record(run, &slot->episode);
    slot->episode.draw.bin = record.bin;
    accept_add(&run->accept, &record);
    run->accept.totals.wall_time = seconds() - run->begin;
    *totals = run->accept.totals;
    *full = accept_full(&run->accept);
    void *encoded = slot->encoded;
    slot->encoded = NULL;
    const Status status = run->sink->commit(run->sink->user, &record, &slot->episode, encoded, err);
    if (status == STATUS_OK && run->sink->progress)
        run->sink->progress(run->sink->user, totals);
    return status;
}

/* Commit what is ready and next. Only the thread that sets committing touches accept and the sink. */
static void commit_ready(Run *run) {
    pthread_mutex_lock(&run->mutex);
    while (!run->committing && run->status == STATUS_OK && !accept_full(&run->accept)) {
        Slot *slot = &run->slot[run->committed % (uint64_t)run->nslot];
        if (!slot->ready || slot->attempt != run->committed)
            break;
        run->committing = true;
        pthread_mutex_unlock(&run->mutex);
        Err err = {0};
        GenTotals totals;
        bool full;
        const Status status = commit_slot(run, slot, &totals, &full, &err);
        pthread_mutex_lock(&run->mutex);
        run->committing = false;
        if (status != STATUS_OK) {
            end_with_error(run, status, &err);
            break;
        }
        slot->ready = false;
        run->committed++;
        if (full)
            end_run(run, GEN_END_SUCCESSES);
        pthread_cond_broadcast(&run->room);
    }
    pthread_mutex_unlock(&run->mutex);
}

/* ---- workers ---- */

static Status work_attempt(Run *run, int thread, GenWorld *world, uint64_t attempt, Err *err) {
    const GenRun *def = run->def;
    Slot *slot = &run->slot[attempt % (uint64_t)run->nslot];
    slot->attempt = attempt;
    TRY(def->attempt
            ? def->attempt(def->user, world, def->seed, attempt, &slot->episode, err)
            : gen_attempt(world, def->sources, def->options, def->seed, attempt, &slot->episode, err));
    if (def->level)
        slot->episode.draw.bin = gen_reset_bin(def->task, def->level, &slot->episode.draw);
    if (run->sink->encode)
        TRY(run->sink->encode(run->sink->user, thread, &slot->episode, &slot->encoded, err));
    pthread_mutex_lock(&run->mutex);
    slot->ready = true;
    pthread_mutex_unlock(&run->mutex);
    return STATUS_OK;
}

static void work(Run *run, int thread) {
    GenWorld world = {0};
    Err err = {0};
    Status status = run->def->world_create(run->def->user, thread, &world, &err);
    const bool created = status == STATUS_OK;
    uint64_t attempt;
    while (status == STATUS_OK && take(run, &attempt)) {
        status = work_attempt(run, thread, &world, attempt, &err);
        if (status == STATUS_OK)
            commit_ready(run);
    }
    if (status != STATUS_OK) {
        pthread_mutex_lock(&run->mutex);
        end_with_error(run, status, &err);
        pthread_mutex_unlock(&run->mutex);
    }
    if (created)
        run->def->world_destroy(run->def->user, thread, &world);
}

static void close_slots(Run *run) {
    for (int i = 0; i < run->nslot; i++) {
        if (run->slot[i].encoded && run->sink->discard)
            run->sink->discard(run->sink->user, run->slot[i].encoded);
        arena_destroy(run->slot[i].episode.arena);
    }
    mem_free(run->slot);
}

Status gen_run(const GenRun *def, const GenSink *sink, GenTotals *totals, GenEnd *end, Err *err) {
    ASSERT(def->threads >= 1 && sink->commit && def->world_create && def->world_destroy);
    Run run = {.def = def,
               .sink = sink,
               .mutex = PTHREAD_MUTEX_INITIALIZER,
               .room = PTHREAD_COND_INITIALIZER,
               .next = def->first,
               .committed = def->first,
               .end = GEN_END_ATTEMPTS,
               .accept = accept_make(def),
               .nslot = WINDOW * def->threads,
               .begin = seconds()};
    run.cap = def->attempts ? def->attempts : gen_attempt_cap(def->successes);
    run.slot = mem_calloc((size_t)run.nslot, sizeof *run.slot);
    if (!run.slot)
        return err_set(err, STATUS_MEMORY, "out of memory");
    for (size_t i = 0; i < def->nprior; i++)
        accept_restore(&run.accept, &def->prior[i]);
    if (accept_full(&run.accept))
        end_run(&run, GEN_END_SUCCESSES);
#pragma omp parallel for schedule(static, 1) num_threads(def->threads)
    for (int i = 0; i < def->threads; i++)
        work(&run, i);
    run.accept.totals.wall_time = seconds() - run.begin;
    *totals = run.accept.totals;
    *end = run.end;
    const Status status = run.status;
    if (status != STATUS_OK)
        err_set(err, status, "%s", run.err.message);
    close_slots(&run);
    return status;
}
