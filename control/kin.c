#include "control/kin.h"

#include <math.h>

void ctl_rotate(const double r[9], const double v[3], double out[3]) {
    const double x = v[0], y = v[1], z = v[2];
    out[0] = r[0] * x + r[1] * y + r[2] * z;
    out[1] = r[3] * x + r[4] * y + r[5] * z;
    out[2] = r[6] * x + r[7] * y + r[8] * z;
}

void ctl_rotate_inverse(const double r[9], const double v[3], double out[3]) {
    const double x = v[0], y = v[1], z = v[2];
    out[0] = r[0] * x + r[3] * y + r[6] * z;
    out[1] = r[1] * x + r[4] * y + r[7] * z;
    out[2] = r[2] * x + r[5] * y + r[8] * z;
}

static void matrix_mul(const double a[9], const double b[9], double out[9]) {
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            out[3 * i + j] = a[3 * i] * b[j] + a[3 * i + 1] * b[3 + j] + a[3 * i + 2] * b[6 + j];
}

void ctl_frame_mul(const CtlFrame *a, const CtlFrame *b, CtlFrame *out) {
    matrix_mul(a->rot, b->rot, out->rot);
    ctl_rotate(a->rot, b->pos, out->pos);
    for (int i = 0; i < 3; i++)
        out->pos[i] += a->pos[i];
}

void ctl_frame_from_pose(Pose pose, CtlFrame *out) {
    quat_to_matrix(pose.quat, out->rot);
    for (int i = 0; i < 3; i++)
        out->pos[i] = pose.pos[i];
}

Pose ctl_frame_pose(const CtlFrame *frame) {
    Pose pose;
    quat_from_matrix(frame->rot, pose.quat);
    for (int i = 0; i < 3; i++)
        pose.pos[i] = frame->pos[i];
    return pose;
}

/* Rodrigues' formula. */
static void axis_rotation(const double u[3], double angle, double r[9]) {
    const double s = sin(angle), c = cos(angle), t = 1 - c;
    r[0] = c + t * u[0] * u[0];
    r[1] = t * u[0] * u[1] - s * u[2];
    r[2] = t * u[0] * u[2] + s * u[1];
    r[3] = t * u[0] * u[1] + s * u[2];
    r[4] = c + t * u[1] * u[1];
    r[5] = t * u[1] * u[2] - s * u[0];
    r[6] = t * u[0] * u[2] - s * u[1];
    r[7] = t * u[1] * u[2] + s * u[0];
    r[8] = c + t * u[2] * u[2];
}

void ctl_kin_update(const CtlTree *tree, const double *q, int begin, int end, CtlKin *kin) {
    for (int j = begin; j < end; j++) {
        const CtlTreeJoint *joint = &tree->joint[j];
        const CtlFrame *parent = joint->parent < 0 ? &kin->base : &kin->joint[joint->parent];
        CtlFrame still;
        ctl_frame_mul(parent, &joint->fixed, &still);
        double turn[9];
        axis_rotation(joint->axis, q[j], turn);
        matrix_mul(still.rot, turn, kin->joint[j].rot);
        for (int i = 0; i < 3; i++)
            kin->joint[j].pos[i] = still.pos[i];
        ctl_rotate(still.rot, joint->axis, kin->axis[j]);
    }
}

void ctl_kin_end(const CtlKin *kin, const CtlTreeEnd *end, CtlFrame *out) {
    ctl_frame_mul(end->joint < 0 ? &kin->base : &kin->joint[end->joint], &end->fixed, out);
}

void ctl_tree_link(CtlTree *tree, int j) {
    const int parent = tree->joint[j].parent;
    tree->joint[j].path = (uint64_t)1 << j | (parent < 0 ? 0 : tree->joint[parent].path);
}

int ctl_tree_carries(const CtlTree *tree, int joint, int rider) {
    return rider >= 0 && (tree->joint[rider].path >> joint & 1);
}
