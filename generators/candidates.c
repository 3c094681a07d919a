/* Choosing how to do a subtask before any physics.
 *
 * Sources come in the order of the strategy; of each, the symmetry variants in the order of cost (way of the hand, comfort of
 * the wrist). They are asked in rounds: the two best variants of every source, then the next two, so that a far-fetched
 * variant of the first source comes after a good one of the second. The first that the world finds feasible is taken. */
#include "generators/candidates.h"

#include "base/rng.h"
#include "generators/bridge.h"
#include "generators/select.h"

#include <math.h>
#include <string.h>

enum { MAX_SOURCES_ASKED = 12, MAX_VARIANTS = 6, PER_ROUND = 2, MAX_KEYS = 40, MAX_ASKED = 40 };
static const double COMFORT = 0.5; /* s per rad between the hand's turn and that at rest */
static const double SAME_POS = 0.01, SAME_ANGLE = 0.1;     /* m, rad: variants that are one */
static const double RETRY_POS = 0.003, RETRY_ANGLE = 0.05; /* m, rad: how far a second try differs */

typedef struct Candidate {
    int demo, rank; /* of the source in the strategy's order */
    int variant;
} Candidate;

/* The pose in the source that decides about a variant: at the hand change, or at the end. */
static Pose key_pose(const Segment *s) {
    HandChange change;
    const bool any = segment_hand_change(s->demo, s->hand, s->begin + 1, s->end, &change);
    return s->demo->target[s->hand][any ? change.begin : s->end - 1];
}

static double hand_cost(const CandidateDef *def, int hand, Pose key) {
    const GenOptions *o = def->options;
    return bridge_time(def->start[hand].hand, key, o->speed, o->turn) +
           COMFORT * discomfort(def->scene->base, def->home[hand], key);
}

/* Segments of one demo for all hands; false if it lacks one. */
static bool segments_of(const CandidateDef *def, int demo, const Segment *segment[NSIDE]) {
    for (int h = 0; h < def->n; h++) {
        segment[h] = segment_of(def->sources, def->subtask[h], demo);
        if (!segment[h])
            return false;
    }
    return true;
}

/* Does the variant bring the hand to a place where one of the n given ones already brings it? */
static bool is_like(const Pose *key, int variant, const Candidate *given, int n) {
    for (int i = 0; i < n; i++) {
        const Pose other = key[given[i].variant];
        if (pose_distance(key[variant], other) < SAME_POS && pose_angle(key[variant], other) < SAME_ANGLE)
            return true;
    }
    return false;
}

/* The cheapest variants of one source that differ, cheapest first. */
static int rank_variants(const CandidateDef *def, int demo, int rank, Candidate out[MAX_VARIANTS]) {
    const Segment *segment[NSIDE];
    Placement placement[MAX_PLACEMENTS];
    Pose key[MAX_PLACEMENTS];
    double cost[MAX_PLACEMENTS] = {0};
    int nvariant = MAX_PLACEMENTS, n = 0;
    if (!segments_of(def, demo, segment))
        return 0;
    for (int h = def->n - 1; h >= 0; h--) {
        const int k = retarget_all(def->sources->task, segment[h], def->scene, def->options, placement);
        const Pose source = key_pose(segment[h]);
        nvariant = k < nvariant ? k : nvariant;
        for (int v = 0; v < nvariant; v++) {
            key[v] = placement_apply(&placement[v], source);
            cost[v] += hand_cost(def, h, key[v]);
        }
    }
    while (n < MAX_VARIANTS) {
        int best = -1;
        for (int v = 0; v < nvariant; v++) {
            if (cost[v] < INFINITY && (best < 0 || cost[v] < cost[best]))
                best = v;
        }
        if (best < 0)
            break;
        if (!is_like(key, best, out, n))
            out[n++] = (Candidate){.demo = demo, .rank = rank, .variant = best};
        cost[best] = INFINITY;
    }
    return n;
}

/* A second try differs a little: where the hand stands to its object, keyed. */
static void vary(const CandidateDef *def, int hand, Placement *placement) {
    Rng rng = rng_make(def->seed, def->attempt, RNG_PLAN, (uint32_t)(def->subtask[hand] * 1024 + def->retry));
    Pose offset = POSE_IDENTITY;
    double turn[3];
    for (int i = 0; i < 3; i++) {
        offset.pos[i] = RETRY_POS * rng_normal(&rng);
        turn[i] = RETRY_ANGLE * rng_normal(&rng);
    }
    quat_from_rotvec(turn, offset.quat);
    placement->in_hand = pose_mul(placement->in_hand, offset);
}

/* Source boundaries drawn at random, as the published method does. */
static Segment offset_boundaries(const CandidateDef *def, const Segment *segment) {
    const double lo = def->options->boundary_offset[0], hi = def->options->boundary_offset[1];
    Segment out = *segment;
    if (hi <= 0)
        return out;
    const int side = segment->hand;
    const uint32_t key = (uint32_t)segment->demo_index * 64 + (uint32_t)segment->subtask;
    Rng rng = rng_make(def->seed, def->attempt, RNG_PLAN, 0x40000000u + key);
    const int end = segment->end + (int)(rng_range(&rng, lo, hi) * segment->demo->rate_hz);
    out.end = end < segment->demo->nrow ? end : segment->demo->nrow;
    int before = -1;
    for (int i = 0; i < segment->subtask; i++)
        before = def->sources->task->subtask[i].hand == side ? i : before;
    if (before >= 0) {
        rng = rng_make(def->seed, def->attempt, RNG_PLAN,
                       0x40000000u + key - (uint32_t)(segment->subtask - before));
        const int begin = segment->begin + (int)(rng_range(&rng, lo, hi) * segment->demo->rate_hz);
        out.begin = begin < out.end - 1 ? begin : segment->begin;
    }
    return out;
}

