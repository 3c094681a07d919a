/* Writing a dataset folder.
 *
 * Order of a commit: the demo in its shard, its line in episodes.jsonl, the attempt's line in journal.jsonl. Only the
 * last one counts: what a crash leaves without a journal line is made again by whoever resumes. */
#include "datasets/writer_priv.h"

#include "base/hash.h"
#include "base/log.h"
#include "datasets/json_priv.h"
#include "datasets/meta_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

DataRecord data_record(const Episode *episode) {
    DataRecord record = {.attempt = episode->attempt,
                         .outcome = episode->outcome,
                         .failed_subtask = episode->failed_subtask,
                         .retries = (int)episode->retries,
                         .nrow = episode->nrow,
                         .bin = episode->draw.bin,
                         .sim_time = episode->sim_time,
                         .nsubtask = episode->nsubtask};
    memcpy(record.subtask, episode->subtask, sizeof record.subtask);
    return record;
}

/* ---- names ---- */

void writer_path(const DataWriter *writer, const char *name, const char *extension, char path[PATH_MAX]) {
    snprintf(path, PATH_MAX, "%s/%s%s%s", writer->dir, name, writer->rank, extension);
}

void writer_shard_file(const DataWriter *writer, const Stream *stream, int index, char file[128]) {
    snprintf(file, 128, "%s/%s-r%03d-%04d.hdf5", stream->folder, writer->def.meta->name, writer->def.rank,
             index);
}

void writer_shard_path(const DataWriter *writer, const Stream *stream, int index, const char *suffix,
                       char path[PATH_MAX]) {
    char file[128];
    writer_shard_file(writer, stream, index, file);
    snprintf(path, PATH_MAX, "%s/%s%s", writer->dir, file, suffix);
}

/* ---- the folder ---- */

