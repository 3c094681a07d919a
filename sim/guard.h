/* Guard: a model that somebody brings is compiled first where it can do no harm. */
#ifndef DEMOMILL_SIM_GUARD_H
#define DEMOMILL_SIM_GUARD_H

#include "base/status.h"

#include <stddef.h>

typedef struct SimGuardLimits {
    double seconds; /* of wall and of CPU time */
    size_t bytes;   /* of address space; not enforced under a sanitizer, which reserves terabytes */
    int elements;   /* bodies, joints, geoms, … each */
} SimGuardLimits;

SimGuardLimits sim_guard_default(void);

/* Compile the MJCF in a child process with limits on time and memory, and check that its numbers are finite and its sizes
 * sane. FORMAT: it does not compile or its numbers are bad; LIMIT: it took more time, memory or elements than allowed, or
 * crashed the compiler; IO: the child could not be made. Call before threads are started. limits NULL: default. */
Status sim_guard_file(const char *path, const SimGuardLimits *limits, Err *err);
/* The same for MJCF text; name stands for it in messages. */
Status sim_guard_text(const char *name, const char *xml, const SimGuardLimits *limits, Err *err);

#endif
