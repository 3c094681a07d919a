/* What the tests of the world share: optimus in a shipped task, or in a scene of their own. */
#ifndef DEMOMILL_TESTS_SIM_RIG_H
#define DEMOMILL_TESTS_SIM_RIG_H

#include "sim/predicate.h"
#include "sim/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct Rig {
    CtlRobot *robot;
    Task *task;
    SimModel *model;
    SimWorld *world;
    float home[ACTION_MAX]; /* the row that keeps everything as it is */
} Rig;

/* task: name of a shipped one, path of a task.yaml, or NULL; def may be NULL; its robot and task are filled in. */
void rig_create(Rig *rig, const char *task, const SimModelDef *def);
void rig_destroy(Rig *rig);
void rig_reset(Rig *rig, uint64_t seed, uint64_t attempt);
/* Home rows for so many seconds; every one must end well. */
void rig_run(Rig *rig, double seconds);
/* Write text to a file of the test's working folder. */
void rig_write(const char *path, const char *text);
/* A task.yaml and a scene with a cube on a table in the working folder: extra goes into the scene's worldbody, level into
 * the level, success is the condition. */
void rig_task(const char *path, const char *extra, const char *level, const char *success);
void assert_message(const Err *err, const char *part);

#endif
