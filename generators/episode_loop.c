/* One attempt: the only loop over time in the generator.
 *
 *        ┌──────────────► look ── both hands done? ──► hold, judge ──► ok / not_held
 *        │                 │ no
 *        │   start waiting hands: checkpoint, choose source, plan
 *        │                 │
 *        │     aim each hand: next point, or wait to settle
 *        │                 │
 *        └───── act: record and run one row ── gates ──► cause ──► back to a checkpoint, or the end
 *
 * Everything that a checkpoint must bring back is in Live, a plain value, and in the world's snapshot. */
#include "generators/body.h"
#include "generators/candidates.h"
#include "generators/coordinate.h"
#include "generators/follow.h"
#include "generators/generate.h"
#include "generators/judge.h"
#include "generators/recorder.h"
#include "generators/score.h"

#include <string.h>
#include <time.h>

static const double LOST_TIME = 0.2;  /* s beyond the bound until a hand counts as lost */
static const double GRACE = 0.5;      /* s after a segment's end for its condition to come true */
static const double HOLD_GRACE = 1.5; /* s beyond the hold time for success to settle */

typedef enum HandPhase { HAND_WAITING, HAND_RUNNING, HAND_DONE } HandPhase;

typedef struct HandLive {
    HandPhase phase;
    int subtask; /* running, −1 */
    int entry;   /* in Episode.subtask */
    int demo;    /* source of the last subtask, −1 */
    int held;    /* object in the hand from the subtask's begin on, −1 */
    int grace;   /* rows since the plan's end */
    Follow follow;
    Scene begin; /* truth when the subtask began */
} HandLive;

typedef struct Live {
    Body body;
    HandLive hand[NSIDE];
    uint8_t done[MAX_SUBTASKS];
    int nrow, nsubtask; /* of the episode */
    int last_begun;     /* subtask, −1 */
    int finishing;      /* rows since all subtasks were done */
} Live;

typedef struct Checkpoint {
    bool valid;
    Live live;
    void *snapshot;
} Checkpoint;

typedef struct Attempt {
    GenWorld *world;
    const Task *task;
    const GenSources *sources;
    const GenOptions *options;
    uint64_t seed, attempt;
    Episode *episode;
    Arena *arena; /* plans, checkpoints */
    Live live;
    Checkpoint checkpoint[MAX_SUBTASKS]; /* at each subtask's start */
    int tries[MAX_SUBTASKS];             /* begun so far */
    int failures[MAX_SUBTASKS];
    int unreached[MAX_SUBTASKS]; /* failures because the hand could not get there */
    int restores;
    int rows_run; /* discarded ones included */
    bool memory;
    bool over;
} Attempt;

/* ---- checkpoints ---- */

static bool save(Attempt *a, int subtask) {
    Checkpoint *c = &a->checkpoint[subtask];
    if (a->options->retries == 0)
        return true;
    if (!c->snapshot)
        c->snapshot = arena_alloc(a->arena, a->world->snapshot_size(a->world->self));
    if (!c->snapshot)
        return false;
    a->world->save(a->world->self, c->snapshot);
    a->live.nrow = a->episode->nrow;
    a->live.nsubtask = a->episode->nsubtask;
    c->live = a->live;
    c->valid = true;
    return true;
}

static void restore(Attempt *a, int subtask) {
    const Checkpoint *c = &a->checkpoint[subtask];
    ASSERT(c->valid);
    a->world->load(a->world->self, c->snapshot);
    a->live = c->live;
    recorder_cut(a->episode, a->live.nrow);
    a->episode->nsubtask = a->live.nsubtask;
    for (int i = 0; i < a->task->nsubtask; i++) {
        if (a->checkpoint[i].live.nrow > a->live.nrow)
            a->checkpoint[i].valid = false;
    }
    a->restores++;
}

/* ---- failure ---- */

/* The hand's subtask before this one, −1. */
static int previous_subtask(const Task *task, int subtask) {
    for (int i = subtask - 1; i >= 0; i--) {
        if (task->subtask[i].hand == task->subtask[subtask].hand)
            return i;
    }
    return -1;
}

static bool planned_badly(Outcome cause) {
    return cause == OUTCOME_unreachable || cause == OUTCOME_joint_limit || cause == OUTCOME_self_collision ||
           cause == OUTCOME_scene_collision || cause == OUTCOME_ik_diverged;
}

/* Where to go back to after the subtask failed: its own start; the start of the one before, where what it left behind is to
 * blame (nothing feasible from there, or twice not placed as it lay in the hand); −1: nowhere. */
