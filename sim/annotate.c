/* Annotation: where in a recorded demonstration each subtask ends.
 *
 * A demonstration brings poses, closures and joint readings, no contacts. The scene file is posed row by row and MuJoCo's
 * collision detection tells what touches among objects; the hands, which may have been a gripper elsewhere, are judged by
 * geometry and common motion:
 *
 *   closed   more than half way between the least and the greatest closure of the demonstration
 *   grasped  closed near an object from the row on which it begins to move with the hand, until the hand opens
 *   touching the grasp frame is at the object's bounding box
 *
 * so the same predicates can be asked as in a running world. */
#include "sim/predicate.h"

#include "sim/internal.h"

#include "sim/engine.h"
#include "sim/guard.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double TOUCH_MARGIN = 0.003; /* m between surfaces that count as touching */
static const double HAND_REACH = 0.03;    /* m, the grasp frame from a box that the hand touches */
static const double GRASP_REACH = 0.05;   /* m, the grasp frame from a box that the hand can hold */
static const double CLEARANCE_CAP = 0.05; /* m */
static const double CLOSURE_SPAN = 0.15;  /* less than that between open and closed: the hand never closes */
static const double MOVES = 0.004;        /* m, an object has begun to move */
static const double CARRIED = 0.02;       /* m, it has been moved for good */
static const double RIGID = 0.025;        /* m it may shift in the hand while it is carried */
static const double REST_WINDOW = 0.1;    /* s */

typedef struct Annotation {
    const Task *task;
    const char *file;
    Demo *demo;
    mjModel *m;
    mjData *d;
    SimSceneBind scene;
    SimAtoms atoms;
    SimView view;
    double timer[SIM_MAX_TIMERS];
    bool *grasp[NSIDE]; /* (nrow, nobject) */
    Status status;
    Err *err;
} Annotation;

static Pose object_at(const Demo *demo, int row, int object) {
    return demo->object[(size_t)row * (size_t)demo->nobject + (size_t)object];
}

/* ---- the view of a row ------------------------------------------------------------------------------------------ */

static void pose_scene(Annotation *a, int row) {
    for (int i = 0; i < a->scene.nobject; i++) {
        const SimObject *object = &a->scene.object[i];
        const Pose pose = object_at(a->demo, row, i);
        if (object->body < 0)
            continue;
        if (object->qpos >= 0)
            memcpy(a->d->qpos + object->qpos, &pose, 7 * sizeof(mjtNum));
        else if (object->carrier < 0 && a->m->body_parentid[object->body] == 0) {
            memcpy(a->m->body_pos + 3 * object->body, pose.pos, sizeof pose.pos);
            memcpy(a->m->body_quat + 4 * object->body, pose.quat, sizeof pose.quat);
        }
    }
    for (int i = 0; i < a->scene.njoint && i < a->demo->njoint; i++)
        a->d->qpos[a->scene.joint_qpos[i]] =
            a->demo->joint[(size_t)row * (size_t)a->demo->njoint + (size_t)i];
    mj_kinematics(a->m, a->d);
    mj_collision(a->m, a->d);
}

/* Distance of a point from the object's bounding box, 0 inside. */
static double box_distance(const SimView *view, int object, const double point[3]) {
    double p[3], outside[3];
    pose_apply(pose_inv(view->object[object]), point, p);
    for (int k = 0; k < 3; k++) {
        const double below = view->lo[object][k] - p[k], above = p[k] - view->hi[object][k];
        outside[k] = below > 0 ? below : above > 0 ? above : 0;
    }
    return vec3_norm(outside);
}

static int thing_of(const Annotation *a, int geom) {
    const int object = sim_body_object(a->m, &a->scene, a->m->geom_bodyid[geom]);
    return object >= 0 ? object : SIM_THING_SCENE;
}

static void view_contacts(Annotation *a) {
    SimView *view = &a->view;
    memset(view->touch, 0, sizeof view->touch);
    for (int i = 0; i < a->d->ncon; i++) {
        const mjContact *contact = &a->d->contact[i];
        if (contact->geom[0] < 0 || contact->geom[1] < 0)
            continue;
        const int first = thing_of(a, contact->geom[0]), second = thing_of(a, contact->geom[1]);
        view->touch[first][second] = view->touch[second][first] = true;
    }
}

