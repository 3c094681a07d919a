/* demomill record: demonstrations by the scripted operator.
 *
 * The operator's episodes are ordinary episodes with a certificate, labelled operator=scripted. They are written as a dataset;
 * for --out FILE.hdf5 the dataset is made beside it and only its one shard is kept. */
#include "cli/cli.h"
#include "cli/meta.h"
#include "cli/run.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_DEMOS = 500 }; /* one shard */

typedef struct Options {
    CliSetupDef setup;
    const char *out;
    long long n, seed, attempts, threads;
    bool keep_failed, quiet;
} Options;

enum {
    KEY_ROBOT = 256,
    KEY_OPERATOR,
    KEY_SEED,
    KEY_ATTEMPTS,
    KEY_BASE,
    KEY_REALISM,
    KEY_CONTROLLER,
    KEY_KEEP
};

static const struct argp_option OPTION[] = {
    {"task", 't', "T[:Dk]", 0, "Task and reset level (first level)", 0},
    {"robot", KEY_ROBOT, "R", 0, "Robot (optimus)", 0},
    {"operator", KEY_OPERATOR, "NAME", 0, "Who does it: scripted, by tasks/T/operator.yaml (scripted)", 0},
    {"n", 'n', "N", 0, "Demonstrations to record (10)", 0},
    {"seed", KEY_SEED, "S", 0, "Seed of scenes and habits (0)", 0},
    {"attempts", KEY_ATTEMPTS, "N", 0, "Give up after N attempts (5 per demonstration)", 0},
    {"out", 'o', "FILE", 0, "FILE.hdf5, or a folder for a whole dataset", 0},
    {"threads", 'j', "K", 0, "Worker threads (all cores); the bytes don't depend on it", 0},
    {"base", KEY_BASE, "standing|pinned", 0, "Stand on the feet, or fix the pelvis (standing)", 0},
    {"realism", KEY_REALISM, "PROFILE", 0, "Sensor and drive errors: a profile of robot.yaml (default)", 0},
    {"controller", KEY_CONTROLLER, "FILE", 0, "Controller as a shared object (the built-in wholebody)", 0},
    {"keep-failed", KEY_KEEP, 0, 0, "With a folder: store failed demonstrations too, under failed/", 0},
    {"quiet", 'q', 0, 0, "No progress", 0},
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
    case KEY_OPERATOR:
        if (strcmp(arg, "scripted") != 0)
            argp_error(state, "--operator %s: known here: scripted", arg);
        break;
    case 'n':
        o->n = cli_integer(state, "n", arg, 1, MAX_DEMOS);
        break;
    case KEY_SEED:
        o->seed = cli_integer(state, "seed", arg, 0, INT64_MAX);
        break;
    case KEY_ATTEMPTS:
        o->attempts = cli_integer(state, "attempts", arg, 1, 1000000);
        break;
    case 'o':
        o->out = arg;
        break;
    case 'j':
        o->threads = cli_integer(state, "threads", arg, 1, 1024);
        break;
    case KEY_BASE:
        o->setup.base = arg;
        break;
    case KEY_REALISM:
        o->setup.realism = arg;
        break;
    case KEY_CONTROLLER:
        o->setup.controller = arg;
        break;
    case KEY_KEEP:
        o->keep_failed = true;
        break;
    case 'q':
        o->quiet = true;
        break;
    case ARGP_KEY_END:
        if (!o->setup.task || !o->out)
            argp_error(state, "--task and --out are needed");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* A recording: what to make, and the run that makes it. */
typedef struct Job {
    const Options *options;
    CliRun run;
} Job;

static Status fill(Job *job, const char *dir, Arena *arena, GenTotals *totals, GenEnd *end, Err *err) {
    const Options *o = job->options;
    CliRun *run = &job->run;
    const CliMetaDef meta = {.setup = run->setup,
                             .operator_name = "scripted",
                             .base = o->setup.base,
                             .realism = o->setup.realism,
                             .controller_path = o->setup.controller,
                             .seed = (uint64_t)o->seed,
                             .keep_failed = o->keep_failed};
    TRY(cli_meta_create(&meta, arena, &run->meta, err));
    const DataWriterDef writer = {.dir = dir, .meta = &run->meta, .max_episodes = MAX_DEMOS};
    TRY(data_writer_create(&writer, &run->writer, err));
    run->progress = cli_progress_begin(run->setup->task, (uint64_t)o->n, 0, o->quiet);
    GenRun def = {.threads = (int)o->threads,
                  .seed = (uint64_t)o->seed,
                  .attempts = (uint64_t)(o->attempts ? o->attempts : 5 * o->n),
                  .successes = (uint64_t)o->n};
    cli_run_wire(run, &def);
    const GenSink sink = cli_run_sink(run);
    const Status status = gen_run(&def, &sink, totals, end, err);
    cli_progress_end(&run->progress, totals);
    if (status == STATUS_OK)
        return data_writer_close(run->writer, err);
    data_writer_abort(run->writer);
    return status;
}

/* The dataset's only shard becomes the file. */
static Status take_shard(const char *dir, const char *file, Err *err) {
    char pattern[PATH_MAX + 16];
    snprintf(pattern, sizeof pattern, "%s/shards/*.hdf5", dir);
    glob_t found;
    Status status = STATUS_OK;
    const bool one = glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc == 1;
    if (one && rename(found.gl_pathv[0], file) != 0)
        status = err_set(err, STATUS_IO, "%s: %s", file, strerror(errno));
    globfree(&found);
    return status;
}

static bool is_file_name(const char *out) {
    const size_t n = strlen(out);
    return n > 5 && strcmp(out + n - 5, ".hdf5") == 0;
}

/* Record into a folder; for a file, into a folder beside it that is gone afterwards. */
static Status record(Job *job, Arena *arena, GenTotals *totals, GenEnd *end, Err *err) {
    const char *out = job->options->out;
    if (access(out, F_OK) == 0)
        return err_set(err, STATUS_EXISTS, "%s exists already", out);
    if (!is_file_name(out))
        return fill(job, out, arena, totals, end, err);
    char dir[PATH_MAX];
    if (snprintf(dir, sizeof dir, "%s.making", out) >= (int)sizeof dir)
        return err_set(err, STATUS_LIMIT, "%s: path too long", out);
    TRY(fill(job, dir, arena, totals, end, err));
    const Status status = take_shard(dir, out, err);
    if (status == STATUS_OK)
        cli_remove_tree(dir);
    return status;
}

static int report(const Job *job, const GenTotals *totals) {
    const Options *o = job->options;
    if (!o->quiet) {
        fprintf(stderr, "%s: %llu demonstrations from %llu attempts\n", o->out,
                (unsigned long long)totals->accepted, (unsigned long long)totals->attempts);
        cli_cause_table(job->run.setup->task, totals);
    }
    return totals->accepted >= (uint64_t)o->n ? CLI_DONE : CLI_CHECK_FAILED;
}

int cli_record(int argc, char **argv) {
    Options o = {.setup = {.robot = "optimus"}, .n = 10, .threads = sysconf(_SC_NPROCESSORS_ONLN)};
    const struct argp argp = {
        OPTION,
        parse,
        0,
        "Record demonstrations by the scripted operator.\vThe operator works through the task interface "
        "alone, "
        "with habits (speed, pauses, corrections, choice of grasp) drawn per demonstration. Its "
        "episodes are labelled operator=scripted.",
        0,
        0,
        0};
    cli_parse(&argp, argc, argv, &o);
    Err err = {0};
    CliSetup setup = {0};
    CliOperator *operator_ = NULL;
    Arena *arena = arena_create(0);
    Job job = {.options = &o, .run = {.setup = &setup, .keep_failed = o.keep_failed}};
    GenTotals totals = {0};
    GenEnd end = GEN_END_ATTEMPTS;
    cli_catch_signals();
    Status status =
        arena ? cli_setup_open(&o.setup, &setup, &err) : err_set(&err, STATUS_MEMORY, "out of memory");
    if (status == STATUS_OK)
        status = cli_operator_open(&setup, &operator_, &err);
    job.run.operator_ = operator_;
    if (status == STATUS_OK)
        status = record(&job, arena, &totals, &end, &err);
    const int code = status == STATUS_OK ? report(&job, &totals) : cli_fail(status, &err);
    cli_operator_close(operator_);
    if (setup.model)
        cli_setup_close(&setup);
    arena_destroy(arena);
    return code;
}
