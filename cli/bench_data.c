/* Bench rows that write files: chunk compression, the writer's lock, growth with the length of a run. */
#include "cli/bench.h"
#include "cli/cli.h"
#include "cli/meta.h"
#include "cli/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static Status open_writer(Bench *bench, const BenchTask *task, const char *name, DataMode mode, Arena *arena,
                          CliRun *run, Err *err) {
    char dir[256];
    snprintf(dir, sizeof dir, "%s/%s", bench->dir, name);
    const CliMetaDef def = {.setup = &task->setup,
                            .operator_name = "generated",
                            .seed = bench->seed,
                            .sources = task->sources,
                            .options = &task->options};
    *run = (CliRun){.setup = &task->setup, .mode = mode};
    TRY(cli_meta_create(&def, arena, &run->meta, err));
    const char *kept = arena_strdup(arena, dir);
    const DataWriterDef writer = {.dir = kept, .meta = &run->meta, .mode = mode};
    return data_writer_create(&writer, &run->writer, err);
}

/* A run into a dataset folder as generate makes it. */
static Status run_into(Bench *bench, const BenchTask *task, const char *name, int threads, uint64_t attempts,
                       double *wall, double *lock, Err *err) {
    Arena *arena = arena_create(0);
    CliRun into;
    Status status = arena ? open_writer(bench, task, name, DATA_DIRECT, arena, &into, err) : STATUS_MEMORY;
    if (status == STATUS_OK) {
        GenRun run = {.threads = threads,
                      .seed = bench->seed,
                      .attempts = attempts,
                      .sources = task->sources,
                      .options = &task->options};
        cli_run_wire(&into, &run);
        const GenSink sink = cli_run_sink(&into);
        GenTotals totals = {0};
        GenEnd end;
        const double begin = cli_wall();
        status = gen_run(&run, &sink, &totals, &end, err);
        *wall = cli_wall() - begin;
        *lock = data_writer_info(into.writer).lock_seconds;
        const Status closed = data_writer_close(into.writer, err);
        status = status == STATUS_OK ? closed : status;
    }
    arena_destroy(arena);
    return status;
}

Status bench_round_lock(Bench *bench, int round, double *a, double *b, Err *err) {
    BenchTask *task;
    TRY(bench_task(bench, "pick_place:D1", &task, err));
    char name[32];
    snprintf(name, sizeof name, "lock-%d", round);
    return run_into(bench, task, name, bench->threads, 32, b, a, err);
}

/* Wall time to encode and append one episode count times, the encoding in all threads. */
static Status write_many(Bench *bench, const BenchTask *task, const Episode *episode, const char *name,
                         DataMode mode, double *wall, Err *err) {
    enum { COUNT = 48 };
    Arena *arena = arena_create(0);
    CliRun into;
    Status status = arena ? open_writer(bench, task, name, mode, arena, &into, err) : STATUS_MEMORY;
    if (status == STATUS_OK) {
        Status failed = STATUS_OK;
        const double begin = cli_wall();
#pragma omp parallel for ordered schedule(static, 1) num_threads(bench->threads)
        for (int i = 0; i < COUNT; i++) {
            DataBlob *blob = NULL;
            Err local = {0};
            Episode numbered = *episode; /* borrows the rows */
            numbered.attempt = (uint64_t)i;
            const Status encoded = data_encode(&into.meta, &numbered, mode, &blob, &local);
#pragma omp ordered
            {
                const DataRecord line = data_record(&numbered);
                const Status written =
                    encoded == STATUS_OK ? data_writer_append(into.writer, &line, blob, &local) : encoded;
                if (written != STATUS_OK && failed == STATUS_OK) {
                    failed = written;
                    *err = local;
                }
            }
            data_blob_destroy(blob);
        }
        *wall = cli_wall() - begin;
        data_writer_abort(into.writer);
        status = failed;
    }
    arena_destroy(arena);
    return status;
}

