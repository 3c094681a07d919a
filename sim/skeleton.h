/* Skeleton: of somebody's MJCF only what places frames (bodies, joints, sites), as MJCF text. */
#ifndef DEMOMILL_SIM_SKELETON_H
#define DEMOMILL_SIM_SKELETON_H

#include "base/status.h"

#include <stddef.h>

/* Copy from xml only compiler angles, defaults of joints and sites, bodies, frames, joints and sites, with only the attributes
 * that matter for kinematics; every body gets a mass of 1. Meshes, textures and other files are then not needed, and
 * elements that could make a compiler run away (attach, replicate, composite, include) are gone. name stands for the
 * text in messages. *out is freed by mem_free. Errors: FORMAT (not XML, no <mujoco>), LIMIT (nested too deep), MEMORY. */
Status sim_skeleton(const char *name, const char *xml, char **out, Err *err);

#endif
