/* A run into a dataset folder: worlds per thread, episodes encoded in the workers, committed by the one writer.
 *
 * What `record`, `generate` and `bench` share. Fill in the first part, open the writer, cli_run_wire the GenRun, run it
 * with cli_run_sink, close or abort the writer. */
#ifndef DEMOMILL_CLI_RUN_H
#define DEMOMILL_CLI_RUN_H

#include "cli/operator.h"
#include "cli/progress.h"
#include "cli/wire.h"
#include "datasets/dataset.h"
#include "generators/generate.h"

#include <stdatomic.h>

typedef struct CliRun {
    const CliSetup *setup;
    const CliOperator *operator_; /* does the attempts; NULL: the generator */
    bool keep_failed;             /* encode failed episodes too */
    DataMode mode;
    DataMeta meta;
    DataWriter *writer;
    CliProgress progress; /* not begun: none is shown */
    atomic_bool stop;     /* set once a signal asks for it */
} CliRun;

/* Give def the run's worlds, attempts, task, level and stop flag. run must outlive gen_run. */
void cli_run_wire(CliRun *run, GenRun *def);
/* Encode, commit and show; needs meta and writer. */
GenSink cli_run_sink(CliRun *run);

#endif
