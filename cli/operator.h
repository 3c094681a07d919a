/* The scripted operator of a set-up: tasks/<task>/operator.yaml bound to the robot's hands. */
#ifndef DEMOMILL_CLI_OPERATOR_H
#define DEMOMILL_CLI_OPERATOR_H

#include "cli/wire.h"
#include "generators/operator.h"

typedef struct CliOperator CliOperator;

/* Load operator.yaml beside the task's file. setup must outlive the operator. */
Status cli_operator_open(const CliSetup *setup, CliOperator **out, Err *err);
void cli_operator_close(CliOperator *op); /* NULL is fine */
/* One demonstration, its end in episode->outcome; thread-safe with a world per thread. */
Status cli_operator_run(const CliOperator *op, GenWorld *world, uint64_t seed, uint64_t attempt,
                        Episode *episode, Err *err);

#endif