/* Plans of all hands; hands that start together enter at one row and bridge over equally many. */
static bool plan_all(const CandidateDef *def, Choice *choice, Arena *arena) {
    PlanDef plan[NSIDE];
    Segment segment[NSIDE];
    int entry = choice->segment[0]->end, rows = 0;
    for (int h = 0; h < def->n; h++) {
        segment[h] = offset_boundaries(def, choice->segment[h]);
        plan[h] = (PlanDef){.task = def->sources->task,
                            .options = def->options,
                            .segment = &segment[h],
                            .placement = choice->placement[h],
                            .scene = def->scene,
                            .start = def->start[h],
                            .dt = def->world->dt,
                            .entry = -1};
        const int e = plan_entry(&plan[h]);
        entry = e < entry ? e : entry;
    }
    for (int h = 0; h < def->n; h++) {
        plan[h].entry = entry > segment[h].begin ? entry : segment[h].begin;
        const int n = plan_bridge_rows(&plan[h]);
        rows = n > rows ? n : rows;
    }
    for (int h = 0; h < def->n; h++) {
        plan[h].least_rows = rows;
        if (!gen_plan(&plan[h], arena, &choice->traj[h]))
            return false;
    }
    return true;
}

static Outcome feasible(const CandidateDef *def, const Choice *choice) {
    Outcome outcome = OUTCOME_ok;
    for (int h = 0; h < def->n && outcome == OUTCOME_ok && def->options->preflight && def->world->preflight;
         h++) {
        const Segment *s = choice->segment[h];
        Pose key[MAX_KEYS];
        const int n = plan_keys(&choice->traj[h], key, MAX_KEYS);
        const int held = s->moves >= 0 ? s->moves : plan_carries(s, s->object) ? s->object : -1;
        outcome = def->world->preflight(def->world->self, s->hand, key, n, held, s->object);
    }
    return outcome;
}

static Outcome try_candidate(const CandidateDef *def, const Candidate *c, Arena *arena, Choice *choice,
                             bool *memory) {
    choice->demo = c->demo;
    segments_of(def, c->demo, choice->segment);
    for (int h = 0; h < def->n; h++) {
        Placement all[MAX_PLACEMENTS];
        retarget_all(def->sources->task, choice->segment[h], def->scene, def->options, all);
        choice->placement[h] = all[c->variant];
        if (def->retry > 0 && choice->segment[h]->moves < 0)
            vary(def, h, &choice->placement[h]);
    }
    *memory = !plan_all(def, choice, arena);
    return *memory ? OUTCOME_ok : feasible(def, choice);
}

/* Candidates in the order in which they are asked: by round, then source, then cost. Returns their number. */
static int list_candidates(const CandidateDef *def, const SelectRank *order, int norder, Candidate *list) {
    const Segment *segment = def->sources->segment[def->subtask[0]];
    Candidate variant[MAX_SOURCES_ASKED][MAX_VARIANTS];
    int nvariant[MAX_SOURCES_ASKED] = {0};
    int nsource = 0, n = 0;
    for (int i = 0; i < norder && nsource < MAX_SOURCES_ASKED; i++) {
        nvariant[nsource] = rank_variants(def, segment[order[i].index].demo_index, i, variant[nsource]);
        nsource += nvariant[nsource] > 0;
    }
    for (int first = 0; first < MAX_VARIANTS; first += PER_ROUND) {
        for (int i = 0; i < nsource; i++) {
            for (int v = first; v < first + PER_ROUND && v < nvariant[i]; v++)
                list[n++] = variant[i][(v + def->avoid) % nvariant[i]];
        }
    }
    return n;
}

Outcome candidates_choose(const CandidateDef *def, Arena *arena, Choice *choice, bool *memory) {
    const int norder = def->sources->nsegment[def->subtask[0]];
    Candidate list[MAX_SOURCES_ASKED * MAX_VARIANTS];
    SelectRank *order = arena_alloc(arena, (size_t)norder * sizeof *order);
    *memory = !order;
    if (*memory)
        return OUTCOME_ok;
    const SelectDef select = {.sources = def->sources,
                              .options = def->options,
                              .subtask = def->subtask[0],
                              .scene = def->scene,
                              .hand = def->start[0].hand,
                              .seed = def->seed,
                              .attempt = def->attempt,
                              .retry = def->retry,
                              .prefer = def->prefer};
    select_order(&select, order);
    int n = list_candidates(def, order, norder, list);
    const int most = def->options->preflight ? MAX_ASKED : 1;
    Outcome first = OUTCOME_unreachable;
    n = n < most ? n : most;
    for (int i = 0; i < n; i++) {
        const Outcome outcome = try_candidate(def, &list[i], arena, choice, memory);
        if (*memory || outcome == OUTCOME_ok)
            return outcome;
        first = i == 0 ? outcome : first;
    }
    return first;
}