static int way_back(Attempt *a, int subtask, Outcome cause) {
    const int limit = a->options->retries, before = previous_subtask(a->task, subtask);
    const bool blame = planned_badly(cause) || (a->task->subtask[subtask].moves && a->failures[subtask] >= 2);
    if (blame && before >= 0 && a->checkpoint[before].valid && a->failures[before] < limit) {
        a->failures[before]++;
        return before;
    }
    return a->failures[subtask] <= limit && a->checkpoint[subtask].valid ? subtask : -1;
}

static void finish(Attempt *a, Outcome outcome, int subtask) {
    a->episode->outcome = outcome;
    a->episode->failed_subtask = outcome == OUTCOME_ok ? -1 : subtask;
    a->over = true;
}

/* A subtask (−1: none has begun) failed: go back to a checkpoint or end the attempt. */
static void fail(Attempt *a, int subtask, Outcome cause) {
    for (int s = 0; s < NSIDE; s++) {
        const HandLive *h = &a->live.hand[s];
        if (h->phase == HAND_RUNNING && h->subtask == subtask) {
            a->episode->subtask[h->entry].outcome = cause;
            a->episode->subtask[h->entry].end = a->episode->nrow;
        }
    }
    int back = -1;
    if (subtask >= 0 && a->options->retries > 0) {
        a->failures[subtask]++;
        a->unreached[subtask] += cause == OUTCOME_tracking_lost;
        back = way_back(a, subtask, cause);
    }
    if (back < 0) {
        finish(a, cause, subtask);
        return;
    }
    restore(a, back);
}

static Outcome cause_seen(const Attempt *a, int side, int subtask, Outcome otherwise) {
    const HandLive *h = &a->live.hand[side];
    const JudgeDef def = {.world = a->world,
                          .subtask = subtask,
                          .hand = side,
                          .released = h->follow.changed,
                          .first = &a->live.body.first,
                          .begin = &h->begin,
                          .now = &a->live.body.truth};
    return judge_cause(&def, otherwise);
}

/* Something failed that is no one hand's doing: blame the subtask begun last. */
static void fail_at_large(Attempt *a, Outcome cause, bool look) {
    const int subtask = a->live.last_begun;
    if (look && subtask >= 0)
        cause = cause_seen(a, a->task->subtask[subtask].hand, subtask, cause);
    fail(a, subtask, cause);
}

/* ---- starting subtasks ---- */

static void begin_hand(Attempt *a, const Choice *choice, int h, int subtask) {
    const int side = a->task->subtask[subtask].hand;
    HandLive *live = &a->live.hand[side];
    const int partner = coordinate_partner(a->task, subtask);
    /* What both hands hold is moved by the noise, not squeezed by it. */
    const int noisy = partner >= 0 && partner < subtask ? partner : subtask;
    const Perturb perturb =
        perturb_make(a->seed, a->attempt, partner >= 0 ? 0 : side, a->restores * MAX_SUBTASKS + noisy);
    *live = (HandLive){.phase = HAND_RUNNING,
                       .subtask = subtask,
                       .entry = a->episode->nsubtask,
                       .demo = choice->demo,
                       .begin = a->live.body.truth};
    const Segment *segment = choice->segment[h];
    live->held = segment->moves;
    if (live->held < 0 && plan_carries(segment, segment->object))
        live->held = segment->object;
    live->follow =
        follow_make(&a->live.body, choice->segment[h], choice->placement[h], &choice->traj[h], perturb);
    live->follow.presses = a->task->subtask[subtask].until_force && segment->moves < 0;
    ASSERT(a->episode->nsubtask < MAX_EPISODE_SUBTASKS);
    a->episode->subtask[a->episode->nsubtask++] = (EpisodeSubtask){.subtask = subtask,
                                                                   .hand = side,
                                                                   .source_demo = choice->demo,
                                                                   .begin = a->episode->nrow,
                                                                   .end = a->episode->nrow,
                                                                   .retries = a->failures[subtask]};
}

