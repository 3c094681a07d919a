/* The engine's errors, caught: MuJoCo reports a fatal error by a callback that must not return. */
#ifndef DEMOMILL_SIM_ENGINE_H
#define DEMOMILL_SIM_ENGINE_H

#include "base/status.h"

#include <mujoco/mujoco.h>

/* Install the handler (idempotent, thread-safe) and compare the library's version with the headers'.
 * Error: MISMATCH. */
Status sim_engine_init(Err *err);

/* Run body(argument); an engine error inside ends it and becomes ENGINE with the engine's message. Calls may nest; each
 * thread has its own. What body held (mjData, specs) must be thought of as lost or be reset. */
Status sim_engine_try(void (*body)(void *argument), void *argument, Err *err);

#endif
