/* Scene: where everything is now, as a value.
 *
 *        world ──base (base_footprint: on the ground between the feet, x forward, z up; REP-120)
 *          │       └─wrist (task command, in base)
 *          ├──hand[side] (grasp frame: x along the fingers, z out of the palm)
 *          └──object[i]
 *
 * Side index: 0 left, 1 right. All poses in the world frame unless named otherwise. */
#ifndef DEMOMILL_BASE_SCENE_H
#define DEMOMILL_BASE_SCENE_H

#include "base/pose.h"

enum { SIDE_LEFT = 0, SIDE_RIGHT = 1, NSIDE = 2 };
enum { MAX_HAND_MOTORS = 8, MAX_WAIST = 3, MAX_OBJECTS = 16, MAX_SCENE_JOINTS = 8 };

typedef struct Scene {
    double time;                            /* s since reset */
    Pose base;                              /* base_footprint */
    Pose hand[NSIDE];                       /* grasp frame, measured */
    double closure[NSIDE][MAX_HAND_MOTORS]; /* measured, 0 open … 1 closed */
    Wrench hand_wrench[NSIDE]; /* what the world exerts on the hand, world axes, about the wrist sensor;
                                  gravity of the hand itself removed */
    int nobject;
    Pose object[MAX_OBJECTS];         /* in the order of Task.object */
    double object_scale[MAX_OBJECTS]; /* size now / size in the scene file */
    int njoint;
    double joint[MAX_SCENE_JOINTS]; /* rad or m, in the order of Task.joint */
} Scene;

#endif
