/* The journal, see journal.h. */
#include "datasets/journal.h"

#include "datasets/json_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- growing by lines ---- */

Status line_file_open(const char *path, long long size, LineFile *out, Err *err) {
    LineFile file = {.path = mem_strdup(path), .fd = -1};
    struct stat info;
    if (!file.path)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    file.fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (file.fd < 0 || fstat(file.fd, &info) < 0 ||
        (size >= 0 && size < info.st_size && ftruncate(file.fd, size) < 0)) {
        const Status status = err_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
        line_file_close(&file);
        return status;
    }
    file.size = size >= 0 && size < info.st_size ? size : info.st_size;
    *out = file;
    return STATUS_OK;
}

Status line_file_add(LineFile *file, const char *text, Err *err) {
    const size_t n = strlen(text);
    char *line = mem_alloc(n + 1);
    if (!line)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", file->path);
    memcpy(line, text, n);
    line[n] = '\n';
    size_t done = 0;
    int failed = 0;
    while (!failed && done <= n) {
        const ssize_t w = pwrite(file->fd, line + done, n + 1 - done, file->size + (off_t)done);
        if (w > 0)
            done += (size_t)w;
        else if (w == 0 || errno != EINTR)
            failed = w == 0 ? EIO : errno;
    }
    mem_free(line);
    if (failed) {
        (void)!ftruncate(file->fd, file->size); /* a torn line that stays would be recognised */
        return err_set(err, STATUS_IO, "%s: %s", file->path, strerror(failed));
    }
    file->size += (long long)n + 1;
    return STATUS_OK;
}

Status line_file_sync(LineFile *file, Err *err) {
    return fsync(file->fd) < 0 ? err_set(err, STATUS_IO, "%s: %s", file->path, strerror(errno)) : STATUS_OK;
}

void line_file_close(LineFile *file) {
    if (file->path && file->fd >= 0)
        close(file->fd);
    mem_free(file->path);
    *file = (LineFile){.fd = -1};
}

/* ---- entries ---- */

