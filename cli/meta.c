/* What a dataset is bound to; see meta.h. The configuration is a JSON object with sorted keys: its hash decides whether a
 * resumed or replayed run is the same run. */
#include "cli/meta.h"

#include "base/hash.h"
#include "cli/cli.h"
#include "cli/fingerprint.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *options_json(const GenOptions *o) {
    return json_pack("{s:s, s:i, s:f, s:b, s:b, s:i, s:f, s:b, s:i, s:f, s:f, s:f, s:b, s:b, s:b, s:b, s:b, "
                     "s:b, s:b, s:[f,f], "
                     "s:f}",
                     "strategy", o->strategy, "top_k", o->top_k, "share", o->share, "keep_source",
                     o->keep_source, "mirror", o->mirror, "retries", o->retries, "noise", o->noise,
                     "noise_near", o->noise_near, "bridge", (int)o->bridge, "speed", o->speed, "turn",
                     o->turn, "clearance", o->clearance, "preflight", o->preflight, "settle", o->settle,
                     "track", o->track, "symmetry", o->symmetry, "trim", o->trim, "place_by_object",
                     o->place_by_object, "gates", o->gates, "boundary_offset", o->boundary_offset[0],
                     o->boundary_offset[1], "guard_force", o->guard_force);
}

/* The demonstrations as data: a change of any pose changes the hash. */
static uint64_t demo_hash(const Demo *demo) {
    uint64_t h = hash64(HASH64_SEED, &demo->nrow, sizeof demo->nrow);
    for (int side = 0; side < NSIDE; side++) {
        if (!demo->target[side])
            continue;
        h = hash64(h, demo->target[side], sizeof(Pose) * (size_t)demo->nrow);
        h = hash64(h, demo->closure[side], sizeof(float) * (size_t)(demo->nrow * demo->nhand));
    }
    h = hash64(h, demo->object, sizeof(Pose) * (size_t)(demo->nrow * demo->nobject));
    return hash64(h, demo->mark, sizeof demo->mark[0] * (size_t)demo->nmark);
}

static Status config_text(const CliMetaDef *def, Arena *arena, const char **out, Err *err) {
    const CliSetup *s = def->setup;
    json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "task", s->task->name, "level", s->level,
                             "robot", s->robot->name, "base", def->base ? def->base : "standing", "realism",
                             def->realism ? def->realism : "default", "operator", def->operator_name, "seed",
                             (json_int_t)def->seed);
    if (root && def->options) {
        json_object_set_new(root, "options", options_json(def->options));
        json_object_set_new(root, "keep_failed", json_boolean(def->keep_failed));
        json_object_set_new(root, "coverage", json_real(def->coverage));
    }
    if (root && def->sources) {
        json_t *list = json_array();
        for (int i = 0; i < gen_sources_count(def->sources); i++) {
            const Demo *demo = gen_sources_demo(def->sources, i);
            char hex[17];
            snprintf(hex, sizeof hex, "%016llx", (unsigned long long)demo_hash(demo));
            json_array_append_new(list, json_pack("{s:s, s:s}", "id", demo->id, "hash", hex));
        }
        json_object_set_new(root, "sources", list);
    }
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(root);
    *out = text ? arena_strdup(arena, text) : NULL;
    free(text);
    return *out ? STATUS_OK : err_set(err, STATUS_MEMORY, "no memory for the configuration's text");
}

/* Arrays of names that the setup has only inside structs. */
static Status fill_names(const CliMetaDef *def, Arena *arena, DataMeta *meta) {
    const CliSetup *s = def->setup;
    const Task *task = s->task;
    meta->ncolumn = sim_world_ncolumn(s->model);
    const char **wire = arena_alloc(arena, sizeof(char *) * (size_t)s->robot->nmotor);
    const char **object = arena_alloc(arena, sizeof(char *) * (size_t)(task->nobject + 1));
    const char **joint = arena_alloc(arena, sizeof(char *) * (size_t)(task->njoint + 1));
    const char **subtask = arena_alloc(arena, sizeof(char *) * (size_t)(task->nsubtask + 1));
    int *hand = arena_alloc(arena, sizeof(int) * (size_t)(task->nsubtask + 1));
    const char **column = arena_alloc(arena, sizeof(char *) * (size_t)(meta->ncolumn + 1));
    int *dim = arena_alloc(arena, sizeof(int) * (size_t)(meta->ncolumn + 1));
    if (!wire || !object || !joint || !subtask || !hand || !column || !dim)
        return STATUS_MEMORY;
    for (int i = 0; i < s->robot->nmotor; i++)
        wire[i] = s->robot->motor[i].name;
    for (int i = 0; i < task->nobject; i++)
        object[i] = task->object[i].name;
    for (int i = 0; i < task->njoint; i++)
        joint[i] = task->joint[i].name;
    for (int i = 0; i < task->nsubtask; i++) {
        subtask[i] = task->subtask[i].name;
        hand[i] = task->subtask[i].hand;
    }
    for (int i = 0; i < meta->ncolumn; i++)
        column[i] = sim_world_column(s->model, i, &dim[i]);
    meta->nwire = s->robot->nmotor;
    meta->wire = wire;
    meta->nobject = task->nobject;
    meta->object = object;
    meta->njoint = task->njoint;
    meta->joint = joint;
    meta->nsubtask = task->nsubtask;
    meta->subtask = subtask;
    meta->subtask_hand = hand;
    meta->column = column;
    meta->column_dim = dim;
    return STATUS_OK;
}

