/* A hostile MJCF can crash the parser (cyclic attach), never end (replicate 1e9), eat all memory (a huge height field) or
 * load silently with NaN in it. So a child process compiles it first:
 *
 *     parent ── fork ──> child: limits on memory and CPU, compile, look at every number
 *        <── pipe: "ok" or a message; end of file without one = it died ──
 *
 * and only what the child survived is loaded by the parent. */
#include "sim/guard.h"

#include "sim/engine.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { GUARD_LIMITS_MEMORY = 0 };
#else
enum { GUARD_LIMITS_MEMORY = 1 };
#endif

/* Magnitudes beyond this are no lengths, masses or inertias of anything on a table. */
static const double GUARD_HUGE = 1e9;

typedef struct Verdict {
    int status;
    char text[900];
} Verdict;

SimGuardLimits sim_guard_default(void) {
    return (SimGuardLimits){.seconds = 20, .bytes = (size_t)4 << 30, .elements = 100000};
}

/* First element of x (n) that is not a sane number, or −1. */
static long bad_number(const mjtNum *x, mjtSize n) {
    for (mjtSize i = 0; i < n; i++)
        if (!(fabs(x[i]) <= GUARD_HUGE))
            return (long)i;
    return -1;
}

static void say_bad(Verdict *verdict, const mjModel *m, const char *what, int type, long id) {
    const char *name = mj_id2name(m, type, (int)id);
    snprintf(verdict->text, sizeof verdict->text, "%s of %s '%s' (number %ld) is not a sane number", what,
             type == mjOBJ_GEOM    ? "geom"
             : type == mjOBJ_JOINT ? "joint"
             : type == mjOBJ_SITE  ? "site"
                                   : "body",
             name ? name : "", id);
    verdict->status = STATUS_FORMAT;
}

static void check_numbers(Verdict *verdict, const mjModel *m) {
    const struct {
        const char *what;
        const mjtNum *x;
        mjtSize n;
        int width, type;
    } field[] = {
        {"position", m->body_pos, m->nbody, 3, mjOBJ_BODY},
        {"orientation", m->body_quat, m->nbody, 4, mjOBJ_BODY},
        {"centre of mass", m->body_ipos, m->nbody, 3, mjOBJ_BODY},
        {"mass", m->body_mass, m->nbody, 1, mjOBJ_BODY},
        {"inertia", m->body_inertia, m->nbody, 3, mjOBJ_BODY},
        {"size", m->geom_size, m->ngeom, 3, mjOBJ_GEOM},
        {"position", m->geom_pos, m->ngeom, 3, mjOBJ_GEOM},
        {"friction", m->geom_friction, m->ngeom, 3, mjOBJ_GEOM},
        {"solref", m->geom_solref, m->ngeom, 2, mjOBJ_GEOM},
        {"size", m->site_size, m->nsite, 3, mjOBJ_SITE},
        {"position", m->site_pos, m->nsite, 3, mjOBJ_SITE},
        {"axis", m->jnt_axis, m->njnt, 3, mjOBJ_JOINT},
        {"range", m->jnt_range, m->njnt, 2, mjOBJ_JOINT},
        {"armature", m->dof_armature, m->nv, 1, mjOBJ_BODY},
        {"damping", m->dof_damping, m->nv, 1, mjOBJ_BODY},
        {"start position", m->qpos0, m->nq, 1, mjOBJ_BODY},
    };
    for (size_t i = 0; i < sizeof field / sizeof field[0]; i++) {
        const long at = bad_number(field[i].x, field[i].n * field[i].width);
        if (at >= 0) {
            say_bad(verdict, m, field[i].what, field[i].type, at / field[i].width);
            return;
        }
    }
    if (!(m->opt.timestep > 0 && m->opt.timestep <= 0.1)) {
        verdict->status = STATUS_FORMAT;
        snprintf(verdict->text, sizeof verdict->text, "timestep is not in (0, 0.1] s");
    }
}

static void check_sizes(Verdict *verdict, const mjModel *m, const SimGuardLimits *limits) {
    const struct {
        const char *what;
        mjtSize n;
    } count[] = {{"bodies", m->nbody},    {"joints", m->njnt},        {"geoms", m->ngeom},
                 {"sites", m->nsite},     {"sensors", m->nsensor},    {"tendons", m->ntendon},
                 {"constraints", m->neq}, {"actuators", m->nactuator}};
    for (size_t i = 0; i < sizeof count / sizeof count[0]; i++)
        if (count[i].n > limits->elements) {
            verdict->status = STATUS_LIMIT;
            snprintf(verdict->text, sizeof verdict->text, "has %lld %s; at most %d are allowed",
                     (long long)count[i].n, count[i].what, limits->elements);
            return;
        }
}

typedef struct GuardJob {
    const char *path, *xml;
    const SimGuardLimits *limits;
    Verdict verdict;
} GuardJob;

