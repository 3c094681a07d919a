/* The command line of `demomill generate`. */
#ifndef DEMOMILL_CLI_GENERATE_OPTIONS_H
#define DEMOMILL_CLI_GENERATE_OPTIONS_H

#include "cli/wire.h"
#include "generators/generate.h"

enum { CLI_MAX_SOURCES = 64 };

typedef struct CliGenerateOptions {
    CliSetupDef setup;
    const char *source[CLI_MAX_SOURCES];
    int nsource;
    const char *out, *name;
    long long successes, attempts, seed, threads, shard;
    double time, coverage;
    bool keep_failed, resume, json, quiet;
    GenOptions gen;
} CliGenerateOptions;

/* Parse, or end the program with a usage error; defaults where nothing was said. */
CliGenerateOptions cli_generate_options(int argc, char **argv);

#endif
