/* Poses and rotations.
 *
 * SI units. Quaternions are (w, x, y, z), unit length, active: rotate(q, v) turns a vector of the child frame
 * into the parent frame. A Pose "a_b" maps coordinates of frame b into frame a, so pose_mul(a_b, b_c) is a_c.
 * World frame: x forward, z up. Everything here is a pure function of its arguments. */
#ifndef DEMOMILL_BASE_POSE_H
#define DEMOMILL_BASE_POSE_H

#include <stdbool.h>

typedef struct Pose {
    double pos[3];  /* m */
    double quat[4]; /* wxyz */
} Pose;

/* Linear and angular velocity of a frame, both expressed in the parent frame. m/s, rad/s. */
typedef struct Twist {
    double lin[3];
    double ang[3];
} Twist;

/* Force and torque about the frame's origin, in the frame's axes. N, N·m. */
typedef struct Wrench {
    double force[3];
    double torque[3];
} Wrench;

extern const Pose POSE_IDENTITY;

Pose pose_mul(Pose a, Pose b);
Pose pose_inv(Pose a);
/* a⁻¹ · b : b seen from a. */
Pose pose_rel(Pose a, Pose b);
void pose_apply(Pose a, const double point[3], double out[3]);
/* Screw-free interpolation: straight line and slerp; s in [0, 1]. Short way round, continuous also for small
 * angles. */
Pose pose_lerp(Pose a, Pose b, double s);
/* Constant screw motion from a to b; s in [0, 1]. Exact also when the rotation is small (series). */
Pose pose_screw(Pose a, Pose b, double s);
/* Mirror through the sagittal plane y = 0 (x, −y, z): R becomes M R M, so that a hand frame with y = z × x
 * keeps its rule.  */
Pose pose_mirror(Pose a);
double pose_distance(Pose a, Pose b); /* m */
double pose_angle(Pose a, Pose b);    /* rad in [0, π] */
bool pose_is_finite(Pose a);
/* Row-major homogeneous matrix (4, 4). */
void pose_to_matrix(Pose a, double m[16]);
Pose pose_from_matrix(const double m[16]);
/* Twist that carries a to b in dt seconds, in the parent frame. */
Twist pose_twist(Pose a, Pose b, double dt);

void quat_mul(const double a[4], const double b[4], double out[4]);
void quat_conj(const double q[4], double out[4]);
void quat_normalize(double q[4]);
void quat_rotate(const double q[4], const double v[3], double out[3]);
void quat_from_axis_angle(const double axis[3], double angle, double q[4]);
/* Rotation vector (axis · angle, angle in [0, π]) of q, and back. */
void quat_to_rotvec(const double q[4], double v[3]);
void quat_from_rotvec(const double v[3], double q[4]);
void quat_to_matrix(const double q[4], double m[9]); /* row-major (3, 3) */
void quat_from_matrix(const double m[9], double q[4]);
/* Yaw about z of the frame's x axis, rad. */
double quat_yaw(const double q[4]);
void quat_from_yaw(double yaw, double q[4]);
/* First two columns of the rotation matrix (Zhou et al. 2019); decode orthonormalises by Gram–Schmidt. */
void quat_to_rot6d(const double q[4], double r[6]);
void quat_from_rot6d(const double r[6], double q[4]);

/* Minimum-jerk time law: s in [0,1] → [0,1], 10s³ − 15s⁴ + 6s⁵. Its peak slope is 1.875. */
double min_jerk(double s);

double vec3_dot(const double a[3], const double b[3]);
double vec3_norm(const double a[3]);
void vec3_sub(const double a[3], const double b[3], double out[3]);
void vec3_cross(const double a[3], const double b[3], double out[3]);

#endif
