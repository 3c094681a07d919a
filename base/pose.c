/* Poses and rotations. Rotation vectors carry everything that interpolates, by formulas that stay exact as the angle goes to
 * zero: there is no threshold below which a motion jumps. */
#include "base/pose.h"

#include <math.h>

const Pose POSE_IDENTITY = {{0, 0, 0}, {1, 0, 0, 0}};

/* ---- vectors ---- */

double vec3_dot(const double a[3], const double b[3]) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

double vec3_norm(const double a[3]) {
    return sqrt(vec3_dot(a, a));
}

void vec3_sub(const double a[3], const double b[3], double out[3]) {
    for (int i = 0; i < 3; i++)
        out[i] = a[i] - b[i];
}

void vec3_cross(const double a[3], const double b[3], double out[3]) {
    const double x = a[1] * b[2] - a[2] * b[1], y = a[2] * b[0] - a[0] * b[2], z = a[0] * b[1] - a[1] * b[0];
    out[0] = x, out[1] = y, out[2] = z;
}

/* ---- quaternions ---- */

void quat_mul(const double a[4], const double b[4], double out[4]) {
    const double w = a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3];
    const double x = a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2];
    const double y = a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1];
    const double z = a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0];
    out[0] = w, out[1] = x, out[2] = y, out[3] = z;
}

void quat_conj(const double q[4], double out[4]) {
    out[0] = q[0];
    for (int i = 1; i < 4; i++)
        out[i] = -q[i];
}

/* A quaternion that is unit to the last bits stays as it is, so that normalising twice changes nothing. */
void quat_normalize(double q[4]) {
    const double square = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
    if (fabs(square - 1) <= 8 * 2.220446049250313e-16)
        return;
    if (square == 0) {
        q[0] = 1;
        return;
    }
    const double scale = 1 / sqrt(square);
    for (int i = 0; i < 4; i++)
        q[i] *= scale;
}

void quat_rotate(const double q[4], const double v[3], double out[3]) {
    /* v + 2 w (u × v) + 2 u × (u × v), u the vector part */
    double once[3], twice[3];
    vec3_cross(q + 1, v, once);
    vec3_cross(q + 1, once, twice);
    for (int i = 0; i < 3; i++)
        out[i] = v[i] + 2 * (q[0] * once[i] + twice[i]);
}

void quat_from_axis_angle(const double axis[3], double angle, double q[4]) {
    const double norm = vec3_norm(axis);
    const double scale = norm > 0 ? angle / norm : 0;
    const double v[3] = {axis[0] * scale, axis[1] * scale, axis[2] * scale};
    quat_from_rotvec(v, q);
}

void quat_to_rotvec(const double q[4], double v[3]) {
    const double sine = vec3_norm(q + 1);
    const double sign = q[0] < 0 ? -1 : 1; /* the short way round */
    /* angle / sine; its limit at zero is 2 / |w|, and the error of using it below 1e-8 is under the last bit. */
    const double ratio = sine > 1e-8 ? 2 * atan2(sine, fabs(q[0])) / sine : 2 / fabs(q[0]);
    for (int i = 0; i < 3; i++)
        v[i] = sign * ratio * q[i + 1];
}

void quat_from_rotvec(const double v[3], double q[4]) {
    const double angle = vec3_norm(v);
    /* sin(angle / 2) / angle */
    const double ratio = angle > 1e-4 ? sin(angle / 2) / angle : 0.5 - angle * angle / 48;
    q[0] = cos(angle / 2);
    for (int i = 0; i < 3; i++)
        q[i + 1] = ratio * v[i];
    quat_normalize(q);
}

void quat_to_matrix(const double q[4], double m[9]) {
    const double w = q[0], x = q[1], y = q[2], z = q[3];
    m[0] = 1 - 2 * (y * y + z * z), m[1] = 2 * (x * y - w * z), m[2] = 2 * (x * z + w * y);
    m[3] = 2 * (x * y + w * z), m[4] = 1 - 2 * (x * x + z * z), m[5] = 2 * (y * z - w * x);
    m[6] = 2 * (x * z - w * y), m[7] = 2 * (y * z + w * x), m[8] = 1 - 2 * (x * x + y * y);
}

