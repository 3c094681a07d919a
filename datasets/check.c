/* The check: all files of a dataset, then what stands around them. */
#include "datasets/check_priv.h"

#include "base/hash.h"
#include "datasets/h5_priv.h"
#include "datasets/journal.h"
#include "datasets/json_priv.h"
#include "datasets/meta_priv.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *name, *text;
} rules[DATA_NRULE] = {
#define X(name_, text_) {#name_, text_},
    DATA_RULE_LIST(X)
#undef X
};

const char *data_rule_name(DataRule rule) {
    return rules[rule].name;
}
const char *data_rule_text(DataRule rule) {
    return rules[rule].text;
}

void check_break(Check *check, DataRule rule, const char *place, const char *format, ...) {
    const int most = check->options->most > 0 ? check->options->most : 5;
    check->report->broken[rule]++;
    check->report->total++;
    if (check->told[rule]++ >= most || !check->options->sink)
        return;
    DataFinding finding = {.rule = rule};
    va_list args;
    va_start(args, format);
    vsnprintf(finding.text, sizeof finding.text, format, args);
    va_end(args);
    snprintf(finding.file, sizeof finding.file, "%s", check->file ? check->file : check->root);
    snprintf(finding.place, sizeof finding.place, "%s", place);
    check->options->sink(check->options->user, &finding);
}

/* ---- one file ---- */

static bool is_demo_name(const char *name, int *index) {
    char again[32];
    if (strncmp(name, "demo_", 5) != 0 || !isdigit((unsigned char)name[5]) || strlen(name) > 14)
        return false;
    *index = atoi(name + 5);
    snprintf(again, sizeof again, "demo_%d", *index);
    return strcmp(again, name) == 0;
}

static Status check_demo_names(Check *check, const DataFile *file) {
    bool *seen = mem_calloc((size_t)file->n + 1, sizeof *seen);
    if (!seen)
        return err_set(check->err, STATUS_MEMORY, "%s: out of memory", check->file);
    for (int k = 0; k < file->n; k++) {
        char name[128] = "";
        int index;
        H5Lget_name_by_idx(file->data, ".", H5_INDEX_NAME, H5_ITER_INC, (hsize_t)k, name, sizeof name,
                           H5P_DEFAULT);
        if (!is_demo_name(name, &index))
            check_break(check, DATA_RULE_demo_names, "/data", "'%.100s' is no demo_<number>", name);
        else if (index >= file->n)
            check_break(check, DATA_RULE_demo_names, "/data", "'%s' among %d children: there is a gap", name,
                        file->n);
        else
            seen[index] = true;
    }
    for (int i = 0; i < file->n; i++)
        if (seen[i]) {
            char name[32];
            snprintf(name, sizeof name, "demo_%d", i);
            const hid_t demo = H5Gopen2(file->data, name, H5P_DEFAULT);
            if (demo < 0)
                check_break(check, DATA_RULE_readable, name, "the group can't be opened");
            else
                H5Gclose(demo);
        }
    H5Eclear2(H5E_DEFAULT);
    mem_free(seen);
    return STATUS_OK;
}

static void check_data_attributes(Check *check, const DataFile *file, int64_t sum) {
    Err err = {0};
    char *text = NULL;
    int64_t total = 0;
    json_t *json = NULL;
    if (h5_get_i64(file->data, check->file, "total", &total, &err) != STATUS_OK || total != sum)
        check_break(check, DATA_RULE_total, "/data", "total is %lld, the demos have %lld rows",
                    (long long)total, (long long)sum);
    if (h5_get_text(file->data, check->file, "env_args", 1 << 20, &text, &err) != STATUS_OK ||
        data_json_parse("env_args", text, strlen(text), &json, &err) != STATUS_OK)
        check_break(check, DATA_RULE_env_args, "/data", "%s", err.message);
    else if (!json_is_string(json_object_get(json, "env_name")) ||
             !json_is_integer(json_object_get(json, "type")) ||
             !json_is_object(json_object_get(json, "env_kwargs")))
        check_break(check, DATA_RULE_env_args, "/data", "env_args lacks env_name, type or env_kwargs");
    json_decref(json);
    mem_free(text);
    if (check->ours && check->meta.nwire > 0 && H5Aexists(file->data, "joint_names") <= 0)
        check_break(check, DATA_RULE_joint_names, "/data", "attribute joint_names is missing");
}

static void check_bounds(Check *check, const DataFile *file) {
    H5F_info2_t info;
    if (H5Fget_info2(file->file, &info) < 0 || info.super.version > 2)
        check_break(check, DATA_RULE_bounds, "/", "superblock version %u; 1.8 writes at most 2",
                    info.super.version);
}

