/* The scripted operator at work.
 *
 *   per hand:  choose a way ──► [ pause ─► move ─► correct ─► settle ─► wait ] per move ──► wait for the condition
 *
 * Hands whose subtasks are `together` go through their moves in step. */
#include "generators/operator.h"

#include "generators/bridge.h"
#include "generators/coordinate.h"
#include "generators/judge.h"
#include "generators/operator_choice.h"
#include "generators/score.h"

#include <string.h>
#include <time.h>

static const double DEGREE = 3.14159265358979323846 / 180;
static const double ARRIVED_POS = 0.004, ARRIVED_ANGLE = 0.0593; /* m, rad */
static const double CORRECTION_TIME = 0.3;                       /* s */
static const double PATIENCE = 1.0;   /* s for a subtask's condition after its moves */
static const double HOLD_GRACE = 1.5; /* s beyond the hold time */
static const double LOST_TIME = 0.5;  /* s that a hand may be far from its target */

typedef enum Step { STEP_PAUSE, STEP_MOVE, STEP_CORRECT, STEP_SETTLE, STEP_WAIT, STEP_DONE } Step;

typedef struct HandWork {
    int subtask; /* −1: waiting for its next one, or all done */
    int entry;   /* in Episode.subtask */
    OperatorWay way;
    int move;
    Step step;
    double clock; /* s in this step */
    double pause; /* s */
    Bridge bridge;
    Pose goal, start; /* of the move, when it began */
    Pose jitter;      /* of the hand about the goal */
    Pose miss;        /* what the correction corrects; identity if none */
    bool corrects;
    float from[MAX_HAND_MOTORS], to[MAX_HAND_MOTORS];
    double force[3]; /* N, at the start of the move */
    bool touched;
    const char *used[2]; /* grasp and variant of the last phase */
    Scene begin;
} HandWork;

typedef struct Work {
    const Operator *operator_;
    GenWorld *world;
    const Task *task;
    OperatorClosure *closure;
    void *user;
    Episode *episode;
    Body body;
    Rng rng;
    double pace; /* this demonstration's speed, as a factor */
    HandWork hand[NSIDE];
    uint8_t done[MAX_SUBTASKS];
    int finishing;
    bool memory, over;
} Work;

static void finish(Work *w, Outcome outcome, int subtask) {
    w->episode->outcome = outcome;
    w->episode->failed_subtask = outcome == OUTCOME_ok ? -1 : subtask;
    w->over = true;
}

static void fail(Work *w, int side, Outcome cause, bool look) {
    HandWork *h = &w->hand[side];
    const JudgeDef def = {.world = w->world,
                          .subtask = h->subtask,
                          .hand = side,
                          .released = true,
                          .first = &w->body.first,
                          .begin = h->subtask >= 0 ? &h->begin : &w->body.first,
                          .now = &w->body.truth};
    if (look)
        cause = judge_cause(&def, cause);
    if (h->subtask >= 0) {
        w->episode->subtask[h->entry].outcome = cause;
        w->episode->subtask[h->entry].end = w->episode->nrow;
    }
    finish(w, cause, h->subtask);
}

/* ---- moves ---- */

static const OperatorMove *current(const HandWork *h) {
    return &h->way.move[h->move];
}

static Pose random_offset(Rng *rng, double pos, double angle) {
    Pose p = POSE_IDENTITY;
    double turn[3];
    for (int i = 0; i < 3; i++) {
        p.pos[i] = pos * rng_normal(rng);
        turn[i] = angle * rng_normal(rng);
    }
    quat_from_rotvec(turn, p.quat);
    return p;
}

static Pose goal_now(const Work *w, int side) {
    const HandWork *h = &w->hand[side];
    const Pose goal = operator_goal(w->operator_, &w->body, side, current(h), h->way.yaw, h->start);
    return pose_mul(goal, h->jitter);
}

static void set_closure(Work *w, int side) {
    HandWork *h = &w->hand[side];
    const OperatorMove *m = current(h);
    double a[MAX_HAND_MOTORS], b[MAX_HAND_MOTORS];
    memcpy(h->from, w->body.hand[side].closure, sizeof h->from);
    memcpy(h->to, h->from, sizeof h->to);
    if (!m->closure || !w->closure(w->user, side, m->closure, a))
        return;
    const bool blends = m->closure_to && w->closure(w->user, side, m->closure_to, b);
    for (int i = 0; i < w->world->layout.nhand; i++)
        h->to[i] = (float)(blends ? (1 - m->blend) * a[i] + m->blend * b[i] : a[i]);
}

