/* Reading and annotating the demonstrations that the command line names. */
#ifndef DEMOMILL_CLI_SOURCES_H
#define DEMOMILL_CLI_SOURCES_H

#include "base/demo.h"
#include "base/status.h"
#include "base/task.h"

/* Read every file or dataset folder of path (n) into one set; find subtask boundaries by predicates where a demonstration
 * has none. Destroy with demo_set_destroy. */
Status cli_sources_read(const char *const *path, int n, const Task *task, DemoSet *out, Err *err);
/* Write demonstrations of task as one file of our own; path must not exist. robot: a name to write down. */
Status cli_sources_write(const char *path, const Task *task, const char *robot, const DemoSet *demos,
                         Err *err);

#endif
