/* Causes of failure. The engine's contacts are not asked: heights, distances and tilts tell enough for counting. */
#include "generators/judge.h"

#include <math.h>
#include <string.h>

static const double FELL_BY = 0.2;     /* m below its first height: off the table */
static const double SLIPPED_BY = 0.03; /* m in the hand */
static const double KNOCKED_BY = 0.03; /* m */
static const double TILTED_BY = 0.5;   /* rad */

static bool off_table(const JudgeDef *def) {
    for (int i = 0; i < def->now->nobject; i++) {
        if (def->world->task->object[i].movable &&
            def->now->object[i].pos[2] < def->first->object[i].pos[2] - FELL_BY)
            return true;
    }
    return false;
}

bool judge_slip(const Scene *begin, const Scene *now, int hand, int object) {
    const Pose then = pose_rel(begin->hand[hand], begin->object[object]);
    return pose_distance(then, pose_rel(now->hand[hand], now->object[object])) > SLIPPED_BY;
}

/* The first predicate of that name in the expression, or NULL. */
static const Pred *find_atom(const Pred *pred, const char *name) {
    if (!pred)
        return NULL;
    if (pred->kind == PRED_ATOM)
        return pred->name && strcmp(pred->name, name) == 0 ? pred : NULL;
    for (int i = 0; i < pred->nchild && pred->kind != PRED_NOT; i++) {
        const Pred *found = find_atom(&pred->child[i], name);
        if (found)
            return found;
    }
    return NULL;
}

static double tilt(Pose a, Pose b) {
    const double up[3] = {0, 0, 1};
    double za[3], zb[3];
    quat_rotate(a.quat, up, za);
    quat_rotate(b.quat, up, zb);
    const double c = vec3_dot(za, zb);
    return acos(c > 1 ? 1 : c < -1 ? -1 : c);
}

static bool disturbed(const JudgeDef *def, int object) {
    return pose_distance(def->begin->object[object], def->now->object[object]) > KNOCKED_BY ||
           tilt(def->begin->object[object], def->now->object[object]) > TILTED_BY;
}

static bool knocked(const JudgeDef *def, int held, int reference) {
    for (int i = 0; i < def->now->nobject; i++) {
        if (i != held && i != reference && def->world->task->object[i].movable && disturbed(def, i))
            return true;
    }
    return false;
}

Outcome judge_cause(const JudgeDef *def, Outcome otherwise) {
    const Task *task = def->world->task;
    const Subtask *subtask = def->subtask >= 0 ? &task->subtask[def->subtask] : NULL;
    const int reference = subtask && subtask->object ? task_object_index(task, subtask->object) : -1;
    const int held = subtask && subtask->moves ? task_object_index(task, subtask->moves) : -1;
    if (off_table(def))
        return OUTCOME_off_table;
    if (held >= 0 && !def->released && judge_slip(def->begin, def->now, def->hand, held))
        return OUTCOME_slipped;
    const Pred *grasp = subtask ? find_atom(subtask->until, "grasped") : NULL;
    if (grasp && !def->world->holds(def->world->self, grasp))
        return reference >= 0 && disturbed(def, reference) ? OUTCOME_knocked : OUTCOME_grasp_missed;
    if (knocked(def, held, reference))
        return OUTCOME_knocked;
    return otherwise;
}
