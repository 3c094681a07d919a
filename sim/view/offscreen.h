/* Offscreen renderer: pictures of a model's state without a display (EGL surfaceless). */
#ifndef DEMOMILL_SIM_VIEW_OFFSCREEN_H
#define DEMOMILL_SIM_VIEW_OFFSCREEN_H

#include "base/status.h"

#include <mujoco/mujoco.h>

typedef struct ViewOffscreen ViewOffscreen;

/* A renderer for models of the same assets as m. It belongs to the thread that made it. Errors: ENGINE (no EGL, no context,
 * with the reason), MEMORY, LIMIT (larger than the model's offscreen buffer). */
Status view_offscreen_create(const mjModel *m, int width, int height, ViewOffscreen **out, Err *err);
void view_offscreen_destroy(ViewOffscreen *view); /* NULL is fine */

/* Draw d as camera sees it: a camera of the model by name, or one of view_camera_names. d's positions must be up to date.
 * rgb (height, width, 3), top row first. UNKNOWN_NAME lists the cameras. */
Status view_offscreen_render(ViewOffscreen *view, const mjModel *m, mjData *d, const char *camera,
                             unsigned char *rgb, Err *err);

/* NULL-terminated names of the fixed points of view that every world has: front, side, over. */
const char *const *view_camera_names(void);

#endif
