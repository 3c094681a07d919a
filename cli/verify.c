/* Replay and comparison; see verify.h.
 *
 * From commands: reset by (seed, attempt), then tick with the stored float32 rows. Retries leave no trace: a checkpoint holds
 * everything that decides the future, so the kept rows alone lead to the kept states. From seed: the whole attempt again,
 * discarded branches included, from the same sources and options. */
#include "cli/verify.h"

#include "cli/meta.h"
#include "cli/operator.h"
#include "cli/sources.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct CliVerifier {
    CliFrom from;
    Arena *arena;
    CliSetup setup;
    GenWorld world;
    DataMeta meta; /* as this program would write it now */
    double *state;
    DemoSet demos;
    GenSources *sources;
    GenOptions options;
    CliOperator *operator_;
    Episode again;
};

/* Distinct files of the recorded sources, mirrored ones included. */
static int source_files(const DataMeta *meta, const char **file, int capacity) {
    int n = 0;
    for (int i = 0; i < meta->nsource; i++) {
        bool known = false;
        for (int k = 0; k < n; k++)
            known = known || strcmp(file[k], meta->source[i].file) == 0;
        if (!known && n < capacity)
            file[n++] = meta->source[i].file;
    }
    return n;
}

/* Sources are recorded by file name. Look for one in the working directory and in the dataset's folder and those above. */
static Status find_source(const CliVerifier *v, const char *dataset, const char *file, const char **out,
                          Err *err) {
    if (access(file, R_OK) == 0) {
        *out = file;
        return STATUS_OK;
    }
    char real[PATH_MAX];
    for (char *end = realpath(dataset, real); end; end = strrchr(real, '/')) {
        if (end != real)
            *end = '\0';
        const char *path = arena_printf(v->arena, "%s/%s", real, file);
        if (!path)
            return err_set(err, STATUS_MEMORY, "out of memory");
        if (access(path, R_OK) == 0) {
            *out = path;
            return STATUS_OK;
        }
    }
    return err_set(err, STATUS_NOT_FOUND,
                   "the source %s is neither here nor around %s: name it with --source", file, dataset);
}

static Status open_sources(CliVerifier *v, const DataMeta *meta, const CliVerifyDef *def, Err *err) {
    if (strcmp(meta->operator_name, "scripted") == 0)
        return cli_operator_open(&v->setup, &v->operator_, err);
    const char *file[64];
    const int recorded = def->nsource ? 0 : source_files(meta, file, 64);
    for (int i = 0; i < recorded; i++)
        TRY(find_source(v, def->path, file[i], &file[i], err));
    TRY(cli_meta_options(meta->config_json, &v->options, err));
    TRY(cli_sources_read(def->nsource ? def->source : file, def->nsource ? def->nsource : recorded,
                         v->setup.task, &v->demos, err));
    return gen_sources_create(v->setup.task, &v->demos, sim_model_action(v->setup.model),
                              1.0 / v->setup.task->rate_hz, &v->options, &v->sources, err);
}

static Status open_parts(CliVerifier *v, const DataMeta *meta, const CliVerifyDef *def, Err *err) {
    char task[256];
    snprintf(task, sizeof task, "%s:%s", def->task ? def->task : meta->task, meta->level);
    const CliSetupDef setup = {.task = task,
                               .robot = def->robot ? def->robot : meta->robot,
                               .base = meta->base,
                               .realism = meta->realism,
                               .controller = def->controller};
    TRY(cli_setup_open(&setup, &v->setup, err));
    TRY(cli_world_create(v->setup.model, &v->world, err));
    v->state = arena_alloc(v->arena, sizeof(double) * (size_t)v->world.nstate);
    if (!v->state)
        return err_set(err, STATUS_MEMORY, "out of memory");
    if (v->from == CLI_FROM_SEED)
        TRY(open_sources(v, meta, def, err));
    const CliMetaDef now = {.setup = &v->setup,
                            .operator_name = meta->operator_name,
                            .base = meta->base,
                            .realism = meta->realism,
                            .controller_path = def->controller,
                            .seed = meta->seed};
    return cli_meta_create(&now, v->arena, &v->meta, err);
}

Status cli_verifier_open(const DataMeta *meta, const CliVerifyDef *def, CliFrom from, CliVerifier **out,
                         Err *err) {
    CliVerifier *v = mem_calloc(1, sizeof *v);
    if (!v)
        return err_set(err, STATUS_MEMORY, "out of memory");
    v->from = from;
    v->arena = arena_create(0);
    const Status status =
        v->arena ? open_parts(v, meta, def, err) : err_set(err, STATUS_MEMORY, "out of memory");
    if (status == STATUS_OK)
        *out = v;
    else
        cli_verifier_close(v);
    return status;
}

void cli_verifier_close(CliVerifier *v) {
    if (!v)
        return;
    arena_destroy(v->again.arena);
    cli_operator_close(v->operator_);
    gen_sources_destroy(v->sources);
    demo_set_destroy(&v->demos);
    if (v->world.self)
        cli_world_destroy(&v->world);
    if (v->setup.task)
        cli_setup_close(&v->setup);
    arena_destroy(v->arena);
    mem_free(v);
}

