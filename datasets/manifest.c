/* The manifest: what a dataset is, how much of it there is, and how the attempts ended. The only file with a date and a
 * host in it. */
#include "datasets/manifest_priv.h"

#include "base/hash.h"
#include "datasets/h5_priv.h"
#include "datasets/json_priv.h"
#include "datasets/meta_priv.h"

#include <libdeflate.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_BINS = 1 << 20 };

Status tally_init(Tally *tally, int nsource, Err *err) {
    *tally = (Tally){.nsource = nsource};
    tally->source_used = mem_calloc((size_t)nsource + 1, sizeof *tally->source_used);
    tally->source_good = mem_calloc((size_t)nsource + 1, sizeof *tally->source_good);
    if (tally->source_used && tally->source_good)
        return STATUS_OK;
    tally_free(tally);
    return err_set(err, STATUS_MEMORY, "counting: out of memory");
}

void tally_free(Tally *tally) {
    mem_free(tally->source_used);
    mem_free(tally->source_good);
    mem_free(tally->bin);
    *tally = (Tally){0};
}

static Status grow_bins(Tally *tally, int bin, Err *err) {
    if (bin < tally->nbin)
        return STATUS_OK;
    TallyBin *larger = mem_realloc(tally->bin, ((size_t)bin + 1) * sizeof *larger);
    if (!larger)
        return err_set(err, STATUS_MEMORY, "counting: out of memory");
    memset(larger + tally->nbin, 0, (size_t)(bin + 1 - tally->nbin) * sizeof *larger);
    tally->bin = larger;
    tally->nbin = bin + 1;
    return STATUS_OK;
}

/* Sources of an attempt, each counted once. */
static void count_sources(Tally *tally, const DataRecord *record) {
    for (int i = 0; i < record->nsubtask; i++) {
        const int k = record->subtask[i].source_demo;
        bool seen = k < 0 || k >= tally->nsource;
        for (int j = 0; j < i && !seen; j++)
            seen = record->subtask[j].source_demo == k;
        if (!seen) {
            tally->source_used[k]++;
            tally->source_good[k] += record->outcome == OUTCOME_ok;
        }
    }
}

Status tally_add(Tally *tally, const DataMeta *meta, const DataRecord *record, bool stored, Err *err) {
    const bool ok = record->outcome == OUTCOME_ok;
    const int bin = record->bin >= 0 && record->bin < MAX_BINS ? record->bin : 0;
    TRY(grow_bins(tally, bin, err));
    tally->bin[bin].attempts++;
    tally->bin[bin].successes += ok;
    tally->bin[bin].stored += ok && stored;
    tally->attempts++;
    tally->successes += ok;
    tally->outcome[record->outcome]++;
    tally->retries += (uint64_t)record->retries;
    tally->sim_time += record->sim_time;
    if (stored && ok) {
        tally->stored++;
        tally->frames += (uint64_t)record->nrow;
        tally->valid += data_is_valid_split(meta->seed, record->attempt);
    } else if (stored) {
        tally->failures_kept++;
    }
    for (int i = 0; i < record->nsubtask; i++) {
        const EpisodeSubtask *s = &record->subtask[i];
        if (s->subtask >= 0 && s->subtask < MAX_SUBTASKS) {
            tally->subtask[s->subtask][s->outcome]++;
            tally->subtask_retries[s->subtask] += (uint64_t)s->retries;
        }
    }
    count_sources(tally, record);
    return STATUS_OK;
}

/* ---- JSON ---- */

static json_t *number(uint64_t n) {
    return json_integer((json_int_t)n);
}

static json_t *keep(json_t *json, bool ok) {
    if (ok)
        return json;
    json_decref(json);
    return NULL;
}

static json_t *outcomes_json(const uint64_t *count) {
    json_t *json = json_object();
    bool ok = json != NULL;
    for (int i = 0; ok && i < OUTCOME_COUNT; i++)
        if (count[i] > 0)
            ok = json_object_set_new(json, outcome_name((Outcome)i), number(count[i])) == 0;
    return keep(json, ok);
}