/* Draw the habits of the move and begin with its pause. Draws are made in one order whatever is used of them. */
static void begin_move(Work *w, int side) {
    HandWork *h = &w->hand[side];
    const OperatorMove *m = current(h);
    const OperatorHabits *habits = &w->operator_->habits;
    const double chance = rng_uniform(&w->rng), length = rng_uniform(&w->rng);
    h->pause = chance < habits->pause_chance ? length * habits->pause_s : 0;
    h->jitter = random_offset(&w->rng, m->jitter.pos_m, m->jitter.rot_deg * DEGREE);
    const bool corrects = rng_uniform(&w->rng) < habits->correction_chance && m->settle > 0;
    h->miss = random_offset(&w->rng, habits->correction_m / 1.7, habits->correction_deg * DEGREE / 1.7);
    if (!corrects)
        h->miss = POSE_IDENTITY;
    h->corrects = corrects;
    h->step = STEP_PAUSE;
    h->clock = 0;
    h->touched = false;
    if (m->grasp)
        h->used[0] = m->grasp;
}

/* The pause is over: fix start, goal and speed. */
static void launch(Work *w, int side) {
    HandWork *h = &w->hand[side];
    const OperatorMove *m = current(h);
    h->start = w->body.hand[side].target;
    h->goal = goal_now(w, side);
    memcpy(h->force, w->body.scene.hand_wrench[side].force, sizeof h->force);
    set_closure(w, side);
    const BridgeDef def = {.from = h->start,
                           .to = pose_mul(h->goal, h->miss),
                           .speed = w->pace * (m->speed > 0 ? m->speed : w->operator_->speed),
                           .turn = w->pace * (m->turn > 0 ? m->turn : w->operator_->turn),
                           .shape = GEN_BRIDGE_SLERP};
    h->bridge = bridge_make(&def);
    const double least = m->time > w->world->dt ? m->time : w->world->dt;
    if (h->bridge.duration < least)
        bridge_stretch(&h->bridge, least);
    h->step = STEP_MOVE;
    h->clock = 0;
}

static bool guard_trips(const Work *w, int side) {
    const HandWork *h = &w->hand[side];
    double d[3];
    vec3_sub(w->body.scene.hand_wrench[side].force, h->force, d);
    return current(h)->guarded_n > 0 && vec3_norm(d) > current(h)->guarded_n;
}

/* Where the hand shall be after the next row of the move. */
static Pose moving_target(const Work *w, int side, double t) {
    const HandWork *h = &w->hand[side];
    const Pose planned = bridge_at(&h->bridge, t);
    if (!current(h)->follow)
        return planned;
    const Pose delta = pose_mul(goal_now(w, side), pose_inv(h->goal));
    return pose_mul(pose_lerp(POSE_IDENTITY, delta, min_jerk(t / h->bridge.duration)), planned);
}

static void aim_moving(Work *w, int side) {
    HandWork *h = &w->hand[side];
    h->clock += w->world->dt;
    const double t = h->clock < h->bridge.duration ? h->clock : h->bridge.duration;
    float closure[MAX_HAND_MOTORS];
    for (int i = 0; i < w->world->layout.nhand; i++)
        closure[i] = h->from[i] + (float)(t / h->bridge.duration) * (h->to[i] - h->from[i]);
    body_aim(&w->body, side, moving_target(w, side, t), closure);
}

/* A small move back onto the goal. */
static void aim_correcting(Work *w, int side) {
    HandWork *h = &w->hand[side];
    h->clock += w->world->dt;
    const double s = h->clock < CORRECTION_TIME ? h->clock / CORRECTION_TIME : 1;
    const Pose goal = current(h)->follow ? goal_now(w, side) : h->goal;
    const Pose left = pose_lerp(h->miss, POSE_IDENTITY, min_jerk(s));
    body_aim(&w->body, side, pose_mul(goal, left), h->to);
}

static bool settled(const Work *w, int side) {
    double pos, angle;
    body_error(&w->body, side, &pos, &angle);
    return pos <= ARRIVED_POS && angle <= ARRIVED_ANGLE;
}

static void next_step(HandWork *h, Step step) {
    h->step = step;
    h->clock = 0;
}

/* Go on to the step that this row belongs to. */
static void advance(Work *w, int side) {
    HandWork *h = &w->hand[side];
    if (h->step == STEP_PAUSE && h->clock >= h->pause)
        launch(w, side);
    if (h->step == STEP_MOVE && h->clock > 0 && guard_trips(w, side))
        h->touched = true;
    if (h->step == STEP_MOVE && (h->touched || h->clock >= h->bridge.duration - 1e-9))
        next_step(h, h->corrects && !h->touched ? STEP_CORRECT : STEP_SETTLE);
    if (h->step == STEP_CORRECT && h->clock >= CORRECTION_TIME - 1e-9)
        next_step(h, STEP_SETTLE);
    if (h->step == STEP_SETTLE && (h->touched || h->clock >= current(h)->settle || settled(w, side)))
        next_step(h, STEP_WAIT);
    if (h->step == STEP_WAIT && h->clock >= current(h)->wait)
        next_step(h, STEP_DONE);
}

