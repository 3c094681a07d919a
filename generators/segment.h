/* Segments: what each demonstration holds for each subtask. */
#ifndef DEMOMILL_GENERATORS_SEGMENT_H
#define DEMOMILL_GENERATORS_SEGMENT_H

#include "base/demo.h"
#include "base/task.h"

struct GenSources {
    Arena *arena;
    const Task *task;
    int ndemo; /* given ones first, then mirrored ones */
    int ngiven;
    const Demo **demo; /* (ndemo) */
    int *origin;       /* (ndemo) index of the given one */
    int nmirrored;
    Demo **mirrored; /* (nmirrored) owned */
    int nsegment[MAX_SUBTASKS];
    Segment *segment[MAX_SUBTASKS]; /* per subtask, in order of demo */
};

/* A hand change: the closure moves while the hand stays. Rows [begin, end) have a closure that differs from the row before. */
typedef struct HandChange {
    int begin, end;
} HandChange;

/* The first hand change at or after row begin and before row end; false if there is none. */
bool segment_hand_change(const Demo *demo, int side, int begin, int end, HandChange *change);
/* First row at which the object has left the place it had at the segment's begin; segment->end if it stays. */
int segment_object_moves(const Segment *segment);
/* The segment of that demo for a subtask, or NULL. */
const struct Segment *segment_of(const struct GenSources *sources, int subtask, int demo);

/* Mirror image of a demonstration through the robot's sagittal plane, hands swapped, marks given to the subtasks' counterparts;
 * NULL with *memory false if the task has none. */
Demo *mirror_demo(const Task *task, const Demo *demo, bool *memory);

#endif