/* Plan and start one subtask, or two together. */
static void start(Attempt *a, const int *subtask, int n) {
    const Body *body = &a->live.body;
    CandidateDef def = {.world = a->world,
                        .sources = a->sources,
                        .options = a->options,
                        .scene = &body->scene,
                        .seed = a->seed,
                        .attempt = a->attempt,
                        .n = n,
                        .prefer = -1,
                        .avoid = a->unreached[subtask[0]],
                        .retry = a->tries[subtask[0]]};
    for (int h = 0; h < n; h++) {
        const int side = a->task->subtask[subtask[h]].hand;
        if (!save(a, subtask[h])) {
            a->memory = true;
            return;
        }
        a->tries[subtask[h]]++;
        def.subtask[h] = subtask[h];
        def.start[h] = (PlanStart){.hand = body->hand[side].target, .twist = body_twist(body, side)};
        memcpy(def.start[h].closure, body->hand[side].closure, sizeof def.start[h].closure);
        def.home[h] = body_home(body, side);
        a->live.last_begun = subtask[h];
        if (a->options->keep_source && h == 0)
            def.prefer = a->live.hand[side].demo;
    }
    Choice choice;
    const Outcome outcome = candidates_choose(&def, a->arena, &choice, &a->memory);
    if (a->memory)
        return;
    if (outcome != OUTCOME_ok) {
        fail(a, subtask[0], outcome);
        return;
    }
    for (int h = 0; h < n; h++)
        begin_hand(a, &choice, h, subtask[h]);
}

/* Start what may start; false if the attempt went back or ended. */
static bool start_waiting(Attempt *a) {
    int waiting[NSIDE];
    for (int s = 0; s < NSIDE; s++)
        waiting[s] = a->live.hand[s].phase == HAND_WAITING ? coordinate_next(a->task, s, a->live.done) : -1;
    for (int s = 0; s < NSIDE; s++) {
        if (a->live.hand[s].phase == HAND_WAITING && waiting[s] < 0)
            a->live.hand[s].phase = HAND_DONE;
        if (waiting[s] < 0 || !coordinate_may_start(a->task, waiting[s], a->live.done, waiting))
            continue;
        const int partner = coordinate_partner(a->task, waiting[s]);
        const int subtask[NSIDE] = {waiting[s], partner};
        const int restores = a->restores;
        start(a, subtask, partner >= 0 ? 2 : 1);
        if (a->over || a->memory || a->restores != restores)
            return false;
        if (partner >= 0)
            break;
    }
    return true;
}

/* ---- ending subtasks ---- */

static bool condition_holds(const Attempt *a, int subtask) {
    const Pred *until = a->task->subtask[subtask].until;
    return !until || a->world->holds(a->world->self, until);
}

static void complete(Attempt *a, int side) {
    HandLive *h = &a->live.hand[side];
    a->episode->subtask[h->entry].end = a->episode->nrow;
    a->episode->subtask[h->entry].outcome = OUTCOME_ok;
    a->live.done[h->subtask] = 1;
    a->live.body.signal[h->subtask] = 1;
    h->phase = HAND_WAITING;
    h->subtask = -1;
}

/* Is this hand's plan carried out, its last wait included, and its condition true? */
static bool may_complete(const Attempt *a, int side) {
    const HandLive *h = &a->live.hand[side];
    return h->phase == HAND_RUNNING && follow_at_end(&h->follow) && !h->follow.waiting &&
           condition_holds(a, h->subtask);
}

/* Complete what is complete; false if a subtask failed. */
static bool end_running(Attempt *a) {
    for (int s = 0; s < NSIDE; s++) {
        HandLive *h = &a->live.hand[s];
        if (h->phase != HAND_RUNNING || !follow_at_end(&h->follow))
            continue;
        const int partner = coordinate_partner(a->task, h->subtask);
        const int other = partner >= 0 ? a->task->subtask[partner].hand : s;
        if (may_complete(a, s) && may_complete(a, other)) {
            complete(a, s);
            if (other != s)
                complete(a, other);
        } else if (follow_at_end(&a->live.hand[other].follow) && h->grace * a->world->dt >= GRACE) {
            const int blamed = may_complete(a, s) ? other : s, subtask = a->live.hand[blamed].subtask;
            fail(a, subtask, cause_seen(a, blamed, subtask, OUTCOME_postcondition));
            return false;
        }
    }
    return true;
}

/* ---- moving ---- */

static void watch(Attempt *a) {
    for (int s = 0; s < NSIDE; s++) {
        if (a->live.hand[s].phase == HAND_RUNNING)
            follow_watch(&a->live.hand[s].follow, &a->live.body, a->options);
    }
}

/* Aim both hands; false if one is lost where it is about to change. */
static bool aim(Attempt *a) {
    for (int s = 0; s < NSIDE; s++) {
        HandLive *h = &a->live.hand[s];
        if (h->phase != HAND_RUNNING) {
            body_keep(&a->live.body, s);
            continue;
        }
        const bool joint = coordinate_partner(a->task, h->subtask) >= 0;
        const bool hold = h->follow.waiting || (joint && a->live.hand[1 - s].follow.waiting);
        if (!hold && a->options->gates && follow_lost(&h->follow, &a->live.body)) {
            fail(a, h->subtask, OUTCOME_tracking_lost);
            return false;
        }
        h->grace = follow_at_end(&h->follow) ? h->grace + 1 : 0;
        follow_aim(&h->follow, &a->live.body, a->task, a->options, hold);
    }
    return true;
}

