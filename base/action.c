/* The task command as a flat row, and its published ranges. */
#include "base/action.h"

#include "base/status.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WRIST_DIM = 9 };

ActionLayout action_layout(int nhand, int nwaist) {
    ASSERT(nhand >= 0 && nhand <= MAX_HAND_MOTORS);
    ASSERT(nwaist >= 0 && nwaist <= MAX_WAIST);
    ActionLayout layout = {.nhand = nhand, .nwaist = nwaist};
    layout.left_wrist = 0;
    layout.right_wrist = WRIST_DIM;
    layout.left_hand = 2 * WRIST_DIM;
    layout.right_hand = layout.left_hand + nhand;
    layout.waist = layout.right_hand + nhand;
    layout.base_velocity = layout.waist + nwaist;
    layout.base_height = layout.base_velocity + 3;
    layout.dim = layout.base_height + 1;
    return layout;
}

static int wrist_at(const ActionLayout *layout, int side) {
    return side == SIDE_LEFT ? layout->left_wrist : layout->right_wrist;
}

static int hand_at(const ActionLayout *layout, int side) {
    return side == SIDE_LEFT ? layout->left_hand : layout->right_hand;
}

static void to_float(const double *in, int n, float *out) {
    for (int i = 0; i < n; i++)
        out[i] = (float)in[i];
}

static void to_double(const float *in, int n, double *out) {
    for (int i = 0; i < n; i++)
        out[i] = (double)in[i];
}

void action_encode(const ActionLayout *layout, const TaskCommand *command, float *row) {
    for (int side = 0; side < NSIDE; side++) {
        double rot6d[6];
        float *wrist = row + wrist_at(layout, side);
        quat_to_rot6d(command->wrist[side].quat, rot6d);
        to_float(command->wrist[side].pos, 3, wrist);
        to_float(rot6d, 6, wrist + 3);
        to_float(command->hand[side], layout->nhand, row + hand_at(layout, side));
    }
    to_float(command->waist, layout->nwaist, row + layout->waist);
    to_float(command->base_velocity, 3, row + layout->base_velocity);
    row[layout->base_height] = (float)command->base_height;
}

void action_decode(const ActionLayout *layout, const float *row, TaskCommand *command) {
    memset(command, 0, sizeof *command);
    for (int side = 0; side < NSIDE; side++) {
        double rot6d[6];
        const float *wrist = row + wrist_at(layout, side);
        to_double(wrist, 3, command->wrist[side].pos);
        to_double(wrist + 3, 6, rot6d);
        quat_from_rot6d(rot6d, command->wrist[side].quat);
        to_double(row + hand_at(layout, side), layout->nhand, command->hand[side]);
    }
    to_double(row + layout->waist, layout->nwaist, command->waist);
    to_double(row + layout->base_velocity, 3, command->base_velocity);
    command->base_height = (double)row[layout->base_height];
}

static void set_range(float *scale, float *offset, int begin, int n, float half, float middle) {
    for (int i = begin; i < begin + n; i++) {
        scale[i] = half;
        offset[i] = middle;
    }
}

void action_ranges(const ActionLayout *layout, float *scale, float *offset) {
    for (int side = 0; side < NSIDE; side++) {
        const int wrist = wrist_at(layout, side);
        set_range(scale, offset, wrist, 3, 1.5f, 0);
        offset[wrist + 2] = 1;
        set_range(scale, offset, wrist + 3, 6, 1, 0);
        set_range(scale, offset, hand_at(layout, side), layout->nhand, 0.5f, 0.5f);
    }
    set_range(scale, offset, layout->waist, layout->nwaist, 2, 0);
    set_range(scale, offset, layout->base_velocity, 3, 2, 0);
    set_range(scale, offset, layout->base_height, 1, 0.75f, 0.75f);
}

int action_normalize(const ActionLayout *layout, const float *row, float *out) {
    float scale[ACTION_MAX], offset[ACTION_MAX];
    action_ranges(layout, scale, offset);
    int clipped = 0;
    for (int i = 0; i < layout->dim; i++) {
        const float x = (row[i] - offset[i]) / scale[i];
        const bool inside = x >= -1 && x <= 1; /* false for NaN, which becomes 0 */
        out[i] = inside ? x : x > 1 ? 1.f : x < -1 ? -1.f : 0.f;
        clipped += !inside;
    }
    return clipped;
}

void action_dim_name(const ActionLayout *layout, int index, char name[32]) {
    static const char *const wrist[WRIST_DIM] = {"x", "y", "z", "r11", "r21", "r31", "r12", "r22", "r32"};
    static const char *const velocity[3] = {"vx", "vy", "wz"};
    ASSERT(index >= 0 && index < layout->dim);
    if (index < layout->left_hand)
        snprintf(name, 32, "%s_wrist.%s", index < WRIST_DIM ? "left" : "right", wrist[index % WRIST_DIM]);
    else if (index < layout->right_hand)
        snprintf(name, 32, "left_hand.%d", index - layout->left_hand);
    else if (index < layout->waist)
        snprintf(name, 32, "right_hand.%d", index - layout->right_hand);
    else if (index < layout->base_velocity)
        snprintf(name, 32, "waist.%d", index - layout->waist);
    else if (index < layout->base_height)
        snprintf(name, 32, "base_velocity.%s", velocity[index - layout->base_velocity]);
    else
        snprintf(name, 32, "base_height");
}
