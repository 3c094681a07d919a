/* robot.yaml. */
#include "control/robot.h"
#include "input_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input_file("optimus.xml", (const uint8_t *)"<mujoco/>", 9);
    CtlRobot *robot = NULL;
    Err err = {""};
    const Status status = ctl_robot_load(input_file("robot.yaml", data, size), &robot, &err);
    ASSERT((status == STATUS_OK) == (robot != NULL));
    ASSERT(status == STATUS_OK || err.message[0]);
    ctl_robot_destroy(robot);
    return 0;
}
