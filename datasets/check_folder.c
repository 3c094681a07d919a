/* Rules about what stands around the shards: journal, episodes.jsonl, manifest, statistics, leftovers. */
#include "datasets/check_priv.h"

#include "base/hash.h"
#include "datasets/journal.h"
#include "datasets/json_priv.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The episode of an attempt; the list is sorted by attempt. */
static const CheckedEpisode *find(const Check *check, uint64_t attempt) {
    int lo = 0, hi = check->nepisode;
    while (lo < hi) {
        const int mid = (lo + hi) / 2;
        if (check->episode[mid].attempt < attempt)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < check->nepisode && check->episode[lo].attempt == attempt ? &check->episode[lo] : NULL;
}

/* ---- journal ---- */

typedef struct Walk {
    Check *check;
    char *const *path;
    uint64_t attempts, stored;
} Walk;

static Status walk_entry(void *user, const JournalEntry *entry, Err *err) {
    Walk *walk = user;
    char place[64], number[16];
    (void)err;
    walk->attempts++;
    if (entry->shard < 0)
        return STATUS_OK;
    walk->stored++;
    const CheckedEpisode *episode = find(walk->check, entry->record.attempt);
    snprintf(place, sizeof place, "journal.jsonl, attempt %llu", (unsigned long long)entry->record.attempt);
    snprintf(number, sizeof number, "-%04d.hdf5", entry->shard);
    if (!episode)
        check_break(walk->check, DATA_RULE_journal, place,
                    "stored in shard %d as demo_%d, but no shard has it", entry->shard, entry->demo);
    else if (episode->demo != entry->demo || !strstr(walk->path[episode->file], number))
        check_break(walk->check, DATA_RULE_journal, place, "said to be demo_%d of shard %d, is demo_%d of %s",
                    entry->demo, entry->shard, episode->demo, walk->path[episode->file]);
    else if (episode->failed != (entry->record.outcome != OUTCOME_ok) || episode->nrow != entry->record.nrow)
        check_break(walk->check, DATA_RULE_journal, place,
                    "outcome %s with %d rows does not fit %s demo_%d (%d rows)",
                    outcome_name(entry->record.outcome), entry->record.nrow, walk->path[episode->file],
                    episode->demo, episode->nrow);
    return STATUS_OK;
}

static Status check_journal(Check *check, char *const *paths, uint64_t *attempts) {
    char path[PATH_MAX];
    struct stat info;
    bool torn = false;
    Walk walk = {check, paths, 0, 0};
    snprintf(path, sizeof path, "%s/journal.jsonl", check->root);
    if (stat(path, &info) < 0)
        check_break(check, DATA_RULE_journal, "journal.jsonl", "it is missing");
    else {
        TRY(data_journal_read(path, walk_entry, &walk, &torn, check->err));
        if (torn)
            check_break(check, DATA_RULE_journal, "journal.jsonl",
                        "line %llu is torn, damaged or out of order", (unsigned long long)walk.attempts + 1);
        else if (walk.stored != (uint64_t)check->nepisode)
            check_break(check, DATA_RULE_journal, "journal.jsonl", "%llu stored episodes, the shards have %d",
                        (unsigned long long)walk.stored, check->nepisode);
    }
    *attempts = walk.attempts;
    return STATUS_OK;
}

/* ---- episodes.jsonl ---- */

static void check_line(Check *check, char *const *paths, const json_t *json, long line) {
    char place[64];
    const uint64_t attempt = (uint64_t)data_json_get_int(json, "attempt", -1);
    const CheckedEpisode *episode = find(check, attempt);
    const char *shard = data_json_get_text(json, "shard", "");
    snprintf(place, sizeof place, "episodes.jsonl line %ld", line);
    if (!episode)
        check_break(check, DATA_RULE_episodes, place, "attempt %lld is in no shard", (long long)attempt);
    else if (strcmp(data_json_get_text(json, "uuid", ""), episode->uuid) != 0 ||
             data_json_get_int(json, "demo", -1) != episode->demo ||
             data_json_get_int(json, "length", -1) != episode->nrow || !shard[0] ||
             !strstr(paths[episode->file], shard))
        check_break(check, DATA_RULE_episodes, place,
                    "uuid, demo, length or shard is not that of attempt %lld", (long long)attempt);
}

static void check_episodes(Check *check, char *const *paths) {
    char path[PATH_MAX], *line = NULL;
    size_t room = 0;
    long n = 0;
    snprintf(path, sizeof path, "%s/episodes.jsonl", check->root);
    FILE *file = fopen(path, "re");
    if (!file) {
        check_break(check, DATA_RULE_episodes, "episodes.jsonl", "it is missing");
        return;
    }
    for (ssize_t size; (size = getline(&line, &room, file)) > 0; n++) {
        json_t *json = NULL;
        Err err = {0};
        if (data_json_parse("line", line, (size_t)size, &json, &err) != STATUS_OK) {
            check_break(check, DATA_RULE_episodes, "episodes.jsonl", "line %ld: %s", n + 1, err.message);
            continue;
        }
        check_line(check, paths, json, n + 1);
        json_decref(json);
    }
    if (n != check->nepisode)
        check_break(check, DATA_RULE_episodes, "episodes.jsonl", "%ld lines, the shards have %d episodes", n,
                    check->nepisode);
    free(line); /* getline's own */
    fclose(file);
}

/* ---- manifest ---- */

static void totals_of(const Check *check, int file, int *episodes, uint64_t *frames) {
    *episodes = 0;
    *frames = 0;
    for (int i = 0; i < check->nepisode; i++)
        if (check->episode[i].file == file) {
            ++*episodes;
            *frames += (uint64_t)check->episode[i].nrow;
        }
}

static void check_shard_entry(Check *check, const json_t *manifest, const char *path, int index) {
    const char *file = path + strlen(check->root) + 1;
    ShardInfo shard;
    struct stat info;
    int episodes;
    uint64_t frames;
    char hex[65];
    if (!manifest_shard(manifest, file, &shard)) {
        check_break(check, DATA_RULE_manifest, file, "it is not in the manifest");
        return;
    }
    totals_of(check, index, &episodes, &frames);
    if (stat(path, &info) < 0 || (uint64_t)info.st_size != shard.bytes)
        check_break(check, DATA_RULE_manifest, file, "%lld bytes, the manifest says %llu",
                    (long long)info.st_size, (unsigned long long)shard.bytes);
    else if (check->options->hashes && sha256_file(path, hex, NULL) == STATUS_OK &&
             strcmp(hex, shard.sha256) != 0)
        check_break(check, DATA_RULE_manifest, file, "its SHA-256 is %s, the manifest says %s", hex,
                    shard.sha256);
    if (episodes != shard.episodes || frames != shard.frames)
        check_break(check, DATA_RULE_manifest, file, "%d episodes, %llu rows; the manifest says %d, %llu",
                    episodes, (unsigned long long)frames, shard.episodes, (unsigned long long)shard.frames);
}

static void check_listed(Check *check, const json_t *manifest, const char *list) {
    const json_t *shards = json_object_get(manifest, list);
    char path[PATH_MAX];
    struct stat info;
    for (size_t i = 0; i < json_array_size(shards); i++) {
        const char *file = data_json_get_text(json_array_get(shards, i), "file", "");
        snprintf(path, sizeof path, "%s/%s", check->root, file);
        if (stat(path, &info) < 0)
            check_break(check, DATA_RULE_manifest, file, "listed in the manifest, but it is not there");
    }
}

static void check_totals(Check *check, const json_t *manifest, uint64_t attempts) {
    const json_t *totals = json_object_get(manifest, "totals");
    int64_t episodes = 0, kept = 0, frames = 0;
    for (int i = 0; i < check->nepisode; i++) {
        episodes += !check->episode[i].failed;
        kept += check->episode[i].failed;
        frames += check->episode[i].failed ? 0 : check->episode[i].nrow;
    }
    if (data_json_get_int(totals, "episodes", -1) != episodes ||
        data_json_get_int(totals, "frames", -1) != frames ||
        data_json_get_int(totals, "failures_kept", -1) != kept ||
        data_json_get_int(totals, "attempts", -1) != (int64_t)attempts)
        check_break(check, DATA_RULE_manifest, "manifest.json",
                    "totals are not those of journal and shards (%llu attempts, %lld episodes, %lld kept "
                    "failures, %lld "
                    "rows)",
                    (unsigned long long)attempts, (long long)episodes, (long long)kept, (long long)frames);
}

static Status check_manifest(Check *check, char *const *paths, int n, uint64_t attempts) {
    char *text = NULL;
    json_t *manifest = NULL;
    Err err = {0};
    Status status = data_manifest(check->root, &text, &err);
    if (status == STATUS_OK)
        status = data_json_parse("manifest.json", text, strlen(text), &manifest, &err);
    mem_free(text);
    if (status == STATUS_MEMORY)
        return err_set(check->err, status, "%s", err.message);
    if (status != STATUS_OK) {
        check_break(check, DATA_RULE_manifest, "manifest.json", "%s", err.message);
        return STATUS_OK;
    }
    for (int i = 0; i < n; i++)
        if (strlen(paths[i]) > 5 && strcmp(paths[i] + strlen(paths[i]) - 5, ".hdf5") == 0)
            check_shard_entry(check, manifest, paths[i], i);
    check_listed(check, manifest, "shards");
    check_listed(check, manifest, "failed");
    check_totals(check, manifest, attempts);
    if (strcmp(data_json_get_text(manifest, "state", ""), "complete") != 0)
        check_break(check, DATA_RULE_finished, "manifest.json", "state is \"%s\": go on with it by --resume",
                    data_json_get_text(manifest, "state", ""));
    json_decref(manifest);
    return STATUS_OK;
}

/* ---- the rest ---- */

static void check_leftovers(Check *check, const char *folder) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", check->root, folder);
    DIR *dir = opendir(path);
    if (!dir)
        return;
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (strstr(entry->d_name, ".hdf5.part") || strstr(entry->d_name, ".hdf5.old"))
            check_break(check, DATA_RULE_finished, folder, "'%s' was left by a run that was not closed",
                        entry->d_name);
    closedir(dir);
}