static Status make_folder(const char *path, Err *err) {
    struct stat info;
    if (mkdir(path, 0777) == 0)
        return STATUS_OK;
    const int reason = errno;
    if (reason == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return STATUS_OK;
    return err_set(err, STATUS_IO, "%s: can't make this folder: %s", path,
                   reason == EEXIST ? "a file of this name is there" : strerror(reason));
}

/* Refuse a folder in which anything but a lock is. */
static Status require_empty(const DataWriter *writer, Err *err) {
    DIR *dir = opendir(writer->dir);
    if (!dir)
        return err_set(err, STATUS_IO, "%s: %s", writer->dir, strerror(errno));
    bool empty = true;
    for (const struct dirent *entry; empty && (entry = readdir(dir));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                strncmp(entry->d_name, ".lock", 5) == 0;
    closedir(dir);
    return empty
               ? STATUS_OK
               : err_set(
                     err, STATUS_EXISTS,
                     "%s: something is there already; nothing is overwritten: go on with it by --resume, or "
                     "choose another name",
                     writer->dir);
}

static Status take_lock(DataWriter *writer, Err *err) {
    char path[PATH_MAX], text[256] = "";
    writer_path(writer, ".lock", "", path);
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        const int reason = errno;
        const ssize_t n = pread(fd, text, sizeof text - 1, 0);
        text[n > 0 ? n : 0] = '\0';
        text[strcspn(text, "\n")] = '\0';
        close(fd);
        if (reason != EWOULDBLOCK)
            return err_set(err, STATUS_IO, "%s: %s", path, strerror(reason));
        return err_set(err, STATUS_LOCKED, "%s: another run is writing here (%s)", writer->dir,
                       text[0] ? text : "process unknown");
    }
    char host[128] = "";
    gethostname(host, sizeof host - 1);
    const int n = snprintf(text, sizeof text, "process %ld on %s\n", (long)getpid(), host);
    if (ftruncate(fd, 0) == 0)
        (void)!pwrite(fd, text, (size_t)n, 0); /* only for the message above */
    writer->lock_fd = fd;
    return STATUS_OK;
}

static Status open_folder(DataWriter *writer, Err *err) {
    char path[PATH_MAX];
    TRY(make_folder(writer->dir, err));
    if (!writer->def.resume)
        TRY(require_empty(writer, err));
    TRY(take_lock(writer, err));
    if (!writer->def.resume)
        TRY(require_empty(writer, err)); /* another run may have been quicker */
    for (int k = 0; k < NSTREAM; k++) {
        snprintf(path, sizeof path, "%s/%s", writer->dir, writer->stream[k].folder);
        if (k == STREAM_OK)
            TRY(make_folder(path, err)); /* failed/ only when something goes there */
    }
    return STATUS_OK;
}

static Status open_lines(DataWriter *writer, Err *err) {
    char path[PATH_MAX];
    if (!writer->journal.path) {
        writer_path(writer, "journal", ".jsonl", path);
        TRY(line_file_open(path, -1, &writer->journal, err));
    }
    if (!writer->episodes.path) {
        writer_path(writer, "episodes", ".jsonl", path);
        TRY(line_file_open(path, -1, &writer->episodes, err));
    }
    return STATUS_OK;
}

static void free_writer(DataWriter *writer) {
    for (int k = 0; k < NSTREAM; k++) {
        shard_abandon(writer->stream[k].shard);
        mem_free(writer->stream[k].info);
    }
    line_file_close(&writer->journal);
    line_file_close(&writer->episodes);
    tally_free(&writer->tally);
    if (writer->lock_fd >= 0) {
        char path[PATH_MAX];
        writer_path(writer, ".lock", "", path);
        unlink(path);
        close(writer->lock_fd);
    }
    pthread_mutex_destroy(&writer->lock);
    mem_free(writer);
}

static Status start(DataWriter *writer, Err *err) {
    TRY(data_meta_check(writer->def.meta, err));
    TRY(tally_init(&writer->tally, writer->def.meta->nsource, err));
    TRY(open_folder(writer, err));
    if (writer->def.resume)
        TRY(writer_resume(writer, err));
    TRY(open_lines(writer, err));
    return writer_manifest(writer, "running", err);
}

Status data_writer_create(const DataWriterDef *def, DataWriter **out, Err *err) {
    DataWriter *writer = mem_calloc(1, sizeof *writer);
    if (!writer)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", def->dir);
    *writer = (DataWriter){.def = *def, .lock_fd = -1, .journal = {.fd = -1}, .episodes = {.fd = -1}};
    pthread_mutex_init(&writer->lock, NULL);
    writer->stream[STREAM_OK].folder = "shards";
    writer->stream[STREAM_FAILED].folder = "failed";
    if (writer->def.max_episodes <= 0)
        writer->def.max_episodes = 100;
    if (def->rank > 0)
        snprintf(writer->rank, sizeof writer->rank, "-r%03d", def->rank);
    Status status = STATUS_OK;
    if (strlen(def->dir) >= sizeof writer->dir)
        status = err_set(err, STATUS_LIMIT, "%s: path too long", def->dir);
    else
        snprintf(writer->dir, sizeof writer->dir, "%s", def->dir);
    if (status == STATUS_OK)
        status = start(writer, err);
    if (status != STATUS_OK)
        free_writer(writer);
    else
        *out = writer;
    return status;
}

/* ---- shards ---- */

Status writer_list_shard(DataWriter *writer, Stream *stream, const ShardInfo *info, Err *err) {
    ShardInfo *larger = mem_realloc(stream->info, ((size_t)stream->ninfo + 1) * sizeof *larger);
    if (!larger)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", writer->dir);
    larger[stream->ninfo++] = *info;
    stream->info = larger;
    return STATUS_OK;
}

Status writer_store(DataWriter *writer, Stream *stream, const DataBlob *blob, int *shard, int *demo,
                    Err *err) {
    char path[PATH_MAX];
    if (!stream->shard) {
        snprintf(path, sizeof path, "%s/%s", writer->dir, stream->folder);
        TRY(make_folder(path, err));
        writer_shard_path(writer, stream, stream->index, ".part", path);
        TRY(shard_create(path, SHARD_EPISODES, writer->def.meta, writer->def.max_episodes, &stream->shard,
                         err));
        stream->frames = 0;
    }
    TRY(shard_append(stream->shard, blob, err));
    stream->frames += (uint64_t)blob->nrow;
    *shard = stream->index;
    *demo = shard_count(stream->shard) - 1;
    return STATUS_OK;
}

static Status sync_folder(const char *path, Err *err) {
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL)) {
        const int reason = errno;
        if (fd >= 0)
            close(fd);
        return err_set(err, STATUS_IO, "%s: %s", path, strerror(reason));
    }
    close(fd);
    return STATUS_OK;
}

