/* JSON and small text files, see json_priv.h. */
#include "datasets/json_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* jansson has an allocator of its own; callers of this room free by mem_free only. */
static char *dump(const json_t *json, size_t flags) {
    const size_t n = json_dumpb(json, NULL, 0, flags);
    char *text = n ? mem_alloc(n + 2) : NULL;
    if (text && json_dumpb(json, text, n, flags) != n) {
        mem_free(text);
        return NULL;
    }
    if (text)
        text[n] = '\0';
    return text;
}

char *data_json_text(const json_t *json) {
    return dump(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17) | JSON_ENCODE_ANY);
}

char *data_json_pretty(const json_t *json) {
    char *text = dump(json, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(9) | JSON_ENCODE_ANY);
    if (text)
        memcpy(text + strlen(text), "\n", 2); /* dump leaves room */
    return text;
}

Status data_json_parse(const char *place, const char *text, size_t n, json_t **out, Err *err) {
    json_error_t error;
    json_t *json = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    /* Out of memory leaves the text of the error empty; every error of syntax has one. */
    if (!json && (json_error_code(&error) == json_error_out_of_memory || !error.text[0]))
        return err_set(err, STATUS_MEMORY, "%s: out of memory", place);
    if (!json)
        return err_set(err, STATUS_FORMAT, "%s: not JSON at line %d column %d: %s", place, error.line,
                       error.column, error.text);
    if (!json_is_object(json)) {
        json_decref(json);
        return err_set(err, STATUS_FORMAT, "%s: a JSON object was expected", place);
    }
    *out = json;
    return STATUS_OK;
}

json_t *data_json_real(double x) {
    return isfinite(x) ? json_real(x) : json_null();
}

json_t *data_json_reals(const double *x, int n) {
    json_t *array = json_array();
    for (int i = 0; array && i < n; i++)
        if (json_array_append_new(array, data_json_real(x[i])) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

json_t *data_json_pose(Pose pose) {
    double row[7];
    memcpy(row, pose.pos, sizeof pose.pos);
    memcpy(row + 3, pose.quat, sizeof pose.quat);
    return data_json_reals(row, 7);
}

json_t *data_json_text_or_empty(const char *text) {
    return json_string(text ? text : "");
}

json_t *data_json_names(const char *const *name, int n) {
    json_t *array = json_array();
    for (int i = 0; array && i < n; i++)
        if (json_array_append_new(array, json_string(name[i])) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

double data_json_get_real(const json_t *object, const char *key, double absent) {
    const json_t *value = json_object_get(object, key);
    if (json_is_null(value))
        return NAN;
    return json_is_number(value) ? json_number_value(value) : absent;
}

int64_t data_json_get_int(const json_t *object, const char *key, int64_t absent) {
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : absent;
}

const char *data_json_get_text(const json_t *object, const char *key, const char *absent) {
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? json_string_value(value) : absent;
}

bool data_json_get_pose(const json_t *array, Pose *pose) {
    double row[7];
    if (json_array_size(array) != 7)
        return false;
    for (size_t i = 0; i < 7; i++) {
        const json_t *value = json_array_get(array, i);
        if (!json_is_number(value))
            return false;
        row[i] = json_number_value(value);
    }
    memcpy(pose->pos, row, sizeof pose->pos);
    memcpy(pose->quat, row + 3, sizeof pose->quat);
    return true;
}

Status data_file_replace(const char *path, const char *text, size_t n, Err *err) {
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= (int)sizeof temporary)
        return err_set(err, STATUS_LIMIT, "%s: path too long", path);
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_set(err, STATUS_IO, "%s: %s", temporary, strerror(errno));
    size_t done = 0;
    int failed = 0;
    while (!failed && done < n) {
        const ssize_t w = write(fd, text + done, n - done);
        if (w > 0)
            done += (size_t)w;
        else if (errno != EINTR)
            failed = w < 0 ? errno : EIO;
    }
    if (!failed && fsync(fd) < 0)
        failed = errno;
    if (close(fd) < 0 && !failed)
        failed = errno;
    if (!failed && rename(temporary, path) < 0)
        failed = errno;
    if (!failed)
        return STATUS_OK;
    unlink(temporary);
    return err_set(err, STATUS_IO, "%s: %s", path, strerror(failed));
}

Status data_file_load(const char *path, size_t limit, char **out, size_t *n, Err *err) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat;
    if (fd < 0)
        return err_set(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, "%s: %s", path, strerror(errno));
    Status status = STATUS_OK;
    char *text = NULL;
    size_t done = 0;
    if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode))
        status = err_set(err, STATUS_FORMAT, "%s: not a file", path);
    else if ((size_t)stat.st_size > limit)
        status = err_set(err, STATUS_LIMIT, "%s: %lld bytes, at most %zu were expected", path,
                         (long long)stat.st_size, limit);
    else if (!(text = mem_alloc((size_t)stat.st_size + 1)))
        status = err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    while (status == STATUS_OK && done < (size_t)stat.st_size) {
        const ssize_t r = read(fd, text + done, (size_t)stat.st_size - done);
        if (r == 0)
            break;
        if (r < 0 && errno != EINTR)
            status = err_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
        else if (r > 0)
            done += (size_t)r;
    }
    close(fd);
    if (status != STATUS_OK) {
        mem_free(text);
        return status;
    }
    text[done] = '\0';
    *out = text;
    *n = done;
    return STATUS_OK;
}
