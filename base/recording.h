/* Recording: a demonstration as another project's file holds it, before it is mapped to our hands and names.
 *
 *   robosuite, robomimic: model_xml + state + action     ── sim replays it ──┐
 *   MimicGen: poses of tools and objects, gripper, signals ──────────────────┴─> tracks ── mapped ──> Demo
 *
 * Frames and names are the source's; SI units. Tracks that a file does not have are absent. */
#ifndef DEMOMILL_BASE_RECORDING_H
#define DEMOMILL_BASE_RECORDING_H

#include "base/arena.h"
#include "base/pose.h"

#include <stdint.h>

enum { RECORDING_MAX_TRACKS = 32 };

typedef struct RecordingPoses {
    const char *name;
    Pose *pose; /* (nrow) source's world frame */
} RecordingPoses;

typedef struct RecordingValues {
    const char *name;
    double *value; /* (nrow) */
} RecordingValues;

typedef struct Recording {
    Arena *arena; /* owner of everything below and of the struct itself */
    char id[64];  /* "demo_1" */
    char file[256];
    char environment[64]; /* "Lift"; may be empty */
    int nrow;
    double rate_hz;        /* as the file says; 0: it does not */
    const char *model_xml; /* MJCF; NULL if the file has none */
    int nstate;
    double *state; /* (nrow, nstate) time, qpos, qvel; NULL */
    int naction;
    double *action; /* (nrow, naction); NULL */
    int ntool, ntarget, nobject, njoint, ngripper, nsignal;
    RecordingPoses tool[RECORDING_MAX_TRACKS];   /* measured */
    RecordingPoses target[RECORDING_MAX_TRACKS]; /* commanded */
    RecordingPoses object[RECORDING_MAX_TRACKS];
    RecordingValues joint[RECORDING_MAX_TRACKS];   /* of the scene */
    RecordingValues gripper[RECORDING_MAX_TRACKS]; /* commanded */
    RecordingValues signal[RECORDING_MAX_TRACKS];  /* 0 or 1 */
} Recording;

typedef struct RecordingSet {
    int n;
    Recording **recording;
} RecordingSet;

/* NULL when out of memory. */
Recording *recording_create(int nrow);
void recording_destroy(Recording *recording); /* NULL is fine */
void recording_set_destroy(RecordingSet *set);

/* Append a track with zeroed rows; NULL when out of memory or when there are RECORDING_MAX_TRACKS already. n is the
 * list's count. */
Pose *recording_add_poses(Recording *recording, RecordingPoses *list, int *n, const char *name);
double *recording_add_values(Recording *recording, RecordingValues *list, int *n, const char *name);
/* The track of that name, NULL if absent. */
const Pose *recording_poses(const RecordingPoses *list, int n, const char *name);
const double *recording_values(const RecordingValues *list, int n, const char *name);

#endif
