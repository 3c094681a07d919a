/* The table of bench rows and those that need no files; see bench.h. */
#include "cli/bench.h"

#include "cli/cli.h"
#include "cli/run.h"
#include "cli/sources.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static BenchRound round_realtime, round_rate, round_threads, round_stack, round_loop, round_pinned_loop,
    round_contacts, round_retry;

const BenchRow BENCH_ROW[] = {
    {"realtime", "simulated seconds per CPU second, generating standing pick_place D1", "×", '>', 14, 15,
     round_realtime},
    {"rate", "successes per minute on all threads, standing pick_place D1, state only", "/min", '>', 120, 3,
     round_rate},
    {"stack", "CPU seconds per success, standing stack D0, state only", "s", '<', 0.8, 5, round_stack},
    {"threads", "speed-up of K threads over one / speed-up of a spin loop", "", '>', 0.92, 3, round_threads},
    {"loop", "generation loop (control, IK, log) / bare engine steps with the same controls, standing", "",
     '<', 1.35, 15, round_loop},
    {"pinned", "the same with the pelvis pinned", "", '<', 1.05, 15, round_pinned_loop},
    {"contacts", "raw contact model / tuned one, CPU per simulated second", "", '>', 2.3, 15, round_contacts},
    {"chunks", "chunks compressed by the library (gzip 4) / by the workers, wall time, K threads", "", '>', 3,
     15, bench_round_chunks},
    {"lock", "share of wall time that the writer's lock is held, K threads", "", '<', 0.02, 3,
     bench_round_lock},
    {"retry", "simulated seconds per success: whole attempts again / subtasks again from a checkpoint", "",
     '>', 1.6, 3, round_retry},
    {"time4n", "time of 4N attempts / time of N", "", '<', 4.1, 3, bench_round_scaling_time},
    {"memory4n", "memory after 4N attempts / after N", "", '<', 1.02, 3, bench_round_scaling_memory},
};
const int BENCH_NROW = sizeof BENCH_ROW / sizeof BENCH_ROW[0];

double bench_thread_cpu(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static Status record_sources(Bench *bench, BenchTask *task, Err *err) {
    char file[256], name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(task->spec, ":"), task->spec);
    snprintf(file, sizeof file, "%s/%s-%d.hdf5", bench->dir, name, bench->ntask);
    char *argv[] = {"demomill record", "--task", name, "--n", "10", "--seed", "7",
                    "--quiet",         "--out",  file, NULL};
    if (cli_record(sizeof argv / sizeof argv[0] - 1, argv) != CLI_DONE)
        return err_set(err, STATUS_CHECK, "recording demonstrations of %s failed", name);
    const char *path = file;
    return cli_sources_read(&path, 1, task->setup.task, &task->demos, err);
}

Status bench_task(Bench *bench, const char *spec, BenchTask **out, Err *err) {
    for (int i = 0; i < bench->ntask; i++)
        if (strcmp(bench->task[i].spec, spec) == 0) {
            *out = &bench->task[i];
            return STATUS_OK;
        }
    ASSERT(bench->ntask < BENCH_MAX_TASKS);
    BenchTask *task = &bench->task[bench->ntask];
    snprintf(task->spec, sizeof task->spec, "%s", spec);
    task->options = gen_options_default();
    const CliSetupDef def = {.task = spec, .robot = "optimus"};
    TRY(cli_setup_open(&def, &task->setup, err));
    bench->ntask++;
    TRY(record_sources(bench, task, err));
    TRY(gen_sources_create(task->setup.task, &task->demos, sim_model_action(task->setup.model),
                           1.0 / task->setup.task->rate_hz, &task->options, &task->sources, err));
    *out = task;
    return STATUS_OK;
}

void bench_close(Bench *bench) {
    for (int i = 0; i < bench->ntask; i++) {
        gen_sources_destroy(bench->task[i].sources);
        demo_set_destroy(&bench->task[i].demos);
        cli_setup_close(&bench->task[i].setup);
    }
    bench->ntask = 0;
}

