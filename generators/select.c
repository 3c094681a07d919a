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
static void balanced_permutation(const SelectDef *def, int n, int *order) {
    const uint64_t block = def->attempt / (uint64_t)n;
    Rng rng = rng_make(def->seed, block, RNG_SELECT, 0x10000u + (uint32_t)def->subtask);
    const int shift = (int)((def->attempt % (uint64_t)n + (uint64_t)def->retry) % (uint64_t)n);
    for (int i = 0; i < n; i++) {
        const int j = (int)rng_below(&rng, (uint32_t)i + 1);
        if (j != i)
            order[i] = order[j];
        order[j] = i;
    }
    for (int half = 0; half < 3; half++) { /* rotate left by shift: reverse both parts, then the whole */
        int a = half == 1 ? shift : 0, b = half == 0 ? shift - 1 : n - 1;
        for (; a < b; a++, b--) {
            const int t = order[a];
            order[a] = order[b];
            order[b] = t;
        }
    }
}

/* Move the entry at index from to index to ≤ from, keeping the order of the others. */
static void move_forward(int *order, int from, int to) {
    const int item = order[from];
    memmove(order + to + 1, order + to, (size_t)(from - to) * sizeof *order);
    order[to] = item;
}

/* Behind the first k of the nearest, in their present order, come the others by cost. */
static void nearest_first(const SelectDef *def, const SelectStrategy *strategy, int n, int *order) {
    const GenOptions *o = def->options;
    const int by_share = (int)floor(1 / o->share + 0.999999);
    const int k = o->top_k > by_share ? o->top_k : by_share;
    const Segment *segment = def->sources->segment[def->subtask];
    for (int placed = 0; placed < n; placed++) { /* selection sort; n is the number of sources */
        int best = placed;
        for (int i = placed + 1; i < n; i++) {
            if (strategy->cost(def, &segment[order[i]]) < strategy->cost(def, &segment[order[best]]))
                best = i;
        }
        if (placed < k)
            continue;
        move_forward(order, best, placed);
    }
}

void select_order(const SelectDef *def, int *order) {
    const int n = def->sources->nsegment[def->subtask];
    const SelectStrategy *strategy = select_strategy(def->options->strategy);
    ASSERT(strategy && n > 0);
    balanced_permutation(def, n, order);
    if (strategy->cost)
        nearest_first(def, strategy, n, order);
    for (int i = 0; i < n && def->prefer >= 0 && def->retry == 0; i++) {
        if (def->sources->segment[def->subtask][order[i]].demo_index == def->prefer) {
            move_forward(order, i, 0);
            break;
        }
    }
}