static void aim(Work *w, int side) {
    HandWork *h = &w->hand[side];
    if (h->subtask >= 0 && h->step == STEP_MOVE) {
        aim_moving(w, side);
    } else if (h->subtask >= 0 && h->step == STEP_CORRECT) {
        aim_correcting(w, side);
    } else {
        h->clock += w->world->dt;
        body_keep(&w->body, side);
    }
}

/* ---- subtasks ---- */

static const OperatorPhase *phase_of(const Work *w, int subtask) {
    for (unsigned i = 0; i < w->operator_->nphase; i++) {
        if (strcmp(w->operator_->phase[i].subtask, w->task->subtask[subtask].name) == 0)
            return &w->operator_->phase[i];
    }
    return NULL;
}

static bool start(Work *w, int subtask) {
    const int side = w->task->subtask[subtask].hand;
    HandWork *h = &w->hand[side];
    const OperatorPhase *phase = phase_of(w, subtask);
    h->subtask = subtask;
    h->entry = w->episode->nsubtask++;
    h->begin = w->body.truth;
    h->move = 0;
    w->episode->subtask[h->entry] = (EpisodeSubtask){.subtask = subtask,
                                                     .hand = side,
                                                     .source_demo = -1,
                                                     .begin = w->episode->nrow,
                                                     .end = w->episode->nrow};
    const Outcome outcome = operator_choose(w->operator_, &w->body, side, phase, h->used, &w->rng, &h->way);
    if (outcome != OUTCOME_ok) {
        fail(w, side, outcome, false);
        return false;
    }
    h->used[1] = h->way.variant;
    begin_move(w, side);
    return true;
}

static bool start_waiting(Work *w) {
    int waiting[NSIDE];
    for (int s = 0; s < NSIDE; s++)
        waiting[s] = w->hand[s].subtask < 0 ? coordinate_next(w->task, s, w->done) : -1;
    for (int s = 0; s < NSIDE; s++) {
        const bool free = w->hand[s].subtask < 0 && waiting[s] >= 0;
        if (!free || !coordinate_may_start(w->task, waiting[s], w->done, waiting))
            continue;
        if (!start(w, waiting[s]))
            return false;
        const int partner = coordinate_partner(w->task, waiting[s]);
        if (partner >= 0 && w->hand[1 - s].subtask < 0 && !start(w, partner))
            return false;
    }
    return true;
}

static bool condition_holds(const Work *w, int subtask) {
    const Pred *until = w->task->subtask[subtask].until;
    return !until || w->world->holds(w->world->self, until);
}

static bool moves_done(const HandWork *h) {
    return h->step == STEP_DONE && h->move == h->way.nmove - 1;
}

static void complete(Work *w, int side) {
    HandWork *h = &w->hand[side];
    w->episode->subtask[h->entry].end = w->episode->nrow;
    w->done[h->subtask] = w->body.signal[h->subtask] = 1;
    h->subtask = -1;
}

/* The hand that is in step with this one, or this one. */
static int companion(const Work *w, int side) {
    const int partner = w->hand[side].subtask >= 0 ? coordinate_partner(w->task, w->hand[side].subtask) : -1;
    return partner >= 0 ? 1 - side : side;
}

/* End the phase, or wait for its condition; false if it never comes. */
static bool end_phase(Work *w, int side) {
    HandWork *h = &w->hand[side];
    const int other = companion(w, side);
    if (!moves_done(h) || !moves_done(&w->hand[other]))
        return true;
    if (condition_holds(w, h->subtask) && condition_holds(w, w->hand[other].subtask)) {
        complete(w, side);
        if (other != side)
            complete(w, other);
    } else if (h->clock >= PATIENCE) {
        fail(w, condition_holds(w, h->subtask) ? other : side, OUTCOME_postcondition, true);
        return false;
    }
    return true;
}

/* Begin the next moves; hands in step begin and end theirs at one tick. */
static void next_moves(Work *w) {
    for (int s = 0; s < NSIDE; s++) {
        HandWork *h = &w->hand[s];
        const int other = companion(w, s);
        if (h->subtask < 0 || h->step != STEP_DONE || moves_done(h) || w->hand[other].step != STEP_DONE)
            continue;
        h->move++;
        begin_move(w, s);
        if (other != s) {
            w->hand[other].move++;
            begin_move(w, other);
        }
    }
}

