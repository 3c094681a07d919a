/* Predicates: one table of named questions, asked of a SimView, so that the same words mean the same in a running world and
 * in a recorded demonstration. */
#include "sim/predicate.h"

#include "sim/internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double DEGREE = 0.017453292519943295;
static const double CLEAR = 0.02;      /* m between a released object and the hand */
static const double REST_SPEED = 0.03; /* m/s */
static const double REST_SPIN = 0.3;   /* rad/s */
static const double REST_ON =
    0.015; /* m, how far a bottom may be off a top that it stands on without a contact */
static const double LIFTED = 0.02; /* m, what counts as lifted */

/* ---- geometry --------------------------------------------------------------------------------------------------- */

/* Lowest (sign −1) or highest (+1) world z of the object's bounding box. */
static double extreme(const SimView *view, Pose pose, int object, double sign) {
    double best = -INFINITY;
    for (int corner = 0; corner < 8; corner++) {
        double p[3], q[3];
        for (int k = 0; k < 3; k++)
            p[k] = (corner >> k & 1) ? view->hi[object][k] : view->lo[object][k];
        pose_apply(pose, p, q);
        best = sign * q[2] > best ? sign * q[2] : best;
    }
    return sign * best;
}

static double bottom(const SimView *view, int object) {
    return extreme(view, view->object[object], object, -1);
}
static double top(const SimView *view, int object) {
    return extreme(view, view->object[object], object, 1);
}
static double start_bottom(const SimView *view, int object) {
    return extreme(view, view->start[object], object, -1);
}

/* Centre of the bounding box, world. */
static void centre(const SimView *view, int object, double out[3]) {
    double p[3];
    for (int k = 0; k < 3; k++)
        p[k] = 0.5 * (view->lo[object][k] + view->hi[object][k]);
    pose_apply(view->object[object], p, out);
}

/* The point in b's box, seen from above: b's own x and y. */
static bool over_footprint(const SimView *view, const double point[3], int b) {
    double p[3];
    pose_apply(pose_inv(view->object[b]), point, p);
    return p[0] >= view->lo[b][0] && p[0] <= view->hi[b][0] && p[1] >= view->lo[b][1] &&
           p[1] <= view->hi[b][1];
}

static double tilt(Pose now, const double axis[3]) {
    double z[3];
    quat_rotate(now.quat, (double[3]){0, 0, 1}, z);
    const double c = vec3_dot(z, axis);
    return acos(c > 1 ? 1 : c < -1 ? -1 : c);
}

/* ---- the questions ---------------------------------------------------------------------------------------------- */

static bool fell(const Task *task, const SimView *view, const SimArg *arg) {
    (void)task, (void)arg;
    return view->fell;
}

static bool grasped(const Task *task, const SimView *view, const SimArg *arg) {
    (void)task;
    return view->grasp[arg[0].index][arg[1].index];
}

static bool touching(const Task *task, const SimView *view, const SimArg *arg) {
    (void)task;
    const int a = arg[0].index, b = arg[1].index;
    if (view->touch[a][b])
        return true;
    /* The robot's hands are part of the robot. */
    const int other = a == SIM_THING_ROBOT ? b : b == SIM_THING_ROBOT ? a : -1;
    return other >= 0 && (view->touch[SIM_THING_LEFT][other] || view->touch[SIM_THING_RIGHT][other]);
}

static bool is_on(const Task *task, const SimView *view, const SimArg *arg) {
    (void)task;
    const int a = arg[0].index, b = arg[1].index;
    double c[3];
    centre(view, a, c);
    if (!over_footprint(view, c, b))
        return false;
    const double gap = bottom(view, a) - top(view, b);
    if (view->touch[a][b])
        return c[2] > view->object[b].pos[2];
    return fabs(gap) < REST_ON && view->speed[a] < REST_SPEED;
}

