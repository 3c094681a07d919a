/* Goals of moves, and the choice of the reachable and comfortable way among variants and turns. */
#include "generators/operator_choice.h"

#include "generators/bridge.h"
#include "generators/retarget.h"

#include <string.h>

static const double DEGREE = 3.14159265358979323846 / 180;
static const double COMFORT = 0.5; /* s per rad between the hand's turn and that at rest */
enum { MAX_KEYS = 24, MAX_TURNS = 12, MAX_TRIED = 16 };

static Pose local_pose(const double pos[3], const double rpy_deg[3]) {
    static const double axis[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    Pose p = POSE_IDENTITY;
    for (int i = 2; i >= 0; i--) { /* Rz Ry Rx */
        double q[4], out[4];
        quat_from_axis_angle(axis[i], rpy_deg[i] * DEGREE, q);
        quat_mul(p.quat, q, out);
        memcpy(p.quat, out, sizeof out);
    }
    memcpy(p.pos, pos, sizeof p.pos);
    return p;
}

static const OperatorGrasp *find_grasp(const Operator *o, const char *name) {
    for (unsigned i = 0; name && i < o->ngrasp; i++) {
        if (strcmp(o->grasp[i].name, name) == 0)
            return &o->grasp[i];
    }
    return NULL;
}

/* local applied at a hand pose, in base axes: its position moves it, its rotation turns it. */
static Pose at_hand(const Body *body, Pose hand, Pose local) {
    Pose axes = POSE_IDENTITY;
    quat_from_yaw(quat_yaw(body->scene.base.quat), axes.quat);
    const Pose turn = pose_mul(axes, pose_mul(local, pose_inv(axes)));
    Pose out = hand;
    for (int i = 0; i < 3; i++)
        out.pos[i] += turn.pos[i];
    quat_mul(turn.quat, hand.quat, out.quat);
    return out;
}

static Pose at_object(const Body *body, int side, const OperatorMove *move, int object, double yaw,
                      Pose local) {
    const Scene *scene = &body->scene;
    for (int i = 0; i < 3; i++)
        local.pos[i] *= scene->object_scale[object] > 0 ? scene->object_scale[object] : 1;
    if (!move->carry)
        return pose_mul(pose_mul(scene->object[object], pose_turn_z(yaw)), local);
    const int held = task_object_index(body->world->task, move->carry);
    const Pose placed = pose_mul(pose_mul(scene->object[object], local), pose_turn_z(yaw));
    return pose_mul(placed, pose_rel(scene->object[held], scene->hand[side]));
}

Pose operator_goal(const Operator *o, const Body *body, int side, const OperatorMove *move, double yaw,
                   Pose start) {
    const OperatorGrasp *grasp = find_grasp(o, move->grasp);
    const Pose local = grasp ? local_pose(grasp->pos, grasp->rpy_deg) : local_pose(move->pos, move->rpy_deg);
    const char *frame = move->frame ? move->frame : grasp ? grasp->object : "here";
    Pose goal;
    if (strcmp(frame, "hand") == 0)
        goal = pose_mul(start, local);
    else if (strcmp(frame, "here") == 0)
        goal = at_hand(body, start, local);
    else if (strcmp(frame, "home") == 0)
        goal = at_hand(body, body_home(body, side), local);
    else if (strcmp(frame, "base") == 0)
        goal = pose_mul(body->scene.base, local);
    else
        goal = at_object(body, side, move, task_object_index(body->world->task, frame), yaw, local);
    Pose offset = POSE_IDENTITY;
    memcpy(offset.pos, move->offset, sizeof offset.pos);
    return pose_mul(goal, offset);
}

/* ---- the choice ---- */

static double way_cost(const Operator *o, const Body *body, int side, const OperatorWay *way) {
    const Pose home = body_home(body, side);
    Pose at = body->hand[side].target;
    double time = 0, turn = 0;
    for (int i = 0; i < way->nmove; i++) {
        const Pose goal = operator_goal(o, body, side, &way->move[i], way->yaw, at);
        const double angle = discomfort(body->scene.base, home, goal);
        time += bridge_time(at, goal, o->speed, o->turn);
        turn = angle > turn ? angle : turn;
        at = goal;
    }
    return time + COMFORT * turn;
}

static Outcome way_feasible(const Operator *o, const Body *body, int side, const OperatorWay *way,
                            int subtask) {
    const Task *task = body->world->task;
    const Subtask *s = &task->subtask[subtask];
    Pose key[MAX_KEYS], at = body->hand[side].target;
    int n = 0, held = s->moves ? task_object_index(task, s->moves) : -1;
    for (int i = 0; i < way->nmove && n < MAX_KEYS; i++) {
        key[n++] = at = operator_goal(o, body, side, &way->move[i], way->yaw, at);
        if (way->move[i].carry)
            held = task_object_index(task, way->move[i].carry);
    }
    if (!body->world->preflight)
        return OUTCOME_ok;
    const int touch = s->object ? task_object_index(task, s->object) : -1;
    return body->world->preflight(body->world->self, side, key, n, held, touch);
}

/* Turns that the phase allows; 0 first. */
static int turns_of(const Operator *o, const Task *task, const OperatorPhase *phase, const OperatorWay *way,
                    double turn[MAX_TURNS]) {
    if (phase->yaw == OPERATOR_YAW_FREE)
        return symmetry_angles(SYMMETRY_Z_ANY, turn);
    turn[0] = 0;
    for (int i = 0; i < way->nmove && phase->yaw == OPERATOR_YAW_NEAREST; i++) {
        const OperatorGrasp *grasp = find_grasp(o, way->move[i].grasp);
        const char *name = way->move[i].carry   ? way->move[i].carry
                           : way->move[i].frame ? way->move[i].frame
                           : grasp              ? grasp->object
                                                : "here";
        const int object = task_object_index(task, name);
        if (object >= 0)
            return symmetry_angles(task->object[object].symmetry, turn);
    }
    return 1;
}

static bool allowed(const OperatorVariant *variant, const char *const used[2]) {
    return !variant->when || (used[0] && strcmp(variant->when, used[0]) == 0) ||
           (used[1] && strcmp(variant->when, used[1]) == 0);
}

/* Ways of the phase's variants in an order drawn by their chances. */
static int draw_order(const OperatorPhase *phase, const char *const used[2], Rng *rng, OperatorWay *way) {
    int n = 0;
    double weight[MAX_TRIED];
    if (phase->nmove > 0) {
        way[0] = (OperatorWay){.move = phase->move, .nmove = (int)phase->nmove};
        return 1;
    }
    for (unsigned i = 0; i < phase->nvariant && n < MAX_TRIED; i++) {
        const OperatorVariant *v = &phase->variant[i];
        if (!allowed(v, used))
            continue;
        weight[n] = v->chance > 0 ? v->chance : 1;
        way[n++] = (OperatorWay){.move = v->move, .nmove = (int)v->nmove, .variant = v->name};
    }
    for (int i = 0; i < n; i++) {
        double total = 0;
        for (int j = i; j < n; j++)
            total += weight[j];
        double draw = rng_uniform(rng) * total;
        int pick = i;
        while (pick < n - 1 && draw >= weight[pick])
            draw -= weight[pick++];
        const OperatorWay w = way[pick];
        const double x = weight[pick];
        way[pick] = way[i];
        weight[pick] = weight[i];
        way[i] = w;
        weight[i] = x;
    }
    return n;
}

/* The turns of one variant in the order of cost. */
static void sort_turns(const Operator *o, const Body *body, int side, OperatorWay way, double *turn, int n) {
    double cost[MAX_TURNS];
    for (int i = 0; i < n; i++) {
        way.yaw = turn[i];
        const double c = way_cost(o, body, side, &way), t = turn[i];
        int at = i;
        for (; at > 0 && cost[at - 1] > c; at--) {
            cost[at] = cost[at - 1];
            turn[at] = turn[at - 1];
        }
        cost[at] = c;
        turn[at] = t;
    }
}

Outcome operator_choose(const Operator *o, const Body *body, int side, const OperatorPhase *phase,
                        const char *const used[2], Rng *rng, OperatorWay *way) {
    const Task *task = body->world->task;
    const int subtask = task_subtask_index(task, phase->subtask);
    OperatorWay ways[MAX_TRIED];
    const int n = draw_order(phase, used, rng, ways);
    Outcome first = OUTCOME_unreachable;
    for (int i = 0; i < n; i++) {
        double turn[MAX_TURNS];
        const int nturn = turns_of(o, task, phase, &ways[i], turn);
        sort_turns(o, body, side, ways[i], turn, nturn);
        for (int k = 0; k < nturn; k++) {
            *way = ways[i];
            way->yaw = turn[k];
            const Outcome outcome = way_feasible(o, body, side, way, subtask);
            if (outcome == OUTCOME_ok)
                return outcome;
            if (i == 0 && k == 0)
                first = outcome;
        }
    }
    return first;
}