static bool slipping(const Attempt *a, int side) {
    const HandLive *h = &a->live.hand[side];
    return h->held >= 0 && !h->follow.changed && judge_slip(&h->begin, &a->live.body.truth, side, h->held);
}

/* After a row: is anything wrong? */
static void check_gates(Attempt *a) {
    for (int s = 0; s < NSIDE && a->options->gates; s++) {
        const HandLive *h = &a->live.hand[s];
        if (h->phase != HAND_RUNNING)
            continue;
        const bool lost = a->live.body.hand[s].far * a->world->dt > LOST_TIME;
        if (lost || slipping(a, s)) {
            fail(a, h->subtask, lost ? OUTCOME_tracking_lost : OUTCOME_slipped);
            return;
        }
    }
    if (a->task->abort && a->world->holds(a->world->self, a->task->abort))
        fail_at_large(a, OUTCOME_postcondition, true);
}

static bool all_done(const Attempt *a) {
    return a->live.hand[SIDE_LEFT].phase == HAND_DONE && a->live.hand[SIDE_RIGHT].phase == HAND_DONE;
}

/* All subtasks are done: has success held, or will it never? True if the attempt goes on with another row. */
static bool judge(Attempt *a) {
    if (body_held(&a->live.body)) {
        recorder_result(a->episode, 1, true);
        finish(a, OUTCOME_ok, -1);
        return false;
    }
    if (a->live.finishing++ * a->world->dt < a->task->hold + HOLD_GRACE)
        return true;
    fail_at_large(a, a->live.body.once ? OUTCOME_not_held : OUTCOME_postcondition, true);
    return false;
}

static void step(Attempt *a) {
    watch(a);
    if (!end_running(a) || !start_waiting(a))
        return;
    if (all_done(a) && !judge(a))
        return;
    if (a->episode->nrow * a->world->dt >= a->task->time_limit) {
        fail_at_large(a, OUTCOME_timeout, false);
        return;
    }
    if (!aim(a))
        return;
    const Outcome outcome = body_act(&a->live.body, &a->memory);
    a->rows_run++;
    if (a->memory)
        return;
    if (outcome != OUTCOME_ok)
        fail_at_large(a, outcome, false);
    else
        check_gates(a);
}

/* ---- the attempt ---- */

static double thread_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void run(Attempt *a) {
    const Outcome outcome = body_begin(&a->live.body, a->world, a->episode, a->seed, a->attempt, &a->memory);
    if (a->memory)
        return;
    if (outcome != OUTCOME_ok) {
        finish(a, outcome, -1);
        return;
    }
    for (int s = 0; s < NSIDE; s++)
        a->live.hand[s] = (HandLive){.phase = HAND_WAITING, .subtask = -1, .demo = -1};
    while (!a->over && !a->memory)
        step(a);
}

static void close_episode(Attempt *a, double cpu) {
    Episode *e = a->episode;
    e->final_hash = a->world->hash(a->world->self);
    e->retries = (uint32_t)a->restores;
    e->sim_time = a->rows_run * a->world->dt;
    e->cpu_time = cpu;
    e->scores = score_episode(e, &a->live.body.extremes, a->world->dt);
}

Status gen_attempt(GenWorld *world, const GenSources *sources, const GenOptions *options, uint64_t seed,
                   uint64_t attempt, Episode *episode, Err *err) {
    const double begin = thread_seconds();
    Arena *arena = arena_create(1u << 18);
    Attempt *a = arena ? arena_alloc(arena, sizeof *a) : NULL;
    if (!a) {
        arena_destroy(arena);
        return err_set(err, STATUS_MEMORY, "out of memory");
    }
    *a = (Attempt){.world = world,
                   .task = world->task,
                   .sources = sources,
                   .options = options,
                   .seed = seed,
                   .attempt = attempt,
                   .episode = episode,
                   .arena = arena};
    a->live.last_begun = -1;
    run(a);
    const bool memory = a->memory;
    if (!memory)
        close_episode(a, thread_seconds() - begin);
    arena_destroy(arena);
    return memory ? err_set(err, STATUS_MEMORY, "attempt %llu: out of memory", (unsigned long long)attempt)
                  : STATUS_OK;
}
