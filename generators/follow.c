/* Carrying out a plan.
 *
 * The target is  shift · planned pose · in_hand.  While nothing has been touched, shift follows the reference object at a limited
 * speed, and in_hand how the held object lies in the hand; contact freezes both. Where an approach is to end on force, the
 * rest of the plan is moved to where the force was felt, or the hand goes on a little until it feels it. */
#include "generators/follow.h"

#include <math.h>
#include <string.h>

static const double SETTLE_POS = 0.004, SETTLE_ANGLE = 0.0593;  /* m, rad: 3.4° */
static const double SETTLE_MOST = 0.6;                          /* s */
static const double GRIP_LEAST = 0.1, GRIP_MOST = 0.8;          /* s */
static const double FINGER_REST = 0.15;                         /* closure per s that counts as rest */
static const double CHANGE_BOUND = 0.015;                       /* m: abort gate at a hand change */
static const double TRACK_SPEED = 0.3, TRACK_TURN = 1.2;        /* m/s, rad/s */
static const double TOUCH_FORCE = 4;                            /* N: contact that ends re-tracking */
static const double LOWER_SPEED = 0.03, LOWER_MOST = 0.012;     /* m/s, m */
static const double WITHDRAW_SPEED = 0.1, WITHDRAW_MOST = 0.05; /* m/s, m */
static const double BLOCKED = 0.008;                            /* m that a slow hand falls behind */
static const double PRESS_PATH = 0.01;                          /* m */

Follow follow_make(const Body *body, const Segment *segment, Placement placement, const Traj *traj,
                   Perturb perturb) {
    Follow f = {.side = segment->hand,
                .segment = segment,
                .placement = placement,
                .traj = *traj,
                .tracked = traj->reference_pose,
                .shift = POSE_IDENTITY,
                .in_hand = POSE_IDENTITY,
                .perturb = perturb};
    memcpy(f.fingers, body->scene.closure[f.side], sizeof f.fingers);
    return f;
}

bool follow_at_end(const Follow *f) {
    return f->row >= f->traj.n;
}

static unsigned last_flags(const Follow *f) {
    return f->row > 0 ? f->traj.point[f->row - 1].flags : 0;
}

/* ---- waiting ---- */

static bool arrived(const Follow *f, const Body *body) {
    double pos, angle;
    body_error(body, f->side, &pos, &angle);
    return pos <= SETTLE_POS && angle <= SETTLE_ANGLE;
}

static void watch_fingers(Follow *f, const Body *body) {
    double most = 0;
    for (int i = 0; i < body->world->layout.nhand; i++) {
        const double step = fabs(body->scene.closure[f->side][i] - f->fingers[i]);
        most = step > most ? step : most;
        f->fingers[i] = body->scene.closure[f->side][i];
    }
    f->resting = most <= FINGER_REST * body->world->dt ? f->resting + 1 : 0;
}

/* In a guarded part that came to its end without force: lower on. */
static bool lowering(const Follow *f) {
    const unsigned next = f->row < f->traj.n ? f->traj.point[f->row].flags : 0;
    return last_flags(f) & TRAJ_GUARDED && !(next & TRAJ_GUARDED) && !f->touched && f->beyond < LOWER_MOST;
}

void follow_watch(Follow *f, const Body *body, const GenOptions *options) {
    const double waited = f->waited * body->world->dt;
    const unsigned flags = last_flags(f);
    watch_fingers(f, body);
    bool wait = lowering(f);
    if (!wait && options->settle && flags & TRAJ_SETTLE)
        wait = waited < SETTLE_MOST && !arrived(f, body);
    if (!wait && options->settle && flags & TRAJ_GRIP)
        wait = waited < GRIP_MOST && (waited < GRIP_LEAST || f->resting * body->world->dt < GRIP_LEAST / 2);
    f->waited = wait ? f->waited + 1 : 0;
    f->waiting = wait;
}

bool follow_lost(const Follow *f, const Body *body) {
    double pos, angle;
    if (!(last_flags(f) & TRAJ_SETTLE) || f->touched)
        return false;
    body_error(body, f->side, &pos, &angle);
    return pos > CHANGE_BOUND;
}

/* ---- what it meets ---- */

/* a moved towards b, at most so far. */
static Pose approach(Pose a, Pose b, double step, double turn) {
    const double distance = pose_distance(a, b), angle = pose_angle(a, b);
    double s = 1;
    s = distance > step ? step / distance : s;
    s = angle > turn && turn / angle < s ? turn / angle : s;
    return s >= 1 ? b : pose_lerp(a, b, s);
}

/* Direction in which the plan ends, over its last centimetre. */
static void last_direction(const Traj *traj, double direction[3]) {
    const TrajPoint *end = &traj->point[traj->n - 1], *from = end;
    while (from > traj->point && pose_distance(from->hand, end->hand) < PRESS_PATH)
        from--;
    vec3_sub(end->hand.pos, from->hand.pos, direction);
    const double length = vec3_norm(direction);
    for (int i = 0; i < 3; i++)
        direction[i] = length > 0 ? direction[i] / length : 0;
}