static void view_hands(Annotation *a, int row) {
    SimView *view = &a->view;
    for (int s = 0; s < NSIDE; s++)
        for (int i = 0; i < a->scene.nobject; i++) {
            view->clearance[s][i] = CLEARANCE_CAP;
            view->grasp[s][i] =
                a->grasp[s] && a->grasp[s][(size_t)row * (size_t)a->scene.nobject + (size_t)i];
            if (!a->demo->eef[s])
                continue;
            view->hand[s] = a->demo->eef[s][row];
            const double distance = box_distance(view, i, view->hand[s].pos);
            const bool touch = view->grasp[s][i] || distance < HAND_REACH;
            view->touch[SIM_THING_LEFT + s][i] = view->touch[i][SIM_THING_LEFT + s] = touch;
            const double clearance = touch ? 0 : distance - HAND_REACH;
            view->clearance[s][i] = clearance < CLEARANCE_CAP ? clearance : CLEARANCE_CAP;
        }
}

static void view_row(Annotation *a, int row) {
    SimView *view = &a->view;
    pose_scene(a, row);
    const int back = (int)floor(REST_WINDOW * a->demo->rate_hz + 0.5);
    const int then = row > back ? row - back : 0;
    const double dt = (row > then ? row - then : 1) / a->demo->rate_hz;
    for (int i = 0; i < a->scene.nobject; i++) {
        const SimObject *object = &a->scene.object[i];
        view->object[i] = object_at(a->demo, row, i);
        view->start[i] = object_at(a->demo, 0, i);
        view->speed[i] = pose_distance(object_at(a->demo, then, i), view->object[i]) / dt;
        view->spin[i] = pose_angle(object_at(a->demo, then, i), view->object[i]) / dt;
        memcpy(view->lo[i], object->lo, sizeof view->lo[i]);
        memcpy(view->hi[i], object->hi, sizeof view->hi[i]);
        if (object->body < 0 || object->inside < 0)
            continue;
        view->inside[i] = sim_site_pose(a->d, object->inside);
        memcpy(view->inside_half[i], a->m->site_size + 3 * object->inside, sizeof view->inside_half[i]);
    }
    for (int i = 0; i < a->scene.njoint; i++)
        view->joint[i] = a->d->qpos[a->scene.joint_qpos[i]];
    view_contacts(a);
    view_hands(a, row);
}

/* ---- grasps ----------------------------------------------------------------------------------------------------- */

static double mean_closure(const Demo *demo, int side, int row) {
    double sum = 0;
    for (int i = 0; i < demo->nhand; i++)
        sum += (double)demo->closure[side][(size_t)row * (size_t)demo->nhand + (size_t)i];
    return sum / demo->nhand;
}

/* Mean closure above which the hand counts as closed; −1 for a hand that never closes and works with its palm. */
static double closed_above(const Demo *demo, int side) {
    double least = INFINITY, most = -INFINITY;
    for (int row = 0; row < demo->nrow; row++) {
        const double c = mean_closure(demo, side, row);
        least = c < least ? c : least;
        most = c > most ? c : most;
    }
    return most - least < CLOSURE_SPAN ? -1 : 0.5 * (least + most);
}

/* In rows [begin, end) the hand is closed. Row from which it carries the object, or end. */
static int carries_from(const Annotation *a, int side, int object, int begin, int end) {
    const Demo *demo = a->demo;
    const SimObject *bind = &a->scene.object[object];
    SimView view;
    memcpy(view.lo[object], bind->lo, sizeof bind->lo);
    memcpy(view.hi[object], bind->hi, sizeof bind->hi);
    int near_row = -1, moving = -1;
    for (int row = begin; row < end; row++) {
        view.object[object] = object_at(demo, row, object);
        if (near_row < 0) {
            if (box_distance(&view, object, demo->eef[side][row].pos) > GRASP_REACH)
                continue;
            near_row = row;
        }
        const Pose first = object_at(demo, near_row, object), now = view.object[object];
        const double moved = pose_distance(first, now);
        if (moving < 0 && moved > MOVES)
            moving = row;
        const Pose in_hand = pose_rel(demo->eef[side][row], now);
        if (moved > CARRIED &&
            pose_distance(pose_rel(demo->eef[side][moving], object_at(demo, moving, object)), in_hand) <
                RIGID)
            return moving;
    }
    return end;
}