static json_t *subtasks_json(const DataMeta *meta, const Tally *tally) {
    json_t *list = json_array();
    bool ok = list != NULL;
    for (int i = 0; ok && i < meta->nsubtask; i++)
        ok = json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o}", "name", meta->subtask[i], "hand",
                                                   data_side_names[meta->subtask_hand[i]], "outcomes",
                                                   outcomes_json(tally->subtask[i]), "retries",
                                                   number(tally->subtask_retries[i]))) == 0;
    return keep(list, ok);
}

static json_t *sources_json(const DataMeta *meta, const Tally *tally) {
    json_t *list = json_array();
    bool ok = list != NULL;
    for (int i = 0; ok && i < meta->nsource && i < tally->nsource; i++)
        ok = json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:o}", "id",
                                                   data_json_text_or_empty(meta->source[i].id), "file",
                                                   data_json_text_or_empty(meta->source[i].file), "operator",
                                                   data_json_text_or_empty(meta->source[i].operator_name),
                                                   "attempts", number(tally->source_used[i]), "successes",
                                                   number(tally->source_good[i]))) == 0;
    return keep(list, ok);
}

static json_t *bins_json(const Tally *tally) {
    json_t *list = json_array();
    bool ok = list != NULL;
    for (int i = 0; ok && i < tally->nbin; i++)
        if (tally->bin[i].attempts > 0)
            ok = json_array_append_new(list, json_pack("{s:i, s:o, s:o, s:o}", "bin", i, "attempts",
                                                       number(tally->bin[i].attempts), "successes",
                                                       number(tally->bin[i].successes), "stored",
                                                       number(tally->bin[i].stored))) == 0;
    return keep(list, ok);
}

static json_t *shards_json(const ShardInfo *shard, int n) {
    json_t *list = json_array();
    bool ok = list != NULL;
    for (int i = 0; ok && i < n; i++)
        ok = json_array_append_new(list,
                                   json_pack("{s:s, s:s, s:o, s:i, s:o}", "file", shard[i].file, "sha256",
                                             shard[i].sha256, "bytes", number(shard[i].bytes), "episodes",
                                             shard[i].episodes, "frames", number(shard[i].frames))) == 0;
    return keep(list, ok);
}

static json_t *totals_json(const Tally *t) {
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "attempts", number(t->attempts), "successes",
                     number(t->successes), "episodes", number(t->stored), "failures_kept",
                     number(t->failures_kept), "frames", number(t->frames), "retries", number(t->retries),
                     "simulated_seconds", data_json_real(t->sim_time));
}

static void now_text(char text[32]) {
    const time_t now = time(NULL);
    struct tm utc;
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
}

static json_t *libraries_json(const DataMeta *meta) {
    unsigned major = 0, minor = 0, release = 0;
    char hdf5[32];
    H5get_libversion(&major, &minor, &release);
    snprintf(hdf5, sizeof hdf5, "%u.%u.%u", major, minor, release);
    return json_pack("{s:o, s:s, s:s}", "engine", data_json_text_or_empty(meta->engine), "hdf5", hdf5,
                     "libdeflate", LIBDEFLATE_VERSION_STRING);
}

