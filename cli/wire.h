/* Wiring: from names on the command line to a robot, a task and worlds that the generator can run. */
#ifndef DEMOMILL_CLI_WIRE_H
#define DEMOMILL_CLI_WIRE_H

#include "control/robot.h"
#include "generators/world.h"
#include "sim/world.h"

typedef struct CliSetup {
    CtlRobot *robot;
    Task *task;
    char level[32];
    SimModel *model;
    void *controller; /* handle of a loaded controller, or NULL for the linked-in one */
} CliSetup;

typedef struct CliSetupDef {
    const char *task;       /* "pick_place", "pick_place:D1" or a path */
    const char *robot;      /* name or path */
    const char *base;       /* "standing" or "pinned"; NULL: standing */
    const char *realism;    /* profile; NULL: default */
    const char *controller; /* path of a controller's shared object; NULL: the linked-in one */
    bool raw_contacts;
} CliSetupDef;

/* Load everything and compile the model. On failure nothing is left open. Free with cli_setup_close. */
Status cli_setup_open(const CliSetupDef *def, CliSetup *out, Err *err);
void cli_setup_close(CliSetup *setup);

/* Load only the task (and its level) of "name[:level]". */
Status cli_task_open(const char *spec, Task **task, char level[32], Err *err);
Status cli_robot_open(const char *name, CtlRobot **robot, Err *err);

/* A world of the model behind the generator's table; destroy with cli_world_destroy. Not shared between
 * threads. */
Status cli_world_create(const SimModel *model, GenWorld *out, Err *err);
void cli_world_destroy(GenWorld *world);

#endif