/* Names of one mask; marks the demos that it names. */
static void check_mask(Check *check, const DataFile *file, const char *name, bool valid, char *seen) {
    char path[32], text[64];
    snprintf(path, sizeof path, "mask/%s", name);
    if (H5Lexists(file->file, "mask", H5P_DEFAULT) <= 0 || H5Lexists(file->file, path, H5P_DEFAULT) <= 0)
        return;
    const hid_t dataset = H5Dopen2(file->file, path, H5P_DEFAULT);
    H5Shape shape = {0};
    Err err = {0};
    const bool ok = dataset >= 0 && h5_shape(dataset, path, &shape, &err) == STATUS_OK &&
                    shape.type == DATA_TEXT && shape.rank == 1 && shape.dim[0] <= 1000000 &&
                    shape.bytes <= 64u << 20;
    char *names = ok ? mem_calloc(1, shape.bytes + 1) : NULL;
    const hid_t type = ok ? H5Dget_type(dataset) : -1;
    if (!names || H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, names) < 0)
        check_break(check, DATA_RULE_masks, path, "a list of fixed-length names was expected");
    const size_t size = names && shape.dim[0] ? shape.bytes / (size_t)shape.dim[0] : 0;
    for (size_t k = 0; names && k < (size_t)shape.dim[0]; k++) {
        int index = -1;
        snprintf(text, sizeof text, "%.*s", (int)(size < 60 ? size : 60), names + k * size);
        if (!is_demo_name(text, &index) || index >= file->n)
            check_break(check, DATA_RULE_masks, path, "'%s' is no demo of this file", text);
        else if (seen[index]++)
            check_break(check, DATA_RULE_masks, path, "'%s' is named twice", text);
        else if (check->ours)
            for (int i = check->nepisode - 1; i >= 0 && check->episode[i].file == check->file_index; i--)
                if (check->episode[i].demo == index &&
                    data_is_valid_split(check->meta.seed, check->episode[i].attempt) != valid)
                    check_break(check, DATA_RULE_masks, path, "'%s' belongs to the other part", text);
    }
    if (type >= 0)
        H5Tclose(type);
    if (dataset >= 0)
        H5Dclose(dataset);
    mem_free(names);
    H5Eclear2(H5E_DEFAULT);
}

static Status check_masks(Check *check, const DataFile *file) {
    char *seen = mem_calloc((size_t)file->n + 1, 1);
    if (!seen)
        return err_set(check->err, STATUS_MEMORY, "%s: out of memory", check->file);
    check_mask(check, file, "train", false, seen);
    check_mask(check, file, "valid", true, seen);
    for (int i = 0; i < file->n && check->ours; i++)
        if (!seen[i]) {
            check_break(check, DATA_RULE_masks, "/mask", "demo_%d is in neither train nor valid", i);
            break;
        }
    mem_free(seen);
    return STATUS_OK;
}

static Status read_meta(Check *check, const DataFile *file, Arena *arena) {
    Err err = {0};
    char *kind = NULL;
    const Status status = data_file_meta(file, arena, &check->meta, &err);
    if (status == STATUS_MEMORY)
        return err_set(check->err, status, "%s", err.message);
    check->ours = status == STATUS_OK;
    if (!check->ours)
        check_break(check, DATA_RULE_version, "/", "%s", err.message);
    if (check->ours && h5_get_text(file->file, check->file, "kind", 64, &kind, &err) == STATUS_OK)
        check->demonstrations = strcmp(kind, "demonstrations") == 0;
    mem_free(kind);
    return STATUS_OK;
}

Status check_file(Check *check, const DataFile *file) {
    int64_t sum = 0, nrow;
    Arena *arena = arena_create(0);
    if (!arena)
        return err_set(check->err, STATUS_MEMORY, "%s: out of memory", check->file);
    check->demonstrations = false;
    Status status = read_meta(check, file, arena);
    if (status == STATUS_OK)
        status = check_demo_names(check, file);
    for (int i = 0; status == STATUS_OK && i < file->n; i++) {
        status = check_demo(check, file, i, &nrow);
        sum += nrow;
    }
    if (status == STATUS_OK) {
        check_data_attributes(check, file, sum);
        check_bounds(check, file);
        status = check_masks(check, file);
    }
    check->report->files++;
    check->report->episodes += file->n;
    arena_destroy(arena);
    return status;
}

static Status check_files(Check *check, char *const *path, int n, int first, bool failed) {
    for (int i = 0; i < n; i++) {
        DataFile file;
        Err err = {0};
        check->file = path[i];
        check->file_index = first + i;
        check->failed = failed;
        memset(check->told, 0, sizeof check->told);
        const Status status = data_file_open(path[i], &file, &err);
        if (status == STATUS_MEMORY || status == STATUS_IO)
            return err_set(check->err, status, "%s", err.message);
        if (status != STATUS_OK) {
            check_break(check, DATA_RULE_readable, "/", "%s", err.message);
            continue;
        }
        const Status checked = check_file(check, &file);
        data_file_close(&file);
        TRY(checked);
    }
    check->file = NULL;
    memset(check->told, 0, sizeof check->told);
    return STATUS_OK;
}

/* ---- over all episodes ---- */