static void compile_and_look(void *argument) {
    GuardJob *job = argument;
    char error[600] = "";
    mjSpec *spec = job->xml ? mj_parseXMLString(job->xml, NULL, error, sizeof error)
                            : mj_parseXML(job->path, NULL, error, sizeof error);
    mjModel *m = spec ? mj_compile(spec, NULL) : NULL;
    if (!m) {
        job->verdict.status = STATUS_FORMAT;
        snprintf(job->verdict.text, sizeof job->verdict.text, "%s", spec ? mjs_getError(spec) : error);
        return;
    }
    check_sizes(&job->verdict, m, job->limits);
    if (job->verdict.status == STATUS_OK)
        check_numbers(&job->verdict, m);
    if (job->verdict.status == STATUS_OK && !mj_makeData(m)) {
        job->verdict.status = STATUS_LIMIT;
        snprintf(job->verdict.text, sizeof job->verdict.text, "needs more memory than allowed");
    }
}

static _Noreturn void child(GuardJob *job, int out) {
    const rlim_t cpu = (rlim_t)ceil(job->limits->seconds);
    const struct rlimit no_core = {0, 0}, seconds = {cpu, cpu + 1};
    const struct rlimit memory = {job->limits->bytes, job->limits->bytes};
    setrlimit(RLIMIT_CORE, &no_core);
    setrlimit(RLIMIT_CPU, &seconds);
    if (GUARD_LIMITS_MEMORY)
        setrlimit(RLIMIT_AS, &memory);
    /* A crash is an answer, not an accident: no handler of the parent's reports it. */
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTERM, SIGINT};
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        signal(fatal[i], SIG_DFL);
    if (!freopen("/dev/null", "w", stderr) || !freopen("/dev/null", "w", stdout))
        _exit(1);

    Err err = {{0}};
    if (sim_engine_try(compile_and_look, job, &err) != STATUS_OK) {
        job->verdict.status = STATUS_FORMAT;
        snprintf(job->verdict.text, sizeof job->verdict.text, "%.800s", err.message);
    }
    const ssize_t written = write(out, &job->verdict, sizeof job->verdict);
    _exit(written == (ssize_t)sizeof job->verdict ? 0 : 1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Read the verdict; false if the child ended without one, *late set if it ran out of time. */
static bool await(int in, double seconds, Verdict *verdict, bool *late) {
    const double end = now() + seconds;
    size_t got = 0;
    *late = false;
    while (got < sizeof *verdict) {
        const double left = end - now();
        struct pollfd poll_in = {.fd = in, .events = POLLIN};
        const int ready = left > 0 ? poll(&poll_in, 1, (int)(1e3 * left) + 1) : 0;
        if (ready == 0) {
            *late = true;
            return false;
        }
        if (ready < 0 && errno == EINTR)
            continue;
        const ssize_t n = ready > 0 ? read(in, (char *)verdict + got, sizeof *verdict - got) : -1;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    return true;
}

static Status guard(const char *name, GuardJob *job, Err *err) {
    const SimGuardLimits fallback = sim_guard_default();
    if (!job->limits)
        job->limits = &fallback;
    TRY(sim_engine_init(err));
    int end[2];
    if (pipe(end) != 0)
        return err_set(err, STATUS_IO, "%s: no pipe for the guarded check: %s", name, strerror(errno));
    const pid_t pid = fork();
    if (pid < 0) {
        close(end[0]);
        close(end[1]);
        return err_set(err, STATUS_IO, "%s: no child for the guarded check: %s", name, strerror(errno));
    }
    if (pid == 0) {
        close(end[0]);
        child(job, end[1]);
    }
    close(end[1]);
    bool late;
    const bool answered = await(end[0], job->limits->seconds, &job->verdict, &late);
    close(end[0]);
    if (!answered)
        kill(pid, SIGKILL);
    int how = 0;
    while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
        continue;
    if (answered && job->verdict.status == STATUS_OK)
        return STATUS_OK;
    if (answered)
        return err_set(err, (Status)job->verdict.status, "%s: %s", name, job->verdict.text);
    if (late || (WIFSIGNALED(how) && WTERMSIG(how) == SIGXCPU))
        return err_set(err, STATUS_LIMIT, "%s: did not compile within %g s", name, job->limits->seconds);
    if (WIFSIGNALED(how))
        return err_set(err, STATUS_LIMIT, "%s: crashed the model compiler (%s) or needs more than %zu MiB",
                       name, strsignal(WTERMSIG(how)), job->limits->bytes >> 20);
    return err_set(err, STATUS_LIMIT, "%s: could not be compiled within %zu MiB", name,
                   job->limits->bytes >> 20);
}

Status sim_guard_file(const char *path, const SimGuardLimits *limits, Err *err) {
    GuardJob job = {.path = path, .limits = limits};
    return guard(path, &job, err);
}

Status sim_guard_text(const char *name, const char *xml, const SimGuardLimits *limits, Err *err) {
    GuardJob job = {.xml = xml, .limits = limits};
    return guard(name, &job, err);
}
