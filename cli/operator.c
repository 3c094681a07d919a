/* The scripted operator bound to a robot's hands; see operator.h. */
#include "cli/operator.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

struct CliOperator {
    const CtlRobot *robot;
    Operator *script;
};

/* Closures by name come from robot.yaml. */
static bool closure(void *user, int side, const char *name, double values[MAX_HAND_MOTORS]) {
    const CtlHand *hand = &((const CliOperator *)user)->robot->hand[side];
    const double *found = ctl_hand_closure(hand, name);
    if (found)
        memcpy(values, found, sizeof(double) * (size_t)hand->nmotor);
    return found != NULL;
}

Status cli_operator_open(const CliSetup *setup, CliOperator **out, Err *err) {
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/operator.yaml", setup->task->dir) >= (int)sizeof path)
        return err_set(err, STATUS_LIMIT, "%s: path too long", setup->task->dir);
    CliOperator *op = mem_calloc(1, sizeof *op);
    if (!op)
        return err_set(err, STATUS_MEMORY, "out of memory");
    op->robot = setup->robot;
    const Status status = operator_load(path, setup->task, closure, op, &op->script, err);
    if (status == STATUS_OK)
        *out = op;
    else
        cli_operator_close(op);
    return status;
}

void cli_operator_close(CliOperator *op) {
    if (!op)
        return;
    operator_destroy(op->script);
    mem_free(op);
}

Status cli_operator_run(const CliOperator *op, GenWorld *world, uint64_t seed, uint64_t attempt,
                        Episode *episode, Err *err) {
    return operator_run(op->script, world, closure, (void *)(uintptr_t)op, seed, attempt, episode, err);
}
