/* Taking up a killed run.
 *
 *   journal:   a0 a1 a2 a3 a4 a5 a6 │ (torn)        entries that count: those before the cut
 *   shard 0:   d0 d1 d2 finished
 *   shard 1:   d0 d1 .part                          read, written again through the same path, continued
 *
 * The cut is the first attempt that the journal lacks or whose stored episode can't be read any more. Everything from
 * there on is forgotten and made again; since every attempt is a function of its id, with the same bytes. */
#include "datasets/writer_priv.h"

#include "base/hash.h"
#include "base/log.h"
#include "datasets/json_priv.h"
#include "datasets/reader_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A stored episode, as the journal tells it. */
typedef struct Kept {
    uint64_t attempt;
    int shard, demo;
} Kept;

typedef struct KeptList {
    Kept *kept;
    size_t n, room;
    int last; /* highest shard in the journal */
} KeptList;

typedef struct Past {
    KeptList list[NSTREAM];
    uint64_t cut; /* first attempt that is forgotten */
} Past;

static bool exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

static bool has_bytes(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && info.st_size > 0;
}

/* ---- reading the journal ---- */

static Status collect(void *user, const JournalEntry *entry, Err *err) {
    Past *past = user;
    KeptList *list = &past->list[entry->record.outcome == OUTCOME_ok ? STREAM_OK : STREAM_FAILED];
    past->cut = entry->record.attempt + 1;
    if (entry->shard < 0)
        return STATUS_OK;
    if (list->n == list->room) {
        const size_t room = list->room ? 2 * list->room : 256;
        Kept *larger = mem_realloc(list->kept, room * sizeof *larger);
        if (!larger)
            return err_set(err, STATUS_MEMORY, "journal: out of memory");
        list->kept = larger;
        list->room = room;
    }
    list->kept[list->n++] = (Kept){entry->record.attempt, entry->shard, entry->demo};
    list->last = entry->shard > list->last ? entry->shard : list->last;
    return STATUS_OK;
}

/* ---- what can still be read ---- */

/* Where the episodes of a shard are: what an interrupted resume set aside, the unfinished or the finished file. */
static bool shard_source(const DataWriter *writer, const Stream *stream, int index, char path[PATH_MAX]) {
    static const char *const suffixes[] = {".old", ".part", ""};
    for (int k = 0; k < 3; k++) {
        writer_shard_path(writer, stream, index, suffixes[k], path);
        if (exists(path))
            return true;
    }
    return false;
}

/* Number of the n episodes, from the first on, that stand in the shard and can be read. */
static Status count_readable(const char *path, const DataMeta *meta, const Kept *kept, size_t n,
                             size_t *readable, Err *err) {
    DataFile file;
    *readable = 0;
    const Status status = data_file_open(path, &file, err);
    if (status != STATUS_OK)
        return status == STATUS_MEMORY ? status : STATUS_OK;
    for (size_t i = 0; i < n; i++) {
        Episode *episode = NULL;
        const Status read = data_file_read(&file, kept[i].demo, meta, &episode, NULL, err);
        const bool same = read == STATUS_OK && episode->attempt == kept[i].attempt;
        data_episode_destroy(episode);
        if (read == STATUS_MEMORY) {
            data_file_close(&file);
            return read;
        }
        if (!same)
            break;
        ++*readable;
    }
    data_file_close(&file);
    return STATUS_OK;
}

/* First entry of the last shard of the list. */
static size_t last_shard_begin(const KeptList *list) {
    size_t i = list->n;
    while (i > 0 && list->kept[i - 1].shard == list->kept[list->n - 1].shard)
        i--;
    return i;
}

/* Lower the cut to the first stored episode that is gone. Finished shards are trusted if they are there: their hash is
 * compared by `demomill check`. */
static Status find_cut(const DataWriter *writer, const Stream *stream, const KeptList *list, uint64_t *cut,
                       Err *err) {
    char path[PATH_MAX];
    const size_t begin = last_shard_begin(list);
    for (size_t i = 0; i < begin; i++) {
        if (i > 0 && list->kept[i].shard == list->kept[i - 1].shard)
            continue;
        writer_shard_path(writer, stream, list->kept[i].shard, "", path);
        if (!exists(path)) {
            log_message(LOG_WARNING, "%s is gone; its episodes are made again", path);
            *cut = list->kept[i].attempt < *cut ? list->kept[i].attempt : *cut;
            return STATUS_OK;
        }
    }
    size_t readable = 0;
    if (begin < list->n && shard_source(writer, stream, list->kept[begin].shard, path))
        TRY(count_readable(path, writer->def.meta, list->kept + begin, list->n - begin, &readable, err));
    if (begin + readable < list->n && list->kept[begin + readable].attempt < *cut) {
        log_message(LOG_WARNING, "%s: attempts from %llu on can't be read and are made again", path,
                    (unsigned long long)list->kept[begin + readable].attempt);
        *cut = list->kept[begin + readable].attempt;
    }
    return STATUS_OK;
}

