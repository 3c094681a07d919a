/* Pre-flight: would the arm get through, before any physics is spent on it?
 *
 *   grasp poses ─> wrist poses ─> IK from the present posture ─> postures ─> geometry of world, held object carried along
 *
 * Collisions are looked for on a scratch mjData at postures that differ enough from the last one looked at. A contact
 * counts if it is deeper than what control's errors explain, if it isn't there already, and if nobody wants it: the hand
 * may meet what it goes to touch, the held object may come to stand on something. */
#include "sim/internal.h"

#include "control/ik.h"
#include "sim/engine.h"

#include <math.h>
#include <string.h>

static const double POSTURE_STEP = 0.06;  /* rad of any joint between postures looked at */
static const double DEPTH = 0.006;        /* m of overlap that is forgiven */
static const double SUPPORT_COS = 0.7;    /* a normal this upright is a support's */
static const double SUPPORT_DEPTH = 0.03; /* m that a set-down may be planned too low */

typedef struct Flight {
    SimWorld *world;
    const Pose *pose;
    int side, n, held, touch;
    double *q; /* (n, njoint) */
    Outcome outcome;
} Flight;

static Outcome outcome_of(CtlIkVerdict verdict) {
    switch (verdict) {
    case CTL_IK_OK:
        return OUTCOME_ok;
    case CTL_IK_UNREACHABLE:
        return OUTCOME_unreachable;
    case CTL_IK_JOINT_LIMIT:
        return OUTCOME_joint_limit;
    case CTL_IK_SELF_COLLISION:
        return OUTCOME_self_collision;
    case CTL_IK_DIVERGED:
        break;
    }
    return OUTCOME_ik_diverged;
}

/* ---- which contacts count --------------------------------------------------------------------------------------- */

static bool is_robot(const SimGeom *geom) {
    return geom->part == SIM_PART_BODY || geom->part == SIM_PART_HAND || geom->part == SIM_PART_FOOT;
}

static int thing(const SimGeom *geom) {
    return geom->part == SIM_PART_OBJECT ? geom->object
           : geom->part == SIM_PART_HAND ? SIM_THING_LEFT + geom->side
           : is_robot(geom)              ? SIM_THING_ROBOT
                                         : SIM_THING_SCENE;
}

/* Does the held object come to stand on the other? normal points from the first geom to the second. */
static bool is_support(const mjContact *contact, bool held_first) {
    const double up = held_first ? -contact->frame[2] : contact->frame[2];
    return up > SUPPORT_COS && contact->dist > -SUPPORT_DEPTH;
}

static bool counts(const Flight *flight, const mjContact *contact, bool *self) {
    const SimModel *model = flight->world->model;
    if (contact->geom[0] < 0 || contact->geom[1] < 0 || contact->dist > -DEPTH)
        return false;
    const SimGeom *a = &model->geom[contact->geom[0]], *b = &model->geom[contact->geom[1]];
    const bool held_a = a->part == SIM_PART_OBJECT && a->object == flight->held;
    const bool held_b = b->part == SIM_PART_OBJECT && b->object == flight->held;
    const bool moves_a = is_robot(a) || held_a, moves_b = is_robot(b) || held_b;
    if ((!moves_a && !moves_b) || (a->part == SIM_PART_FOOT && b->floor) ||
        (b->part == SIM_PART_FOOT && a->floor))
        return false;
    if (flight->world->carry.view.touch[thing(a)][thing(b)])
        return false; /* they touch already */
    const SimGeom *hand = a->part == SIM_PART_HAND ? a : b->part == SIM_PART_HAND ? b : NULL;
    const SimGeom *met = hand == a ? b : a;
    if (hand && met->part == SIM_PART_OBJECT && (met->object == flight->held || met->object == flight->touch))
        return false;
    if ((held_a || held_b) && is_support(contact, held_a))
        return false;
    *self = is_robot(a) && is_robot(b);
    return true;
}

/* ---- looking ---------------------------------------------------------------------------------------------------- */

