/* demomill: a simulator of humanoid robots and a generator of training data. This file finds the verb. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

typedef struct Verb {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} Verb;

static const Verb VERB[] = {
#define X(name, summary) {#name, summary, cli_##name},
    CLI_VERB_LIST(X)
#undef X
};
enum { NVERB = sizeof VERB / sizeof VERB[0] };

static void print_help(FILE *out) {
    fprintf(out,
            "Usage: demomill <verb> [options]\n\n"
            "Turn a few demonstrations into verified episodes of a humanoid that stands on its own feet.\n\n"
            "Verbs:\n");
    for (int i = 0; i < NVERB; i++)
        fprintf(out, "  %-10s %s\n", VERB[i].name, VERB[i].summary);
    fprintf(out, "\n`demomill <verb> --help` tells a verb's options. A first run:\n\n"
                 "  demomill record --task pick_place --operator scripted --n 10 --seed 1 --out source.hdf5\n"
                 "  demomill generate --task pick_place:D1 --source source.hdf5 --successes 100 --out data\n"
                 "  demomill check data\n\n"
                 "Exit codes: 0 done, 1 a check said no, 2 usage, 3 input or system error.\n");
}

int main(int argc, char **argv) {
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return CLI_DONE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("demomill %s\n", CLI_VERSION);
        return CLI_DONE;
    }
    for (int i = 0; i < NVERB; i++)
        if (strcmp(argv[1], VERB[i].name) == 0) {
            static char name[64];
            snprintf(name, sizeof name, "demomill %s", VERB[i].name);
            argv[1] = name;
            return VERB[i].run(argc - 1, argv + 1);
        }
    fprintf(stderr, "demomill: '%s' is not a verb (known:", argv[1]);
    for (int i = 0; i < NVERB; i++)
        fprintf(stderr, "%s %s", i ? "," : "", VERB[i].name);
    fprintf(stderr, ")\n");
    return CLI_USAGE;
}