static json_t *subtasks_json(const DataRecord *record) {
    json_t *list = json_array();
    for (int i = 0; list && i < record->nsubtask; i++) {
        const EpisodeSubtask *s = &record->subtask[i];
        if (json_array_append_new(list,
                                  json_pack("[i, i, i, i, i, i, s]", s->subtask, s->hand, s->source_demo,
                                            s->begin, s->end, s->retries, outcome_name(s->outcome))) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

char *data_journal_line(const JournalEntry *entry) {
    const DataRecord *r = &entry->record;
    json_t *json = json_pack("{s:I, s:i, s:i, s:i, s:s, s:i, s:o, s:o}", "attempt", (json_int_t)r->attempt,
                             "bin", r->bin, "failed_subtask", r->failed_subtask, "nrow", r->nrow, "outcome",
                             outcome_name(r->outcome), "retries", r->retries, "sim_time",
                             data_json_real(r->sim_time), "subtasks", subtasks_json(r));
    bool ok = json != NULL;
    if (ok && entry->shard >= 0)
        ok = json_object_set_new(json, "shard", json_integer(entry->shard)) == 0 &&
             json_object_set_new(json, "demo", json_integer(entry->demo)) == 0;
    char *text = ok ? data_json_text(json) : NULL;
    json_decref(json);
    const size_t n = text ? strlen(text) : 0;
    char *line = text ? mem_alloc(n + 32) : NULL;
    if (line) {
        memcpy(line, text, n - 1); /* without the closing brace */
        snprintf(line + n - 1, 33, ",\"crc\":\"%08x\"}", libdeflate_crc32(0, text, n - 1));
    }
    mem_free(text);
    return line;
}

enum { CRC_TAIL = 18 }; /* ,"crc":"xxxxxxxx"} */

static bool parse_subtasks(const json_t *list, DataRecord *record) {
    const size_t n = json_array_size(list);
    if (n > MAX_EPISODE_SUBTASKS)
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);
        const char *outcome = json_string_value(json_array_get(item, 6));
        int v[6];
        for (size_t k = 0; k < 6; k++)
            v[k] = (int)json_integer_value(json_array_get(item, k));
        const int o = outcome ? outcome_from_name(outcome) : -1;
        if (o < 0 || v[0] < 0 || v[0] >= MAX_SUBTASKS || v[1] < 0 || v[1] >= NSIDE)
            return false;
        record->subtask[i] = (EpisodeSubtask){v[0], v[1], v[2], v[3], v[4], v[5], (Outcome)o};
    }
    record->nsubtask = (int)n;
    return true;
}

static Status parse_line(const char *line, size_t n, JournalEntry *entry, bool *whole) {
    char crc[CRC_TAIL + 1];
    *whole = false;
    if (n < 2 * CRC_TAIL)
        return STATUS_OK;
    snprintf(crc, sizeof crc, ",\"crc\":\"%08x\"}", libdeflate_crc32(0, line, n - CRC_TAIL));
    if (memcmp(crc, line + n - CRC_TAIL, CRC_TAIL) != 0)
        return STATUS_OK;
    json_t *json = NULL;
    const Status status = data_json_parse("journal", line, n, &json, NULL);
    if (status != STATUS_OK)
        return status == STATUS_MEMORY ? status : STATUS_OK;
    const int outcome = outcome_from_name(data_json_get_text(json, "outcome", ""));
    DataRecord *r = &entry->record;
    *entry = (JournalEntry){.shard = (int)data_json_get_int(json, "shard", -1),
                            .demo = (int)data_json_get_int(json, "demo", -1)};
    r->attempt = (uint64_t)data_json_get_int(json, "attempt", 0);
    r->bin = (int)data_json_get_int(json, "bin", 0);
    r->failed_subtask = (int)data_json_get_int(json, "failed_subtask", -1);
    r->nrow = (int)data_json_get_int(json, "nrow", 0);
    r->retries = (int)data_json_get_int(json, "retries", 0);
    r->sim_time = data_json_get_real(json, "sim_time", 0);
    r->outcome = (Outcome)(outcome < 0 ? 0 : outcome);
    *whole = outcome >= 0 && entry->shard >= -1 && entry->demo >= -1 &&
             parse_subtasks(json_object_get(json, "subtasks"), r);
    json_decref(json);
    return STATUS_OK;
}

static Status read_lines(FILE *file, const char *path, JournalVisit *visit, void *user, bool *torn,
                         Err *err) {
    enum { LINE_MAX_BYTES = 16384 };
    char *line = mem_alloc(LINE_MAX_BYTES);
    Status status = line ? STATUS_OK : err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    long long end = 0;
    uint64_t last = 0;
    bool any = false;
    while (status == STATUS_OK && !*torn && fgets(line, LINE_MAX_BYTES, file)) {
        JournalEntry entry;
        bool whole = false;
        const size_t n = strlen(line);
        if (n > 0 && line[n - 1] == '\n')
            status = parse_line(line, n - 1, &entry, &whole);
        if (status != STATUS_OK)
            err_set(err, status, "%s: out of memory", path);
        else if (!whole || (any && entry.record.attempt <= last))
            *torn = true;
        else {
            entry.end = end += (long long)n;
            last = entry.record.attempt;
            any = true;
            status = visit(user, &entry, err);
        }
    }
    if (status == STATUS_OK && ferror(file))
        status = err_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
    mem_free(line);
    return status;
}

Status data_journal_read(const char *path, JournalVisit *visit, void *user, bool *torn, Err *err) {
    bool ignored = false;
    if (!torn)
        torn = &ignored;
    *torn = false;
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT ? STATUS_OK : err_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
    const Status status = read_lines(file, path, visit, user, torn, err);
    fclose(file);
    return status;
}
