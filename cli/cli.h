/* What the verbs share: exit codes, messages, finding robots and tasks, progress. One file per verb. */
#ifndef DEMOMILL_CLI_CLI_H
#define DEMOMILL_CLI_CLI_H

#include "base/status.h"

#include <argp.h>
#include <stdbool.h>

#define CLI_VERSION "0.1.0"

/* Exit codes of every verb. */
enum { CLI_DONE = 0, CLI_CHECK_FAILED = 1, CLI_USAGE = 2, CLI_SYSTEM = 3 };

/* X(name, summary): every verb once; cli_<name>(argc, argv) runs it, argv[0] being "demomill <name>". */
#define CLI_VERB_LIST(X)                                                                                     \
    X(record, "run the scripted operator and save source demonstrations")                                    \
    X(import, "bring in demonstrations that were recorded elsewhere")                                        \
    X(annotate, "find subtask boundaries in demonstrations")                                                 \
    X(generate, "make verified episodes from a few demonstrations: the main job")                            \
    X(check, "hold a dataset to its contract, replay certificates included")                                 \
    X(replay, "re-run episodes and report the first difference")                                             \
    X(info, "a dataset, robot or task at a glance")                                                          \
    X(bench, "measure the ratios that performance claims rest on")

#define X(name, summary) int cli_##name(int argc, char **argv);
CLI_VERB_LIST(X)
#undef X

/* Print "demomill: message" on stderr and return the exit code that fits the status. */
int cli_fail(Status status, const Err *err);

/* argp_parse with the project's habits: a usage error exits with CLI_USAGE, --help and --usage with CLI_DONE.
 */
void cli_parse(const struct argp *argp, int argc, char **argv, void *input);

/* Parse a whole number or a real number that must use the whole text; argp_error names the option otherwise.
 */
long long cli_integer(struct argp_state *state, const char *option, const char *text, long long lo,
                      long long hi);
double cli_real(struct argp_state *state, const char *option, const char *text, double lo, double hi);

/* Path of robots/<name>/robot.yaml or tasks/<name>/task.yaml (kind "robots" or "tasks", file "robot.yaml",
 * …). name may also be a folder or the file itself. Looked for in $DEMOMILL_DATA, then in ../share/demomill
 * beside the program, then in the working directory. path (size). NOT_FOUND lists what is there. */
Status cli_find(const char *kind, const char *file, const char *name, char *path, size_t size, Err *err);

/* Folder of the running program's data (…/share/demomill); false if it can't be told. */
bool cli_data_dir(char *path, size_t size);

/* Set by SIGINT and SIGTERM after cli_catch_signals: finish what is in flight, close files, say how to
 * resume. */
void cli_catch_signals(void);
bool cli_interrupted(void);

/* Remove a folder and all that is in it; links are removed, not followed. */
void cli_remove_tree(const char *dir);

/* Seconds on the monotonic clock; CPU seconds of the whole process. */
double cli_wall(void);
double cli_cpu(void);

#endif