/* ---- writing the unfinished shard again ---- */

static Status copy_episode(DataWriter *writer, Stream *stream, const DataFile *file, int demo, Err *err) {
    Episode *episode = NULL;
    DataBlob *blob = NULL;
    int shard, index;
    TRY(data_file_read(file, demo, writer->def.meta, &episode, NULL, err));
    Status status = data_encode(writer->def.meta, episode, writer->def.mode, &blob, err);
    data_episode_destroy(episode);
    if (status == STATUS_OK)
        status = writer_store(writer, stream, blob, &shard, &index, err);
    data_blob_destroy(blob);
    return status;
}

static Status rewrite_shard(DataWriter *writer, Stream *stream, const Kept *kept, size_t n, Err *err) {
    char source[PATH_MAX], old[PATH_MAX], part[PATH_MAX];
    DataFile file;
    writer_shard_path(writer, stream, stream->index, ".old", old);
    writer_shard_path(writer, stream, stream->index, ".part", part);
    if (!shard_source(writer, stream, stream->index, source))
        return err_set(err, STATUS_NOT_FOUND, "%s: missing", part);
    if (strcmp(source, old) != 0 && rename(source, old) < 0)
        return err_set(err, STATUS_IO, "%s: %s", old, strerror(errno));
    unlink(part);
    TRY(data_file_open(old, &file, err));
    Status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < n; i++)
        status = copy_episode(writer, stream, &file, kept[i].demo, err);
    data_file_close(&file);
    TRY(status);
    unlink(old);
    writer_shard_path(writer, stream, stream->index, "", part);
    unlink(part); /* a short last shard of a finished run */
    return (int)n == writer->def.max_episodes ? writer_finish_shard(writer, stream, err) : STATUS_OK;
}

/* ---- finished shards ---- */

static Status list_finished(DataWriter *writer, Stream *stream, int index, size_t n, const json_t *manifest,
                            Err *err) {
    char path[PATH_MAX], file[128];
    struct stat info;
    ShardInfo shard;
    writer_shard_file(writer, stream, index, file);
    writer_shard_path(writer, stream, index, "", path);
    if (stat(path, &info) < 0)
        return err_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
    if (manifest_shard(manifest, file, &shard) && shard.bytes == (uint64_t)info.st_size &&
        shard.episodes == (int)n)
        return writer_list_shard(writer, stream, &shard, err);
    DataFile open;
    shard = (ShardInfo){.bytes = (uint64_t)info.st_size, .episodes = (int)n};
    snprintf(shard.file, sizeof shard.file, "%s", file);
    TRY(data_file_open(path, &open, err));
    Status status = STATUS_OK;
    for (int i = 0; status == STATUS_OK && i < open.n; i++) {
        char place[512];
        hid_t demo;
        int nrow;
        status = data_file_demo(&open, i, &demo, place, &nrow, err);
        if (status == STATUS_OK) {
            shard.frames += (uint64_t)nrow;
            H5Gclose(demo);
        }
    }
    data_file_close(&open);
    TRY(status);
    TRY(sha256_file(path, shard.sha256, err));
    return writer_list_shard(writer, stream, &shard, err);
}

/* Is shard index finished, with all the n episodes it may have? */
static bool is_full(const DataWriter *writer, const Stream *stream, int index, size_t n) {
    char path[PATH_MAX], old[PATH_MAX];
    writer_shard_path(writer, stream, index, "", path);
    writer_shard_path(writer, stream, index, ".old", old);
    return (int)n == writer->def.max_episodes && exists(path) && !exists(old);
}

/* Shards from index on: made of attempts that are forgotten, or never in the journal. last: highest in the journal. */
static void remove_later(const DataWriter *writer, const Stream *stream, int index, int last) {
    static const char *const suffixes[] = {".old", ".part", ""};
    for (bool any = true; any || index <= last; index++) {
        any = false;
        for (int k = 0; k < 3; k++) {
            char path[PATH_MAX];
            writer_shard_path(writer, stream, index, suffixes[k], path);
            any = unlink(path) == 0 || any;
        }
    }
}

static Status resume_stream(DataWriter *writer, Stream *stream, const KeptList *list, const json_t *manifest,
                            Err *err) {
    size_t i = 0;
    while (i < list->n) {
        const int index = list->kept[i].shard;
        size_t end = i;
        while (end < list->n && list->kept[end].shard == index)
            end++;
        stream->index = index;
        if (is_full(writer, stream, index, end - i)) {
            TRY(list_finished(writer, stream, index, end - i, manifest, err));
            stream->index = index + 1;
        } else if (end < list->n) {
            return err_set(err, STATUS_FORMAT,
                           "%s: journal gives shard %d of %s %zu episodes, %d were expected", writer->dir,
                           index, stream->folder, end - i, writer->def.max_episodes);
        } else {
            remove_later(writer, stream, index + 1, list->last);
            return rewrite_shard(writer, stream, list->kept + i, end - i, err);
        }
        i = end;
    }
    remove_later(writer, stream, stream->index, list->last);
    return STATUS_OK;
}

