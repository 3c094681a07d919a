/* Helpers of the verbs; see cli.h. */
#include "cli/cli.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int cli_fail(Status status, const Err *err) {
    const char *message = err && err->message[0] ? err->message : status_text(status);
    fprintf(stderr, "demomill: %s\n", message);
    switch (status) {
    case STATUS_OK:
        return CLI_DONE;
    case STATUS_CHECK:
        return CLI_CHECK_FAILED;
    case STATUS_USAGE:
        return CLI_USAGE;
    default:
        return CLI_SYSTEM;
    }
}

void cli_parse(const struct argp *argp, int argc, char **argv, void *input) {
    argp_err_exit_status = CLI_USAGE;
    argp_parse(argp, argc, argv, 0, NULL, input);
}

long long cli_integer(struct argp_state *state, const char *option, const char *text, long long lo,
                      long long hi) {
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno || value < lo || value > hi)
        argp_error(state, "--%s %s: a whole number from %lld to %lld was expected", option, text, lo, hi);
    return value;
}

double cli_real(struct argp_state *state, const char *option, const char *text, double lo, double hi) {
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end || !(value >= lo && value <= hi))
        argp_error(state, "--%s %s: a number from %g to %g was expected", option, text, lo, hi);
    return value;
}

bool cli_data_dir(char *path, size_t size) {
    const char *env = getenv("DEMOMILL_DATA");
    if (env && *env)
        return snprintf(path, size, "%s", env) < (int)size;
    char self[PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return false;
    self[n] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(self, '/');
        if (!slash)
            return false;
        *slash = '\0';
    }
    return snprintf(path, size, "%s/share/demomill", self) < (int)size;
}

static bool is_file(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static void list_folder(const char *folder, Err *err) {
    struct dirent **entry;
    const int n = scandir(folder, &entry, NULL, alphasort);
    const char *name[64];
    int count = 0;
    for (int i = 0; i < n; i++)
        if (entry[i]->d_name[0] != '.' && count < 64)
            name[count++] = entry[i]->d_name;
    if (count)
        err_known(err, name, count);
    for (int i = 0; i < n; i++)
        free(entry[i]);
    if (n >= 0)
        free(entry);
}

Status cli_find(const char *kind, const char *file, const char *name, char *path, size_t size, Err *err) {
    char data[PATH_MAX] = "";
    const bool have_data = cli_data_dir(data, sizeof data);
    const struct {
        const char *format, *a, *b, *c, *d;
    } place[] = {{"%s", name, NULL, NULL, NULL},
                 {"%s/%s", name, file, NULL, NULL},
                 {"%s/%s/%s/%s", have_data ? data : NULL, kind, name, file},
                 {"%s/%s/%s", kind, name, file, NULL}};
    for (size_t i = 0; i < sizeof place / sizeof place[0]; i++) {
        if (!place[i].a)
            continue;
        const int n =
            place[i].d   ? snprintf(path, size, "%s/%s/%s/%s", place[i].a, place[i].b, place[i].c, place[i].d)
            : place[i].c ? snprintf(path, size, "%s/%s/%s", place[i].a, place[i].b, place[i].c)
            : place[i].b ? snprintf(path, size, "%s/%s", place[i].a, place[i].b)
                         : snprintf(path, size, "%s", place[i].a);
        if (n > 0 && (size_t)n < size && is_file(path))
            return STATUS_OK;
    }
    err_set(err, STATUS_NOT_FOUND, "no %s named '%s': looked for %s in ./%s/%s, %s/%s and the given path",
            strcmp(kind, "robots") == 0 ? "robot" : "task", name, file, kind, name,
            have_data ? data : "(no data folder)", kind);
    char folder[PATH_MAX + 16];
    snprintf(folder, sizeof folder, "%s/%s", data, kind);
    list_folder(folder, err);
    return STATUS_NOT_FOUND;
}

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
    if (interrupted)
        _exit(128 + number); /* the second time means: now */
    interrupted = 1;
}

void cli_catch_signals(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool cli_interrupted(void) {
    return interrupted != 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk) {
    (void)st, (void)type, (void)walk;
    return remove(path);
}

void cli_remove_tree(const char *dir) {
    nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double cli_wall(void) {
    return seconds(CLOCK_MONOTONIC);
}

double cli_cpu(void) {
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}