static Status fill_sources(const CliMetaDef *def, Arena *arena, DataMeta *meta) {
    const int n = gen_sources_count(def->sources);
    DataSource *source = arena_alloc(arena, sizeof *source * (size_t)n);
    if (!source)
        return STATUS_MEMORY;
    for (int i = 0; i < n; i++) {
        const Demo *demo = gen_sources_demo(def->sources, i);
        source[i] = (DataSource){.id = demo->id,
                                 .file = demo->file,
                                 .operator_name = demo->operator_name,
                                 .device = demo->device,
                                 .lineage = demo->lineage};
    }
    meta->nsource = n;
    meta->source = source;
    return STATUS_OK;
}

Status cli_meta_create(const CliMetaDef *def, Arena *arena, DataMeta *out, Err *err) {
    const CliSetup *s = def->setup;
    CliFingerprint *print = arena_alloc(arena, sizeof *print);
    char *controller = arena_alloc(arena, 65), *config = arena_alloc(arena, 65);
    if (!print || !controller || !config)
        return err_set(err, STATUS_MEMORY, "no memory to describe the run");
    TRY(cli_fingerprint(print, err));
    if (def->controller_path)
        TRY(sha256_file(def->controller_path, controller, err));
    else
        snprintf(controller, 65, "%s", CLI_CONTROLLER_HASH);

    DataMeta meta = {.name = def->name ? def->name : s->task->name,
                     .generator = "demomill " CLI_VERSION,
                     .license = "CC-BY-4.0",
                     .robot = s->robot->name,
                     .task = s->task->name,
                     .level = s->level,
                     .base = def->base ? def->base : "standing",
                     .realism = def->realism ? def->realism : "default",
                     .controller = def->controller_path ? def->controller_path : "wholebody",
                     .engine = arena_printf(arena, "MuJoCo %s", print->engine_version),
                     .operator_name = def->operator_name,
                     .device = "",
                     .seed = def->seed,
                     .rate_hz = s->task->rate_hz,
                     .action = *sim_model_action(s->model),
                     .nstate = sim_model_state_size(s->model),
                     .model_xml = sim_model_xml(s->model)};
    TRY(config_text(def, arena, &meta.config_json, err));
    sha256_hex(meta.config_json, strlen(meta.config_json), config);
    meta.hash[DATA_HASH_engine] = print->engine;
    meta.hash[DATA_HASH_libm] = print->libm;
    meta.hash[DATA_HASH_model] = sim_model_hash(s->model);
    meta.hash[DATA_HASH_controller] = controller;
    meta.hash[DATA_HASH_config] = config;
    meta.hash[DATA_HASH_task] = s->task->hash;
    meta.hash[DATA_HASH_robot] = s->robot->hash;
    if (fill_names(def, arena, &meta) != STATUS_OK ||
        (def->sources && fill_sources(def, arena, &meta) != STATUS_OK))
        return err_set(err, STATUS_MEMORY, "no memory to describe the run");
    *out = meta;
    return STATUS_OK;
}

Status cli_meta_options(const char *config_json, GenOptions *out, Err *err) {
    json_t *root = json_loads(config_json, 0, NULL);
    GenOptions o = gen_options_default();
    const char *strategy = NULL;
    int bridge = 0, flag[11];
    const int rc =
        json_unpack(json_object_get(root, "options"),
                    "{s:s, s:i, s:F, s:b, s:b, s:i, s:F, s:b, s:i, s:F, s:F, s:F, s:b, s:b, s:b, s:b, s:b, "
                    "s:b, s:b, s:[F,F], s:F}",
                    "strategy", &strategy, "top_k", &o.top_k, "share", &o.share, "keep_source", &flag[0],
                    "mirror", &flag[1], "retries", &o.retries, "noise", &o.noise, "noise_near", &flag[2],
                    "bridge", &bridge, "speed", &o.speed, "turn", &o.turn, "clearance", &o.clearance,
                    "preflight", &flag[3], "settle", &flag[4], "track", &flag[5], "symmetry", &flag[6],
                    "trim", &flag[7], "place_by_object", &flag[8], "gates", &flag[9], "boundary_offset",
                    &o.boundary_offset[0], &o.boundary_offset[1], "guard_force", &o.guard_force);
    Status status = rc == 0 ? STATUS_OK
                            : err_set(err, STATUS_FORMAT,
                                      "the recorded configuration does not hold this version's options");
    if (status == STATUS_OK) {
        o.keep_source = flag[0], o.mirror = flag[1], o.noise_near = flag[2], o.preflight = flag[3],
        o.settle = flag[4];
        o.track = flag[5], o.symmetry = flag[6], o.trim = flag[7], o.place_by_object = flag[8],
        o.gates = flag[9];
        o.bridge = (GenBridge)bridge;
        o.strategy = NULL;
        for (const char *const *name = gen_strategy_names(); *name; name++)
            if (strcmp(*name, strategy) == 0)
                o.strategy = *name; /* the table's text outlives the JSON's */
        status = o.strategy ? gen_options_check(&o, err)
                            : err_set(err, STATUS_UNKNOWN_NAME,
                                      "unknown strategy '%s' in the recorded configuration", strategy);
    }
    json_decref(root);
    if (status == STATUS_OK)
        *out = o;
    return status;
}
