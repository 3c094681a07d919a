/* Planning: where to enter the moved segment, how to get there, and what to mind on the way.
 *
 *    last command ●╌╌╌bridge╌╌╌╮
 *                               ● entry ──── moved segment ───▣ settle ▓▓ hand change ▓▓ grip ────●
 *                                            re-tracked ──────┤ frozen
 *
 * A demonstration's way to its object says little before it comes near: the entry is the row, up to there, from which the
 * end of the approach is reached soonest. */
#include "generators/plan.h"

#include "generators/bridge.h"
#include "generators/segment.h"

#include <math.h>
#include <string.h>

static const double APPROACH = 0.10;   /* m before contact: the demonstration is followed from here on */
static const double RISE_HELD = 0.06;  /* m that a held object is lifted before it travels */
static const double HELD_DROP = 0.05;  /* m that a held object hangs below the hand */
static const double SHORT = 0.05;      /* m: a bridge that needs no clearance */
static const double LIFT_MOST = 0.30;  /* m */
static const double PATH_WIDTH = 0.10; /* m beside the way that counts as on it */
static const double QUIET_NEAR = 0.06; /* m from the hand change */
static const double GUARD_NEAR = 0.05; /* m before an end on force */
static const double JOIN_POS = 2e-3, JOIN_ANGLE = 0.02;     /* m, rad: the segment simply goes on */
static const double CARRY_MOVED = 0.02, CARRY_SLIP = 0.015; /* m */
enum { FIXED_ROWS = 5 };

static Pose source_object(const Segment *segment, int object, int row) {
    return segment->demo->object[(size_t)row * (size_t)segment->demo->nobject + (size_t)object];
}

static Pose moved(const PlanDef *def, int row) {
    return placement_apply(&def->placement, def->segment->demo->target[def->segment->hand][row]);
}

/* Row at which what the hand carries is let go; the segment's end if it carries nothing or keeps it. */
static int release_row(const PlanDef *def) {
    const Segment *s = def->segment;
    HandChange change;
    if (s->moves < 0 || !segment_hand_change(s->demo, s->hand, s->begin + 1, s->end, &change))
        return s->end;
    return change.begin - 1;
}

/* Until the release the object's way counts; from there on the hand leaves as it left in the source, seen from itself:
 * it may hold the object turned, and its way out is between its own fingers. */
static Pose moved_or_leaving(const PlanDef *def, int release, int row) {
    if (row <= release)
        return moved(def, row);
    const Pose *target = def->segment->demo->target[def->segment->hand];
    return pose_mul(moved(def, release), pose_rel(target[release], target[row]));
}

static Twist moved_twist(const PlanDef *def, int row) {
    if (row + 1 >= def->segment->demo->nrow)
        return (Twist){0};
    return pose_twist(moved(def, row), moved(def, row + 1), def->dt);
}

bool plan_carries(const Segment *segment, int object) {
    if (object < 0)
        return false;
    const Demo *demo = segment->demo;
    const Pose first = source_object(segment, object, segment->begin);
    const Pose held = pose_rel(demo->eef[segment->hand][segment->begin], first);
    HandChange change = {segment->end, segment->end};
    segment_hand_change(demo, segment->hand, segment->begin + 1, segment->end, &change);
    for (int r = segment->begin; r < change.begin && r < segment->end; r++) {
        const Pose now = source_object(segment, object, r);
        if (pose_distance(first, now) > CARRY_MOVED)
            return pose_distance(held, pose_rel(demo->eef[segment->hand][r], now)) < CARRY_SLIP;
    }
    return false;
}

/* The row that the approach leads to: a hand change, contact with the reference, or the end of what presses; the
 * segment's begin if there is no approach in it. */
static int approach_end(const PlanDef *def) {
    const Segment *s = def->segment;
    HandChange change;
    int end = segment_object_moves(s);
    if (plan_carries(s, s->object))
        return s->begin;
    if (segment_hand_change(s->demo, s->hand, s->begin + 1, s->end, &change) && change.begin - 1 < end)
        end = change.begin - 1;
    if (end == s->end && !def->task->subtask[s->subtask].until_force)
        return s->begin;
    return end < s->end ? end : s->end - 1;
}

/* Last row at which the demonstration may be entered: the hand (or what it carries) is still a little way off. */
static int last_entry(const PlanDef *def) {
    const Pose *target = def->segment->demo->target[def->segment->hand];
    const int end = approach_end(def);
    int row = end;
    while (row > def->segment->begin && pose_distance(target[row], target[end]) < APPROACH)
        row--;
    return row;
}