const CliSetup *cli_verifier_setup(const CliVerifier *v) {
    return &v->setup;
}

void cli_verifier_differences(const CliVerifier *v, const DataCertificate *certificate, char *text,
                              size_t size) {
    static const char *const NAME[] = {
#define X(name, meaning) meaning,
        DATA_HASH_LIST(X)
#undef X
    };
    size_t length = 0;
    text[0] = '\0';
    for (int i = 0; i < DATA_NHASH; i++) {
        if (i == DATA_HASH_config || strcmp(certificate->hash[i], v->meta.hash[i]) == 0)
            continue; /* the configuration's hash depends on options that a replay from commands doesn't need */
        const int n = snprintf(text + length, size - length, "%s%s", length ? ", " : "", NAME[i]);
        if (n < 0 || (size_t)n >= size - length)
            return;
        length += (size_t)n;
    }
}

static void name_state(const CliVerifier *v, int i, char *what, size_t size) {
    const mjModel *m = sim_model_mj(v->setup.model);
    const int nq = (int)m->nq, nv = (int)m->nv;
    if (i == 0)
        snprintf(what, size, "time");
    else if (i <= nq)
        snprintf(what, size, "qpos[%d]", i - 1);
    else if (i <= nq + nv)
        snprintf(what, size, "qvel[%d]", i - 1 - nq);
    else
        snprintf(what, size, "state[%d]", i);
}

/* Compare one row's state and, where the certificate has one, its hash. */
static bool compare_row(CliVerifier *v, const Episode *e, int row, const double *now, uint64_t hash,
                        CliDivergence *out) {
    const double *stored = e->state + (size_t)row * (size_t)e->nstate;
    for (int i = 0; i < e->nstate; i++)
        if (memcmp(&stored[i], &now[i], sizeof(double)) != 0) {
            *out = (CliDivergence){.diverged = true, .row = row, .stored = stored[i], .again = now[i]};
            name_state(v, i, out->what, sizeof out->what);
            return false;
        }
    if (e->state_hash[row] && e->state_hash[row] != hash) {
        *out =
            (CliDivergence){.diverged = true, .row = row, .what = "state hash (controller or drive state)"};
        return false;
    }
    return true;
}

static bool differs(CliDivergence *out, int row, const char *what, double stored, double again) {
    *out = (CliDivergence){.diverged = true, .row = row, .stored = stored, .again = again};
    snprintf(out->what, sizeof out->what, "%s", what);
    return true;
}

static void replay_commands(CliVerifier *v, const Episode *e, CliDivergence *out) {
    GenWorld *w = &v->world;
    ResetDraw draw = {0};
    const Outcome reset = w->reset(w->self, e->seed, e->attempt, &draw);
    if (reset != OUTCOME_ok) {
        differs(out, -1, "outcome of the reset", OUTCOME_ok, reset);
        return;
    }
    for (int row = 0; row < e->nrow; row++) {
        w->state(w->self, v->state);
        if (!compare_row(v, e, row, v->state, w->hash(w->self), out))
            return;
        w->tick(w->self, e->action_exec + (size_t)row * (size_t)e->naction);
    }
    if (w->hash(w->self) != e->final_hash)
        differs(out, e->nrow, "state hash at the end", 0, 0);
}

static Status replay_seed(CliVerifier *v, const Episode *e, CliDivergence *out, Err *err) {
    if (v->operator_)
        TRY(cli_operator_run(v->operator_, &v->world, e->seed, e->attempt, &v->again, err));
    else
        TRY(gen_attempt(&v->world, v->sources, &v->options, e->seed, e->attempt, &v->again, err));
    const Episode *a = &v->again;
    if (a->outcome != e->outcome && differs(out, -1, "outcome", e->outcome, a->outcome))
        return STATUS_OK;
    for (int row = 0; row < e->nrow && row < a->nrow; row++)
        if (!compare_row(v, e, row, a->state + (size_t)row * (size_t)a->nstate, a->state_hash[row], out))
            return STATUS_OK;
    if (a->nrow != e->nrow)
        differs(out, a->nrow < e->nrow ? a->nrow : e->nrow, "number of rows", e->nrow, a->nrow);
    else if (memcmp(a->action_exec, e->action_exec, sizeof(float) * (size_t)(e->nrow * e->naction)) != 0)
        differs(out, e->nrow, "commands", 0, 0);
    else if (a->final_hash != e->final_hash)
        differs(out, e->nrow, "state hash at the end", 0, 0);
    return STATUS_OK;
}

Status cli_verify(CliVerifier *v, const Episode *e, CliDivergence *out, Err *err) {
    *out = (CliDivergence){0};
    if (e->nstate != v->world.nstate || e->naction != v->world.layout.dim)
        return err_set(err, STATUS_MISMATCH,
                       "the episode has %d state and %d action values a row, this robot and task %d and %d",
                       e->nstate, e->naction, v->world.nstate, v->world.layout.dim);
    if (v->from == CLI_FROM_SEED)
        return replay_seed(v, e, out, err);
    replay_commands(v, e, out);
    return STATUS_OK;
}