static bool is_inside(const Task *task, const SimView *view, const SimArg *arg) {
    (void)task;
    const int a = arg[0].index, b = arg[1].index;
    double c[3], p[3];
    centre(view, a, c);
    if (view->inside_half[b][0] > 0) {
        pose_apply(pose_inv(view->inside[b]), c, p);
        for (int k = 0; k < 3; k++)
            if (fabs(p[k]) > view->inside_half[b][k])
                return false;
        return true;
    }
    pose_apply(pose_inv(view->object[b]), c, p);
    for (int k = 0; k < 3; k++)
        if (p[k] < view->lo[b][k] || p[k] > view->hi[b][k])
            return false;
    return true;
}

static bool is_above(const Task *task, const SimView *view, const SimArg *arg) {
    (void)task;
    return bottom(view, arg[0].index) > start_bottom(view, arg[0].index) + arg[1].number;
}

static bool is_over(const Task *task, const SimView *view, const SimArg *arg) {
    (void)task;
    double c[3];
    centre(view, arg[0].index, c);
    return over_footprint(view, c, arg[1].index) &&
           bottom(view, arg[0].index) > top(view, arg[1].index) + arg[2].number;
}

static bool is_upright(const Task *task, const SimView *view, const SimArg *arg) {
    (void)task;
    return tilt(view->object[arg[0].index], (double[3]){0, 0, 1}) <= arg[1].number * DEGREE;
}

static bool is_joint_above(const Task *task, const SimView *view, const SimArg *arg) {
    (void)task;
    return view->joint[arg[0].index] > arg[1].number;
}

static bool is_joint_below(const Task *task, const SimView *view, const SimArg *arg) {
    (void)task;
    return view->joint[arg[0].index] < arg[1].number;
}

static void place_of(const SimView *view, int thing, double out[3]) {
    if (thing < MAX_OBJECTS)
        centre(view, thing, out);
    else
        memcpy(out, view->hand[thing == SIM_THING_RIGHT].pos, 3 * sizeof *out);
}

static bool is_near(const Task *task, const SimView *view, const SimArg *arg) {
    (void)task;
    double a[3], b[3], between[3];
    place_of(view, arg[0].index, a);
    place_of(view, arg[1].index, b);
    vec3_sub(a, b, between);
    return vec3_norm(between) <= arg[2].number;
}

static bool clear_of(const SimView *view, int object) {
    for (int s = 0; s < NSIDE; s++)
        if (view->touch[SIM_THING_LEFT + s][object] || view->clearance[s][object] < CLEAR)
            return false;
    return true;
}

static bool is_released(const Task *task, const SimView *view, const SimArg *arg) {
    (void)task;
    return clear_of(view, arg[0].index);
}

static bool are_hands_clear(const Task *task, const SimView *view, const SimArg *arg) {
    (void)arg;
    for (int i = 0; i < task->nobject; i++)
        if (task->object[i].movable && !task->object[i].distractor && !clear_of(view, i))
            return false;
    return true;
}

static bool is_at_rest(const Task *task, const SimView *view, const SimArg *arg) {
    (void)task;
    return view->speed[arg[0].index] < REST_SPEED && view->spin[arg[0].index] < REST_SPIN;
}

static bool is_below(const Task *task, const SimView *view, const SimArg *arg) {
    (void)task;
    return view->object[arg[0].index].pos[2] < arg[1].number;
}

static bool has_moved(const Task *task, const SimView *view, const SimArg *arg) {
    (void)task;
    return pose_distance(view->start[arg[0].index], view->object[arg[0].index]) > arg[1].number;
}

static bool is_lifted_level(const Task *task, const SimView *view, const SimArg *arg) {
    (void)task;
    const int a = arg[0].index;
    double up[3];
    quat_rotate(view->start[a].quat, (double[3]){0, 0, 1}, up);
    return bottom(view, a) > start_bottom(view, a) + LIFTED &&
           tilt(view->object[a], up) <= arg[1].number * DEGREE;
}

