/* The child's verdict comes through a pipe; an end of file without one means that it died. */
#include "datasets/probe_priv.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROBE_SECONDS = 120 };

typedef struct Verdict {
    Status status;
    Err err;
} Verdict;

static _Noreturn void child(int out, const char *path, ProbeRead *read, void *argument) {
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTERM, SIGINT};
    const struct rlimit no_core = {0, 0}, seconds = {PROBE_SECONDS, PROBE_SECONDS};
    setrlimit(RLIMIT_CORE, &no_core);
    setrlimit(RLIMIT_CPU, &seconds);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        signal(fatal[i], SIG_DFL);
    if (!freopen("/dev/null", "w",
                 stderr)) /* a crash is an answer; nobody reads the C library's last words */
        _exit(1);
    Verdict verdict = {.err = {""}};
    verdict.status = read(path, argument, &verdict.err);
    _exit(write(out, &verdict, sizeof verdict) == (ssize_t)sizeof verdict ? 0 : 1);
}

/* The whole verdict, or false at the end of the pipe. */
static bool receive(int in, Verdict *verdict) {
    for (size_t got = 0; got < sizeof *verdict;) {
        const ssize_t n = read(in, (char *)verdict + got, sizeof *verdict - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    return true;
}

Status data_probe(const char *path, ProbeRead *read, void *argument, Err *err) {
    int end[2], how = 0;
    if (pipe(end) != 0)
        return err_set(err, STATUS_IO, "%s: no pipe for the probe: %s", path, strerror(errno));
    fflush(NULL); /* or the child would hold unwritten output too */
    const pid_t pid = fork();
    if (pid < 0) {
        close(end[0]);
        close(end[1]);
        return err_set(err, STATUS_IO, "%s: no child for the probe: %s", path, strerror(errno));
    }
    if (pid == 0) {
        close(end[0]);
        child(end[1], path, read, argument);
    }
    close(end[1]);
    Verdict verdict;
    const bool answered = receive(end[0], &verdict);
    close(end[0]);
    while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
        continue;
    if (answered)
        return verdict.status == STATUS_OK ? STATUS_OK
                                           : err_set(err, verdict.status, "%s", verdict.err.message);
    /* Soft and hard limit are one: the kernel kills. */
    if (WIFSIGNALED(how) && (WTERMSIG(how) == SIGXCPU || WTERMSIG(how) == SIGKILL))
        return err_set(err, STATUS_LIMIT, "%s: not read within %d s or the memory there is", path,
                       PROBE_SECONDS);
    return err_set(err, STATUS_FORMAT, "%s: damaged: the HDF5 library crashes on it", path);
}
