/* Candidates: source × symmetry for a subtask (or for two that are done together), and the choice among them. */
#ifndef DEMOMILL_GENERATORS_CANDIDATES_H
#define DEMOMILL_GENERATORS_CANDIDATES_H

#include "base/arena.h"
#include "base/traj.h"
#include "generators/generate.h"
#include "generators/plan.h"
#include "generators/segment.h"

typedef struct CandidateDef {
    GenWorld *world;
    const GenSources *sources;
    const GenOptions *options;
    const Scene *scene;
    uint64_t seed, attempt;
    int n;                  /* hands: 1, or 2 together */
    int subtask[NSIDE];     /* (n) */
    PlanStart start[NSIDE]; /* (n) */
    Pose home[NSIDE];       /* (n) hand at rest, world: the comfortable orientation */
    int prefer;             /* source, −1 */
    int avoid;              /* so many of a source's best variants have led nowhere */
    int retry;              /* how many tries of this subtask there have been */
} CandidateDef;

typedef struct Choice {
    int demo;
    const Segment *segment[NSIDE];
    Placement placement[NSIDE];
    Traj traj[NSIDE];
} Choice;

/* First feasible candidate. ok, or why the most promising one is not feasible. *memory: out of memory. */
Outcome candidates_choose(const CandidateDef *def, Arena *arena, Choice *choice, bool *memory);

#endif
