/* Callbacks of a run into a dataset folder; see run.h. */
#include "cli/run.h"

#include "cli/cli.h"

static Status world_create(void *user, int thread, GenWorld *world, Err *err) {
    (void)thread;
    return cli_world_create(((CliRun *)user)->setup->model, world, err);
}

static void world_destroy(void *user, int thread, GenWorld *world) {
    (void)user, (void)thread;
    cli_world_destroy(world);
}

static Status operate(void *user, GenWorld *world, uint64_t seed, uint64_t attempt, Episode *episode,
                      Err *err) {
    return cli_operator_run(((CliRun *)user)->operator_, world, seed, attempt, episode, err);
}

void cli_run_wire(CliRun *run, GenRun *def) {
    def->task = run->setup->task;
    def->level = task_level(run->setup->task, run->setup->level, NULL);
    def->stop = &run->stop;
    def->user = run;
    def->world_create = world_create;
    def->world_destroy = world_destroy;
    def->attempt = run->operator_ ? operate : NULL;
}

static Status encode(void *user, int thread, const Episode *episode, void **out, Err *err) {
    (void)thread;
    const CliRun *run = user;
    *out = NULL;
    if (episode->outcome != OUTCOME_ok && (!run->keep_failed || episode->nrow == 0))
        return STATUS_OK;
    return data_encode(&run->meta, episode, run->mode, (DataBlob **)out, err);
}

static Status commit(void *user, const GenRecord *record, const Episode *episode, void *encoded, Err *err) {
    CliRun *run = user;
    const DataRecord line = data_record(episode);
    const bool store = record->accepted || record->outcome != OUTCOME_ok;
    const Status status = data_writer_append(run->writer, &line, store ? encoded : NULL, err);
    data_blob_destroy(encoded);
    if (cli_interrupted())
        atomic_store(&run->stop, true);
    return status;
}

static void discard(void *user, void *encoded) {
    (void)user;
    data_blob_destroy(encoded);
}

static void show_progress(void *user, const GenTotals *totals) {
    cli_progress_show(&((CliRun *)user)->progress, totals);
}

GenSink cli_run_sink(CliRun *run) {
    return (GenSink){.user = run,
                     .encode = encode,
                     .commit = commit,
                     .discard = discard,
                     .progress = run->progress.task ? show_progress : NULL};
}
