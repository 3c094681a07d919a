/* The command line of `demomill generate`; see generate_options.h. */
#include "cli/generate_options.h"

#include "cli/cli.h"

#include <unistd.h>

enum {
    KEY_ROBOT = 256,
    KEY_SEED,
    KEY_ATTEMPTS,
    KEY_SUCCESSES,
    KEY_TIME,
    KEY_BASE,
    KEY_RETRIES,
    KEY_STRATEGY,
    KEY_TOP_K,
    KEY_NOISE,
    KEY_KEEP,
    KEY_RESUME,
    KEY_JSON,
    KEY_COVERAGE,
    KEY_REALISM,
    KEY_CONTROLLER,
    KEY_PLAIN,
    KEY_MIRROR,
    KEY_NAME,
    KEY_SHARD,
    KEY_SHARE
};

static const struct argp_option OPTION[] = {
    {0, 0, 0, 0, "What to make", 1},
    {"task", 't', "T[:Dk]", 0, "Task and reset level, e.g. pick_place:D1", 1},
    {"robot", KEY_ROBOT, "R", 0, "Robot (optimus)", 1},
    {"source", 's', "FILE", 0,
     "Demonstrations: a file or a dataset folder; may be repeated, or several names given", 1},
    {"out", 'o', "DIR", 0, "Folder of the dataset", 1},
    {"successes", KEY_SUCCESSES, "N", 0, "Stop at N successful episodes (those of the lowest attempt ids)",
     1},
    {"attempts", KEY_ATTEMPTS, "N", 0, "Stop after N attempts; with --successes a cap (20 N, at least 1000)",
     1},
    {"time", KEY_TIME, "S", 0, "Stop after S seconds of wall time", 1},
    {0, 0, 0, 0, "How", 2},
    {"seed", KEY_SEED, "S", 0, "Seed of everything random (0)", 2},
    {"threads", 'j', "K", 0, "Worker threads (all cores); the bytes don't depend on it", 2},
    {"base", KEY_BASE, "standing|pinned", 0, "Stand on the feet, or fix the pelvis (standing)", 2},
    {"strategy", KEY_STRATEGY, "NAME", 0, "How a source is chosen: random, nearest_object, nearest_hand", 2},
    {"top-k", KEY_TOP_K, "K", 0, "Nearest strategies choose among K", 2},
    {"share", KEY_SHARE, "X", 0, "Largest share of one source while others are as near", 2},
    {"retries", KEY_RETRIES, "N", 0, "Retries of a failed subtask from its checkpoint", 2},
    {"noise", KEY_NOISE, "X", 0, "Action noise in executed commands, as a fraction of 40 mm and 20 degrees",
     2},
    {"mirror", KEY_MIRROR, 0, 0, "Use mirrored demonstrations too", 2},
    {"coverage", KEY_COVERAGE, "X", 0, "Accept at most X times its even share from one reset bin (off)", 2},
    {"realism", KEY_REALISM, "PROFILE", 0, "Sensor and drive errors: a profile of robot.yaml (default)", 2},
    {"controller", KEY_CONTROLLER, "FILE", 0, "Controller as a shared object (the built-in wholebody)", 2},
    {"plain", KEY_PLAIN, 0, 0,
     "The published method, for comparison: no pre-flight, settling, re-tracking, retry; put it first", 2},
    {0, 0, 0, 0, "Output", 3},
    {"keep-failed", KEY_KEEP, 0, 0, "Store failed episodes too, under failed/", 3},
    {"resume", KEY_RESUME, 0, 0, "Go on with the dataset in --out", 3},
    {"name", KEY_NAME, "NAME", 0, "Name of the dataset (the task's)", 3},
    {"shard-size", KEY_SHARD, "N", 0, "Episodes per file (100)", 3},
    {"json", KEY_JSON, 0, 0, "End with one JSON object on stdout", 3},
    {"quiet", 'q', 0, 0, "No progress", 3},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    CliGenerateOptions *o = state->input;
    switch (key) {
    case 't':
        o->setup.task = arg;
        break;
    case KEY_ROBOT:
        o->setup.robot = arg;
        break;
    case ARGP_KEY_ARG:
        if (!o->nsource)
            argp_error(state, "'%s': what is it? Demonstrations follow --source", arg);
        /* fall through */
    case 's':
        if (o->nsource == CLI_MAX_SOURCES)
            argp_error(state, "at most %d sources", CLI_MAX_SOURCES);
        o->source[o->nsource++] = arg;
        break;
    case 'o':
        o->out = arg;
        break;
    case 'j':
        o->threads = cli_integer(state, "threads", arg, 1, 1024);
        break;
    case 'q':
        o->quiet = true;
        break;
    case KEY_SUCCESSES:
        o->successes = cli_integer(state, "successes", arg, 1, 1000000000);
        break;
    case KEY_ATTEMPTS:
        o->attempts = cli_integer(state, "attempts", arg, 1, 100000000000);
        break;
    case KEY_TIME:
        o->time = cli_real(state, "time", arg, 1e-3, 1e9);
        break;
    case KEY_SEED:
        o->seed = cli_integer(state, "seed", arg, 0, INT64_MAX);
        break;
    case KEY_BASE:
        o->setup.base = arg;
        break;
    case KEY_STRATEGY:
        o->gen.strategy = arg;
        break;
    case KEY_TOP_K:
        o->gen.top_k = (int)cli_integer(state, "top-k", arg, 1, 1000);
        break;
    case KEY_SHARE:
        o->gen.share = cli_real(state, "share", arg, 0.01, 1);
        break;
    case KEY_RETRIES:
        o->gen.retries = (int)cli_integer(state, "retries", arg, 0, 100);
        break;
    case KEY_NOISE:
        o->gen.noise = cli_real(state, "noise", arg, 0, 1);
        break;
    case KEY_MIRROR:
        o->gen.mirror = true;
        break;
    case KEY_COVERAGE:
        o->coverage = cli_real(state, "coverage", arg, 1, 1000);
        break;
    case KEY_REALISM:
        o->setup.realism = arg;
        break;
    case KEY_CONTROLLER:
        o->setup.controller = arg;
        break;
    case KEY_PLAIN:
        o->gen = gen_options_plain();
        break;
    case KEY_KEEP:
        o->keep_failed = true;
        break;
    case KEY_RESUME:
        o->resume = true;
        break;
    case KEY_NAME:
        o->name = arg;
        break;
    case KEY_SHARD:
        o->shard = cli_integer(state, "shard-size", arg, 1, 500);
        break;
    case KEY_JSON:
        o->json = true;
        break;
    case ARGP_KEY_END:
        if (!o->setup.task || !o->nsource || !o->out)
            argp_error(state, "--task, --source and --out are needed");
        if (!o->successes && !o->attempts && !o->time)
            argp_error(state, "one of --successes, --attempts and --time is needed");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

CliGenerateOptions cli_generate_options(int argc, char **argv) {
    CliGenerateOptions o = {.setup = {.robot = "optimus"},
                            .threads = sysconf(_SC_NPROCESSORS_ONLN),
                            .gen = gen_options_default()};
    const struct argp argp = {
        OPTION,
        parse,
        0,
        "Make verified episodes from a few demonstrations.\vEvery episode in the dataset succeeded and held "
        "its success to the end, and carries a certificate by which `demomill check --replay` re-runs it "
        "bit for bit. The same seed gives the same bytes on any number of threads.",
        0,
        0,
        0};
    cli_parse(&argp, argc, argv, &o);
    return o;
}
