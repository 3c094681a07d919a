/* What besides seed and input decides the bits: the engine, the mathematics library, the controller. */
#ifndef DEMOMILL_CLI_FINGERPRINT_H
#define DEMOMILL_CLI_FINGERPRINT_H

#include "base/status.h"

/* Hexadecimal SHA-256 with final NUL. engine: of the loaded libmujoco's file. libm: of what sin, cos, exp, pow … answer
 * on a fixed set of arguments, as the engine sees them. */
typedef struct CliFingerprint {
    char engine_version[32]; /* "4.0.0" */
    char engine[65];
    char libm[65];
} CliFingerprint;

Status cli_fingerprint(CliFingerprint *out, Err *err);

#endif
