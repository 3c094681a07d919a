/* Path length and jerk of the hands that did something. */
#include "generators/score.h"

#include <math.h>

/* Path of the measured hand over [begin, end) against the straight way. */
static void add_leg(const Episode *e, const EpisodeSubtask *s, double *path, double *straight) {
    const Pose *eef = e->eef[s->hand];
    const int last = s->end < e->nrow ? s->end : e->nrow - 1;
    for (int r = s->begin; r < last; r++)
        *path += pose_distance(eef[r], eef[r + 1]);
    if (last > s->begin)
        *straight += pose_distance(eef[s->begin], eef[last]);
}

static void add_jerk(const Episode *e, int side, double dt, double *sum, long *n) {
    const Pose *eef = e->eef[side];
    for (int r = 3; r < e->nrow; r++) {
        for (int i = 0; i < 3; i++) {
            const double d =
                eef[r].pos[i] - 3 * eef[r - 1].pos[i] + 3 * eef[r - 2].pos[i] - eef[r - 3].pos[i];
            *sum += d / (dt * dt * dt) * (d / (dt * dt * dt));
        }
        ++*n;
    }
}

EpisodeScores score_episode(const Episode *e, const EpisodeScores *extremes, double dt) {
    EpisodeScores scores = *extremes;
    double path = 0, straight = 0, jerk = 0;
    long njerk = 0;
    unsigned used = 0;
    for (int i = 0; i < e->nsubtask; i++) {
        add_leg(e, &e->subtask[i], &path, &straight);
        used |= 1u << e->subtask[i].hand;
    }
    for (int s = 0; s < NSIDE; s++) {
        if (used >> s & 1)
            add_jerk(e, s, dt, &jerk, &njerk);
    }
    scores.path_ratio = straight > 1e-3 ? path / straight : 1;
    scores.jerk = njerk ? sqrt(jerk / (double)njerk) : 0;
    return scores;
}
