/* demomill generate: from demonstrations to a dataset of verified episodes. */
#include "generators/generate.h"
#include "cli/cli.h"
#include "cli/meta.h"
#include "cli/progress.h"
#include "cli/sources.h"
#include "cli/wire.h"
#include "datasets/dataset.h"

#include <jansson.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_SOURCES = 64 };

typedef struct Options {
    CliSetupDef setup;
    const char *source[MAX_SOURCES];
    int nsource;
    const char *out, *name;
    long long successes, attempts, seed, threads, shard;
    double time, coverage;
    bool keep_failed, resume, json, quiet;
    GenOptions gen;
    bool retries_given;
} Options;

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
    Options *o = state->input;
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
        if (o->nsource == MAX_SOURCES)
            argp_error(state, "at most %d sources", MAX_SOURCES);
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

/* What the run's callbacks share. */
typedef struct Job {
    const Options *options;
    const CliSetup *setup;
    DataMeta meta;
    DataWriter *writer;
    CliProgress progress;
    GenRecord *prior;
    size_t nprior;
    atomic_bool stop;
} Job;

static Status world_create(void *user, int thread, GenWorld *world, Err *err) {
    (void)thread;
    return cli_world_create(((Job *)user)->setup->model, world, err);
}

static void world_destroy(void *user, int thread, GenWorld *world) {
    (void)user, (void)thread;
    cli_world_destroy(world);
}

static Status encode(void *user, int thread, const Episode *episode, void **out, Err *err) {
    (void)thread;
    const Job *job = user;
    *out = NULL;
    if (episode->outcome != OUTCOME_ok && (!job->options->keep_failed || episode->nrow == 0))
        return STATUS_OK;
    return data_encode(&job->meta, episode, DATA_DIRECT, (DataBlob **)out, err);
}

static Status commit(void *user, const GenRecord *record, const Episode *episode, void *encoded, Err *err) {
    Job *job = user;
    const DataRecord line = data_record(episode);
    const bool store = record->accepted || record->outcome != OUTCOME_ok;
    const Status status = data_writer_append(job->writer, &line, store ? encoded : NULL, err);
    data_blob_destroy(encoded);
    if (cli_interrupted())
        atomic_store(&job->stop, true);
    return status;
}

static void discard(void *user, void *encoded) {
    (void)user;
    data_blob_destroy(encoded);
}

static void show_progress(void *user, const GenTotals *totals) {
    cli_progress_show(&((Job *)user)->progress, totals);
}

/* The journal of an earlier run, for totals and coverage. */
static void collect_prior(void *user, const DataRecord *record, bool stored) {
    Job *job = user;
    GenRecord *r = &job->prior[job->nprior++];
    *r = (GenRecord){.attempt = record->attempt,
                     .outcome = record->outcome,
                     .failed_subtask = record->failed_subtask,
                     .accepted = record->outcome == OUTCOME_ok && stored,
                     .bin = record->bin,
                     .nrow = record->nrow,
                     .retries = (uint32_t)record->retries,
                     .nsource = record->nsubtask,
                     .sim_time = record->sim_time};
    for (int i = 0; i < record->nsubtask; i++)
        r->source[i] = record->subtask[i].source_demo;
}

static Status read_prior(Job *job, Err *err) {
    const DataWriterInfo info = data_writer_info(job->writer);
    if (!info.attempts)
        return STATUS_OK;
    job->prior = mem_calloc(info.attempts, sizeof *job->prior);
    if (!job->prior)
        return err_set(err, STATUS_MEMORY, "no memory for the journal");
    return data_writer_visit(job->writer, collect_prior, job, err);
}

static void print_json(const Job *job, const GenTotals *t, GenEnd end) {
    static const char *const END[] = {"attempts", "successes", "time", "stopped"};
    json_t *causes = json_object();
    for (int c = 0; c < OUTCOME_COUNT; c++)
        if (t->by_cause[c])
            json_object_set_new(causes, outcome_name((Outcome)c), json_integer((json_int_t)t->by_cause[c]));
    json_t *root =
        json_pack("{s:I, s:I, s:I, s:o, s:I, s:f, s:f, s:f, s:s, s:s}", "attempts", (json_int_t)t->attempts,
                  "successes", (json_int_t)t->successes, "episodes", (json_int_t)t->accepted, "outcomes",
                  causes, "retries", (json_int_t)t->retries, "wall_s", t->wall_time, "cpu_s", cli_cpu(),
                  "sim_s", t->sim_time, "end", END[end], "out", job->options->out);
    char *text = json_dumps(root, JSON_REAL_PRECISION(9));
    puts(text ? text : "{}");
    free(text);
    json_decref(root);
}