/* Shepperd 1978: divide by the largest of the four. Result has w ≥ 0. */
void quat_from_matrix(const double m[9], double q[4]) {
    const double trace = m[0] + m[4] + m[8];
    if (trace >= m[0] && trace >= m[4] && trace >= m[8]) {
        q[0] = 1 + trace;
        q[1] = m[7] - m[5], q[2] = m[2] - m[6], q[3] = m[3] - m[1];
    } else if (m[0] >= m[4] && m[0] >= m[8]) {
        q[1] = 1 + 2 * m[0] - trace;
        q[0] = m[7] - m[5], q[2] = m[1] + m[3], q[3] = m[2] + m[6];
    } else if (m[4] >= m[8]) {
        q[2] = 1 + 2 * m[4] - trace;
        q[0] = m[2] - m[6], q[1] = m[1] + m[3], q[3] = m[5] + m[7];
    } else {
        q[3] = 1 + 2 * m[8] - trace;
        q[0] = m[3] - m[1], q[1] = m[2] + m[6], q[2] = m[5] + m[7];
    }
    quat_normalize(q);
    if (q[0] < 0) {
        for (int i = 0; i < 4; i++)
            q[i] = -q[i];
    }
}

double quat_yaw(const double q[4]) {
    return atan2(2 * (q[1] * q[2] + q[0] * q[3]), 1 - 2 * (q[2] * q[2] + q[3] * q[3]));
}

void quat_from_yaw(double yaw, double q[4]) {
    q[0] = cos(yaw / 2), q[1] = 0, q[2] = 0, q[3] = sin(yaw / 2);
}

void quat_to_rot6d(const double q[4], double r[6]) {
    double m[9];
    quat_to_matrix(q, m);
    for (int i = 0; i < 3; i++) {
        r[i] = m[3 * i];
        r[3 + i] = m[3 * i + 1];
    }
}

/* v scaled to length 1; the world axis that is farthest from avoid when v has no direction to speak of. */
static void unit_or_axis(double v[3], const double avoid[3]) {
    double norm = vec3_norm(v);
    if (!(norm > 1e-12)) {
        int axis = 0;
        for (int i = 1; i < 3; i++) {
            if (fabs(avoid[i]) < fabs(avoid[axis]))
                axis = i;
        }
        const double along = avoid[axis];
        for (int i = 0; i < 3; i++)
            v[i] = (i == axis) - along * avoid[i];
        norm = vec3_norm(v);
    }
    for (int i = 0; i < 3; i++)
        v[i] /= norm;
}

void quat_from_rot6d(const double r[6], double q[4]) {
    static const double none[3] = {0, 0, 0};
    double x[3] = {r[0], r[1], r[2]}, y[3], z[3];
    unit_or_axis(x, none);
    const double along = vec3_dot(x, r + 3);
    for (int i = 0; i < 3; i++)
        y[i] = r[3 + i] - along * x[i];
    unit_or_axis(y, x);
    vec3_cross(x, y, z);
    const double m[9] = {x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2]};
    quat_from_matrix(m, q);
}

/* ---- poses ---- */

Pose pose_mul(Pose a, Pose b) {
    Pose out;
    pose_apply(a, b.pos, out.pos);
    quat_mul(a.quat, b.quat, out.quat);
    return out;
}

Pose pose_inv(Pose a) {
    Pose out;
    quat_conj(a.quat, out.quat);
    quat_rotate(out.quat, a.pos, out.pos);
    for (int i = 0; i < 3; i++)
        out.pos[i] = -out.pos[i];
    return out;
}

Pose pose_rel(Pose a, Pose b) {
    Pose out;
    double inverse[4], apart[3];
    quat_conj(a.quat, inverse);
    vec3_sub(b.pos, a.pos, apart); /* subtract first: exact when both are far from the origin */
    quat_rotate(inverse, apart, out.pos);
    quat_mul(inverse, b.quat, out.quat);
    return out;
}

void pose_apply(Pose a, const double point[3], double out[3]) {
    double turned[3];
    quat_rotate(a.quat, point, turned);
    for (int i = 0; i < 3; i++)
        out[i] = a.pos[i] + turned[i];
}

Pose pose_lerp(Pose a, Pose b, double s) {
    double turn[3], part[4], inverse[4], between[4];
    quat_conj(a.quat, inverse);
    quat_mul(inverse, b.quat, between);
    quat_to_rotvec(between, turn);
    for (int i = 0; i < 3; i++)
        turn[i] *= s;
    quat_from_rotvec(turn, part);
    Pose out;
    quat_mul(a.quat, part, out.quat);
    quat_normalize(out.quat);
    for (int i = 0; i < 3; i++)
        out.pos[i] = a.pos[i] + s * (b.pos[i] - a.pos[i]);
    return out;
}