Status writer_finish_shard(DataWriter *writer, Stream *stream, Err *err) {
    char part[PATH_MAX], path[PATH_MAX], folder[PATH_MAX];
    struct stat info;
    ShardInfo done = {.episodes = shard_count(stream->shard), .frames = stream->frames};
    Shard *shard = stream->shard;
    stream->shard = NULL;
    writer_shard_path(writer, stream, stream->index, ".part", part);
    writer_shard_path(writer, stream, stream->index, "", path);
    writer_shard_file(writer, stream, stream->index, done.file);
    TRY(shard_finish(shard, err));
    TRY(sha256_file(part, done.sha256, err));
    if (stat(part, &info) < 0 || rename(part, path) < 0)
        return err_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
    done.bytes = (uint64_t)info.st_size;
    snprintf(folder, sizeof folder, "%s/%s", writer->dir, stream->folder);
    TRY(sync_folder(folder, err));
    stream->index++;
    return writer_list_shard(writer, stream, &done, err);
}

/* ---- commits ---- */

/* The episode's line: where it stands, in front of what the encoder wrote. */
static Status add_episode_line(DataWriter *writer, const Stream *stream, const DataBlob *blob, int shard,
                               int demo, Err *err) {
    char file[128];
    writer_shard_file(writer, stream, shard, file);
    const size_t room = strlen(blob->index_line) + sizeof file + 64;
    char *line = mem_alloc(room);
    if (!line)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", writer->dir);
    snprintf(line, room, "{\"shard\":\"%s\",\"demo\":%d,%s", file, demo, blob->index_line + 1);
    const Status status = line_file_add(&writer->episodes, line, err);
    mem_free(line);
    return status;
}

static Status add_journal_line(DataWriter *writer, const DataRecord *record, int shard, int demo, Err *err) {
    const JournalEntry entry = {.record = *record, .shard = shard, .demo = demo};
    char *line = data_journal_line(&entry);
    if (!line)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", writer->dir);
    const Status status = line_file_add(&writer->journal, line, err);
    mem_free(line);
    return status;
}

