/* Marks: subtask boundaries that a person found by looking, as YAML.
 *
 *     demos:
 *       - id: Lift/demo_1
 *         marks:
 *           - {subtask: grasp, end: 120}            # rows [0, 120)
 *           - {subtask: lift, begin: 125, end: 180} # begin: by default where the hand's subtask before it ended */
#ifndef DEMOMILL_BASE_MARKS_H
#define DEMOMILL_BASE_MARKS_H

#include "base/demo.h"
#include "base/status.h"
#include "base/task.h"

/* Set marks and signals of the demonstrations that the file names, replacing what they had; others stay. Each must get
 * one mark per subtask. Errors name file and line: UNKNOWN_NAME (demonstration or subtask, with the known ones), FORMAT
 * (rows out of range or order, a subtask without mark). After an error some demos may be marked already. */
Status marks_load(const char *path, const Task *task, const DemoSet *demos, Err *err);
Status marks_parse(const char *path, const char *text, size_t size, const Task *task, const DemoSet *demos,
                   Err *err);

#endif
