/* Manual subtask boundaries. */
#include "base/marks.h"

#include "base/config.h"

#include <stdio.h>
#include <string.h>

typedef struct RawMark {
    char *subtask;
    int *begin, end;
} RawMark;

typedef struct RawDemo {
    char *id;
    RawMark *marks;
    unsigned marks_count;
} RawDemo;

typedef struct RawMarks {
    RawDemo *demos;
    unsigned demos_count;
} RawMarks;

static const cyaml_schema_field_t mark_fields[] = {
    CYAML_FIELD_STRING_PTR("subtask", CYAML_FLAG_POINTER, RawMark, subtask, 1, 200),
    CYAML_FIELD_INT_PTR("begin", CYAML_FLAG_OPTIONAL, RawMark, begin),
    CYAML_FIELD_INT("end", CYAML_FLAG_DEFAULT, RawMark, end), CYAML_FIELD_END};
static const cyaml_schema_value_t mark_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RawMark, mark_fields)};
static const cyaml_schema_field_t demo_fields[] = {
    CYAML_FIELD_STRING_PTR("id", CYAML_FLAG_POINTER, RawDemo, id, 1, 63),
    CYAML_FIELD_SEQUENCE("marks", CYAML_FLAG_POINTER, RawDemo, marks, &mark_value, 1, MAX_SUBTASKS),
    CYAML_FIELD_END};
static const cyaml_schema_value_t demo_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RawDemo, demo_fields)};
static const cyaml_schema_field_t marks_fields[] = {
    CYAML_FIELD_SEQUENCE("demos", CYAML_FLAG_POINTER, RawMarks, demos, &demo_value, 1, 10000),
    CYAML_FIELD_END};
static const cyaml_schema_value_t marks_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, RawMarks, marks_fields)};

/* The file being applied, for messages. */
typedef struct Marker {
    const char *path, *text;
    size_t size;
    const Task *task;
    const DemoSet *demos;
    Err *err;
} Marker;

static int line(const Marker *m, unsigned demo, int mark) {
    char place[64];
    snprintf(place, sizeof place, mark < 0 ? "demos/%u" : "demos/%u/marks/%d", demo, mark);
    return config_line(m->text, m->size, place);
}

static Status find_demo(const Marker *m, const RawDemo *raw, unsigned index, Demo **out) {
    const char *known[32];
    int n = 0;
    for (int i = 0; i < m->demos->n; i++) {
        *out = m->demos->demo[i];
        if (strcmp((*out)->id, raw->id) == 0)
            return STATUS_OK;
        if (n < 32)
            known[n++] = (*out)->id;
    }
    err_set(m->err, STATUS_UNKNOWN_NAME, "%s:%d: unknown demonstration '%s'", m->path, line(m, index, -1),
            raw->id);
    err_known(m->err, known, n);
    return STATUS_UNKNOWN_NAME;
}

/* Where the last marked subtask of the same hand ended. */
static int end_before(const Marker *m, const DemoMark *mark, int n, int subtask) {
    int end = 0;
    for (int i = 0; i < n; i++) {
        if (m->task->subtask[mark[i].subtask].hand == m->task->subtask[subtask].hand && mark[i].end > end)
            end = mark[i].end;
    }
    return end;
}

static Status read_mark(const Marker *m, const RawMark *raw, int at, const Demo *demo, DemoMark *mark,
                        int n) {
    const int subtask = task_subtask_index(m->task, raw->subtask);
    if (subtask < 0) {
        const char *known[MAX_SUBTASKS];
        for (int i = 0; i < m->task->nsubtask; i++)
            known[i] = m->task->subtask[i].name;
        err_set(m->err, STATUS_UNKNOWN_NAME, "%s:%d: unknown subtask '%.60s'", m->path, at, raw->subtask);
        err_known(m->err, known, m->task->nsubtask);
        return STATUS_UNKNOWN_NAME;
    }
    for (int i = 0; i < n; i++) {
        if (mark[i].subtask == subtask)
            return err_set(m->err, STATUS_FORMAT, "%s:%d: subtask '%s' is marked twice", m->path, at,
                           raw->subtask);
    }
    const int before = end_before(m, mark, n, subtask), begin = raw->begin ? *raw->begin : before;
    if (begin < before || raw->end <= begin || raw->end > demo->nrow)
        return err_set(
            m->err, STATUS_FORMAT,
            "%s:%d: rows %d to %d: the hand's last subtask ended at row %d, the demonstration has %d rows",
            m->path, at, begin, raw->end, before, demo->nrow);
    mark[n] = (DemoMark){subtask, begin, raw->end};
    return STATUS_OK;
}

/* Demo.mark is in the order of the task; a signal is up from the last row of its subtask on. */
static Status apply(const Marker *m, Demo *demo, const DemoMark *mark, int n) {
    const size_t width = (size_t)m->task->nsubtask;
    if (!demo->signal || demo->nsubtask != m->task->nsubtask) {
        uint8_t *signal = arena_alloc(demo->arena, (size_t)demo->nrow * width);
        if (!signal)
            return err_set(m->err, STATUS_MEMORY, "%s: out of memory", m->path);
        demo->signal = signal;
        demo->nsubtask = m->task->nsubtask;
    }
    demo->nmark = n;
    for (int i = 0; i < n; i++) {
        demo->mark[mark[i].subtask] = mark[i];
        for (int row = 0; row < demo->nrow; row++)
            demo->signal[(size_t)row * width + (size_t)mark[i].subtask] = row >= mark[i].end - 1;
    }
    return STATUS_OK;
}

static Status mark_demo(const Marker *m, const RawDemo *raw, unsigned index) {
    Demo *demo;
    DemoMark mark[MAX_SUBTASKS];
    TRY(find_demo(m, raw, index, &demo));
    int n = 0;
    for (; n < (int)raw->marks_count; n++)
        TRY(read_mark(m, &raw->marks[n], line(m, index, n), demo, mark, n));
    if (n != m->task->nsubtask)
        return err_set(m->err, STATUS_FORMAT, "%s:%d: %d marks, the task has %d subtasks", m->path,
                       line(m, index, -1), n, m->task->nsubtask);
    return apply(m, demo, mark, n);
}

Status marks_parse(const char *path, const char *text, size_t size, const Task *task, const DemoSet *demos,
                   Err *err) {
    void *data = NULL;
    TRY(config_parse(path, text, size, &marks_value, &data, err));
    const RawMarks *raw = data;
    const Marker m = {.path = path, .text = text, .size = size, .task = task, .demos = demos, .err = err};
    Status status = STATUS_OK;
    for (unsigned i = 0; i < raw->demos_count && status == STATUS_OK; i++)
        status = mark_demo(&m, &raw->demos[i], i);
    config_free(&marks_value, data);
    return status;
}

Status marks_load(const char *path, const Task *task, const DemoSet *demos, Err *err) {
    char *text;
    size_t size;
    TRY(config_read(path, &text, &size, err));
    const Status status = marks_parse(path, text, size, task, demos, err);
    mem_free(text);
    return status;
}
