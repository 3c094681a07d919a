/* Action noise as an Ornstein–Uhlenbeck process through a first-order filter, so that its velocity is finite too. */
#include "generators/perturb.h"

#include <math.h>
#include <string.h>

static const double CORRELATION = 0.3;      /* s */
static const double FADE = 0.15;            /* s */
static const double POS_UNIT = 0.04;        /* m at noise 1 */
static const double ANGLE_UNIT = 0.3490659; /* rad at noise 1: 20° */

Perturb perturb_make(uint64_t seed, uint64_t attempt, int side, int retry) {
    return (Perturb){.rng = rng_make(seed, attempt, RNG_NOISE, (uint32_t)(2 * retry + side))};
}

Pose perturb_next(Perturb *p, Pose pose, double noise, bool quiet, double dt) {
    if (noise <= 0)
        return pose;
    const double keep = exp(-dt / CORRELATION), kick = sqrt(1 - keep * keep);
    /* Variance of the filtered process is half of the raw one's, as both have the same time constant. */
    const double scale = 1.41421356237309505;
    p->gain += (1 - exp(-dt / FADE)) * ((quiet ? 0 : 1) - p->gain);
    double turn[3], quat[4], out[4];
    for (int i = 0; i < 6; i++) {
        p->raw[i] = keep * p->raw[i] + kick * rng_normal(&p->rng);
        p->smooth[i] += (1 - keep) * (p->raw[i] - p->smooth[i]);
    }
    for (int i = 0; i < 3; i++) {
        pose.pos[i] += noise * p->gain * scale * POS_UNIT * p->smooth[i];
        turn[i] = noise * p->gain * scale * ANGLE_UNIT * p->smooth[3 + i];
    }
    quat_from_rotvec(turn, quat);
    quat_mul(quat, pose.quat, out);
    memcpy(pose.quat, out, sizeof out);
    return pose;
}
