/* Replaying stored episodes: from their commands or from their seed, bit for bit. */
#ifndef DEMOMILL_CLI_VERIFY_H
#define DEMOMILL_CLI_VERIFY_H

#include "cli/wire.h"
#include "datasets/dataset.h"
#include "generators/generate.h"

#include <stdbool.h>

typedef enum CliFrom { CLI_FROM_COMMANDS, CLI_FROM_SEED } CliFrom;

typedef struct CliVerifyDef {
    const char *task, *robot; /* NULL: as recorded */
    const char *controller;   /* shared object; NULL: the linked-in one */
    const char *path; /* of the dataset or file: recorded sources, kept by name, are looked for around it */
    const char *const *source; /* (nsource) instead of the recorded files */
    int nsource;
} CliVerifyDef;

/* The first difference between what is stored and what happened again. */
typedef struct CliDivergence {
    bool diverged;
    int row;              /* −1: before the first row */
    char what[96];        /* "qpos[12]", "state hash", "outcome" */
    double stored, again; /* where what is a number */
} CliDivergence;

typedef struct CliVerifier CliVerifier;

/* Rebuild the world (and, for CLI_FROM_SEED, the sources) that a dataset was made with. */
Status cli_verifier_open(const DataMeta *meta, const CliVerifyDef *def, CliFrom from, CliVerifier **out,
                         Err *err);
void cli_verifier_close(CliVerifier *verifier); /* NULL is fine */
/* Names of certificate entries that differ here from the recorded ones, ", "-separated; "" if all agree. */
void cli_verifier_differences(const CliVerifier *verifier, const DataCertificate *certificate, char *text,
                              size_t size);
/* Run the episode again and compare. STATUS_OK also when it diverged. */
Status cli_verify(CliVerifier *verifier, const Episode *episode, CliDivergence *out, Err *err);
/* The world, e.g. to look at it after a replay. */
const CliSetup *cli_verifier_setup(const CliVerifier *verifier);

#endif
