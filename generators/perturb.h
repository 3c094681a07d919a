/* Action noise: smooth, keyed, on the executed command only; never on closures. */
#ifndef DEMOMILL_GENERATORS_PERTURB_H
#define DEMOMILL_GENERATORS_PERTURB_H

#include "base/pose.h"
#include "base/rng.h"

/* Ornstein–Uhlenbeck process of one hand, smoothed once, with unit variance per axis. */
typedef struct Perturb {
    Rng rng;
    double raw[6], smooth[6];
    double gain; /* follows 0 … 1 without jumps */
} Perturb;

Perturb perturb_make(uint64_t seed, uint64_t attempt, int side, int retry);
/* Advance by dt and move pose by noise (fraction of 40 mm and 20°); quiet fades it out. */
Pose perturb_next(Perturb *perturb, Pose pose, double noise, bool quiet, double dt);

#endif