static void keep_step(Work *w) {
    HandWork *l = &w->hand[SIDE_LEFT], *r = &w->hand[SIDE_RIGHT];
    if (l->subtask < 0 || companion(w, SIDE_LEFT) == SIDE_LEFT)
        return;
    if (l->step == STEP_PAUSE && r->step == STEP_PAUSE)
        l->pause = r->pause = l->pause > r->pause ? l->pause : r->pause;
    if (l->step != STEP_MOVE || r->step != STEP_MOVE || l->clock > 0 || r->clock > 0)
        return;
    const double longest = l->bridge.duration > r->bridge.duration ? l->bridge.duration : r->bridge.duration;
    bridge_stretch(&l->bridge, longest);
    bridge_stretch(&r->bridge, longest);
}

/* ---- the whole ---- */

static bool all_done(const Work *w) {
    for (int i = 0; i < w->task->nsubtask; i++) {
        if (!w->done[i])
            return false;
    }
    return true;
}

static int blamed_hand(const Work *w) {
    return w->hand[SIDE_RIGHT].subtask >= 0 ? SIDE_RIGHT : SIDE_LEFT;
}

static bool judge(Work *w) {
    if (body_held(&w->body)) {
        w->episode->reward[w->episode->nrow - 1] = 1;
        w->episode->done[w->episode->nrow - 1] = 1;
        finish(w, OUTCOME_ok, -1);
        return false;
    }
    if (w->finishing++ * w->world->dt < w->task->hold + HOLD_GRACE)
        return true;
    fail(w, SIDE_RIGHT, w->body.once ? OUTCOME_not_held : OUTCOME_postcondition, true);
    return false;
}

static bool work_hands(Work *w) {
    for (int s = 0; s < NSIDE; s++) {
        if (w->hand[s].subtask >= 0)
            advance(w, s);
    }
    next_moves(w);
    for (int s = 0; s < NSIDE; s++) {
        if (w->hand[s].subtask >= 0 && !end_phase(w, s))
            return false;
    }
    if (!start_waiting(w))
        return false;
    keep_step(w);
    for (int s = 0; s < NSIDE; s++) {
        if (w->hand[s].subtask >= 0)
            advance(w, s);
    }
    keep_step(w);
    return true;
}

static void step(Work *w) {
    if (!work_hands(w) || (all_done(w) && !judge(w)))
        return;
    if (w->episode->nrow * w->world->dt >= w->task->time_limit) {
        fail(w, blamed_hand(w), OUTCOME_timeout, false);
        return;
    }
    for (int s = 0; s < NSIDE; s++)
        aim(w, s);
    const Outcome outcome = body_act(&w->body, &w->memory);
    if (w->memory)
        return;
    if (outcome != OUTCOME_ok) {
        fail(w, blamed_hand(w), outcome, false);
        return;
    }
    for (int s = 0; s < NSIDE; s++) {
        if (w->body.hand[s].far * w->world->dt > LOST_TIME) {
            fail(w, s, OUTCOME_tracking_lost, true);
            return;
        }
    }
    if (w->task->abort && w->world->holds(w->world->self, w->task->abort))
        fail(w, blamed_hand(w), OUTCOME_postcondition, true);
}

static double thread_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void run(Work *w, uint64_t seed, uint64_t attempt) {
    const Outcome outcome = body_begin(&w->body, w->world, w->episode, seed, attempt, &w->memory);
    if (w->memory)
        return;
    if (outcome != OUTCOME_ok) {
        finish(w, outcome, -1);
        return;
    }
    w->rng = rng_make(seed, attempt, RNG_OPERATOR, 0);
    w->pace = 1 + w->operator_->habits.speed_spread * rng_range(&w->rng, -1, 1);
    for (int s = 0; s < NSIDE; s++)
        w->hand[s].subtask = -1;
    while (!w->over && !w->memory)
        step(w);
}

Status operator_run(const Operator *operator_, GenWorld *world, OperatorClosure *closure, void *user,
                    uint64_t seed, uint64_t attempt, Episode *episode, Err *err) {
    const double begin = thread_seconds();
    Work *w = mem_calloc(1, sizeof *w);
    if (!w)
        return err_set(err, STATUS_MEMORY, "out of memory");
    *w = (Work){.operator_ = operator_,
                .world = world,
                .task = world->task,
                .closure = closure,
                .user = user,
                .episode = episode};
    run(w, seed, attempt);
    const bool memory = w->memory;
    if (!memory) {
        episode->final_hash = world->hash(world->self);
        episode->sim_time = episode->nrow * world->dt;
        episode->scores = score_episode(episode, &w->body.extremes, world->dt);
        episode->cpu_time = thread_seconds() - begin;
    }
    mem_free(w);
    return memory ? err_set(err, STATUS_MEMORY, "attempt %llu: out of memory", (unsigned long long)attempt)
                  : STATUS_OK;
}