#define O SIM_ARG_OBJECT
#define H SIM_ARG_HAND
#define T SIM_ARG_THING
#define J SIM_ARG_JOINT
#define N SIM_ARG_NUMBER
static const SimPredicate TABLE[] = {
    {"fell", 0, 0, {0}, 0, fell, "the robot lies, leans beyond 0.8 rad or has sunk"},
    {"grasped",
     2,
     2,
     {H, O},
     0,
     grasped,
     "the hand pushes on the object against fingers, thumb, palm or the other hand"},
    {"touching",
     2,
     2,
     {T, T},
     0,
     touching,
     "two of: an object, left_hand, right_hand, robot, scene are in contact"},
    {"on",
     2,
     2,
     {O, O},
     0,
     is_on,
     "the first stands on the second: centre over its footprint, in contact, above"},
    {"inside",
     2,
     2,
     {O, O},
     0,
     is_inside,
     "the first's centre is in the second's site <name>_inside, else in its bounding box"},
    {"above", 2, 2, {O, N}, 0, is_above, "the object's bottom is so many metres higher than at the start"},
    {"over", 3, 3, {O, O, N}, 0, is_over, "the first's bottom is over the second's top by so many metres"},
    {"upright",
     1,
     2,
     {O, N},
     10,
     is_upright,
     "the object's z axis is within so many degrees (10) of vertical"},
    {"joint_above", 2, 2, {J, N}, 0, is_joint_above, "the joint reads more than the value, rad or m"},
    {"joint_below", 2, 2, {J, N}, 0, is_joint_below, "the joint reads less than the value, rad or m"},
    {"near", 3, 3, {T, T, N}, 0, is_near, "centres (of hands: the grasp frame) are within so many metres"},
    {"released", 1, 1, {O}, 0, is_released, "no hand touches the object or is within 2 cm of it"},
    {"hands_clear", 0, 0, {0}, 0, are_hands_clear, "every movable object is released"},
    {"at_rest", 1, 1, {O}, 0, is_at_rest, "slower than 0.03 m/s and 0.3 rad/s over the last 0.1 s"},
    {"below", 2, 2, {O, N}, 0, is_below, "the object's origin is lower than z, m"},
    {"moved", 2, 2, {O, N}, 0, has_moved, "further than so many metres from where it started"},
    {"lifted_level",
     2,
     2,
     {O, N},
     0,
     is_lifted_level,
     "2 cm off the ground or more and tilted by at most so many degrees"},
};
#undef O
#undef H
#undef T
#undef J
#undef N
enum { NTABLE = sizeof TABLE / sizeof TABLE[0] };

const char *const *sim_predicate_names(void) {
    static const char *const names[] = {"fell",  "grasped",      "touching",    "on",          "inside",
                                        "above", "over",         "upright",     "joint_above", "joint_below",
                                        "near",  "released",     "hands_clear", "at_rest",     "below",
                                        "moved", "lifted_level", NULL};
    _Static_assert(sizeof names / sizeof names[0] == NTABLE + 1,
                   "every predicate of the table has its name here");
    return names;
}

