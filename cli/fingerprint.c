/* Fingerprints of the engine and of the elementary functions; see fingerprint.h. */
#include "cli/fingerprint.h"

#include "base/hash.h"

#include <dlfcn.h>
#include <math.h>
#include <mujoco/mujoco.h>
#include <stdio.h>

/* Arguments that leave the easy ranges: large angles, tiny and huge values. The order of the calls is part of the hash. */
static void hash_functions(char hex[65]) {
    double (*const one[])(double) = {sin, cos, tan, asin, acos, atan, exp, log};
    Sha256 sha;
    sha256_begin(&sha);
    for (int i = 0; i < 512; i++) {
        const double unit = (double)(i - 256) / 257.0;
        const double wide = unit * (1.0 + 1e3 * (double)(i % 7));
        for (size_t f = 0; f < sizeof one / sizeof one[0]; f++) {
            const double x = f == 3 || f == 4 ? unit : f == 7 ? 1.0 + unit : f == 6 ? 10.0 * unit : wide;
            const double y = one[f](x);
            sha256_add(&sha, &y, sizeof y);
        }
        const double two[] = {atan2(unit, 0.3 - unit), pow(1.5 + unit, wide / 100.0)};
        sha256_add(&sha, two, sizeof two);
    }
    unsigned char digest[32];
    sha256_end(&sha, digest);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

Status cli_fingerprint(CliFingerprint *out, Err *err) {
    Dl_info library;
    const void *symbol = NULL;
    *(int (**)(void)) & symbol = mj_version;
    if (!dladdr(symbol, &library) || !library.dli_fname)
        return err_set(err, STATUS_ENGINE, "cannot tell which libmujoco is loaded");
    CliFingerprint print;
    TRY(sha256_file(library.dli_fname, print.engine, err));
    snprintf(print.engine_version, sizeof print.engine_version, "%s", mj_versionString());
    hash_functions(print.libm);
    *out = print;
    return STATUS_OK;
}
