/* demomill replay: run stored episodes again and report the first difference. */
#include "base/rng.h"
#include "cli/cli.h"
#include "cli/verify.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Options {
    const char *path;
    CliVerifyDef def;
    CliFrom from;
    const char *source[64];
    long long episode, random, seed;
    bool failed, json;
} Options;

enum { KEY_FROM = 256, KEY_RANDOM, KEY_SEED, KEY_JSON, KEY_FAILED, KEY_ROBOT, KEY_CONTROLLER };

static const struct argp_option OPTION[] = {
    {"episode", 'e', "I", 0, "Replay episode I, counted over the dataset's shards (all)", 0},
    {"random", KEY_RANDOM, "N", 0, "Replay N episodes drawn at random", 0},
    {"seed", KEY_SEED, "S", 0, "Seed of that draw (0)", 0},
    {"from", KEY_FROM, "seed|commands", 0,
     "Run the whole attempt again, or feed its stored commands (commands)", 0},
    {"source", 's', "FILE", 0, "With --from seed: sources instead of the recorded files; may be repeated", 0},
    {"task", 't', "T", 0, "Task instead of the recorded one", 0},
    {"robot", KEY_ROBOT, "R", 0, "Robot instead of the recorded one", 0},
    {"controller", KEY_CONTROLLER, "FILE", 0, "Controller as a shared object", 0},
    {"failed", KEY_FAILED, 0, 0, "Take the kept failures", 0},
    {"json", KEY_JSON, 0, 0, "One JSON object per episode on stdout", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case 'e':
        o->episode = cli_integer(state, "episode", arg, 0, INT32_MAX);
        break;
    case KEY_RANDOM:
        o->random = cli_integer(state, "random", arg, 1, INT32_MAX);
        break;
    case KEY_SEED:
        o->seed = cli_integer(state, "seed", arg, 0, INT64_MAX);
        break;
    case KEY_FROM:
        if (strcmp(arg, "seed") != 0 && strcmp(arg, "commands") != 0)
            argp_error(state, "--from %s: seed or commands was expected", arg);
        o->from = strcmp(arg, "seed") == 0 ? CLI_FROM_SEED : CLI_FROM_COMMANDS;
        break;
    case 's':
        if (o->def.nsource == 64)
            argp_error(state, "at most 64 sources");
        o->source[o->def.nsource++] = arg;
        break;
    case 't':
        o->def.task = arg;
        break;
    case KEY_ROBOT:
        o->def.robot = arg;
        break;
    case KEY_CONTROLLER:
        o->def.controller = arg;
        break;
    case KEY_FAILED:
        o->failed = true;
        break;
    case KEY_JSON:
        o->json = true;
        break;
    case ARGP_KEY_ARG:
        if (o->path)
            argp_error(state, "one dataset at a time");
        o->path = arg;
        break;
    case ARGP_KEY_END:
        if (!o->path)
            argp_error(state, "which dataset or file?");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static void tell(const Options *o, int index, const Episode *e, const CliDivergence *d,
                 const char *differences) {
    if (o->json) {
        json_t *root =
            json_pack("{s:i, s:I, s:i, s:b, s:s}", "episode", index, "attempt", (json_int_t)e->attempt,
                      "rows", e->nrow, "diverged", d->diverged, "differs_from_recorded", differences);
        if (d->diverged)
            json_object_update_new(root, json_pack("{s:i, s:s, s:f, s:f}", "row", d->row, "what", d->what,
                                                   "stored", d->stored, "again", d->again));
        char *text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(17));
        puts(text ? text : "{}");
        free(text);
        json_decref(root);
        return;
    }
    if (!d->diverged)
        printf("episode %d (attempt %llu): %d rows, bit for bit the same\n", index,
               (unsigned long long)e->attempt, e->nrow);
    else
        printf("episode %d (attempt %llu): differs at row %d of %d in %s: stored %.17g, now %.17g%s%s\n",
               index, (unsigned long long)e->attempt, d->row, e->nrow, d->what, d->stored, d->again,
               differences[0] ? "; other here: " : "", differences);
}

static Status replay_one(const Options *o, DataReader *reader, CliVerifier *verifier, int index,
                         int *ndiverged, Err *err) {
    Episode *episode = NULL;
    DataCertificate certificate;
    TRY(data_reader_read(reader, index, &episode, &certificate, err));
    CliDivergence divergence;
    const Status status = cli_verify(verifier, episode, &divergence, err);
    if (status == STATUS_OK) {
        char differences[256];
        cli_verifier_differences(verifier, &certificate, differences, sizeof differences);
        tell(o, index, episode, &divergence, differences);
        *ndiverged += divergence.diverged;
    }
    data_episode_destroy(episode);
    return status;
}

static Status replay(const Options *o, DataReader *reader, CliVerifier *verifier, int *ndiverged, Err *err) {
    const int n = data_reader_count(reader);
    if (n == 0)
        return err_set(err, STATUS_NOT_FOUND, "%s: no episode in it", o->path);
    if (o->episode >= n)
        return err_set(err, STATUS_LIMIT, "%s: episode %lld of %d", o->path, o->episode, n);
    if (o->episode >= 0)
        return replay_one(o, reader, verifier, (int)o->episode, ndiverged, err);
    Rng rng = rng_make((uint64_t)o->seed, 0, RNG_TEST, 0);
    const long long count = o->random ? o->random : n;
    for (long long i = 0; i < count && !cli_interrupted(); i++)
        TRY(replay_one(o, reader, verifier, o->random ? (int)rng_below(&rng, (uint32_t)n) : (int)i, ndiverged,
                       err));
    return STATUS_OK;
}

int cli_replay(int argc, char **argv) {
    Options o = {.episode = -1};
    o.def.source = o.source;
    const struct argp argp = {
        OPTION,     parse,
        "DIR|FILE", "Run stored episodes again and report the first difference.\vExit code 1 if any differs.",
        0,          0,
        0};
    cli_parse(&argp, argc, argv, &o);
    cli_catch_signals();
    Err err = {0};
    DataReader *reader = NULL;
    CliVerifier *verifier = NULL;
    int ndiverged = 0;
    Status status = data_reader_open(o.path, o.failed, &reader, &err);
    if (status == STATUS_OK && data_reader_count(reader) == 0)
        status = err_set(&err, STATUS_NOT_FOUND, "%s: no episode in it", o.path);
    o.def.path = o.path;
    if (status == STATUS_OK)
        status = cli_verifier_open(data_reader_meta(reader), &o.def, o.from, &verifier, &err);
    if (status == STATUS_OK)
        status = replay(&o, reader, verifier, &ndiverged, &err);
    cli_verifier_close(verifier);
    data_reader_close(reader);
    if (status != STATUS_OK)
        return cli_fail(status, &err);
    return ndiverged ? CLI_CHECK_FAILED : CLI_DONE;
}