/* ---- binding ---------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int thing;
} PLACES[] = {{"left", SIM_THING_LEFT},        {"right", SIM_THING_RIGHT}, {"left_hand", SIM_THING_LEFT},
              {"right_hand", SIM_THING_RIGHT}, {"robot", SIM_THING_ROBOT}, {"scene", SIM_THING_SCENE}};
enum { NPLACES = sizeof PLACES / sizeof PLACES[0] };

static Status unknown(const Task *task, const Pred *pred, const char *what, const char *arg,
                      const char **known, int n, Err *err) {
    err_set(err, STATUS_UNKNOWN_NAME, "%s:%d: %s: there is no %s '%s'", task->path, pred->line, pred->name,
            what, arg);
    err_known(err, known, n);
    return STATUS_UNKNOWN_NAME;
}

static int known_objects(const Task *task, const char **known) {
    for (int i = 0; i < task->nobject; i++)
        known[i] = task->object[i].name;
    return task->nobject;
}

static Status bind_number(const Task *task, const Pred *pred, const char *text, SimArg *arg, Err *err) {
    char *end;
    arg->number = strtod(text, &end);
    if (end == text || *end || !isfinite(arg->number))
        return err_set(err, STATUS_FORMAT, "%s:%d: %s: '%s' is not a number", task->path, pred->line,
                       pred->name, text);
    return STATUS_OK;
}

static Status bind_arg(const Task *task, const Pred *pred, SimArgKind kind, const char *text, SimArg *arg,
                       Err *err) {
    const char *known[MAX_OBJECTS + NPLACES + MAX_SCENE_JOINTS];
    int n = 0;
    switch (kind) {
    case SIM_ARG_NUMBER:
        return bind_number(task, pred, text, arg, err);
    case SIM_ARG_JOINT:
        for (int i = 0; i < task->njoint; i++) {
            known[n++] = task->joint[i].name;
            arg->index = i;
            if (strcmp(text, task->joint[i].name) == 0)
                return STATUS_OK;
        }
        return unknown(task, pred, "joint", text, known, n, err);
    case SIM_ARG_HAND:
    case SIM_ARG_THING:
        for (int i = 0; i < NPLACES; i++) {
            if (kind == SIM_ARG_HAND && PLACES[i].thing > SIM_THING_RIGHT)
                continue;
            known[n++] = PLACES[i].name;
            arg->index = kind == SIM_ARG_HAND ? PLACES[i].thing - SIM_THING_LEFT : PLACES[i].thing;
            if (strcmp(text, PLACES[i].name) == 0)
                return STATUS_OK;
        }
        if (kind == SIM_ARG_HAND)
            return unknown(task, pred, "hand", text, known, n, err);
        break;
    case SIM_ARG_OBJECT:
        break;
    }
    arg->index = task_object_index(task, text);
    if (arg->index >= 0)
        return STATUS_OK;
    n += known_objects(task, known + n);
    return unknown(task, pred, "object", text, known, n, err);
}

static const SimPredicate *find(const char *name) {
    for (int i = 0; i < NTABLE; i++)
        if (strcmp(name, TABLE[i].name) == 0)
            return &TABLE[i];
    return NULL;
}

static Status bind_atom(const Task *task, const Pred *pred, SimAtoms *atoms, Err *err) {
    if (atoms->n == SIM_MAX_ATOMS)
        return err_set(err, STATUS_LIMIT, "%s: more than %d predicates", task->path, SIM_MAX_ATOMS);
    SimAtom *atom = &atoms->atom[atoms->n];
    *atom = (SimAtom){.pred = pred, .predicate = find(pred->name)};
    /* "above" with three arguments is "over". */
    if (atom->predicate && strcmp(pred->name, "above") == 0 && pred->narg == 3)
        atom->predicate = find("over");
    if (!atom->predicate) {
        err_set(err, STATUS_UNKNOWN_NAME, "%s:%d: there is no predicate '%s'", task->path, pred->line,
                pred->name);
        err_known(err, sim_predicate_names(), NTABLE);
        return STATUS_UNKNOWN_NAME;
    }
    const SimPredicate *predicate = atom->predicate;
    if (pred->narg < predicate->nmin || pred->narg > predicate->nmax)
        return err_set(err, STATUS_FORMAT, "%s:%d: %s takes %d%s%d arguments, not %d: %s", task->path,
                       pred->line, predicate->name, predicate->nmin,
                       predicate->nmax > predicate->nmin ? " to " : " or ", predicate->nmax, pred->narg,
                       predicate->doc);
    for (int i = 0; i < predicate->nmax; i++) {
        if (i >= pred->narg)
            atom->arg[i].number = predicate->fallback;
        else
            TRY(bind_arg(task, pred, predicate->kind[i], pred->arg[i], &atom->arg[i], err));
    }
    atoms->n++;
    return STATUS_OK;
}