static bool find_grasps(Annotation *a, int side) {
    const Demo *demo = a->demo;
    const size_t width = (size_t)a->scene.nobject;
    if (!demo->eef[side] || !demo->closure[side] || demo->nhand < 1)
        return true;
    a->grasp[side] = mem_calloc((size_t)demo->nrow * width, sizeof *a->grasp[side]);
    if (!a->grasp[side])
        return false;
    const double threshold = closed_above(demo, side);
    for (int begin = 0, end; begin < demo->nrow; begin = end + 1) {
        end = begin;
        while (end < demo->nrow && mean_closure(demo, side, end) > threshold)
            end++;
        for (int i = 0; i < a->scene.nobject; i++)
            for (int row = end > begin ? carries_from(a, side, i, begin, end) : end; row < end; row++)
                a->grasp[side][(size_t)row * width + (size_t)i] = true;
    }
    return true;
}

/* ---- boundaries ------------------------------------------------------------------------------------------------- */

static int previous_of(const Task *task, int subtask) {
    for (int i = subtask - 1; i >= 0; i--)
        if (task->subtask[i].hand == task->subtask[subtask].hand)
            return i;
    return -1;
}

static bool is_last(const Task *task, int subtask) {
    for (int i = subtask + 1; i < task->nsubtask; i++)
        if (task->subtask[i].hand == task->subtask[subtask].hand)
            return false;
    return true;
}

/* A subtask can end once those before it have: of its own hand, and of the other where it says so. */
static bool may_end(const Task *task, int subtask, const int *rise) {
    const int previous = previous_of(task, subtask);
    if (previous >= 0 && rise[previous] < 0)
        return false;
    for (int i = 0; i < task->subtask[subtask].nafter; i++) {
        const int other = task_subtask_index(task, task->subtask[subtask].after[i]);
        if (other >= 0 && rise[other] < 0)
            return false;
    }
    return true;
}

/* Row at which each subtask's condition first holds, −1 if never; signal (nrow, nsubtask) rises there. */
static void find_rises(Annotation *a, int *rise) {
    const Task *task = a->task;
    for (int i = 0; i < task->nsubtask; i++)
        rise[i] = -1;
    for (int i = 0; i < SIM_MAX_TIMERS; i++)
        a->timer[i] = -1;
    for (int row = 0; row < a->demo->nrow; row++) {
        view_row(a, row);
        sim_pred_advance(&a->atoms, &a->view, 1.0 / a->demo->rate_hz, a->timer);
        for (int i = 0; i < task->nsubtask; i++) {
            if (rise[i] < 0 && may_end(task, i, rise) &&
                sim_pred_holds(&a->atoms, task->subtask[i].until, &a->view, a->timer))
                rise[i] = row;
            a->demo->signal[(size_t)row * (size_t)task->nsubtask + (size_t)i] = rise[i] >= 0;
        }
    }
}

/* For a message: the condition's part that is false on the last row. */
static const char *missing_part(const Annotation *a, const Pred *pred) {
    if (pred->kind == PRED_ATOM)
        return pred->name;
    for (int i = 0; i < pred->nchild; i++)
        if (sim_pred_holds(&a->atoms, &pred->child[i], &a->view, a->timer) == (pred->kind == PRED_NOT))
            return missing_part(a, &pred->child[i]);
    return "for";
}