static int report(const Job *job, const GenTotals *t, GenEnd end) {
    const Options *o = job->options;
    const bool reached = end == GEN_END_SUCCESSES || (!o->successes && t->accepted > 0);
    if (!o->quiet) {
        fprintf(stderr, "%s: %llu episodes from %llu attempts (%.1f%%), %.1f s, %.0f successes a minute\n",
                o->out, (unsigned long long)t->accepted, (unsigned long long)t->attempts,
                t->attempts ? 100.0 * (double)t->successes / (double)t->attempts : 0.0, t->wall_time,
                t->wall_time > 0 ? 60.0 * (double)(t->successes) / t->wall_time : 0.0);
        cli_cause_table(job->setup->task, t);
    }
    if (end == GEN_END_STOPPED) {
        fprintf(stderr,
                "demomill: stopped; what was committed is safe. The same command with --resume goes on.\n");
        return CLI_SYSTEM;
    }
    if (!reached && t->accepted == 0)
        fprintf(stderr, "demomill: no attempt succeeded\n");
    else if (!reached && o->successes)
        fprintf(stderr, "demomill: %llu of %lld successes within the limits\n",
                (unsigned long long)t->accepted, o->successes);
    return reached ? CLI_DONE : CLI_CHECK_FAILED;
}

static Status run(Job *job, const GenSources *sources, GenTotals *totals, GenEnd *end, Err *err) {
    const Options *o = job->options;
    const GenRun def = {.threads = (int)o->threads,
                        .seed = (uint64_t)o->seed,
                        .first = data_writer_info(job->writer).next_attempt,
                        .prior = job->prior,
                        .nprior = job->nprior,
                        .attempts = (uint64_t)o->attempts,
                        .successes = (uint64_t)o->successes,
                        .time = o->time,
                        .coverage = o->coverage,
                        .task = job->setup->task,
                        .level = task_level(job->setup->task, job->setup->level, NULL),
                        .stop = &job->stop,
                        .user = job,
                        .world_create = world_create,
                        .world_destroy = world_destroy,
                        .sources = sources,
                        .options = &o->gen};
    const GenSink sink = {
        .user = job, .encode = encode, .commit = commit, .discard = discard, .progress = show_progress};
    return gen_run(&def, &sink, totals, end, err);
}

/* Everything between the loaded sources and the closed dataset. */
static Status make_dataset(Job *job, const GenSources *sources, Arena *arena, GenTotals *totals, GenEnd *end,
                           Err *err) {
    const Options *o = job->options;
    const CliMetaDef def = {.setup = job->setup,
                            .name = o->name,
                            .operator_name = "generated",
                            .base = o->setup.base,
                            .realism = o->setup.realism,
                            .controller_path = o->setup.controller,
                            .seed = (uint64_t)o->seed,
                            .sources = sources,
                            .options = &o->gen,
                            .keep_failed = o->keep_failed,
                            .coverage = o->coverage};
    TRY(cli_meta_create(&def, arena, &job->meta, err));
    const DataWriterDef writer = {
        .dir = o->out, .meta = &job->meta, .max_episodes = (int)o->shard, .resume = o->resume};
    TRY(data_writer_create(&writer, &job->writer, err));
    Status status = read_prior(job, err);
    job->progress =
        cli_progress_begin(job->setup->task, (uint64_t)o->successes, (uint64_t)o->attempts, o->quiet);
    if (status == STATUS_OK)
        status = run(job, sources, totals, end, err);
    cli_progress_end(&job->progress, totals);
    if (status == STATUS_OK && *end != GEN_END_STOPPED)
        return data_writer_close(job->writer, err);
    data_writer_abort(job->writer);
    return status;
}

int cli_generate(int argc, char **argv) {
    Options o = {.setup = {.robot = "optimus"},
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
    Err err = {0};
    CliSetup setup = {0};
    DemoSet demos = {0};
    GenSources *sources = NULL;
    Arena *arena = arena_create(0);
    Job job = {.options = &o, .setup = &setup};
    GenTotals totals = {0};
    GenEnd end = GEN_END_ATTEMPTS;
    cli_catch_signals();
    Status status = arena ? gen_options_check(&o.gen, &err) : err_set(&err, STATUS_MEMORY, "out of memory");
    if (status == STATUS_OK)
        status = cli_setup_open(&o.setup, &setup, &err);
    if (status == STATUS_OK)
        status = cli_sources_read(o.source, o.nsource, setup.task, &demos, &err);
    if (status == STATUS_OK)
        status = gen_sources_create(setup.task, &demos, sim_model_action(setup.model),
                                    1.0 / setup.task->rate_hz, &o.gen, &sources, &err);
    if (status == STATUS_OK)
        status = make_dataset(&job, sources, arena, &totals, &end, &err);
    int code = CLI_DONE;
    if (status != STATUS_OK)
        code = cli_fail(status, &err);
    else {
        code = report(&job, &totals, end);
        if (o.json)
            print_json(&job, &totals, end);
    }
    mem_free(job.prior);
    gen_sources_destroy(sources);
    demo_set_destroy(&demos);
    if (setup.model)
        cli_setup_close(&setup);
    arena_destroy(arena);
    return code;
}