static Status bind_tree(const Task *task, const Pred *pred, SimAtoms *atoms, Err *err) {
    if (!pred)
        return STATUS_OK;
    if (pred->kind == PRED_ATOM)
        return bind_atom(task, pred, atoms, err);
    for (int i = 0; i < pred->nchild; i++)
        TRY(bind_tree(task, &pred->child[i], atoms, err));
    return STATUS_OK;
}

/* A distractor may be missing from the world: a condition on it could never be judged. */
static Status check_present(const Task *task, const SimSceneBind *scene, const SimAtoms *atoms, Err *err) {
    for (int i = 0; i < atoms->n; i++) {
        const SimAtom *atom = &atoms->atom[i];
        for (int k = 0; k < atom->predicate->nmax; k++) {
            const SimArgKind kind = atom->predicate->kind[k];
            const int object = atom->arg[k].index;
            if ((kind == SIM_ARG_OBJECT || (kind == SIM_ARG_THING && object < MAX_OBJECTS)) &&
                task->object[object].distractor && scene->object[object].body < 0)
                return err_set(err, STATUS_MISMATCH, "%s:%d: %s: distractor '%s' is not in this world",
                               task->path, atom->pred->line, atom->pred->name, task->object[object].name);
        }
    }
    return STATUS_OK;
}

Status sim_atoms_bind(const Task *task, const SimSceneBind *scene, SimAtoms *atoms, Err *err) {
    atoms->task = task;
    atoms->n = 0;
    TRY(bind_tree(task, task->success, atoms, err));
    TRY(bind_tree(task, task->abort, atoms, err));
    for (int i = 0; i < task->nsubtask; i++)
        TRY(bind_tree(task, task->subtask[i].until, atoms, err));
    return check_present(task, scene, atoms, err);
}

/* ---- judging ---------------------------------------------------------------------------------------------------- */

static bool atom_holds(const SimAtoms *atoms, const Pred *pred, const SimView *view) {
    for (int i = 0; i < atoms->n; i++)
        if (atoms->atom[i].pred == pred)
            return atoms->atom[i].predicate->holds(atoms->task, view, atoms->atom[i].arg);
    ASSERT(!"the predicate belongs to another task");
    return false;
}

/* The node's own condition, its timer left aside. */
static bool condition(const SimAtoms *atoms, const Pred *pred, const SimView *view, const double *timer) {
    switch (pred->kind) {
    case PRED_ALL:
        for (int i = 0; i < pred->nchild; i++)
            if (!sim_pred_holds(atoms, &pred->child[i], view, timer))
                return false;
        return true;
    case PRED_ANY:
        for (int i = 0; i < pred->nchild; i++)
            if (sim_pred_holds(atoms, &pred->child[i], view, timer))
                return true;
        return false;
    case PRED_NOT:
        return !sim_pred_holds(atoms, &pred->child[0], view, timer);
    case PRED_ATOM:
        break;
    }
    return atom_holds(atoms, pred, view);
}

bool sim_pred_holds(const SimAtoms *atoms, const Pred *pred, const SimView *view, const double *timer) {
    static const double ROUNDING = 1e-9;
    if (pred->timer >= 0 && timer[pred->timer] < pred->for_s - ROUNDING)
        return false;
    return condition(atoms, pred, view, timer);
}

static void advance_tree(const SimAtoms *atoms, const Pred *pred, const SimView *view, double dt,
                         double *timer) {
    if (!pred)
        return;
    for (int i = 0; i < pred->nchild; i++)
        advance_tree(atoms, &pred->child[i], view, dt, timer);
    if (pred->timer < 0)
        return;
    double *t = &timer[pred->timer];
    *t = !condition(atoms, pred, view, timer) ? -1 : *t < 0 ? 0 : *t + dt;
}

void sim_pred_advance(const SimAtoms *atoms, const SimView *view, double dt, double *timer) {
    const Task *task = atoms->task;
    advance_tree(atoms, task->success, view, dt, timer);
    advance_tree(atoms, task->abort, view, dt, timer);
    for (int i = 0; i < task->nsubtask; i++)
        advance_tree(atoms, task->subtask[i].until, view, dt, timer);
}