/* Would the segment simply go on from the last command if entered at row? */
static bool joins(const PlanDef *def, int row) {
    Pose next = def->start.hand;
    double turn[3], quat[4], out[4];
    for (int i = 0; i < 3; i++) {
        next.pos[i] += def->dt * def->start.twist.lin[i];
        turn[i] = def->dt * def->start.twist.ang[i];
    }
    quat_from_rotvec(turn, quat);
    quat_mul(quat, next.quat, out);
    memcpy(next.quat, out, sizeof out);
    const Pose entry = moved(def, row);
    return (pose_distance(next, entry) < JOIN_POS && pose_angle(next, entry) < JOIN_ANGLE) ||
           (pose_distance(def->start.hand, entry) < JOIN_POS &&
            pose_angle(def->start.hand, entry) < JOIN_ANGLE);
}

int plan_entry(const PlanDef *def) {
    const int begin = def->segment->begin;
    if (def->entry >= 0)
        return def->entry;
    if (!def->options->trim || joins(def, begin))
        return begin;
    const int last = last_entry(def);
    int best = begin;
    double least = INFINITY;
    for (int r = begin; r <= last; r++) {
        const double time =
            bridge_time(def->start.hand, moved(def, r), def->options->speed, def->options->turn) +
            (last - r) * def->dt;
        if (time < least) {
            least = time;
            best = r;
        }
    }
    return best;
}

/* ---- the bridge ---- */

/* Distance in the plane from p to the straight way a–b. */
static double plane_distance(const double a[3], const double b[3], const double p[3]) {
    const double dx = b[0] - a[0], dy = b[1] - a[1], length2 = dx * dx + dy * dy;
    double s = length2 > 1e-12 ? ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length2 : 0;
    s = s < 0 ? 0 : s > 1 ? 1 : s;
    const double x = a[0] + s * dx - p[0], y = a[1] + s * dy - p[1];
    return sqrt(x * x + y * y);
}

/* Height that clears the objects on the way; false if there are none. */
static bool obstacle_height(const PlanDef *def, Pose to, double *over) {
    const Segment *s = def->segment;
    bool any = false;
    for (int i = 0; i < def->scene->nobject; i++) {
        const Pose object = def->scene->object[i];
        if (i == s->moves || (i == s->object && plan_carries(s, i)))
            continue;
        if (plane_distance(def->start.hand.pos, to.pos, object.pos) >
            PATH_WIDTH + def->task->object[i].radius)
            continue;
        if (!any || object.pos[2] > *over)
            *over = object.pos[2];
        any = true;
    }
    return any;
}

/* Height that the way shall pass over; false if it may be straight. */
static bool clear_height(const PlanDef *def, Pose to, double *over) {
    const Pose from = def->start.hand;
    const bool holds = def->segment->moves >= 0;
    if (def->options->clearance <= 0 || pose_distance(from, to) < SHORT)
        return false;
    bool lift = obstacle_height(def, to, over);
    *over += def->options->clearance + (holds ? HELD_DROP : 0);
    if (holds && (!lift || *over < from.pos[2] + RISE_HELD)) {
        *over = from.pos[2] + RISE_HELD;
        lift = true;
    }
    const double most = (from.pos[2] > to.pos[2] ? from.pos[2] : to.pos[2]) + LIFT_MOST;
    *over = *over < most ? *over : most;
    return lift;
}

static BridgeDef bridge_def(const PlanDef *def, int entry) {
    const GenOptions *o = def->options;
    BridgeDef b = {.from = def->start.hand,
                   .to = moved(def, entry),
                   .from_twist = def->start.twist,
                   .to_twist = moved_twist(def, entry),
                   .speed = o->speed,
                   .turn = o->turn,
                   .shape = o->bridge};
    b.lift = clear_height(def, b.to, &b.over);
    return b;
}

/* Rows of the bridge; *bridge is ready to be sampled, or of no duration. */
static int make_bridge(const PlanDef *def, int entry, Bridge *bridge) {
    const BridgeDef b = bridge_def(def, entry);
    if (def->options->bridge == GEN_BRIDGE_FIXED) {
        *bridge = (Bridge){.def = b};
        return FIXED_ROWS;
    }
    *bridge = joins(def, entry) ? (Bridge){.def = b} : bridge_make(&b);
    int n = bridge_rows(bridge, def->dt);
    if (n < def->least_rows) {
        n = def->least_rows;
        bridge_stretch(bridge, (n + 1) * def->dt);
    }
    return n;
}

int plan_bridge_rows(const PlanDef *def) {
    Bridge bridge;
    return make_bridge(def, plan_entry(def), &bridge);
}

double plan_bridge_time(const PlanDef *def) {
    return bridge_time(def->start.hand, moved(def, plan_entry(def)), def->options->speed, def->options->turn);
}

