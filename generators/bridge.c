/* Bridges.
 *
 *      z        over ─────────────────
 *              ╱                       ╲          rise, then travel, then drop, overlapping;
 *        from ●                         ● to      without obstacles a straight line or a screw
 *
 * Each part follows the minimum-jerk law. Given end velocities are added as quintic Hermite terms, which have unit slope
 * at their end and neither position nor acceleration at both; so pose and velocity at the ends are exact. */
#include "generators/bridge.h"

#include <math.h>
#include <string.h>

static const double MIN_JERK_PEAK = 1.875;  /* largest slope of min_jerk */
static const double MIN_JERK_ACC = 5.7735;  /* its largest curvature */
static const double ACC_LIMIT = 2.5;        /* m/s² */
static const double ANGULAR_ACC_LIMIT = 14; /* rad/s² */
static const double OVERLAP = 0.5;          /* share of rise and drop during which the hand already travels */
static const double SAME_POS = 1e-3, SAME_ANGLE = 5e-3; /* m, rad: no bridge needed */
enum { SAMPLES = 64, ROUNDS = 12 };

static double clamp01(double s) {
    return s < 0 ? 0 : s > 1 ? 1 : s;
}

static double max2(double a, double b) {
    return a > b ? a : b;
}

/* Rest-to-rest time of a minimum-jerk move. */
static double rest_time(double distance, double speed, double acc) {
    return max2(MIN_JERK_PEAK * distance / speed, sqrt(MIN_JERK_ACC * distance / acc));
}

double bridge_time(Pose from, Pose to, double speed, double turn) {
    return max2(rest_time(pose_distance(from, to), speed, ACC_LIMIT),
                rest_time(pose_angle(from, to), turn, ANGULAR_ACC_LIMIT));
}

/* Time that a change of velocity takes. */
static double velocity_time(const BridgeDef *def) {
    double lin[3], ang[3];
    vec3_sub(def->to_twist.lin, def->from_twist.lin, lin);
    vec3_sub(def->to_twist.ang, def->from_twist.ang, ang);
    return 1.5 * max2(vec3_norm(lin) / ACC_LIMIT, vec3_norm(ang) / ANGULAR_ACC_LIMIT);
}

/* Unit slope at s = 0, unit slope at s = 1. */
static double slope_start(double s) {
    return s * (1 + s * s * (-6 + s * (8 - 3 * s)));
}

static double slope_end(double s) {
    return s * s * s * (-4 + s * (7 - 3 * s));
}

static double height(const Bridge *b, double t) {
    const double top = b->def.from.pos[2] + b->rise;
    double z = top;
    if (t < b->up)
        z -= b->rise * (1 - min_jerk(clamp01(t / b->up)));
    if (t > b->duration - b->down)
        z -= b->drop * min_jerk(clamp01((t - (b->duration - b->down)) / b->down));
    return z;
}

/* The way without the end velocities. */
static Pose rest_path(const Bridge *b, double t) {
    const double s =
        b->land > b->leave ? min_jerk(clamp01((t - b->leave) / (b->land - b->leave))) : t >= b->land;
    if (b->rise == 0 && b->drop == 0)
        return b->def.shape == GEN_BRIDGE_SCREW ? pose_screw(b->def.from, b->def.to, s)
                                                : pose_lerp(b->def.from, b->def.to, s);
    Pose p = pose_lerp(b->def.from, b->def.to, s);
    p.pos[2] = height(b, t);
    return p;
}

Pose bridge_at(const Bridge *b, double t) {
    if (b->duration <= 0)
        return b->def.to;
    Pose p = rest_path(b, t);
    const double s = clamp01(t / b->duration);
    const double h0 = b->duration * slope_start(s), h1 = b->duration * slope_end(s);
    double turn[3], quat[4], out[4];
    for (int i = 0; i < 3; i++) {
        p.pos[i] += h0 * b->def.from_twist.lin[i] + h1 * b->def.to_twist.lin[i];
        turn[i] = h0 * b->def.from_twist.ang[i] + h1 * b->def.to_twist.ang[i];
    }
    quat_from_rotvec(turn, quat);
    quat_mul(quat, p.quat, out);
    memcpy(p.quat, out, sizeof out);
    quat_normalize(p.quat);
    return p;
}

/* How far the sampled speeds are above the limits, as a factor on time. */
static double excess(const Bridge *b) {
    const double speed =
        max2(b->def.speed, 1.02 * max2(vec3_norm(b->def.from_twist.lin), vec3_norm(b->def.to_twist.lin)));
    const double turn =
        max2(b->def.turn, 1.02 * max2(vec3_norm(b->def.from_twist.ang), vec3_norm(b->def.to_twist.ang)));
    const double dt = b->duration / SAMPLES;
    double worst = 0;
    Pose last = bridge_at(b, 0);
    for (int i = 1; i <= SAMPLES; i++) {
        const Pose now = bridge_at(b, i * dt);
        worst =
            max2(worst, max2(pose_distance(last, now) / (dt * speed), pose_angle(last, now) / (dt * turn)));
        last = now;
    }
    return worst;
}

void bridge_stretch(Bridge *b, double duration) {
    if (b->duration <= 0) {
        b->duration = b->land = duration;
        return;
    }
    const double factor = duration / b->duration;
    b->duration = duration;
    b->up *= factor;
    b->down *= factor;
    b->leave *= factor;
    b->land *= factor;
}

static void set_lift(Bridge *b) {
    const double z0 = b->def.from.pos[2], z1 = b->def.to.pos[2];
    if (!b->def.lift || b->def.over <= (z0 < z1 ? z0 : z1))
        return;
    const double top = max2(b->def.over, max2(z0, z1));
    b->rise = top - z0;
    b->drop = top - z1;
    b->up = rest_time(b->rise, b->def.speed, ACC_LIMIT);
    b->down = rest_time(b->drop, b->def.speed, ACC_LIMIT);
}

Bridge bridge_make(const BridgeDef *def) {
    Bridge b = {.def = *def};
    if (pose_distance(def->from, def->to) < SAME_POS && pose_angle(def->from, def->to) < SAME_ANGLE)
        return b;
    set_lift(&b);
    Pose level = def->to;
    if (b.rise > 0 || b.drop > 0)
        level.pos[2] = def->from.pos[2];
    const double travel = bridge_time(def->from, level, def->speed, def->turn);
    b.leave = OVERLAP * b.up;
    b.duration = max2(b.leave + travel + OVERLAP * b.down, b.up + b.down);
    b.land = b.duration - OVERLAP * b.down;
    const double least = velocity_time(def);
    if (b.duration < least)
        bridge_stretch(&b, least);
    for (int i = 0; i < ROUNDS; i++) {
        const double factor = excess(&b);
        if (factor <= 1.01)
            break;
        bridge_stretch(&b, b.duration * max2(1.02, factor < 1.3 ? factor : 1.3));
    }
    return b;
}

int bridge_rows(Bridge *b, double dt) {
    if (b->duration <= 0)
        return 0;
    const int steps = (int)floor(b->duration / dt - 1e-9) + 1;
    bridge_stretch(b, steps * dt);
    return steps - 1;
}