/* The plan has come to its end and its condition is not yet true: press on, or withdraw further. */
static void go_on(Follow *f, const Body *body) {
    const double dt = body->world->dt;
    const bool withdraws = f->segment->moves >= 0 && f->changed;
    const double speed = withdraws ? WITHDRAW_SPEED : LOWER_SPEED;
    double direction[3];
    if (!(f->presses || withdraws) || f->row < f->traj.n)
        return;
    if (f->beyond >= (withdraws ? WITHDRAW_MOST : LOWER_MOST))
        return;
    last_direction(&f->traj, direction);
    f->beyond += speed * dt;
    for (int i = 0; i < 3; i++)
        f->shift.pos[i] += speed * dt * direction[i];
}

static double force_change(const Follow *f, const Body *body) {
    double d[3];
    vec3_sub(body->scene.hand_wrench[f->side].force, f->guard_force, d);
    return vec3_norm(d);
}

static void track(Follow *f, const Body *body, const Task *task) {
    const unsigned flags = f->traj.point[f->row].flags;
    const double dt = body->world->dt;
    if (flags & TRAJ_FROZEN)
        f->frozen = true;
    if (f->frozen || f->traj.reference < 0)
        return;
    if (f->segment->moves < 0 && f->row >= f->traj.source_begin &&
        body->world->hand_force(body->world->self, f->side) > TOUCH_FORCE) {
        f->frozen = true;
        return;
    }
    f->tracked =
        approach(f->tracked, body->scene.object[f->traj.reference], TRACK_SPEED * dt, TRACK_TURN * dt);
    f->shift = pose_mul(f->tracked, pose_inv(f->traj.reference_pose));
    if (f->segment->moves >= 0 && flags & TRAJ_BRIDGE) {
        const Placement now = retarget_in_hand(task, f->segment, &body->scene, f->placement);
        const Pose wanted = pose_mul(pose_inv(f->placement.in_hand), now.in_hand);
        f->in_hand = approach(f->in_hand, wanted, TRACK_SPEED * dt, TRACK_TURN * dt);
    }
}

/* Is something in the way that the wrist does not feel: the forearm on an edge? */
static bool blocked(const Follow *f, const Body *body) {
    double pos, angle;
    body_error(body, f->side, &pos, &angle);
    return pos > BLOCKED;
}

/* The rest of the plan goes on from where the hand is aimed now; skip to the end of the guarded part. */
static void stop_on_force(Follow *f, const Body *body) {
    int last = f->row - 1;
    while (last + 1 < f->traj.n && f->traj.point[last + 1].flags & TRAJ_GUARDED)
        last++;
    const Pose planned = pose_mul(f->traj.point[last].hand, f->in_hand);
    f->shift = pose_mul(body->hand[f->side].target, pose_inv(planned));
    f->row = last + 1;
    f->frozen = f->touched = true;
}

static void guard(Follow *f, const Body *body, const GenOptions *options) {
    if (f->touched || f->row == 0 || !(last_flags(f) & TRAJ_GUARDED))
        return;
    if (!f->guarding) {
        f->guarding = true;
        memcpy(f->guard_force, body->scene.hand_wrench[f->side].force, sizeof f->guard_force);
    } else if (force_change(f, body) > options->guard_force) {
        stop_on_force(f, body);
    } else if (lowering(f) && blocked(f, body)) {
        stop_on_force(f, body);
    } else if (lowering(f)) {
        f->beyond += LOWER_SPEED * body->world->dt;
        f->shift.pos[2] -= LOWER_SPEED * body->world->dt;
        f->frozen = true;
    }
}

/* How far the hand was from its target at this row of the source, m; 0 on the bridge. */
static double source_error(const Follow *f) {
    const int row = f->segment->end - 1 - (f->traj.n - f->row);
    if (f->row <= f->traj.source_begin || row < f->segment->begin)
        return 0;
    const Demo *demo = f->segment->demo;
    return pose_distance(demo->eef[f->side][row], demo->target[f->side][row]);
}

void follow_aim(Follow *f, Body *body, const Task *task, const GenOptions *options, bool hold) {
    guard(f, body, options);
    if (options->settle)
        go_on(f, body);
    if (!hold && f->row < f->traj.n) {
        track(f, body, task);
        f->row++;
    }
    const TrajPoint *point = &f->traj.point[f->row > 0 ? f->row - 1 : 0];
    const Pose target = pose_mul(f->shift, pose_mul(point->hand, f->in_hand));
    f->changed |= (point->flags & TRAJ_GRIP) != 0;
    body_aim(body, f->side, target, point->closure);
    body->hand[f->side].allowed = source_error(f);
    const bool quiet = hold || (point->flags & TRAJ_QUIET && !options->noise_near);
    body->hand[f->side].execute = perturb_next(&f->perturb, target, options->noise, quiet, body->world->dt);
}
