/* Rows of `demomill bench`: ratios of two things run alternately in one process on the same work. */
#ifndef DEMOMILL_CLI_BENCH_H
#define DEMOMILL_CLI_BENCH_H

#include "cli/wire.h"
#include "generators/generate.h"

/* What rows share; opened on demand by bench_task. */
typedef struct BenchTask {
    char spec[64];
    CliSetup setup;
    DemoSet demos;
    GenSources *sources;
    GenOptions options; /* that the sources were made with */
} BenchTask;

enum { BENCH_MAX_TASKS = 8 };

typedef struct Bench {
    const char *dir; /* scratch folder */
    int threads;
    uint64_t seed;
    int ntask;
    BenchTask task[BENCH_MAX_TASKS];
    char note[160]; /* what a row wants to add to its line, e.g. success on both sides */
} Bench;

/* One round: what a and b cost (same unit, > 0); plain measurements set b = 1. */
typedef Status BenchRound(Bench *bench, int round, double *a, double *b, Err *err);

typedef struct BenchRow {
    const char *name, *text, *unit;
    char sense; /* '<': the ratio shall be at most demand; '>': at least */
    double demand;
    int rounds; /* default */
    BenchRound *round;
} BenchRow;

extern const BenchRow BENCH_ROW[];
extern const int BENCH_NROW;

/* A task with ten scripted demonstrations, recorded once per process. */
Status bench_task(Bench *bench, const char *spec, BenchTask **out, Err *err);
void bench_close(Bench *bench);

/* Rows that need files, in bench_data.c. */
BenchRound bench_round_chunks, bench_round_lock, bench_round_scaling_time, bench_round_scaling_memory;

/* CPU seconds of the calling thread. */
double bench_thread_cpu(void);

#endif