static Status append(DataWriter *writer, const DataRecord *record, const DataBlob *blob, Err *err) {
    Stream *stream = &writer->stream[record->outcome == OUTCOME_ok ? STREAM_OK : STREAM_FAILED];
    int shard = -1, demo = -1;
    if (blob) {
        TRY(writer_store(writer, stream, blob, &shard, &demo, err));
        TRY(add_episode_line(writer, stream, blob, shard, demo, err));
    }
    TRY(add_journal_line(writer, record, shard, demo, err));
    TRY(tally_add(&writer->tally, writer->def.meta, record, blob != NULL, err));
    writer->next_attempt = record->attempt + 1;
    if (blob && demo + 1 == writer->def.max_episodes) {
        TRY(line_file_sync(&writer->journal, err));
        TRY(writer_finish_shard(writer, stream, err));
        TRY(writer_manifest(writer, "running", err));
    }
    return STATUS_OK;
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

Status data_writer_append(DataWriter *writer, const DataRecord *record, const DataBlob *blob, Err *err) {
    ASSERT(!blob || blob->attempt == record->attempt);
    pthread_mutex_lock(&writer->lock);
    const double begin = seconds();
    ASSERT(record->attempt >= writer->next_attempt);
    Status status = STATUS_OK;
    if (writer->failed)
        status = err_set(err, STATUS_IO, "%s: an earlier write failed", writer->dir);
    else
        status = append(writer, record, blob, err);
    writer->failed = writer->failed || status != STATUS_OK;
    writer->lock_seconds += seconds() - begin;
    pthread_mutex_unlock(&writer->lock);
    return status;
}

/* ---- questions ---- */

DataWriterInfo data_writer_info(DataWriter *writer) {
    pthread_mutex_lock(&writer->lock);
    const Tally *t = &writer->tally;
    DataWriterInfo info = {.next_attempt = writer->next_attempt,
                           .attempts = t->attempts,
                           .successes = t->successes,
                           .stored = t->stored,
                           .failures_kept = t->failures_kept,
                           .frames = t->frames,
                           .nshard = writer->stream[STREAM_OK].ninfo,
                           .lock_seconds = writer->lock_seconds};
    memcpy(info.outcome, t->outcome, sizeof info.outcome);
    pthread_mutex_unlock(&writer->lock);
    return info;
}

typedef struct Visitor {
    DataRecordVisit *visit;
    void *user;
} Visitor;

static Status visit_entry(void *user, const JournalEntry *entry, Err *err) {
    const Visitor *visitor = user;
    (void)err;
    visitor->visit(visitor->user, &entry->record, entry->shard >= 0);
    return STATUS_OK;
}

Status data_writer_visit(DataWriter *writer, DataRecordVisit *visit, void *user, Err *err) {
    Visitor visitor = {visit, user};
    return data_journal_read(writer->journal.path, visit_entry, &visitor, NULL, err);
}

/* ---- the end ---- */

Status writer_manifest(DataWriter *writer, const char *state, Err *err) {
    char path[PATH_MAX];
    const ManifestDef def = {
        .meta = writer->def.meta,
        .tally = &writer->tally,
        .state = state,
        .created = writer->created[0] ? writer->created : NULL,
        .shard_episodes = writer->def.max_episodes,
        .shard = {writer->stream[STREAM_OK].info, writer->stream[STREAM_FAILED].info},
        .nshard = {writer->stream[STREAM_OK].ninfo, writer->stream[STREAM_FAILED].ninfo}};
    writer_path(writer, "manifest", ".json", path);
    char *text = manifest_text(&def);
    if (!text)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    const Status status = data_file_replace(path, text, strlen(text), err);
    mem_free(text);
    return status;
}

static Status write_card(DataWriter *writer, Err *err) {
    char path[PATH_MAX], *manifest = NULL, *card = NULL;
    size_t n;
    json_t *json = NULL;
    writer_path(writer, "manifest", ".json", path);
    TRY(data_file_load(path, 256u << 20, &manifest, &n, err));
    Status status = data_json_parse(path, manifest, n, &json, err);
    mem_free(manifest);
    TRY(status);
    card = card_text(json);
    json_decref(json);
    if (!card)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", writer->dir);
    writer_path(writer, "README", ".md", path);
    status = data_file_replace(path, card, strlen(card), err);
    mem_free(card);
    return status;
}

static Status write_stats(DataWriter *writer, Err *err) {
    char path[PATH_MAX], *json = NULL;
    TRY(data_stats(writer->dir, &json, err));
    writer_path(writer, "stats", ".json", path);
    const Status status = data_file_replace(path, json, strlen(json), err);
    mem_free(json);
    return status;
}

static Status finish(DataWriter *writer, Err *err) {
    if (writer->failed)
        return err_set(err, STATUS_IO, "%s: an earlier write failed; what was committed can be resumed",
                       writer->dir);
    TRY(line_file_sync(&writer->journal, err));
    TRY(line_file_sync(&writer->episodes, err));
    for (int k = 0; k < NSTREAM; k++)
        if (writer->stream[k].shard)
            TRY(writer_finish_shard(writer, &writer->stream[k], err));
    TRY(writer_manifest(writer, "complete", err));
    TRY(write_stats(writer, err));
    return write_card(writer, err);
}

Status data_writer_close(DataWriter *writer, Err *err) {
    const Status status = finish(writer, err);
    free_writer(writer);
    return status;
}

void data_writer_abort(DataWriter *writer) {
    if (!writer)
        return;
    Err ignored = {0};
    if (!writer->failed && writer_manifest(writer, "interrupted", &ignored) != STATUS_OK)
        log_message(LOG_WARNING, "%s", ignored.message);
    free_writer(writer);
}
