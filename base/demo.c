/* Storage of demonstrations: one arena each. */
#include "base/demo.h"

#include "base/status.h"

static bool alloc_hand(Demo *demo, int side, size_t rows) {
    demo->eef[side] = arena_alloc(demo->arena, rows * sizeof(Pose));
    demo->target[side] = arena_alloc(demo->arena, rows * sizeof(Pose));
    demo->closure[side] = arena_alloc(demo->arena, rows * (size_t)demo->nhand * sizeof(float));
    return demo->eef[side] && demo->target[side] && demo->closure[side];
}

static bool alloc_rows(Demo *demo) {
    const size_t rows = (size_t)demo->nrow;
    for (int side = 0; side < NSIDE; side++) {
        if (demo->hands >> side & 1 && !alloc_hand(demo, side, rows))
            return false;
    }
    demo->object = arena_alloc(demo->arena, rows * (size_t)demo->nobject * sizeof(Pose));
    demo->joint = arena_alloc(demo->arena, rows * (size_t)demo->njoint * sizeof(double));
    demo->signal = arena_alloc(demo->arena, rows * (size_t)demo->nsubtask);
    return demo->object && demo->joint && demo->signal;
}

Demo *demo_create(int nrow, int nhand, unsigned hands, int nobject, int njoint, int nsubtask) {
    ASSERT(nrow >= 0 && nobject >= 0 && njoint >= 0 && nsubtask >= 0);
    ASSERT(nhand >= 0 && nhand <= MAX_HAND_MOTORS);
    Arena *arena = arena_create(0);
    Demo *demo = arena ? arena_alloc(arena, sizeof *demo) : NULL;
    if (demo) {
        *demo = (Demo){.arena = arena,
                       .lineage = "[]",
                       .nrow = nrow,
                       .nhand = nhand,
                       .hands = hands,
                       .nobject = nobject,
                       .njoint = njoint,
                       .nsubtask = nsubtask};
        if (alloc_rows(demo))
            return demo;
    }
    arena_destroy(arena);
    return NULL;
}

void demo_destroy(Demo *demo) {
    if (demo)
        arena_destroy(demo->arena);
}

void demo_set_destroy(DemoSet *set) {
    for (int i = 0; i < set->n; i++)
        demo_destroy(set->demo[i]);
    mem_free(set->demo);
    *set = (DemoSet){0};
}
