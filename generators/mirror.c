/* Mirrored demonstrations: what the left hand did, the right hand can do.
 *
 *            y                   P' = robot · mirror(robot⁻¹ · P)
 *    left ●  │  ○ left'          hands swap; objects stay themselves (their shapes are taken to be their own
 *   ─────────┼───────── x        mirror images in their x–z plane)
 *   right ○  │  ● right'
 *
 * A task has counterparts if every subtask of one hand stands against one of the other: in the same `together` group,
 * or about the same objects at the same place in the hand's list. */
#include "generators/segment.h"

#include <stdio.h>
#include <string.h>

static bool same_name(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Place of a subtask in its hand's list. */
static int rank_of(const Task *task, int subtask) {
    int rank = 0;
    for (int i = 0; i < subtask; i++)
        rank += task->subtask[i].hand == task->subtask[subtask].hand;
    return rank;
}

static int counterpart(const Task *task, int subtask) {
    const Subtask *a = &task->subtask[subtask];
    for (int i = 0; i < task->nsubtask; i++) {
        const Subtask *b = &task->subtask[i];
        if (b->hand != a->hand && same_name(a->together, b->together) && same_name(a->object, b->object) &&
            same_name(a->moves, b->moves) && rank_of(task, i) == rank_of(task, subtask))
            return i;
    }
    return -1;
}

static bool has_counterparts(const Task *task) {
    for (int i = 0; i < task->nsubtask; i++) {
        if (counterpart(task, i) < 0)
            return false;
    }
    return task->nsubtask > 0;
}

static Pose mirror_in(Pose robot, Pose world) {
    return pose_mul(robot, pose_mirror(pose_rel(robot, world)));
}

static void mirror_hand(Pose robot, const Demo *from, Demo *to, int side) {
    const int other = 1 - side;
    for (int r = 0; r < from->nrow; r++) {
        to->eef[other][r] = mirror_in(robot, from->eef[side][r]);
        to->target[other][r] = mirror_in(robot, from->target[side][r]);
    }
    memcpy(to->closure[other], from->closure[side], (size_t)from->nrow * (size_t)from->nhand * sizeof(float));
}

Demo *mirror_demo(const Task *task, const Demo *from, bool *memory) {
    *memory = false;
    if (!has_counterparts(task))
        return NULL;
    const unsigned hands = (from->hands & 1u) << 1 | (from->hands & 2u) >> 1;
    Demo *to = demo_create(from->nrow, from->nhand, hands, from->nobject, from->njoint, from->nsubtask);
    if (!to) {
        *memory = true;
        return NULL;
    }
    snprintf(to->id, sizeof to->id, "%.50s~mirror", from->id);
    memcpy(to->file, from->file, sizeof to->file);
    memcpy(to->operator_name, from->operator_name, sizeof to->operator_name);
    memcpy(to->device, from->device, sizeof to->device);
    memcpy(to->lineage, from->lineage, sizeof to->lineage);
    to->rate_hz = from->rate_hz;
    for (int side = 0; side < NSIDE; side++) {
        if (from->target[side])
            mirror_hand(task->robot, from, to, side);
    }
    for (int i = 0; i < from->nrow * from->nobject; i++)
        to->object[i] = mirror_in(task->robot, from->object[i]);
    if (from->njoint)
        memcpy(to->joint, from->joint, (size_t)from->nrow * (size_t)from->njoint * sizeof(double));
    to->nmark = from->nmark;
    for (int i = 0; i < from->nmark; i++) {
        to->mark[i] = from->mark[i];
        to->mark[i].subtask = counterpart(task, from->mark[i].subtask);
    }
    return to;
}
