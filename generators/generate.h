/* The generator: from a few demonstrations to many episodes.
 *
 *     DemoSet ──gen_sources──► GenSources ──┐
 *     GenWorld (one per thread) ────────────┼──gen_attempt──► Episode ──GenSink──► files
 *     GenOptions ───────────────────────────┘        (gen_run: many, in parallel, committed in order of attempt id)
 *
 * An attempt is a pure function of (world's behaviour, sources, options, seed, attempt id). */
#ifndef DEMOMILL_GENERATORS_GENERATE_H
#define DEMOMILL_GENERATORS_GENERATE_H

#include "base/demo.h"
#include "base/episode.h"
#include "base/status.h"
#include "generators/world.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum GenBridge {
    GEN_BRIDGE_SLERP, /* straight line and slerp */
    GEN_BRIDGE_SCREW, /* constant screw motion */
    GEN_BRIDGE_FIXED  /* five steps of equal length whatever the distance: the published method */
} GenBridge;

/* How attempts are made. From gen_options_default or gen_options_plain, then changed; never zero-initialised. */
typedef struct GenOptions {
    uint32_t cookie;
    const char *strategy; /* key of the table in select.c */
    int top_k;            /* nearest_*: uniform over so many */
    double share;     /* no source is used for more than this share of attempts while others are as near */
    bool keep_source; /* later subtasks of a hand prefer the source of its earlier ones */
    bool mirror;      /* mirrored demonstrations are sources too, where the task has counterparts */
    int retries;      /* per subtask, from its checkpoint */
    double noise;     /* action noise, as a fraction of 40 mm and 20° */
    bool noise_near;  /* also in the last approach and during hand changes */
    GenBridge bridge;
    double speed, turn;   /* limits of a bridge, m/s and rad/s */
    double clearance;     /* m above objects that a bridge passes; 0: no via-points */
    bool preflight;       /* ask the world for reach and collisions before moving */
    bool settle;          /* wait for hand and fingers at hand changes */
    bool track;           /* follow the reference object until contact */
    bool symmetry;        /* use the objects' symmetry groups */
    bool trim;            /* enter a demonstration where it comes near its object, not at its start */
    bool place_by_object; /* correct for how the object lies in the hand */
    bool gates;           /* abort when the hand is far from its target */
    double boundary_offset
        [2];            /* s, drawn per source and boundary and added to it; the published method: 0.25…1 */
    double guard_force; /* N, ends an approach that is to end on force */
} GenOptions;

GenOptions gen_options_default(void);
/* The published method, for comparison: no pre-flight, settling, re-tracking, retry, symmetry, trimming or gates; fixed
 * bridges. */
GenOptions gen_options_plain(void);
/* NULL-terminated names of strategies. */
const char *const *gen_strategy_names(void);
/* Errors: UNKNOWN_NAME for the strategy, USAGE for values out of range. */
Status gen_options_check(const GenOptions *options, Err *err);

/* Sources made ready: segments per subtask, mirrored copies. Immutable, shared by threads. Borrows task and set. */
typedef struct GenSources GenSources;
/* layout and dt are the world's. Errors: MISMATCH (rate, closures, objects), FORMAT (a pose that is no number, marks out of
 * range), NOT_FOUND (a subtask that no source has), MEMORY. */
Status gen_sources_create(const Task *task, const DemoSet *set, const ActionLayout *layout, double dt,
                          const GenOptions *options, GenSources **out, Err *err);
void gen_sources_destroy(GenSources *sources); /* NULL is fine */
int gen_sources_count(const GenSources *sources);
/* The i-th source, mirrored ones after the given ones; EpisodeSubtask.source_demo counts here. */
const Demo *gen_sources_demo(const GenSources *sources, int i);
/* Index of the given demonstration that source i is (a mirror image of). */
int gen_sources_origin(const GenSources *sources, int i);

/* One attempt into episode, whose arena is reused (created if NULL). The caller releases it with arena_destroy(episode->arena).
 * A failed attempt is episode->outcome, not a Status. Errors: MEMORY. */