static void pose_scratch(Flight *flight, const double *q, Pose hand) {
    SimWorld *world = flight->world;
    const SimModel *model = world->model;
    mjData *d = world->scratch;
    for (int i = 0; i < model->robot->nbody_motor; i++)
        if (model->motor[i].qpos >= 0)
            d->qpos[model->motor[i].qpos] = q[i];
    if (flight->held >= 0) {
        const SimView *view = &world->carry.view;
        const Pose in_hand = pose_rel(view->hand[flight->side], view->object[flight->held]);
        const Pose object = pose_mul(hand, in_hand);
        memcpy(d->qpos + model->scene.object[flight->held].qpos, &object, 7 * sizeof(mjtNum));
    }
    mj_kinematics(world->m, d);
    mj_collision(world->m, d);
}

static bool far_from(const double *a, const double *b, int n) {
    for (int i = 0; i < n; i++)
        if (fabs(a[i] - b[i]) > POSTURE_STEP)
            return true;
    return false;
}

static void look(void *argument) {
    Flight *flight = argument;
    SimWorld *world = flight->world;
    const int njoint = world->model->robot->nbody_motor;
    memcpy(world->scratch->qpos, world->d->qpos, (size_t)world->m->nq * sizeof(mjtNum));
    const double *last = NULL;
    for (int i = 0; i < flight->n; i++) {
        const double *q = flight->q + (size_t)i * (size_t)njoint;
        if (last && i + 1 < flight->n && !far_from(q, last, njoint))
            continue;
        last = q;
        pose_scratch(flight, q, flight->pose[i]);
        for (int c = 0; c < world->scratch->ncon; c++) {
            bool self;
            if (counts(flight, &world->scratch->contact[c], &self)) {
                flight->outcome = self ? OUTCOME_self_collision : OUTCOME_scene_collision;
                return;
            }
        }
    }
}

static Outcome fly(Flight *flight, Pose *wrist, double *q0) {
    SimWorld *world = flight->world;
    const SimModel *model = world->model;
    const Pose wrist_in_grasp = pose_inv(model->grasp_in_wrist[flight->side]);
    for (int i = 0; i < flight->n; i++)
        wrist[i] = pose_mul(flight->pose[i], wrist_in_grasp);
    for (int i = 0; i < model->robot->nbody_motor; i++)
        q0[i] = world->d->actuator_length[model->motor[i].out];
    const Pose base = sim_body_pose(world->d, model->base_body);
    const CtlIkVerdict verdict =
        ctl_ik_solve(model->ik, flight->side, base, q0, wrist, flight->n, flight->q, NULL);
    if (verdict != CTL_IK_OK)
        return outcome_of(verdict);
    flight->outcome = OUTCOME_ok;
    return sim_engine_try(look, flight, NULL) == STATUS_OK ? flight->outcome : OUTCOME_numeric;
}

Outcome sim_world_preflight(SimWorld *world, int side, const Pose *pose, int n, int held, int touch) {
    ASSERT(side >= 0 && side < NSIDE && n >= 0);
    if (n == 0)
        return OUTCOME_ok;
    const int njoint = world->model->robot->nbody_motor;
    if (!world->scratch)
        world->scratch = mj_makeData(world->m);
    Pose *wrist = mem_alloc((size_t)n * sizeof *wrist);
    double *q = mem_alloc((size_t)(n + 1) * (size_t)njoint * sizeof *q);
    Outcome outcome = OUTCOME_ik_diverged;
    if (world->scratch && wrist && q) {
        const bool carried = held >= 0 && world->model->scene.object[held].qpos >= 0;
        Flight flight = {.world = world,
                         .pose = pose,
                         .side = side,
                         .n = n,
                         .held = carried ? held : -1,
                         .touch = touch,
                         .q = q};
        outcome = fly(&flight, wrist, q + (size_t)n * (size_t)njoint);
    }
    mem_free(q);
    mem_free(wrist);
    return outcome;
}