static Status check_statistics(Check *check) {
    char path[PATH_MAX], *have = NULL, *want = NULL;
    size_t n = 0;
    struct stat info;
    Err err = {0};
    snprintf(path, sizeof path, "%s/README.md", check->root);
    if (stat(path, &info) < 0)
        check_break(check, DATA_RULE_statistics, "README.md", "it is missing");
    snprintf(path, sizeof path, "%s/stats.json", check->root);
    if (data_file_load(path, 256u << 20, &have, &n, &err) != STATUS_OK) {
        check_break(check, DATA_RULE_statistics, "stats.json", "%s", err.message);
        return STATUS_OK;
    }
    Status status = check->options->numbers ? data_stats(check->root, &want, &err) : STATUS_OK;
    if (want && strcmp(have, want) != 0)
        check_break(check, DATA_RULE_statistics, "stats.json", "it is not what the shards give");
    mem_free(have);
    mem_free(want);
    if (status == STATUS_MEMORY)
        return err_set(check->err, status, "%s", err.message);
    return STATUS_OK; /* shards that can't be read are told by readable */
}

Status check_folder(Check *check, char *const *path, int n) {
    uint64_t attempts = 0;
    TRY(check_journal(check, path, &attempts));
    check_episodes(check, path);
    TRY(check_manifest(check, path, n, attempts));
    check_leftovers(check, "shards");
    check_leftovers(check, "failed");
    return check_statistics(check);
}
