/* DataMeta of a run: everything a dataset is bound to, made from the wired-up parts. */
#ifndef DEMOMILL_CLI_META_H
#define DEMOMILL_CLI_META_H

#include "base/arena.h"
#include "cli/wire.h"
#include "datasets/dataset.h"
#include "generators/generate.h"

typedef struct CliMetaDef {
    const CliSetup *setup;
    const char *name;                             /* of the dataset; NULL: the task's */
    const char *operator_name;                    /* "generated", "scripted" */
    const char *base, *realism, *controller_path; /* as on the command line; may be NULL */
    uint64_t seed;
    const GenSources *sources; /* NULL if there are none */
    const GenOptions *options; /* NULL when nothing is generated */
    bool keep_failed;
    double coverage;
} CliMetaDef;

/* All strings live in arena or in setup and sources, which must outlive the meta. */
Status cli_meta_create(const CliMetaDef *def, Arena *arena, DataMeta *out, Err *err);

/* The generator's options in a recorded configuration; FORMAT if something is missing there. */
Status cli_meta_options(const char *config_json, GenOptions *out, Err *err);

#endif