/* p + c1 w × p + c2 w × (w × p) */
static void cross_series(const double w[3], const double p[3], double c1, double c2, double out[3]) {
    double once[3], twice[3];
    vec3_cross(w, p, once);
    vec3_cross(w, once, twice);
    for (int i = 0; i < 3; i++)
        out[i] = p[i] + c1 * once[i] + c2 * twice[i];
}

/* (θ − sin θ) / θ³ */
static double sine_gap(double theta) {
    const double t = theta * theta;
    if (theta > 0.25)
        return (theta - sin(theta)) / (t * theta);
    return 1. / 6 -
           t * (1. / 120 - t * (1. / 5040 - t * (1. / 362880 - t * (1. / 39916800 - t / 6227020800.))));
}

/* (1 − (θ/2) cot(θ/2)) / θ² */
static double cotangent_gap(double theta) {
    const double t = theta * theta;
    if (theta > 0.25)
        return (1 - theta / 2 / tan(theta / 2)) / t;
    return 1. / 12 + t * (1. / 720 + t * (1. / 30240 + t * (1. / 1209600 + t / 47900160.)));
}

/* a · exp(s · log(a⁻¹ b)) on SE(3): Murray, Li, Sastry 1994, section 2.3 and appendix A. */
Pose pose_screw(Pose a, Pose b, double s) {
    const Pose whole = pose_rel(a, b);
    double w[3], v[3], part_w[3], part_v[3];
    quat_to_rotvec(whole.quat, w);
    cross_series(w, whole.pos, -0.5, cotangent_gap(vec3_norm(w)), v);
    for (int i = 0; i < 3; i++) {
        part_w[i] = s * w[i];
        part_v[i] = s * v[i];
    }
    const double theta = vec3_norm(part_w);
    const double half = theta > 1e-4 ? sin(theta / 2) / theta : 0.5 - theta * theta / 48;
    Pose part;
    quat_from_rotvec(part_w, part.quat);
    cross_series(part_w, part_v, 2 * half * half, sine_gap(theta), part.pos); /* 2 half² = (1 − cos θ) / θ² */
    Pose out = pose_mul(a, part);
    quat_normalize(out.quat);
    return out;
}

Pose pose_mirror(Pose a) {
    /* An axis of rotation is a pseudo-vector: its components in the plane change sign, the normal one stays. */
    return (Pose){{a.pos[0], -a.pos[1], a.pos[2]}, {a.quat[0], -a.quat[1], a.quat[2], -a.quat[3]}};
}

double pose_distance(Pose a, Pose b) {
    double apart[3];
    vec3_sub(a.pos, b.pos, apart);
    return vec3_norm(apart);
}

double pose_angle(Pose a, Pose b) {
    double inverse[4], between[4];
    quat_conj(a.quat, inverse);
    quat_mul(inverse, b.quat, between);
    return 2 * atan2(vec3_norm(between + 1), fabs(between[0]));
}

bool pose_is_finite(Pose a) {
    for (int i = 0; i < 3; i++) {
        if (!isfinite(a.pos[i]))
            return false;
    }
    for (int i = 0; i < 4; i++) {
        if (!isfinite(a.quat[i]))
            return false;
    }
    return true;
}

void pose_to_matrix(Pose a, double m[16]) {
    double r[9];
    quat_to_matrix(a.quat, r);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++)
            m[4 * i + j] = r[3 * i + j];
        m[4 * i + 3] = a.pos[i];
        m[12 + i] = 0;
    }
    m[15] = 1;
}

Pose pose_from_matrix(const double m[16]) {
    Pose out;
    double r[9];
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++)
            r[3 * i + j] = m[4 * i + j];
        out.pos[i] = m[4 * i + 3];
    }
    quat_from_matrix(r, out.quat);
    return out;
}

Twist pose_twist(Pose a, Pose b, double dt) {
    double inverse[4], between[4];
    quat_conj(a.quat, inverse);
    quat_mul(b.quat, inverse, between);
    Twist out;
    quat_to_rotvec(between, out.ang);
    for (int i = 0; i < 3; i++) {
        out.lin[i] = (b.pos[i] - a.pos[i]) / dt;
        out.ang[i] /= dt;
    }
    return out;
}

double min_jerk(double s) {
    if (s <= 0)
        return 0;
    if (s >= 1)
        return 1;
    return s * s * s * (10 + s * (6 * s - 15));
}
