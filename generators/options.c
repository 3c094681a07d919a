/* Options: defaults, the published method, and what is allowed. */
#include "generators/generate.h"
#include "generators/select.h"

static const uint32_t COOKIE = 0x67656e6fu;

GenOptions gen_options_default(void) {
    return (GenOptions){
        .cookie = COOKIE,
        .strategy = "random",
        .top_k = 3,
        .share = 0.5,
        .keep_source = true,
        .retries = 3,
        .noise = 0.05,
        .bridge = GEN_BRIDGE_SLERP,
        .speed = 0.35,
        .turn = 1.6,
        .clearance = 0.12,
        .preflight = true,
        .settle = true,
        .track = true,
        .symmetry = true,
        .trim = true,
        .place_by_object = true,
        .gates = true,
        .guard_force = 8,
    };
}

GenOptions gen_options_plain(void) {
    return (GenOptions){
        .cookie = COOKIE,
        .strategy = "random",
        .top_k = 3,
        .share = 1,
        .noise = 0.05,
        .noise_near = true,
        .bridge = GEN_BRIDGE_FIXED,
        .speed = 0.35,
        .turn = 1.6,
        .boundary_offset = {0.25, 1},
        .guard_force = 8,
    };
}

Status gen_options_check(const GenOptions *o, Err *err) {
    ASSERT(o->cookie == COOKIE);
    if (!select_strategy(o->strategy)) {
        const Status status =
            err_set(err, STATUS_UNKNOWN_NAME, "unknown selection strategy '%s'", o->strategy);
        int n = 0;
        while (gen_strategy_names()[n])
            n++;
        err_known(err, gen_strategy_names(), n);
        return status;
    }
    if (o->top_k < 1 || o->retries < 0 || o->retries > 1000)
        return err_set(err, STATUS_USAGE, "top_k must be at least 1, retries 0 to 1000");
    if (!(o->share > 0 && o->share <= 1))
        return err_set(err, STATUS_USAGE, "the largest share of a source must lie in (0, 1]");
    if (!(o->noise >= 0 && o->noise <= 1))
        return err_set(err, STATUS_USAGE, "noise must lie in [0, 1]");
    if (!(o->speed > 0) || !(o->turn > 0) || !(o->clearance >= 0) || !(o->guard_force > 0))
        return err_set(err, STATUS_USAGE,
                       "speed, turn and guard force must be positive, clearance not negative");
    return STATUS_OK;
}
