/* Demo: one recorded demonstration at the rate of the task interface. Segment: its part for one subtask of
 * one hand. */
#ifndef DEMOMILL_BASE_DEMO_H
#define DEMOMILL_BASE_DEMO_H

#include "base/arena.h"
#include "base/scene.h"

#include <stdint.h>

enum { MAX_SIGNALS = 16 };

typedef struct DemoMark {
    int subtask;    /* index in the task */
    int begin, end; /* rows, half open */
} DemoMark;

typedef struct Demo {
    Arena *arena;           /* owner of everything below */
    char id[64];            /* unique among the sources of one run, e.g. "demo_3" or an episode uuid */
    char file[256];         /* where it was read from */
    char operator_name[32]; /* "human", "scripted", "generated" */
    char device[64];        /* "robosuite Panda, SpaceMouse", … may be empty */
    char lineage[512];      /* JSON array of ancestors' ids; "[]" for a first-hand demonstration */
    int nrow;
    double rate_hz;
    int nhand;      /* closures per hand */
    unsigned hands; /* bit per side that the demonstration uses */
    int nobject;    /* in the order of the task's objects */
    int njoint;
    Pose *eef[NSIDE];      /* (nrow) grasp frame, world, measured; NULL if the hand is unused */
    Pose *target[NSIDE];   /* (nrow) grasp frame commanded at that row */
    float *closure[NSIDE]; /* (nrow, nhand) commanded */
    Pose *object;          /* (nrow, nobject) world */
    double *joint;         /* (nrow, njoint) */
    uint8_t *signal;       /* (nrow, nsubtask) 1 once a subtask's post-condition has become true; NULL if not
                              annotated */
    int nsubtask;
    int nmark;
    DemoMark mark[MAX_SIGNALS];
    int nstate;
    double *state; /* (nrow, nstate) simulator state; NULL for imported demonstrations */
} Demo;

/* A list of demonstrations, freed as a whole. */
typedef struct DemoSet {
    int n;
    Demo **demo;
} DemoSet;

typedef struct Segment {
    const Demo *demo;
    int demo_index;
    int hand;
    int subtask;
    int object; /* index of the reference object */
    int moves;  /* index of the object in the hand, −1 */
    int begin, end;
} Segment;

/* Allocates the arrays of a demo in its own arena; NULL when out of memory. */
Demo *demo_create(int nrow, int nhand, unsigned hands, int nobject, int njoint, int nsubtask);
void demo_destroy(Demo *demo);
void demo_set_destroy(DemoSet *set); /* destroys the demos and the array */

#endif
