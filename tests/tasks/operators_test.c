/* Every shipped operator.yaml names things that its task and the robot's hands have. */
#include "control/robot.h"
#include "generators/operator.h"
#include "sim/predicate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static const char *const TASK[] = {"lift_cube",   "pick_place", "stack",
                                   "can_upright", "mug_drawer", "box_lift"};

static bool closure(void *user, int side, const char *name, double values[MAX_HAND_MOTORS]) {
    const CtlHand *hand = &((const CtlRobot *)user)->hand[side];
    const double *found = ctl_hand_closure(hand, name);
    if (found)
        memcpy(values, found, sizeof *found * (size_t)hand->nmotor);
    return found != NULL;
}

static void shipped_operators_load(void **state) {
    (void)state;
    Err err = {0};
    CtlRobot *robot;
    if (ctl_robot_load(DEMOMILL_SOURCE_DIR "/robots/optimus/robot.yaml", &robot, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    for (size_t i = 0; i < sizeof TASK / sizeof TASK[0]; i++) {
        char path[512];
        Task *task;
        Operator *loaded;
        snprintf(path, sizeof path, "%s/tasks/%s/task.yaml", DEMOMILL_SOURCE_DIR, TASK[i]);
        if (task_load(path, sim_predicate_names(), &task, &err) != STATUS_OK)
            fail_msg("%s", err.message);
        snprintf(path, sizeof path, "%s/tasks/%s/operator.yaml", DEMOMILL_SOURCE_DIR, TASK[i]);
        if (operator_load(path, task, closure, robot, &loaded, &err) != STATUS_OK)
            fail_msg("%s", err.message);
        operator_destroy(loaded);
        task_destroy(task);
    }
    ctl_robot_destroy(robot);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(shipped_operators_load)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
