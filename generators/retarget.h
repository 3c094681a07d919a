/* Retargeting: moving a demonstration's hand poses so that they stand to the objects now as they stood then. */
#ifndef DEMOMILL_GENERATORS_RETARGET_H
#define DEMOMILL_GENERATORS_RETARGET_H

#include "base/demo.h"
#include "base/task.h"
#include "generators/generate.h"

/* hand now = ref · hand in the source · in_hand.
 *   ref      object now · its symmetry · (object in the source)⁻¹
 *   in_hand  identity; or, if what counts is the held object's place, (held in source's hand) · symmetry · (held in hand)⁻¹ */
typedef struct Placement {
    Pose ref;
    Pose in_hand;
    int variant; /* which members of the symmetry groups; 0 is the identity of both */
} Placement;

enum { MAX_PLACEMENTS = 144 };

Pose placement_apply(const Placement *placement, Pose source);
/* By the reference object, without symmetry or in-hand correction. */
Placement retarget_plain(const Segment *segment, const Scene *scene);
/* All placements that the symmetry groups of the reference and the held object allow; returns how many of out (MAX_PLACEMENTS)
 * were filled, variant 0 first. */
int retarget_all(const Task *task, const Segment *segment, const Scene *scene, const GenOptions *options,
                 Placement out[MAX_PLACEMENTS]);
/* The placement with its in-hand part read again from the scene. */
Placement retarget_in_hand(const Task *task, const Segment *segment, const Scene *scene, Placement placement);

/* How far a hand pose turns the wrist from what is comfortable, rad: the orientation of rest, with the fingers pointing away from
 * the shoulder, which is taken to be above the base's middle, as far to the side as the hand rests. All in world. */
double discomfort(Pose base, Pose rest, Pose hand);
/* Rotations about z that leave an object looking the same: returns how many of angle (12) are filled; first 0. */
int symmetry_angles(Symmetry symmetry, double angle[12]);
Pose pose_turn_z(double angle);

#endif