Status gen_attempt(GenWorld *world, const GenSources *sources, const GenOptions *options, uint64_t seed,
                   uint64_t attempt, Episode *episode, Err *err);

/* ---- acceptance ---- */

/* Cells of the reset grid of a level: 4 × 4 over the place and 2 over the yaw of the first object whose region is wider than
 * a point. */
int gen_reset_nbin(const Task *task, const TaskLevel *level);
int gen_reset_bin(const Task *task, const TaskLevel *level, const ResetDraw *draw);
/* Corners of a cell for reports: x0 x1 y0 y1 yaw0 yaw1. */
void gen_reset_bin_box(const Task *task, const TaskLevel *level, int bin, double box[6]);

/* ---- the run ---- */

/* One line of the journal: which attempt ended how. */
typedef struct GenRecord {
    uint64_t attempt;
    Outcome outcome;
    int failed_subtask; /* −1 */
    bool accepted;      /* a success that coverage let in */
    int bin;
    int nrow;
    uint32_t retries;
    int nsource;
    int source[MAX_EPISODE_SUBTASKS]; /* per executed subtask */
    double sim_time, cpu_time;        /* s */
} GenRecord;

typedef struct GenTotals {
    uint64_t attempts, successes, accepted;
    uint64_t by_cause[OUTCOME_COUNT];
    uint64_t by_subtask[MAX_SUBTASKS + 1][OUTCOME_COUNT]; /* failures; the last row: outside any subtask */
    uint64_t retries;
    double sim_time, cpu_time, wall_time;
} GenTotals;

/* Called as the run goes on; commit calls come in order of attempt id, one at a time, from any thread. */
typedef struct GenSink {
    void *user;
    /* Make ready what is to be written, in the worker thread; *out goes to commit. May be NULL. */
    Status (*encode)(void *user, int thread, const Episode *episode, void **out, Err *err);
    /* Owns encoded from here on (also of an attempt that is not accepted). An error stops the run. */
    Status (*commit)(void *user, const GenRecord *record, const Episode *episode, void *encoded, Err *err);
    /* Dispose of what was encoded and is not committed, because the run ended before it. May be NULL. */
    void (*discard)(void *user, void *encoded);
    /* After each commit. May be NULL. */
    void (*progress)(void *user, const GenTotals *totals);
} GenSink;

typedef struct GenRun {
    int threads; /* ≥ 1 */
    uint64_t seed;
    uint64_t first;         /* attempt id to start at: the one after the last committed */
    const GenRecord *prior; /* (nprior) what a resumed run has committed, in order of id */
    size_t nprior;
    uint64_t attempts;  /* stop after attempt id attempts − 1; 0: a cap that lets "all fail" end */
    uint64_t successes; /* stop at so many accepted; 0: no such end */
    double time;        /* s of wall time; 0: no limit */
    double
        coverage; /* 0: off; else an accepted bin holds at most coverage × its even share of successes, ≥ 1 */
    const Task *task;
    const TaskLevel *level; /* for bins; may be NULL: one bin */
    atomic_bool *stop;      /* set by a signal handler; may be NULL */
    void *user;
    Status (*world_create)(void *user, int thread, GenWorld *world,
                           Err *err); /* called in the thread that uses it */
    void (*world_destroy)(void *user, int thread, GenWorld *world);
    /* What is run per attempt: NULL means gen_attempt with sources and options. */
    Status (*attempt)(void *user, GenWorld *world, uint64_t seed, uint64_t attempt, Episode *episode,
                      Err *err);
    const GenSources *sources;
    const GenOptions *options;
} GenRun;

typedef enum GenEnd { GEN_END_ATTEMPTS, GEN_END_SUCCESSES, GEN_END_TIME, GEN_END_STOPPED } GenEnd;

/* Attempts are started in order of id and committed in order of id; what is committed does not depend on the number of
 * threads, only its length on time and stop. Returns STATUS_OK whatever the successes. */
Status gen_run(const GenRun *run, const GenSink *sink, GenTotals *totals, GenEnd *end, Err *err);
/* The attempt cap that a run has when none is given. */
uint64_t gen_attempt_cap(uint64_t successes);

#endif
