/* Storage of foreign recordings. */
#include "base/recording.h"

#include <string.h>

Recording *recording_create(int nrow) {
    Arena *arena = arena_create(0);
    Recording *recording = arena ? arena_alloc(arena, sizeof *recording) : NULL;
    if (!recording) {
        arena_destroy(arena);
        return NULL;
    }
    recording->arena = arena;
    recording->nrow = nrow;
    return recording;
}

void recording_destroy(Recording *recording) {
    if (recording)
        arena_destroy(recording->arena);
}

void recording_set_destroy(RecordingSet *set) {
    for (int i = 0; i < set->n; i++)
        recording_destroy(set->recording[i]);
    mem_free(set->recording);
    *set = (RecordingSet){0};
}

Pose *recording_add_poses(Recording *recording, RecordingPoses *list, int *n, const char *name) {
    if (*n >= RECORDING_MAX_TRACKS)
        return NULL;
    RecordingPoses *track = &list[*n];
    track->name = arena_strdup(recording->arena, name);
    track->pose = arena_alloc(recording->arena, (size_t)recording->nrow * sizeof *track->pose);
    if (!track->name || !track->pose)
        return NULL;
    ++*n;
    return track->pose;
}

double *recording_add_values(Recording *recording, RecordingValues *list, int *n, const char *name) {
    if (*n >= RECORDING_MAX_TRACKS)
        return NULL;
    RecordingValues *track = &list[*n];
    track->name = arena_strdup(recording->arena, name);
    track->value = arena_alloc(recording->arena, (size_t)recording->nrow * sizeof *track->value);
    if (!track->name || !track->value)
        return NULL;
    ++*n;
    return track->value;
}

const Pose *recording_poses(const RecordingPoses *list, int n, const char *name) {
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].name, name) == 0)
            return list[i].pose;
    }
    return NULL;
}

const double *recording_values(const RecordingValues *list, int n, const char *name) {
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].name, name) == 0)
            return list[i].value;
    }
    return NULL;
}