/* One attempt in this thread; CPU seconds in *cpu. */
static Status attempt(Bench *bench, const BenchTask *task, const GenOptions *options, GenWorld *world,
                      uint64_t id, Episode *episode, double *cpu, Err *err) {
    const double begin = bench_thread_cpu();
    TRY(gen_attempt(world, task->sources, options, bench->seed, id, episode, err));
    *cpu += bench_thread_cpu() - begin;
    return STATUS_OK;
}

/* ---- plain measurements ---- */

/* Attempts until success number want; simulated and CPU seconds of all of them. */
static Status until_successes(Bench *bench, const char *spec, uint64_t first, int want, double *cpu,
                              double *sim, int *tries, Err *err) {
    BenchTask *task;
    TRY(bench_task(bench, spec, &task, err));
    GenWorld world;
    TRY(cli_world_create(task->setup.model, &world, err));
    Episode episode = {0};
    Status status = STATUS_OK;
    int ok = 0;
    *cpu = *sim = 0;
    for (*tries = 0; ok < want && *tries < 20 * want && status == STATUS_OK; ++*tries) {
        status = attempt(bench, task, &task->options, &world, first + (uint64_t)*tries, &episode, cpu, err);
        *sim += episode.sim_time;
        ok += status == STATUS_OK && episode.outcome == OUTCOME_ok;
    }
    arena_destroy(episode.arena);
    cli_world_destroy(&world);
    if (status == STATUS_OK && ok < want)
        return err_set(err, STATUS_CHECK, "%s: %d successes in %d attempts", spec, ok, *tries);
    return status;
}

static Status round_realtime(Bench *bench, int round, double *a, double *b, Err *err) {
    int tries;
    return until_successes(bench, "pick_place:D1", 100 * (uint64_t)round, 1, b, a, &tries, err);
}

static Status round_stack(Bench *bench, int round, double *a, double *b, Err *err) {
    int tries;
    double sim;
    enum { WANT = 4 };
    TRY(until_successes(bench, "stack:D0", 100 * (uint64_t)round, WANT, a, &sim, &tries, err));
    *b = WANT;
    return STATUS_OK;
}

/* ---- parallel runs ---- */

/* Generation alone: nothing is encoded or written. */
static Status parallel_commit(void *user, const GenRecord *record, const Episode *episode, void *encoded,
                              Err *err) {
    (void)user, (void)record, (void)episode, (void)encoded, (void)err;
    return STATUS_OK;
}

static Status parallel_run(Bench *bench, const BenchTask *task, const GenOptions *options, int threads,
                           uint64_t seed, uint64_t attempts, GenTotals *totals, Err *err) {
    CliRun wired = {.setup = &task->setup};
    GenRun run = {
        .threads = threads, .seed = seed, .attempts = attempts, .sources = task->sources, .options = options};
    cli_run_wire(&wired, &run);
    const GenSink sink = {.user = bench, .commit = parallel_commit};
    GenEnd end;
    *totals = (GenTotals){0};
    return gen_run(&run, &sink, totals, &end, err);
}

static Status round_rate(Bench *bench, int round, double *a, double *b, Err *err) {
    BenchTask *task;
    TRY(bench_task(bench, "pick_place:D1", &task, err));
    GenTotals totals;
    const double begin = cli_wall();
    TRY(parallel_run(bench, task, &task->options, bench->threads, bench->seed + (uint64_t)round, 48, &totals,
                     err));
    *a = (double)totals.successes;
    *b = (cli_wall() - begin) / 60;
    snprintf(bench->note, sizeof bench->note, "last round %llu of %llu", (unsigned long long)totals.successes,
             (unsigned long long)totals.attempts);
    return STATUS_OK;
}

