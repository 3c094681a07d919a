/* From hand targets to rows.
 *
 *   wrist = base⁻¹ · hand · grasp_in_wrist⁻¹, with the base as it stands at this row, so that a swaying base does not
 *   move the hands. */
#include "generators/body.h"

#include "generators/recorder.h"

#include <string.h>

static const double FAR = 0.04; /* m from the target: the abort gate's bound */

Pose body_home(const Body *body, int side) {
    return pose_mul(body->scene.base, pose_mul(body->home.wrist[side], body->world->grasp_in_wrist[side]));
}

void body_look(Body *body) {
    GenWorld *world = body->world;
    world->scene(world->self, &body->scene);
    world->truth(world->self, &body->truth);
    for (int s = 0; s < NSIDE; s++) {
        if (body->hand[s].idle)
            body->hand[s].target = body->hand[s].before = body->hand[s].execute = body_home(body, s);
    }
}

Outcome body_begin(Body *body, GenWorld *world, Episode *episode, uint64_t seed, uint64_t attempt,
                   bool *memory) {
    *body =
        (Body){.world = world, .episode = episode, .extremes = {.balance_margin = 1e9, .limit_margin = 1e9}};
    *memory = !recorder_begin(episode, world, seed, attempt);
    if (*memory)
        return OUTCOME_reset_failed;
    const Outcome outcome = world->reset(world->self, seed, attempt, &episode->draw);
    if (outcome != OUTCOME_ok)
        return outcome;
    world->home(world->self, &body->home);
    for (int s = 0; s < NSIDE; s++) {
        body->hand[s].idle = true;
        for (int i = 0; i < world->layout.nhand; i++)
            body->hand[s].closure[i] = (float)body->home.hand[s][i];
    }
    body_look(body);
    body->first = body->truth;
    return OUTCOME_ok;
}

void body_aim(Body *body, int side, Pose target, const float *closure) {
    BodyHand *hand = &body->hand[side];
    hand->idle = false;
    hand->before = hand->target;
    hand->target = hand->execute = target;
    memcpy(hand->closure, closure, (size_t)body->world->layout.nhand * sizeof(float));
}

void body_keep(Body *body, int side) {
    BodyHand *hand = &body->hand[side];
    hand->before = hand->execute = hand->target;
}

Twist body_twist(const Body *body, int side) {
    const BodyHand *hand = &body->hand[side];
    return pose_twist(hand->before, hand->target, body->world->dt);
}

void body_error(const Body *body, int side, double *pos, double *angle) {
    *pos = pose_distance(body->scene.hand[side], body->hand[side].execute);
    *angle = pose_angle(body->scene.hand[side], body->hand[side].execute);
}

bool body_held(const Body *body) {
    return body->successful * body->world->dt >= body->world->task->hold - 1e-9 && body->successful > 0;
}

/* The command with these hand poses (world); idle hands at home. */
static TaskCommand command(const Body *body, bool executed) {
    TaskCommand c = body->home;
    for (int s = 0; s < NSIDE; s++) {
        const BodyHand *hand = &body->hand[s];
        for (int i = 0; i < body->world->layout.nhand; i++)
            c.hand[s][i] = (double)hand->closure[i];
        if (hand->idle)
            continue;
        const Pose in_base = pose_rel(body->scene.base, executed ? hand->execute : hand->target);
        c.wrist[s] = pose_mul(in_base, pose_inv(body->world->grasp_in_wrist[s]));
    }
    return c;
}

static void note_extremes(Body *body) {
    GenWorld *world = body->world;
    EpisodeScores *x = &body->extremes;
    const double balance = world->balance_margin(world->self), limit = world->limit_margin(world->self);
    const double slip = world->foot_slip(world->self);
    x->balance_margin = balance < x->balance_margin ? balance : x->balance_margin;
    x->limit_margin = limit < x->limit_margin ? limit : x->limit_margin;
    x->foot_slip = slip > x->foot_slip ? slip : x->foot_slip;
    x->unintended_contacts += world->unintended(world->self) > 0;
    for (int s = 0; s < NSIDE; s++) {
        const double force = world->hand_force(world->self, s);
        x->contact_force = force > x->contact_force ? force : x->contact_force;
    }
}

static void note_distance(Body *body) {
    for (int s = 0; s < NSIDE; s++) {
        double pos, angle;
        body_error(body, s, &pos, &angle);
        body->hand[s].far =
            !body->hand[s].idle && pos > FAR + body->hand[s].allowed ? body->hand[s].far + 1 : 0;
    }
}

Outcome body_act(Body *body, bool *memory) {
    GenWorld *world = body->world;
    float clean[ACTION_MAX], executed[ACTION_MAX];
    const TaskCommand wanted = command(body, false), noisy = command(body, true);
    Pose target[NSIDE];
    for (int s = 0; s < NSIDE; s++)
        target[s] = body->hand[s].target;
    action_encode(&world->layout, &wanted, clean);
    action_encode(&world->layout, &noisy, executed);
    *memory = !recorder_row(body->episode, world, &body->truth, clean, executed, target, body->signal);
    if (*memory)
        return OUTCOME_ok;
    const Outcome outcome = world->tick(world->self, executed);
    if (outcome != OUTCOME_ok)
        return outcome;
    body_look(body);
    note_extremes(body);
    note_distance(body);
    const bool success = world->task->success && world->holds(world->self, world->task->success);
    body->successful = success ? body->successful + 1 : 0;
    body->once |= success;
    recorder_result(body->episode, success ? 1 : 0, false);
    return OUTCOME_ok;
}
