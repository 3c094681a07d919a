/* Placements of a segment in the scene as it is. */
#include "generators/retarget.h"

#include <math.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

Pose pose_turn_z(double angle) {
    Pose p = POSE_IDENTITY;
    quat_from_yaw(angle, p.quat);
    return p;
}

int symmetry_angles(Symmetry symmetry, double angle[12]) {
    static const int order[] = {
        [SYMMETRY_NONE] = 1, [SYMMETRY_Z2] = 2, [SYMMETRY_Z4] = 4, [SYMMETRY_Z_ANY] = 12};
    const int n = order[symmetry];
    for (int i = 0; i < n; i++)
        angle[i] = 2 * PI * i / n;
    return n;
}

double discomfort(Pose base, Pose rest, Pose hand) {
    const Pose rest_in_base = pose_rel(base, rest), hand_in_base = pose_rel(base, hand);
    const double ahead = hand_in_base.pos[0], aside = hand_in_base.pos[1] - rest_in_base.pos[1];
    Pose comfortable = pose_turn_z(ahead > 0.05 ? atan2(aside, ahead) : 0);
    double quat[4];
    quat_mul(comfortable.quat, rest_in_base.quat, quat);
    memcpy(comfortable.quat, quat, sizeof quat);
    return pose_angle(comfortable, hand_in_base);
}

Pose placement_apply(const Placement *placement, Pose source) {
    return pose_mul(placement->ref, pose_mul(source, placement->in_hand));
}

static Pose source_object(const Segment *segment, int object, int row) {
    return segment->demo->object[(size_t)row * (size_t)segment->demo->nobject + (size_t)object];
}

static Pose reference(const Segment *segment, const Scene *scene, double turn) {
    if (segment->object < 0)
        return POSE_IDENTITY;
    const Pose now = pose_mul(scene->object[segment->object], pose_turn_z(turn));
    return pose_mul(now, pose_inv(source_object(segment, segment->object, segment->begin)));
}

/* held = what moves, seen from the hand, then and now. */
static Pose in_hand(const Segment *segment, const Scene *scene, double turn) {
    const Pose then = pose_rel(segment->demo->eef[segment->hand][segment->begin],
                               source_object(segment, segment->moves, segment->begin));
    const Pose now = pose_rel(scene->hand[segment->hand], scene->object[segment->moves]);
    return pose_mul(pose_mul(then, pose_turn_z(turn)), pose_inv(now));
}

Placement retarget_plain(const Segment *segment, const Scene *scene) {
    return (Placement){.ref = reference(segment, scene, 0), .in_hand = POSE_IDENTITY};
}

int retarget_all(const Task *task, const Segment *segment, const Scene *scene, const GenOptions *options,
                 Placement out[MAX_PLACEMENTS]) {
    const bool by_object = options->place_by_object && segment->moves >= 0;
    double ref_turn[12] = {0}, held_turn[12] = {0};
    int nref = 1, nheld = 1;
    if (options->symmetry && segment->object >= 0)
        nref = symmetry_angles(task->object[segment->object].symmetry, ref_turn);
    if (options->symmetry && by_object)
        nheld = symmetry_angles(task->object[segment->moves].symmetry, held_turn);
    int n = 0;
    for (int i = 0; i < nref; i++) {
        for (int j = 0; j < nheld; j++) {
            out[n] = (Placement){
                .ref = reference(segment, scene, ref_turn[i]), .in_hand = POSE_IDENTITY, .variant = n};
            if (by_object)
                out[n].in_hand = in_hand(segment, scene, held_turn[j]);
            n++;
        }
    }
    return n;
}

Placement retarget_in_hand(const Task *task, const Segment *segment, const Scene *scene,
                           Placement placement) {
    if (segment->moves < 0)
        return placement;
    double turn[12];
    const int n = symmetry_angles(task->object[segment->moves].symmetry, turn);
    placement.in_hand = in_hand(segment, scene, turn[placement.variant % n]);
    return placement;
}
