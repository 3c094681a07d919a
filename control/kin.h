/* Kinematic tree of the body joints: the controller's own forward kinematics.
 *
 *        pelvis ── legs ── soles          joints in wire order, each turning about one axis,
 *           └── waist ── arms ── wrists   parents before children
 *
 * MuJoCo walks every body, site and geom; the IK needs sixteen joints ten times per control step. A tree is a
 * plain value: no pointers, copied with memcpy. Rotation matrices are row-major (3, 3). */
#ifndef DEMOMILL_CONTROL_KIN_H
#define DEMOMILL_CONTROL_KIN_H

#include "base/pose.h"
#include "base/scene.h"

#include <stdint.h>

enum { CTL_MAX_JOINTS = 48 };

/* A frame: where something is. */
typedef struct CtlFrame {
    double rot[9];
    double pos[3]; /* m */
} CtlFrame;

typedef struct CtlTreeJoint {
    int parent;     /* joint that carries it; −1: the base body */
    CtlFrame fixed; /* frame at angle 0, in the parent's frame; origin on the axis */
    double axis[3]; /* unit, in that frame */
    uint64_t path;  /* bit per joint: itself and all that carry it */
} CtlTreeJoint;

/* A frame that rides on a joint. */
typedef struct CtlTreeEnd {
    int joint;
    CtlFrame fixed;
} CtlTreeEnd;

typedef struct CtlTree {
    int njoint;
    CtlTreeJoint joint[CTL_MAX_JOINTS];
    CtlTreeEnd sole[NSIDE], wrist[NSIDE], grasp[NSIDE];
} CtlTree;

/* Where every joint is, in the frame in which the base was given. */
typedef struct CtlKin {
    CtlFrame base;
    CtlFrame joint[CTL_MAX_JOINTS];
    double axis[CTL_MAX_JOINTS][3];
} CtlKin;

void ctl_frame_mul(const CtlFrame *a, const CtlFrame *b, CtlFrame *out); /* out may not alias */
void ctl_frame_from_pose(Pose pose, CtlFrame *out);
Pose ctl_frame_pose(const CtlFrame *frame);
void ctl_rotate(const double rot[9], const double v[3], double out[3]);         /* rot · v */
void ctl_rotate_inverse(const double rot[9], const double v[3], double out[3]); /* rotᵀ · v */

/* Joints [begin, end) at q (njoint) rad; those before begin must stand in kin already. */
void ctl_kin_update(const CtlTree *tree, const double *q, int begin, int end, CtlKin *kin);
void ctl_kin_end(const CtlKin *kin, const CtlTreeEnd *end, CtlFrame *out);
/* Fill joint[j].path for the joint that was added last. */
void ctl_tree_link(CtlTree *tree, int j);
/* Does joint move what rides on rider (−1: base)? */
int ctl_tree_carries(const CtlTree *tree, int joint, int rider);

#endif