/* ---- the line files ---- */

typedef struct Cut {
    DataWriter *writer;
    uint64_t cut;
    long long end; /* bytes of the journal before the cut */
} Cut;

static Status count_entry(void *user, const JournalEntry *entry, Err *err) {
    Cut *cut = user;
    if (entry->record.attempt >= cut->cut)
        return STATUS_OK;
    cut->end = entry->end;
    return tally_add(&cut->writer->tally, cut->writer->def.meta, &entry->record, entry->shard >= 0, err);
}

/* Bytes of episodes.jsonl before the first line that is torn or of an attempt from the cut on. */
static Status measure_episodes(const char *path, uint64_t cut, long long *end, Err *err) {
    FILE *file = fopen(path, "re");
    *end = 0;
    if (!file)
        return errno == ENOENT ? STATUS_OK : err_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
    char *line = NULL;
    size_t room = 0;
    for (ssize_t n; (n = getline(&line, &room, file)) > 0 && line[n - 1] == '\n'; *end += n) {
        json_t *json = NULL;
        if (data_json_parse(path, line, (size_t)n - 1, &json, NULL) != STATUS_OK)
            break;
        const bool later = (uint64_t)data_json_get_int(json, "attempt", INT64_MAX) >= cut;
        json_decref(json);
        if (later)
            break;
    }
    free(line); /* getline's own */
    fclose(file);
    return STATUS_OK;
}

static Status cut_lines(DataWriter *writer, uint64_t cut_at, Err *err) {
    char path[PATH_MAX];
    long long end = 0;
    Cut cut = {.writer = writer, .cut = cut_at};
    writer_path(writer, "episodes", ".jsonl", path);
    TRY(measure_episodes(path, cut_at, &end, err));
    TRY(line_file_open(path, end, &writer->episodes, err));
    writer_path(writer, "journal", ".jsonl", path);
    TRY(data_journal_read(path, count_entry, &cut, NULL, err));
    return line_file_open(path, cut.end, &writer->journal, err);
}

/* ---- all of it ---- */

static void forget(KeptList *list, uint64_t cut) {
    while (list->n > 0 && list->kept[list->n - 1].attempt >= cut)
        list->n--;
}

static Status resume_from(DataWriter *writer, Past *past, const json_t *manifest, Err *err) {
    char path[PATH_MAX];
    bool torn = false;
    writer_path(writer, "journal", ".jsonl", path);
    TRY(data_journal_read(path, collect, past, &torn, err));
    if (torn)
        log_message(LOG_WARNING, "%s: torn after attempt %llu; what follows is made again", path,
                    (unsigned long long)past->cut);
    for (int k = 0; k < NSTREAM; k++)
        TRY(find_cut(writer, &writer->stream[k], &past->list[k], &past->cut, err));
    for (int k = 0; k < NSTREAM; k++) {
        forget(&past->list[k], past->cut);
        TRY(resume_stream(writer, &writer->stream[k], &past->list[k], manifest, err));
    }
    TRY(cut_lines(writer, past->cut, err));
    writer->next_attempt = past->cut;
    return STATUS_OK;
}

Status writer_resume(DataWriter *writer, Err *err) {
    char path[PATH_MAX], *text = NULL;
    size_t n;
    json_t *manifest = NULL;
    Past past = {0};
    writer_path(writer, "manifest", ".json", path);
    Status status = data_file_load(path, 256u << 20, &text, &n, err);
    if (status ==
        STATUS_NOT_FOUND) { /* killed before anything was committed, the journal made or not; or a new folder */
        writer_path(writer, "journal", ".jsonl", path);
        return has_bytes(path)
                   ? err_set(err, STATUS_NOT_FOUND, "%s: a journal without manifest.json", writer->dir)
                   : STATUS_OK;
    }
    if (status == STATUS_OK)
        status = data_json_parse(path, text, n, &manifest, err);
    mem_free(text);
    if (status == STATUS_OK)
        status = manifest_matches(path, manifest, writer->def.meta, writer->def.max_episodes, err);
    if (status == STATUS_OK) {
        snprintf(writer->created, sizeof writer->created, "%s", data_json_get_text(manifest, "created", ""));
        status = resume_from(writer, &past, manifest, err);
    }
    for (int k = 0; k < NSTREAM; k++)
        mem_free(past.list[k].kept);
    json_decref(manifest);
    return status;
}
