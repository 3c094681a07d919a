/* The task command — the dataset's action — and its flat float32 row.
 *
 * Row: left_wrist (pos 3, rot6d 6) right_wrist (9) left_hand (h) right_hand (h) waist (w) base_velocity (vx
 * vy wz) base_height (1). Wrist poses in the base frame. The controller always runs on a command that was
 * decoded from a float32 row, so that replaying stored rows is bit-exact. */
#ifndef DEMOMILL_BASE_ACTION_H
#define DEMOMILL_BASE_ACTION_H

#include "base/pose.h"
#include "base/scene.h"

typedef struct TaskCommand {
    Pose wrist[NSIDE];                   /* in the base frame */
    double hand[NSIDE][MAX_HAND_MOTORS]; /* closure per hand motor, 0 open … 1 closed */
    double waist[MAX_WAIST];             /* preferred waist posture, rad */
    double base_velocity[3];             /* vx, vy m/s, wz rad/s */
    double base_height;                  /* pelvis above the ground, m */
} TaskCommand;

enum { ACTION_MAX = 18 + 2 * MAX_HAND_MOTORS + MAX_WAIST + 4 };

typedef struct ActionLayout {
    int nhand;  /* motors of one hand, ≤ MAX_HAND_MOTORS */
    int nwaist; /* ≤ MAX_WAIST */
    int dim;    /* 18 + 2 nhand + nwaist + 4 */
    int left_wrist, right_wrist, left_hand, right_hand, waist, base_velocity, base_height; /* offsets */
} ActionLayout;

ActionLayout action_layout(int nhand, int nwaist);
void action_encode(const ActionLayout *layout, const TaskCommand *command, float *row); /* row (dim) */
void action_decode(const ActionLayout *layout, const float *row, TaskCommand *command);

/* Published normalisation: normalised = (si − offset) / scale lies in [−1, 1] inside the range of the
 * interface (wrist position ±1.5 m about (0, 0, 1), rot6d ±1, closure 0…1, waist ±2 rad, velocity ±2, height
 * 0…1.5 m). scale, offset (dim). */
void action_ranges(const ActionLayout *layout, float *scale, float *offset);
/* Fill out (dim) with the normalised row, clipped to [−1, 1]; returns how many entries were clipped. */
int action_normalize(const ActionLayout *layout, const float *row, float *out);
/* Name of one dimension, e.g. "left_wrist.x", "right_hand.2"; writes into name. */
void action_dim_name(const ActionLayout *layout, int index, char name[32]);

#endif