static Pose bridge_row(const PlanDef *def, const Bridge *bridge, int k, int n) {
    if (def->options->bridge == GEN_BRIDGE_FIXED)
        return pose_lerp(bridge->def.from, bridge->def.to, (double)(k + 1) / (n + 1));
    return bridge_at(bridge, (k + 1) * def->dt);
}

/* ---- flags ---- */

static void flag_rows(Traj *traj, int first, int last, unsigned flag) {
    for (int i = first < 0 ? 0 : first; i <= last && i < traj->n; i++)
        traj->point[i].flags |= flag;
}

/* First row, going back from row, that is still within reach metres of it. */
static int rows_near(const Traj *traj, int row, double reach) {
    int first = row;
    while (first > traj->source_begin &&
           pose_distance(traj->point[first - 1].hand, traj->point[row].hand) < reach)
        first--;
    return first;
}

/* What is set down ends on force; what presses (nothing in the hand) does not end before it presses as in the source. */
static void flag_guard(const PlanDef *def, Traj *traj, int row) {
    const bool on_force = def->task->subtask[def->segment->subtask].until_force;
    const int first = rows_near(traj, row, GUARD_NEAR);
    if (on_force)
        flag_rows(traj, first, row, def->segment->moves >= 0 ? TRAJ_GUARDED | TRAJ_QUIET : TRAJ_QUIET);
}

/* What happens around each hand change, and where re-tracking ends. */
static void flag_segment(const PlanDef *def, Traj *traj, int entry) {
    const Segment *s = def->segment;
    const int shift = traj->source_begin - entry;
    int frozen = segment_object_moves(s) + shift;
    bool changed = false;
    HandChange change = {entry, entry};
    while (segment_hand_change(s->demo, s->hand, change.end + 1, s->end, &change)) {
        const int at = change.begin - 1 + shift;
        if (at >= 0) {
            traj->point[at].flags |= TRAJ_SETTLE;
            traj->point[change.end - 1 + shift].flags |= TRAJ_GRIP;
        }
        flag_rows(traj, rows_near(traj, at, QUIET_NEAR), change.end - 1 + shift, TRAJ_QUIET);
        if (!changed) {
            flag_guard(def, traj, at);
            frozen = at < frozen ? at : frozen;
        }
        changed = true;
    }
    if (!changed)
        flag_guard(def, traj, traj->n - 1);
    if (!def->options->track || !def->task->subtask[s->subtask].track || plan_carries(s, s->object))
        frozen = 0;
    flag_rows(traj, frozen, traj->n - 1, TRAJ_FROZEN);
}

/* ---- the whole ---- */

bool gen_plan(const PlanDef *def, Arena *arena, Traj *traj) {
    const Segment *s = def->segment;
    const int entry = plan_entry(def), nhand = s->demo->nhand;
    Bridge bridge;
    const int nbridge = make_bridge(def, entry, &bridge);
    const int n = nbridge + s->end - entry;
    TrajPoint *point = arena_alloc(arena, (size_t)n * sizeof *point);
    if (!point)
        return false;
    *traj = (Traj){.hand = s->hand,
                   .n = n,
                   .capacity = n,
                   .point = point,
                   .reference = s->object,
                   .source_begin = nbridge};
    traj->reference_pose = s->object >= 0 ? def->scene->object[s->object] : POSE_IDENTITY;
    for (int i = 0; i < nbridge; i++) {
        const float *to = s->demo->closure[s->hand] + (size_t)entry * (size_t)nhand;
        const float share = (float)(i + 1) / (float)(nbridge + 1);
        point[i] = (TrajPoint){.hand = bridge_row(def, &bridge, i, nbridge), .flags = TRAJ_BRIDGE};
        for (int m = 0; m < nhand; m++)
            point[i].closure[m] = def->start.closure[m] + share * (to[m] - def->start.closure[m]);
    }
    const int release = release_row(def);
    for (int i = nbridge; i < n; i++) {
        const int row = entry + i - nbridge;
        point[i] = (TrajPoint){.hand = moved_or_leaving(def, release, row)};
        memcpy(point[i].closure, s->demo->closure[s->hand] + (size_t)row * (size_t)nhand,
               (size_t)nhand * sizeof(float));
    }
    flag_segment(def, traj, entry);
    return true;
}

int plan_keys(const Traj *traj, Pose *key, int most) {
    const int stride = 4 * traj->n / (3 * most) + 1;
    int n = 0;
    for (int i = 0; i < traj->n && n < most; i++) {
        const bool matters =
            traj->point[i].flags & (TRAJ_SETTLE | TRAJ_GRIP) || i == traj->source_begin || i == traj->n - 1;
        if (matters || i % stride == stride - 1)
            key[n++] = traj->point[i].hand;
    }
    return n;
}
