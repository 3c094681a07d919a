/* demomill generate: from demonstrations to a dataset of verified episodes. */
#include "cli/cli.h"
#include "cli/generate_options.h"
#include "cli/meta.h"
#include "cli/run.h"
#include "cli/sources.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A dataset in the making: what to make, the run that makes it, and what an earlier run has left. */
typedef struct Job {
    const CliGenerateOptions *options;
    CliRun run;
    GenRecord *prior;
    size_t nprior;
} Job;

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
    const DataWriterInfo info = data_writer_info(job->run.writer);
    if (!info.attempts)
        return STATUS_OK;
    job->prior = mem_calloc(info.attempts, sizeof *job->prior);
    if (!job->prior)
        return err_set(err, STATUS_MEMORY, "no memory for the journal");
    return data_writer_visit(job->run.writer, collect_prior, job, err);
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
    const CliGenerateOptions *o = job->options;
    const bool reached = end == GEN_END_SUCCESSES || (!o->successes && t->accepted > 0);
    if (!o->quiet) {
        fprintf(stderr, "%s: %llu episodes from %llu attempts (%.1f%%), %.1f s, %.0f successes a minute\n",
                o->out, (unsigned long long)t->accepted, (unsigned long long)t->attempts,
                t->attempts ? 100.0 * (double)t->successes / (double)t->attempts : 0.0, t->wall_time,
                t->wall_time > 0 ? 60.0 * (double)(t->successes) / t->wall_time : 0.0);
        cli_cause_table(job->run.setup->task, t);
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
    const CliGenerateOptions *o = job->options;
    GenRun def = {.threads = (int)o->threads,
                  .seed = (uint64_t)o->seed,
                  .first = data_writer_info(job->run.writer).next_attempt,
                  .prior = job->prior,
                  .nprior = job->nprior,
                  .attempts = (uint64_t)o->attempts,
                  .successes = (uint64_t)o->successes,
                  .time = o->time,
                  .coverage = o->coverage,
                  .sources = sources,
                  .options = &o->gen};
    cli_run_wire(&job->run, &def);
    const GenSink sink = cli_run_sink(&job->run);
    return gen_run(&def, &sink, totals, end, err);
}

/* Everything between the loaded sources and the closed dataset. */
static Status make_dataset(Job *job, const GenSources *sources, Arena *arena, GenTotals *totals, GenEnd *end,
                           Err *err) {
    const CliGenerateOptions *o = job->options;
    const CliMetaDef def = {.setup = job->run.setup,
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
    TRY(cli_meta_create(&def, arena, &job->run.meta, err));
    const DataWriterDef writer = {
        .dir = o->out, .meta = &job->run.meta, .max_episodes = (int)o->shard, .resume = o->resume};
    TRY(data_writer_create(&writer, &job->run.writer, err));
    Status status = read_prior(job, err);
    job->run.progress =
        cli_progress_begin(job->run.setup->task, (uint64_t)o->successes, (uint64_t)o->attempts, o->quiet);
    if (status == STATUS_OK)
        status = run(job, sources, totals, end, err);
    cli_progress_end(&job->run.progress, totals);
    if (status == STATUS_OK && *end != GEN_END_STOPPED)
        return data_writer_close(job->run.writer, err);
    data_writer_abort(job->run.writer);
    return status;
}

int cli_generate(int argc, char **argv) {
    const CliGenerateOptions o = cli_generate_options(argc, argv);
    Err err = {0};
    CliSetup setup = {0};
    DemoSet demos = {0};
    GenSources *sources = NULL;
    Arena *arena = arena_create(0);
    Job job = {.options = &o, .run = {.setup = &setup, .keep_failed = o.keep_failed}};
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
