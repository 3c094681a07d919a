/* demomill bench: measure the ratios that performance claims rest on. Rows are in bench_rows.c. */
#include "cli/bench.h"

#include "cli/cli.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_ROUNDS = 1000 };

typedef struct Options {
    const char *row[64];
    int nrow;
    bool all, list, json;
    long long rounds, threads, seed;
} Options;

enum { KEY_ROUNDS = 256, KEY_LIST, KEY_JSON, KEY_ALL, KEY_SEED };

static const struct argp_option OPTION[] = {
    {"all", KEY_ALL, 0, 0, "Every row (the default without names)", 0},
    {"list", KEY_LIST, 0, 0, "List the rows", 0},
    {"rounds", KEY_ROUNDS, "N", 0, "Rounds per row instead of the row's own number", 0},
    {"threads", 'j', "K", 0, "Threads of parallel rows (all cores)", 0},
    {"seed", KEY_SEED, "S", 0, "Seed of the work (1)", 0},
    {"json", KEY_JSON, 0, 0, "One JSON array on stdout", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case KEY_ALL:
        o->all = true;
        break;
    case KEY_LIST:
        o->list = true;
        break;
    case KEY_JSON:
        o->json = true;
        break;
    case KEY_ROUNDS:
        o->rounds = cli_integer(state, "rounds", arg, 1, MAX_ROUNDS);
        break;
    case 'j':
        o->threads = cli_integer(state, "threads", arg, 1, 256);
        break;
    case KEY_SEED:
        o->seed = cli_integer(state, "seed", arg, 0, INT64_MAX);
        break;
    case ARGP_KEY_ARG:
        if (o->nrow == 64)
            argp_error(state, "at most 64 rows");
        o->row[o->nrow++] = arg;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Nearest-rank quantile of sorted values (n). */
static double quantile(const double *sorted, int n, double q) {
    const int i = (int)(q * n);
    return sorted[i < n ? i : n - 1];
}

static Status run_row(const Options *o, const BenchRow *row, Bench *bench, json_t *array, bool *met,
                      Err *err) {
    double ratio[MAX_ROUNDS];
    const int rounds = o->rounds ? (int)o->rounds : row->rounds;
    int n = 0;
    bench->note[0] = '\0';
    for (; n < rounds && !cli_interrupted(); n++) {
        double a = 0, b = 1;
        TRY(row->round(bench, n, &a, &b, err));
        ratio[n] = a / b;
    }
    if (n == 0)
        return err_set(err, STATUS_INTERRUPTED, "interrupted");
    qsort(ratio, (size_t)n, sizeof ratio[0], compare);
    const double median = quantile(ratio, n, 0.5), p10 = quantile(ratio, n, 0.1),
                 p90 = quantile(ratio, n, 0.9);
    *met = row->sense == '<' ? median <= row->demand : median >= row->demand;
    if (array)
        json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:f, s:f, s:f, s:i, s:s, s:f, s:b, s:s}",
                                               "row", row->name, "text", row->text, "unit", row->unit,
                                               "median", median, "p10", p10, "p90", p90, "rounds", n, "sense",
                                               row->sense == '<' ? "at most" : "at least", "demand",
                                               row->demand, "met", *met, "note", bench->note));
    else
        printf("%-10s %9.3g  (%.3g … %.3g, %d rounds)  %s %g %s  %s\n           %s%s%s\n", row->name, median,
               p10, p90, n, row->sense == '<' ? "≤" : "≥", row->demand, row->unit, *met ? "met" : "NOT MET",
               row->text, bench->note[0] ? "; " : "", bench->note);
    fflush(stdout);
    return STATUS_OK;
}

static const BenchRow *find_row(const char *name) {
    for (int i = 0; i < BENCH_NROW; i++)
        if (strcmp(BENCH_ROW[i].name, name) == 0)
            return &BENCH_ROW[i];
    return NULL;
}

static Status run_rows(const Options *o, Bench *bench, int *nmissed, Err *err) {
    json_t *array = o->json ? json_array() : NULL;
    Status status = STATUS_OK;
    for (int i = 0; i < (o->nrow ? o->nrow : BENCH_NROW) && status == STATUS_OK; i++) {
        const BenchRow *row = o->nrow ? find_row(o->row[i]) : &BENCH_ROW[i];
        bool met = false;
        status = run_row(o, row, bench, array, &met, err);
        *nmissed += status == STATUS_OK && !met;
    }
    char *text = array ? json_dumps(array, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) : NULL;
    if (text && status == STATUS_OK)
        puts(text);
    free(text);
    json_decref(array);
    return status;
}

int cli_bench(int argc, char **argv) {
    Options o = {.threads = sysconf(_SC_NPROCESSORS_ONLN), .seed = 1};
    const struct argp argp = {
        OPTION,
        parse,
        "[ROW…]",
        "Measure the ratios that performance claims rest on.\vBoth sides of a ratio run alternately in one "
        "process on the same work; the median over rounds is reported with the 10th and 90th percentile. "
        "Exit code 1 if a demand is not met.",
        0,
        0,
        0};
    cli_parse(&argp, argc, argv, &o);
    for (int i = 0; i < o.nrow; i++)
        if (!find_row(o.row[i])) {
            Err err;
            err_set(&err, STATUS_USAGE, "no bench row '%s'", o.row[i]);
            const char *known[64];
            for (int k = 0; k < BENCH_NROW; k++)
                known[k] = BENCH_ROW[k].name;
            err_known(&err, known, BENCH_NROW);
            return cli_fail(STATUS_USAGE, &err);
        }
    if (o.list) {
        for (int i = 0; i < BENCH_NROW; i++)
            printf("%-10s %s (%s %g %s)\n", BENCH_ROW[i].name, BENCH_ROW[i].text,
                   BENCH_ROW[i].sense == '<' ? "≤" : "≥", BENCH_ROW[i].demand, BENCH_ROW[i].unit);
        return CLI_DONE;
    }
    cli_catch_signals();
    char dir[] = "/tmp/demomill-bench-XXXXXX";
    Err err = {0};
    if (!mkdtemp(dir))
        return cli_fail(err_set(&err, STATUS_IO, "cannot make a scratch folder in /tmp"), &err);
    Bench bench = {.dir = dir, .threads = (int)o.threads, .seed = (uint64_t)o.seed};
    int nmissed = 0;
    const Status status = run_rows(&o, &bench, &nmissed, &err);
    bench_close(&bench);
    cli_remove_tree(dir);
    if (status != STATUS_OK)
        return cli_fail(status, &err);
    return nmissed ? CLI_CHECK_FAILED : CLI_DONE;
}