static int by_uuid(const void *a, const void *b) {
    return strcmp(((const CheckedEpisode *)a)->uuid, ((const CheckedEpisode *)b)->uuid);
}

static int by_attempt(const void *a, const void *b) {
    const CheckedEpisode *x = a, *y = b;
    return x->attempt < y->attempt ? -1 : x->attempt > y->attempt;
}

static void check_unique(Check *check) {
    if (check->nepisode == 0)
        return;
    qsort(check->episode, (size_t)check->nepisode, sizeof *check->episode, by_uuid);
    for (int i = 1; i < check->nepisode; i++)
        if (strcmp(check->episode[i].uuid, check->episode[i - 1].uuid) == 0)
            check_break(check, DATA_RULE_uuids, "/data", "episode_uuid %s occurs twice",
                        check->episode[i].uuid);
    qsort(check->episode, (size_t)check->nepisode, sizeof *check->episode, by_attempt);
    for (int i = 1; i < check->nepisode; i++)
        if (check->episode[i].attempt == check->episode[i - 1].attempt)
            check_break(check, DATA_RULE_uuids, "/data", "attempt %llu is stored twice",
                        (unsigned long long)check->episode[i].attempt);
}

static Status check_replays(Check *check) {
    const DataCheckOptions *o = check->options;
    DataReader *reader = NULL;
    if (!o->replay || o->replays == 0)
        return STATUS_OK;
    if (data_reader_open(check->root, false, &reader, check->err) != STATUS_OK)
        return STATUS_OK; /* told by readable */
    const int n = data_reader_count(reader);
    const int wanted = o->replays < 0 || o->replays > n ? n : o->replays;
    Status status = STATUS_OK;
    for (int k = 0; status == STATUS_OK && k < wanted; k++) {
        const int i = (int)((long long)k * n / wanted);
        Episode *episode = NULL;
        DataCertificate certificate;
        char why[256] = "", place[64];
        int demo;
        Err err = {0};
        data_reader_place(reader, i, &check->file, &demo);
        snprintf(place, sizeof place, "/data/demo_%d", demo);
        status = data_reader_read(reader, i, &episode, &certificate, &err);
        if (status == STATUS_OK &&
            !o->replay(o->user, check->file, demo, episode, &certificate, why, sizeof why))
            check_break(check, DATA_RULE_replay, place, "%s", why);
        if (status == STATUS_OK)
            check->report->replayed++;
        data_episode_destroy(episode);
        if (status == STATUS_FORMAT) {
            check_break(check, DATA_RULE_readable, place, "%s", err.message);
            status = STATUS_OK;
        } else if (status != STATUS_OK)
            err_set(check->err, status, "%s", err.message);
    }
    check->file = NULL;
    data_reader_close(reader);
    return status;
}

static Status check_dataset(Check *check) {
    char folder[PATH_MAX], **ok = NULL, **failed = NULL, **all = NULL;
    int nok = 0, nfailed = 0;
    snprintf(folder, sizeof folder, "%s/shards", check->root);
    Status status = data_list_shards(folder, &ok, &nok, check->err);
    snprintf(folder, sizeof folder, "%s/failed", check->root);
    if (status == STATUS_OK)
        status = data_list_shards(folder, &failed, &nfailed, check->err);
    if (status == STATUS_OK && !(all = mem_calloc((size_t)(nok + nfailed) + 1, sizeof *all)))
        status = err_set(check->err, STATUS_MEMORY, "%s: out of memory", check->root);
    for (int i = 0; status == STATUS_OK && i < nok + nfailed; i++)
        all[i] = i < nok ? ok[i] : failed[i - nok];
    if (status == STATUS_OK)
        status = check_files(check, ok, nok, 0, false);
    if (status == STATUS_OK)
        status = check_files(check, failed, nfailed, nok, true);
    if (status == STATUS_OK) {
        check_unique(check);
        status = check_folder(check, all, nok + nfailed);
    }
    data_list_free(ok, nok);
    data_list_free(failed, nfailed);
    mem_free(all);
    return status;
}

Status data_check(const char *path, const DataCheckOptions *options, DataReport *report, Err *err) {
    struct stat info;
    *report = (DataReport){0};
    if (stat(path, &info) < 0)
        return err_set(err, STATUS_NOT_FOUND, "%s: not found", path);
    h5_quiet();
    Check *check = mem_calloc(1, sizeof *check);
    if (check)
        *check = (Check){
            .options = options, .report = report, .err = err, .root = path, .scratch = arena_create(1 << 20)};
    if (!check || !check->scratch) {
        mem_free(check);
        return err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    }
    Status status;
    if (S_ISDIR(info.st_mode)) {
        status = check_dataset(check);
    } else {
        char *const one = (char *)path;
        status = check_files(check, &one, 1, 0, false);
        if (status == STATUS_OK)
            check_unique(check);
    }
    if (status == STATUS_OK)
        status = check_replays(check);
    arena_destroy(check->scratch);
    mem_free(check->episode);
    mem_free(check);
    return status;
}
