/* Uses a little of everything that the package carries: base, MuJoCo and the portable libm. */
#include <math.h>
#include <stdio.h>

#include <demomill/base/pose.h>
#include <demomill/base/rng.h>
#include <mujoco/mujoco.h>

int main(void) {
    if (mj_version() != mjVERSION_HEADER)
        return 1;
    Rng rng = rng_make(7, 0, RNG_TEST, 0);
    Pose pose = POSE_IDENTITY;
    for (int axis = 0; axis < 3; axis++)
        pose.pos[axis] = sin(rng_uniform(&rng));
    Pose back = pose_mul(pose, pose_inv(pose));
    printf("%.17g %.17g %.17g\n", pose.pos[0], pose.pos[1], pose.pos[2]);
    return fabs(back.pos[0]) + fabs(back.pos[1]) + fabs(back.pos[2]) < 1e-12 ? 0 : 1;
}
