/* Predicates: named questions about the scene, in one table. */
#ifndef DEMOMILL_SIM_PREDICATE_H
#define DEMOMILL_SIM_PREDICATE_H

#include "base/demo.h"
#include "base/task.h"

/* NULL-terminated names, for task_load and messages. */
const char *const *sim_predicate_names(void);

/* Annotate a recorded demonstration from poses, closures and joints alone (no contacts known: touching and
 * grasping are judged by geometry and common motion): fills demo->signal and demo->mark. Error if a subtask's
 * condition never comes true, naming the subtask and the nearest miss. */
Status sim_annotate(const Task *task, Demo *demo, Err *err);

#endif