/* Wall time of the same spin in each of so many threads: what the machine's cores are worth together. */
static double spin(int threads) {
    const double begin = cli_wall();
#pragma omp parallel num_threads(threads)
    {
        volatile uint64_t x = 1;
        for (long i = 0; i < 200000000; i++)
            x = x * 6364136223846793005u + 1442695040888963407u;
    }
    return cli_wall() - begin;
}

static Status round_threads(Bench *bench, int round, double *a, double *b, Err *err) {
    BenchTask *task;
    TRY(bench_task(bench, "pick_place:D1", &task, err));
    enum { ATTEMPTS = 24 };
    GenTotals totals;
    const uint64_t seed = bench->seed + (uint64_t)round;
    double wall[2];
    for (int side = 0; side < 2; side++) {
        const double begin = cli_wall();
        TRY(parallel_run(bench, task, &task->options, side ? bench->threads : 1, seed, ATTEMPTS, &totals,
                         err));
        wall[side] = cli_wall() - begin;
    }
    const double one = spin(1), many = spin(bench->threads);
    *a = wall[0] / wall[1];
    *b = bench->threads * one / many;
    snprintf(bench->note, sizeof bench->note, "last round %.2f of %.2f with %d threads", *a, *b,
             bench->threads);
    return STATUS_OK;
}

/* ---- the loop around the engine ---- */

/* CPU of bare mj_step over the controls that one row after another used, from the same states. */
static double bare_steps(SimWorld *world, const mjModel *m, mjData *d, const double *state,
                         const double *ctrl, int n) {
    (void)world;
    mj_setState(m, d, state, mjSTATE_INTEGRATION);
    const double begin = bench_thread_cpu();
    for (int i = 0; i < n; i++) {
        memcpy(d->ctrl, ctrl + (size_t)i * (size_t)m->nu, sizeof(double) * (size_t)m->nu);
        mj_step(m, d);
    }
    return bench_thread_cpu() - begin;
}

/* Replay an episode's commands row by row through the whole loop, logging as generation does, and step the bare engine with
 * the controls of each row. */
static Status compare_loop(BenchTask *task, const SimModel *model, const Episode *episode, double *loop,
                           double *bare, Err *err) {
    GenWorld world;
    TRY(cli_world_create(model, &world, err));
    SimWorld *sim = world.self;
    const mjModel *m = sim_world_mj(sim);
    const int substeps = sim_model_substeps(model);
    mjData *d = mj_makeData(m);
    double *ctrl = mem_calloc((size_t)substeps * (size_t)m->nu, sizeof *ctrl);
    double *state = mem_calloc((size_t)sim_model_state_size(model), sizeof *state);
    float *column = mem_calloc(4096, sizeof *column);
    ResetDraw draw;
    Status status = d && ctrl && state && column ? STATUS_OK : err_set(err, STATUS_MEMORY, "out of memory");
    if (status == STATUS_OK)
        sim_world_reset(sim, episode->seed, episode->attempt, &draw);
    *loop = *bare = 0;
    for (int row = 0; row < episode->nrow && status == STATUS_OK; row++) {
        const double begin = bench_thread_cpu();
        sim_world_state(sim, state);
        for (int c = 0; c < sim_world_ncolumn(model); c++)
            sim_world_observe(sim, c, column);
        (void)sim_world_hash(sim);
        sim_world_trace_controls(sim, ctrl, substeps);
        sim_world_tick(sim, episode->action_exec + (size_t)row * (size_t)episode->naction);
        for (int s = 0; s < task->setup.task->nsubtask; s++)
            (void)sim_world_holds(sim, task->setup.task->subtask[s].until);
        *loop += bench_thread_cpu() - begin;
        *bare += bare_steps(sim, m, d, state, ctrl, substeps);
    }
    mem_free(column);
    mem_free(state);
    mem_free(ctrl);
    mj_deleteData(d);
    cli_world_destroy(&world);
    return status;
}

