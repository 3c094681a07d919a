/* Selection strategies and source balance.
 *
 * Balance without looking at other attempts: attempt ids are taken in blocks of as many as there are sources, and each block
 * has its own keyed permutation of the sources. Under `random` every source leads exactly once per block. The nearest_*
 * strategies take, of the k nearest, the one that comes first in the permutation, so each of the k is as likely, and k is
 * at least 1/share. */
#include "generators/select.h"

#include "base/rng.h"
#include "generators/retarget.h"

#include <math.h>
#include <string.h>

/* Distance of two poses as one figure: 1 m weighs like 1 rad / 0.3. */
static double pose_cost(Pose a, Pose b) {
    return pose_distance(a, b) + 0.3 * pose_angle(a, b);
}

static double cost_nearest_object(const SelectDef *def, const Segment *segment) {
    if (segment->object < 0)
        return 0;
    const Demo *demo = segment->demo;
    return pose_cost(def->scene->object[segment->object],
                     demo->object[(size_t)segment->begin * (size_t)demo->nobject + (size_t)segment->object]);
}

static double cost_nearest_hand(const SelectDef *def, const Segment *segment) {
    const Placement placement = retarget_plain(segment, def->scene);
    return pose_cost(def->hand,
                     placement_apply(&placement, segment->demo->target[segment->hand][segment->begin]));
}

enum { SORTED_BEYOND = 16 }; /* sources behind the k nearest that are put in order too */

struct SelectStrategy {
    const char *name;
    double (*cost)(const SelectDef *def, const Segment *segment); /* NULL: all are alike */
};

static const SelectStrategy strategies[] = {
    {"random", NULL},
    {"nearest_object", cost_nearest_object},
    {"nearest_hand", cost_nearest_hand},
};
enum { NSTRATEGY = sizeof strategies / sizeof *strategies };

static const char *const strategy_names[NSTRATEGY + 1] = {"random", "nearest_object", "nearest_hand", NULL};

const SelectStrategy *select_strategy(const char *name) {
    for (int i = 0; i < NSTRATEGY; i++) {
        if (name && strcmp(strategies[i].name, name) == 0)
            return &strategies[i];
    }
    return NULL;
}

const char *const *gen_strategy_names(void) {
    return strategy_names;
}

/* The attempt's permutation: that of its block, rotated to its place in the block; a retry starts further on. */
static void balanced_permutation(const SelectDef *def, int n, SelectRank *rank) {
    const uint64_t block = def->attempt / (uint64_t)n;
    const uint64_t shift = def->attempt % (uint64_t)n + (uint64_t)def->retry;
    Rng rng = rng_make(def->seed, block, RNG_SELECT, 0x10000u + (uint32_t)def->subtask);
    for (int i = 0; i < n; i++) { /* Fisher–Yates, inside out; place is used as scratch */
        const int j = (int)rng_below(&rng, (uint32_t)i + 1);
        rank[i].place = rank[j].place;
        rank[j].place = i;
    }
    for (int i = 0; i < n; i++)
        rank[i].index = rank[((uint64_t)i + shift) % (uint64_t)n].place;
    for (int i = 0; i < n; i++)
        rank[i].place = i;
}

/* Move the entry at from to to ≤ from, keeping the order of the others. */
static void move_forward(SelectRank *rank, int from, int to) {
    const SelectRank item = rank[from];
    memmove(rank + to + 1, rank + to, (size_t)(from - to) * sizeof *rank);
    rank[to] = item;
}

/* Order rank[begin, begin + count) of rank[begin, n) by cost. */
static void sort_by_cost(SelectRank *rank, int n, int count) {
    for (int placed = 0; placed < count; placed++) {
        int best = placed;
        for (int i = placed + 1; i < n; i++)
            best = rank[i].cost < rank[best].cost ? i : best;
        move_forward(rank, best, placed);
    }
}

static void sort_by_place(SelectRank *rank, int n) {
    for (int placed = 0; placed < n; placed++) {
        int best = placed;
        for (int i = placed + 1; i < n; i++)
            best = rank[i].place < rank[best].place ? i : best;
        move_forward(rank, best, placed);
    }
}

/* The k nearest in the order of the permutation, then those that come next by cost. */
static void nearest_first(const SelectDef *def, const SelectStrategy *strategy, int n, SelectRank *rank) {
    const int by_share = (int)floor(1 / def->options->share + 0.999999);
    int k = def->options->top_k > by_share ? def->options->top_k : by_share;
    k = k < n ? k : n;
    for (int i = 0; i < n; i++)
        rank[i].cost = strategy->cost(def, &def->sources->segment[def->subtask][rank[i].index]);
    sort_by_cost(rank, n, k + SORTED_BEYOND < n ? k + SORTED_BEYOND : n);
    sort_by_place(rank, k);
}

void select_order(const SelectDef *def, SelectRank *rank) {
    const int n = def->sources->nsegment[def->subtask];
    const SelectStrategy *strategy = select_strategy(def->options->strategy);
    ASSERT(strategy && n > 0);
    balanced_permutation(def, n, rank);
    if (strategy->cost)
        nearest_first(def, strategy, n, rank);
    for (int i = 0; i < n && def->prefer >= 0 && def->retry == 0; i++) {
        if (def->sources->segment[def->subtask][rank[i].index].demo_index == def->prefer) {
            move_forward(rank, i, 0);
            break;
        }
    }
}