static Status mark(Annotation *a, const int *rise) {
    const Task *task = a->task;
    Demo *demo = a->demo;
    demo->nmark = 0;
    for (int i = 0; i < task->nsubtask; i++) {
        const Subtask *subtask = &task->subtask[i];
        if (!(demo->hands >> subtask->hand & 1))
            return err_set(a->err, STATUS_MISMATCH,
                           "%s: subtask '%s' needs the %s hand, which this demonstration does not use",
                           demo->id, subtask->name, subtask->hand == SIDE_LEFT ? "left" : "right");
        const int previous = previous_of(task, i);
        int begin = previous >= 0 ? demo->mark[previous].end : 0;
        for (int k = 0; k < subtask->nafter; k++) {
            const int other = task_subtask_index(task, subtask->after[k]);
            if (other >= 0 && other < i && demo->mark[other].end > begin)
                begin = demo->mark[other].end;
        }
        /* A demonstration ends when its person thought it done: the last subtask takes what is left. */
        const int end = is_last(task, i) ? demo->nrow : rise[i] + 1;
        if ((rise[i] < 0 && !is_last(task, i)) || begin >= demo->nrow)
            return err_set(a->err, STATUS_CHECK,
                           "%s: subtask '%s' never ends: '%s' is false to the last of %d rows", demo->id,
                           subtask->name, missing_part(a, subtask->until), demo->nrow);
        demo->mark[demo->nmark++] =
            (DemoMark){.subtask = i, .begin = begin, .end = end > begin ? end : begin + 1};
    }
    return STATUS_OK;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static Status load_scene(Annotation *a) {
    char error[600] = "";
    a->m = mj_loadXML(a->file, NULL, error, sizeof error);
    if (!a->m)
        return err_set(a->err, STATUS_FORMAT, "%s: %s", a->file, error);
    a->m->opt.enableflags |= mjENBL_OVERRIDE;
    a->m->opt.o_margin = TOUCH_MARGIN;
    TRY(sim_bind_scene(a->m, a->task, a->file, &a->scene, a->err));
    TRY(sim_atoms_bind(a->task, &a->scene, &a->atoms, a->err));
    a->d = mj_makeData(a->m);
    return a->d ? STATUS_OK : err_set(a->err, STATUS_MEMORY, "%s: no memory for the scene", a->file);
}

static Status annotate(Annotation *a) {
    Demo *demo = a->demo;
    const Task *task = a->task;
    int rise[MAX_SUBTASKS];
    TRY(load_scene(a));
    if (!demo->signal || demo->nsubtask != task->nsubtask) {
        demo->signal = arena_alloc(demo->arena, (size_t)demo->nrow * (size_t)task->nsubtask);
        demo->nsubtask = task->nsubtask;
    }
    if (!demo->signal || !find_grasps(a, SIDE_LEFT) || !find_grasps(a, SIDE_RIGHT))
        return err_set(a->err, STATUS_MEMORY, "%s: no memory to annotate", demo->id);
    find_rises(a, rise);
    return mark(a, rise);
}

static void run(void *argument) {
    Annotation *a = argument;
    a->status = annotate(a);
}

static Status check_demo(const Task *task, const Demo *demo, Err *err) {
    if (demo->nrow < 2 || !(demo->rate_hz > 0))
        return err_set(err, STATUS_FORMAT, "%s: a demonstration of %d rows at %g Hz cannot be annotated",
                       demo->id, demo->nrow, demo->rate_hz);
    if (demo->nobject != task->nobject)
        return err_set(err, STATUS_MISMATCH, "%s: the demonstration has %d objects, task %s has %d", demo->id,
                       demo->nobject, task->name, task->nobject);
    if (task->nsubtask > MAX_SUBTASKS || task->ntimer > SIM_MAX_TIMERS)
        return err_set(err, STATUS_LIMIT, "%s: too many subtasks or timers", task->path);
    return STATUS_OK;
}

Status sim_annotate(const Task *task, Demo *demo, Err *err) {
    TRY(sim_engine_init(err));
    TRY(check_demo(task, demo, err));
    Arena *arena = arena_create(0);
    Annotation *a = arena ? arena_alloc(arena, sizeof *a) : NULL;
    const char *file = a ? sim_scene_file(task, arena) : NULL;
    if (!file) {
        arena_destroy(arena);
        return err_set(err, STATUS_MEMORY, "%s: no memory to annotate", demo->id);
    }
    *a = (Annotation){.task = task, .file = file, .demo = demo, .err = err};
    Status status = sim_guard_file(file, NULL, err); /* the task may be somebody's */
    if (status == STATUS_OK)
        status = sim_engine_try(run, a, err);
    if (status == STATUS_OK)
        status = a->status;
    for (int s = 0; s < NSIDE; s++)
        mem_free(a->grasp[s]);
    mj_deleteData(a->d);
    mj_deleteModel(a->m);
    arena_destroy(arena);
    return status;
}