static Status one_episode(Bench *bench, BenchTask *task, uint64_t id, Episode *episode, Err *err) {
    GenWorld world;
    TRY(cli_world_create(task->setup.model, &world, err));
    double cpu = 0;
    const Status status = attempt(bench, task, &task->options, &world, id, episode, &cpu, err);
    cli_world_destroy(&world);
    return status;
}

static Status loop_round(Bench *bench, SimBase base, int round, double *a, double *b, Err *err) {
    BenchTask *task;
    TRY(bench_task(bench, "pick_place:D1", &task, err));
    Episode episode = {0};
    Status status = one_episode(bench, task, (uint64_t)round, &episode, err);
    if (status == STATUS_OK && base == SIM_BASE_STANDING)
        status = compare_loop(task, task->setup.model, &episode, a, b, err);
    else if (status == STATUS_OK) {
        const SimModelDef def = {
            .robot = task->setup.robot, .task = task->setup.task, .level = task->setup.level, .base = base};
        SimModel *model;
        status = sim_model_create(&def, &model, err);
        if (status == STATUS_OK) {
            status = compare_loop(task, model, &episode, a, b, err);
            sim_model_destroy(model);
        }
    }
    arena_destroy(episode.arena);
    return status;
}

static Status round_loop(Bench *bench, int round, double *a, double *b, Err *err) {
    return loop_round(bench, SIM_BASE_STANDING, round, a, b, err);
}

static Status round_pinned_loop(Bench *bench, int round, double *a, double *b, Err *err) {
    return loop_round(bench, SIM_BASE_PINNED, round, a, b, err);
}

static Status round_contacts(Bench *bench, int round, double *a, double *b, Err *err) {
    BenchTask *task;
    TRY(bench_task(bench, "pick_place:D1", &task, err));
    const SimModelDef def = {.robot = task->setup.robot,
                             .task = task->setup.task,
                             .level = task->setup.level,
                             .raw_contacts = true};
    SimModel *raw;
    TRY(sim_model_create(&def, &raw, err));
    double cost[2] = {0};
    int ok[2] = {0};
    Status status = STATUS_OK;
    for (int side = 0; side < 2 && status == STATUS_OK; side++) {
        GenWorld world;
        Episode episode = {0};
        double cpu = 0;
        status = cli_world_create(side ? task->setup.model : raw, &world, err);
        if (status != STATUS_OK)
            break;
        status = attempt(bench, task, &task->options, &world, (uint64_t)round, &episode, &cpu, err);
        cost[side] = episode.sim_time > 0 ? cpu / episode.sim_time : 0;
        ok[side] = episode.outcome == OUTCOME_ok;
        arena_destroy(episode.arena);
        cli_world_destroy(&world);
    }
    sim_model_destroy(raw);
    *a = cost[0];
    *b = cost[1];
    snprintf(bench->note, sizeof bench->note, "last round: raw %s, tuned %s", ok[0] ? "succeeded" : "failed",
             ok[1] ? "succeeded" : "failed");
    return status;
}

/* Three subtasks that often fail: stack with much noise in the executed commands. */
static Status round_retry(Bench *bench, int round, double *a, double *b, Err *err) {
    BenchTask *task;
    TRY(bench_task(bench, "stack:D1", &task, err));
    double cost[2];
    double ratio[2];
    for (int side = 0; side < 2; side++) {
        GenOptions options = task->options;
        options.noise = 0.2;
        options.noise_near = true;
        options.retries = side ? 8 : 0;
        GenTotals totals;
        TRY(parallel_run(bench, task, &options, bench->threads, bench->seed + (uint64_t)round, 48, &totals,
                         err));
        cost[side] = totals.sim_time / (double)(totals.successes ? totals.successes : 1);
        ratio[side] = (double)totals.successes / (double)totals.attempts;
    }
    *a = cost[0];
    *b = cost[1];
    snprintf(bench->note, sizeof bench->note, "last round: success %.0f%% without retries, %.0f%% with",
             100 * ratio[0], 100 * ratio[1]);
    return STATUS_OK;
}