char *manifest_text(const ManifestDef *def) {
    char host[128] = "", now[32], hex[65];
    now_text(now);
    gethostname(host, sizeof host - 1);
    json_t *run = data_meta_json(def->meta);
    char *run_text = run ? data_json_text(run) : NULL;
    if (!run_text) {
        json_decref(run);
        return NULL;
    }
    sha256_hex(run_text, strlen(run_text), hex);
    mem_free(run_text);
    const Tally *t = def->tally;
    json_t *json = json_pack(
        "{s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:s, s:o, s:i, s:o, s:{s:o, s:o}, s:o, s:o, s:o, s:o, "
        "s:o, s:o}",
        "format", DATA_FORMAT, "format_version", DATA_FORMAT_VERSION, "generator",
        data_json_text_or_empty(def->meta->generator), "name", data_json_text_or_empty(def->meta->name),
        "state", def->state, "created", def->created ? def->created : now, "updated", now, "host", host,
        "run", run, "run_sha256", hex, "libraries", libraries_json(def->meta), "shard_episodes",
        def->shard_episodes, "totals", totals_json(t), "splits", "train", number(t->stored - t->valid),
        "valid", number(t->valid), "outcomes", outcomes_json(t->outcome), "subtasks",
        subtasks_json(def->meta, t), "sources", sources_json(def->meta, t), "bins", bins_json(t), "shards",
        shards_json(def->shard[0], def->nshard[0]), "failed", shards_json(def->shard[1], def->nshard[1]));
    char *text = json ? data_json_pretty(json) : NULL;
    json_decref(json);
    return text;
}

/* ---- reading it again ---- */

/* First key whose value differs, in words. */
static Status compare(const char *place, const json_t *was, const json_t *is, const char *inside, Err *err) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)is, key, value) {
        const json_t *other = json_object_get(was, key);
        if (json_equal(value, other))
            continue;
        if (json_is_object(value) && json_is_object(other))
            TRY(compare(place, other, value, key, err));
        char *a = other ? data_json_text(other) : NULL, *b = data_json_text(value);
        const Status status =
            err_set(err, STATUS_MISMATCH, "%s: made with another %s%s%s: %.200s, now %.200s", place, inside,
                    inside[0] ? "." : "", key, a ? a : "none", b ? b : "");
        mem_free(a);
        mem_free(b);
        return status;
    }
    return STATUS_OK;
}

Status manifest_matches(const char *place, const json_t *manifest, const DataMeta *meta, int shard_episodes,
                        Err *err) {
    const json_t *was = json_object_get(manifest, "run");
    char *text = NULL;
    json_t *is = data_meta_json(meta), *pretty = NULL;
    text =
        is ? data_json_pretty(is) : NULL; /* the manifest rounds its reals; compare what was rounded alike */
    Status status = text ? data_json_parse(place, text, strlen(text), &pretty, err)
                         : err_set(err, STATUS_MEMORY, "%s: out of memory", place);
    if (status == STATUS_OK)
        status = compare(place, was, pretty, "", err);
    const int64_t episodes = data_json_get_int(manifest, "shard_episodes", shard_episodes);
    if (status == STATUS_OK && episodes != shard_episodes)
        status = err_set(err, STATUS_MISMATCH, "%s: made with %lld episodes per shard, now %d", place,
                         (long long)episodes, shard_episodes);
    json_decref(is);
    json_decref(pretty);
    mem_free(text);
    return status;
}

bool manifest_shard(const json_t *manifest, const char *file, ShardInfo *out) {
    static const char *const lists[] = {"shards", "failed"};
    for (int k = 0; k < 2; k++) {
        const json_t *list = json_object_get(manifest, lists[k]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *item = json_array_get(list, i);
            if (strcmp(data_json_get_text(item, "file", ""), file) != 0)
                continue;
            *out = (ShardInfo){.bytes = (uint64_t)data_json_get_int(item, "bytes", 0),
                               .frames = (uint64_t)data_json_get_int(item, "frames", 0),
                               .episodes = (int)data_json_get_int(item, "episodes", 0)};
            snprintf(out->file, sizeof out->file, "%s", file);
            snprintf(out->sha256, sizeof out->sha256, "%s", data_json_get_text(item, "sha256", ""));
            return true;
        }
    }
    return false;
}

Status data_manifest(const char *path, char **json, Err *err) {
    char file[4096];
    size_t n;
    snprintf(file, sizeof file, "%s/manifest.json", path);
    return data_file_load(file, 256u << 20, json, &n, err);
}
