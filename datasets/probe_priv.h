/* Probe: read a file that somebody brings in a child process first. libhdf5 can crash on damaged files. Private. */
#ifndef DEMOMILL_DATASETS_PROBE_PRIV_H
#define DEMOMILL_DATASETS_PROBE_PRIV_H

#include "base/status.h"

typedef Status ProbeRead(const char *path, void *argument, Err *err);

/* Run read(path, argument) in a child and report how it ended: its status and message; FORMAT if it crashed; LIMIT if it did
 * not end within two minutes of CPU time; IO if no child could be made. What read makes is lost: on OK, read again. Call
 * before threads are started. */
Status data_probe(const char *path, ProbeRead *read, void *argument, Err *err);

#endif