Status bench_round_chunks(Bench *bench, int round, double *a, double *b, Err *err) {
    BenchTask *task;
    TRY(bench_task(bench, "pick_place:D1", &task, err));
    GenWorld world;
    TRY(cli_world_create(task->setup.model, &world, err));
    Episode episode = {0};
    Status status = STATUS_OK;
    episode.outcome = OUTCOME_timeout;
    for (uint64_t id = 0; id < 20 && episode.outcome != OUTCOME_ok && status == STATUS_OK; id++)
        status = gen_attempt(&world, task->sources, &task->options, bench->seed, id, &episode, err);
    char name[2][32];
    snprintf(name[0], sizeof name[0], "library-%d", round);
    snprintf(name[1], sizeof name[1], "direct-%d", round);
    if (status == STATUS_OK)
        status = write_many(bench, task, &episode, name[0], DATA_LIBRARY, a, err);
    if (status == STATUS_OK)
        status = write_many(bench, task, &episode, name[1], DATA_DIRECT, b, err);
    arena_destroy(episode.arena);
    cli_world_destroy(&world);
    return status;
}

/* Peak resident memory of this process so far, kB. */
static double peak_memory(void) {
    FILE *f = fopen("/proc/self/status", "r");
    char line[128];
    double kb = 0;
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kb = strtod(line + 6, NULL);
    if (f)
        fclose(f);
    return kb;
}

/* A run in a child process, so that its peak memory is its own. Call before this process has started threads. */
static Status run_in_child(Bench *bench, const BenchTask *task, const char *name, uint64_t attempts,
                           double *wall, double *memory, Err *err) {
    int pipe_end[2];
    if (pipe(pipe_end) != 0)
        return err_set(err, STATUS_IO, "no pipe");
    const pid_t child = fork();
    if (child == 0) {
        double result[2] = {0}, lock;
        Err ignored = {0};
        const Status status = run_into(bench, task, name, 1, attempts, &result[0], &lock, &ignored);
        result[1] = peak_memory();
        const ssize_t n = write(pipe_end[1], result, sizeof result);
        _exit(status == STATUS_OK && n == (ssize_t)sizeof result ? 0 : 1);
    }
    close(pipe_end[1]);
    double result[2] = {0};
    const ssize_t n = child > 0 ? read(pipe_end[0], result, sizeof result) : -1;
    close(pipe_end[0]);
    int code = 1;
    if (child > 0)
        waitpid(child, &code, 0);
    if (n != (ssize_t)sizeof result || code != 0)
        return err_set(err, STATUS_CHECK, "a run of %llu attempts failed in its child process",
                       (unsigned long long)attempts);
    *wall = result[0];
    *memory = result[1];
    return STATUS_OK;
}

/* Walls and peaks of 4 N and N attempts; the longer one first. */
static Status scaling(Bench *bench, const char *kind, int round, double wall[2], double memory[2], Err *err) {
    enum { N = 30 };
    BenchTask *task;
    TRY(bench_task(bench, "lift_cube:D1", &task, err));
    for (int side = 0; side < 2; side++) {
        char name[48];
        snprintf(name, sizeof name, "%s-%d-%d", kind, round, side);
        TRY(run_in_child(bench, task, name, side ? N : 4 * N, &wall[side], &memory[side], err));
    }
    return STATUS_OK;
}

Status bench_round_scaling_time(Bench *bench, int round, double *a, double *b, Err *err) {
    double wall[2], memory[2];
    TRY(scaling(bench, "time", round, wall, memory, err));
    *a = wall[0];
    *b = wall[1];
    return STATUS_OK;
}

Status bench_round_scaling_memory(Bench *bench, int round, double *a, double *b, Err *err) {
    double wall[2], memory[2];
    TRY(scaling(bench, "memory", round, wall, memory, err));
    *a = memory[0];
    *b = memory[1];
    return STATUS_OK;
}
