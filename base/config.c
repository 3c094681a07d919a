/* YAML by schema: libyaml's events are held against the schema first, which gives every complaint its line and the keys
 * known there; then libcyaml loads what is known to fit. (libcyaml alone takes "1x" for 1 and any word for true.) */
#include "base/config.h"

#include "base/arena.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { CONFIG_MAX_SIZE = 256 << 10, CONFIG_MAX_DEPTH = 32, CONFIG_MAX_KEYS = 256, CONFIG_MAX_KNOWN = 64 };

typedef struct Checker {
    yaml_parser_t parser;
    const char *name; /* of the file */
    Err *err;
} Checker;

static Status check_text(const char *name, const char *text, size_t size, const cyaml_schema_value_t *schema,
                         Err *err);
static void *config_memory(void *context, void *p, size_t size);
static void config_log(cyaml_log_t level, void *context, const char *format, va_list arguments);

/* The first error that libcyaml reports, without its end of line. */
typedef struct ConfigLog {
    char message[256];
} ConfigLog;

static const cyaml_config_t config_base = {
    .mem_fn = config_memory, .log_level = CYAML_LOG_ERROR, .flags = CYAML_CFG_NO_ALIAS};

Status config_load(const char *path, const cyaml_schema_value_t *schema, void **data, Err *err) {
    char *text;
    size_t size;
    TRY(config_read(path, &text, &size, err));
    const Status status = config_parse(path, text, size, schema, data, err);
    mem_free(text);
    return status;
}

Status config_parse(const char *name, const char *text, size_t size, const cyaml_schema_value_t *schema,
                    void **data, Err *err) {
    TRY(check_text(name, text, size, schema, err));
    ConfigLog log = {""};
    cyaml_config_t config = config_base;
    config.log_fn = config_log;
    config.log_ctx = &log;
    cyaml_data_t *loaded = NULL;
    const cyaml_err_t failure = cyaml_load_data((const uint8_t *)text, size, &config, schema, &loaded, NULL);
    if (failure == CYAML_ERR_OOM)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", name);
    if (failure != CYAML_OK)
        return err_set(err, STATUS_FORMAT, "%s: %s (%s)", name, cyaml_strerror(failure), log.message);
    *data = loaded;
    return STATUS_OK;
}

void config_free(const cyaml_schema_value_t *schema, void *data) {
    if (data)
        cyaml_free(&config_base, schema, data, 0);
}

Status config_read(const char *path, char **text, size_t *size, Err *err) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return err_set(err, errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_IO, "%s: %s",
                       path, strerror(errno));
    Status status = STATUS_OK;
    char *buffer = NULL;
    size_t used = 0, room = 0;
    while (status == STATUS_OK && !feof(file)) {
        if (room - used < 2) {
            room = room ? 2 * room : 4096;
            char *more = mem_realloc(buffer, room);
            if (!more) {
                status = err_set(err, STATUS_MEMORY, "%s: out of memory", path);
                break;
            }
            buffer = more;
        }
        used += fread(buffer + used, 1, room - used - 1, file);
        if (ferror(file))
            status = err_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
        else if (used > CONFIG_MAX_SIZE)
            status = err_set(err, STATUS_LIMIT, "%s: larger than 256 KiB", path);
    }
    fclose(file);
    if (status != STATUS_OK) {
        mem_free(buffer);
        return status;
    }
    buffer[used] = '\0';
    *text = buffer;
    *size = used;
    return STATUS_OK;
}

/* libcyaml's allocator: size 0 frees. */
static void *config_memory(void *context, void *p, size_t size) {
    (void)context;
    if (size)
        return mem_realloc(p, size);
    mem_free(p);
    return NULL;
}

static void config_log(cyaml_log_t level, void *context, const char *format, va_list arguments) {
    ConfigLog *log = context;
    if (level < CYAML_LOG_ERROR || log->message[0])
        return;
    vsnprintf(log->message, sizeof log->message, format, arguments);
    log->message[strcspn(log->message, "\n")] = '\0';
}

/* ---- events against the schema ---- */

static int line_of(const yaml_event_t *event) {
    return (int)event->start_mark.line + 1;
}

static const char *event_noun(const yaml_event_t *event) {
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return "a single value";
    case YAML_SEQUENCE_START_EVENT:
        return "a list";
    case YAML_MAPPING_START_EVENT:
        return "a mapping";
    default:
        return "the end";
    }
}

static const char *scalar_text(const yaml_event_t *event) {
    return (const char *)event->data.scalar.value;
}

/* The next event; the caller deletes it. Refuses aliases, which could nest without bounds, and bytes that C strings cannot
 * hold. */
static Status next_event(Checker *checker, yaml_event_t *event) {
    yaml_parser_t *parser = &checker->parser;
    if (!yaml_parser_parse(parser, event)) {
        if (parser->error == YAML_MEMORY_ERROR)
            return err_set(checker->err, STATUS_MEMORY, "%s: out of memory", checker->name);
        const int line =
            (int)(parser->error == YAML_READER_ERROR ? parser->mark.line : parser->problem_mark.line) + 1;
        return err_set(checker->err, STATUS_FORMAT, "%s:%d: not YAML: %s", checker->name, line,
                       parser->problem ? parser->problem : "unreadable");
    }
    Status status = STATUS_OK;
    if (event->type == YAML_ALIAS_EVENT)
        status = err_set(checker->err, STATUS_FORMAT, "%s:%d: aliases (*%.60s) are not supported",
                         checker->name, line_of(event), event->data.alias.anchor);
    else if (event->type == YAML_SCALAR_EVENT && strlen(scalar_text(event)) != event->data.scalar.length)
        status = err_set(checker->err, STATUS_FORMAT, "%s:%d: a text holds a NUL byte", checker->name,
                         line_of(event));
    if (status != STATUS_OK)
        yaml_event_delete(event);
    return status;
}

static Status wrong_type(Checker *checker, const yaml_event_t *event, const char *key, const char *expected) {
    if (event->type != YAML_SCALAR_EVENT)
        return err_set(checker->err, STATUS_FORMAT, "%s:%d: '%s' must be %s, not %s", checker->name,
                       line_of(event), key, expected, event_noun(event));
    return err_set(checker->err, STATUS_FORMAT, "%s:%d: '%s' must be %s, not '%.60s'", checker->name,
                   line_of(event), key, expected, scalar_text(event));
}

static bool is_whole(const char *text) {
    char *end;
    errno = 0;
    strtoll(text, &end, 0);
    return end != text && !*end && errno == 0;
}

static bool is_finite_number(const char *text) {
    char *end;
    const double value = strtod(text, &end);
    return end != text && !*end && isfinite(value);
}

static bool is_bool(const char *text) {
    static const char *const known[] = {"true", "false", "yes", "no"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(text, known[i]) == 0)
            return true;
    }
    return false;
}

static Status check_enum(Checker *checker, const cyaml_schema_value_t *schema, const char *key,
                         const yaml_event_t *event) {
    const char *known[CONFIG_MAX_KNOWN];
    int n = 0;
    for (uint32_t i = 0; i < schema->enumeration.count; i++) {
        const char *name = schema->enumeration.strings[i].str;
        if (strcmp(name, scalar_text(event)) == 0)
            return STATUS_OK;
        if (n < CONFIG_MAX_KNOWN)
            known[n++] = name;
    }
    err_set(checker->err, STATUS_UNKNOWN_NAME, "%s:%d: unknown %s '%.60s'", checker->name, line_of(event),
            key, scalar_text(event));
    err_known(checker->err, known, n);
    return STATUS_UNKNOWN_NAME;
}

static Status check_scalar(Checker *checker, const cyaml_schema_value_t *schema, const char *key,
                           const yaml_event_t *event) {
    static const char *const nouns[CYAML__TYPE_COUNT] = {
        [CYAML_INT] = "a whole number", [CYAML_UINT] = "a whole number ≥ 0", [CYAML_BOOL] = "true or false",
        [CYAML_ENUM] = "a name",        [CYAML_FLOAT] = "a finite number",   [CYAML_STRING] = "a text"};
    if (event->type != YAML_SCALAR_EVENT)
        return wrong_type(checker, event, key, nouns[schema->type]);
    const char *text = scalar_text(event);
    if ((schema->flags & CYAML_FLAG_POINTER_NULL) == CYAML_FLAG_POINTER_NULL && !*text)
        return STATUS_OK;
    bool fits = true;
    switch (schema->type) {
    case CYAML_INT:
        fits = is_whole(text);
        break;
    case CYAML_UINT:
        fits = is_whole(text) && !strchr(text, '-');
        break;
    case CYAML_FLOAT:
        fits = is_finite_number(text);
        break;
    case CYAML_BOOL:
        fits = is_bool(text);
        break;
    case CYAML_ENUM:
        return check_enum(checker, schema, key, event);
    default:
        if (strlen(text) > schema->string.max)
            return err_set(checker->err, STATUS_FORMAT, "%s:%d: '%s' is longer than %u bytes", checker->name,
                           line_of(event), key, (unsigned)schema->string.max);
        if (strlen(text) < schema->string.min)
            return err_set(checker->err, STATUS_FORMAT, "%s:%d: '%s' is empty", checker->name, line_of(event),
                           key);
    }
    return fits ? STATUS_OK : wrong_type(checker, event, key, nouns[schema->type]);
}

static Status check_value(Checker *checker, const cyaml_schema_value_t *schema, const char *key,
                          const yaml_event_t *event, int depth);

static Status check_sequence(Checker *checker, const cyaml_schema_value_t *schema, const char *key,
                             const yaml_event_t *begin, int depth) {
    if (begin->type != YAML_SEQUENCE_START_EVENT)
        return wrong_type(checker, begin, key, "a list");
    for (uint32_t n = 0;; n++) {
        yaml_event_t event;
        TRY(next_event(checker, &event));
        const bool end = event.type == YAML_SEQUENCE_END_EVENT;
        Status status = STATUS_OK;
        if (end ? n < schema->sequence.min : n >= schema->sequence.max)
            status = err_set(checker->err, STATUS_FORMAT, "%s:%d: '%s' must have %s %u entries",
                             checker->name, line_of(begin), key,
                             schema->sequence.min == schema->sequence.max ? "exactly"
                             : end                                        ? "at least"
                                                                          : "at most",
                             (unsigned)(end ? schema->sequence.min : schema->sequence.max));
        else if (!end)
            status = check_value(checker, schema->sequence.entry, key, &event, depth + 1);
        yaml_event_delete(&event);
        if (end || status != STATUS_OK)
            return status;
    }
}

/* Fill known with the keys of a mapping; returns how many. */
static int known_keys(const cyaml_schema_field_t *fields, const char *known[CONFIG_MAX_KNOWN]) {
    int n = 0;
    for (; fields[n].key && n < CONFIG_MAX_KNOWN; n++)
        known[n] = fields[n].key;
    return n;
}

static Status bad_key(Checker *checker, const cyaml_schema_field_t *fields, Status status, int line,
                      const char *what, const char *key) {
    const char *known[CONFIG_MAX_KNOWN];
    err_set(checker->err, status, "%s:%d: %s '%.60s'", checker->name, line, what, key);
    err_known(checker->err, known, known_keys(fields, known));
    return status;
}

/* One key and its value; marks the key as seen. */
static Status check_field(Checker *checker, const cyaml_schema_field_t *fields, const yaml_event_t *key,
                          bool *seen, int depth) {
    if (key->type != YAML_SCALAR_EVENT)
        return err_set(checker->err, STATUS_FORMAT, "%s:%d: a key must be a text, not %s", checker->name,
                       line_of(key), event_noun(key));
    int i = 0;
    while (fields[i].key && strcmp(fields[i].key, scalar_text(key)) != 0)
        i++;
    if (!fields[i].key)
        return bad_key(checker, fields, STATUS_UNKNOWN_NAME, line_of(key), "unknown key", scalar_text(key));
    ASSERT(i < CONFIG_MAX_KEYS);
    if (seen[i])
        return err_set(checker->err, STATUS_FORMAT, "%s:%d: key '%s' is given twice", checker->name,
                       line_of(key), fields[i].key);
    seen[i] = true;
    yaml_event_t value;
    TRY(next_event(checker, &value));
    const Status status = check_value(checker, &fields[i].value, fields[i].key, &value, depth + 1);
    yaml_event_delete(&value);
    return status;
}

static Status check_mapping(Checker *checker, const cyaml_schema_value_t *schema, const char *key,
                            const yaml_event_t *begin, int depth) {
    const cyaml_schema_field_t *fields = schema->mapping.fields;
    if (begin->type != YAML_MAPPING_START_EVENT)
        return wrong_type(checker, begin, key, "a mapping");
    bool seen[CONFIG_MAX_KEYS] = {false};
    for (bool end = false; !end;) {
        yaml_event_t event;
        TRY(next_event(checker, &event));
        end = event.type == YAML_MAPPING_END_EVENT;
        const Status status = end ? STATUS_OK : check_field(checker, fields, &event, seen, depth);
        yaml_event_delete(&event);
        if (status != STATUS_OK)
            return status;
    }
    for (int i = 0; fields[i].key; i++) {
        if (!seen[i] && !(fields[i].value.flags & CYAML_FLAG_OPTIONAL))
            return bad_key(checker, fields, STATUS_FORMAT, line_of(begin), "missing key", fields[i].key);
    }
    return STATUS_OK;
}

static Status check_value(Checker *checker, const cyaml_schema_value_t *schema, const char *key,
                          const yaml_event_t *event, int depth) {
    if (depth > CONFIG_MAX_DEPTH)
        return err_set(checker->err, STATUS_LIMIT, "%s:%d: nested more than %d deep", checker->name,
                       line_of(event), CONFIG_MAX_DEPTH);
    switch (schema->type) {
    case CYAML_MAPPING:
        return check_mapping(checker, schema, key, event, depth);
    case CYAML_SEQUENCE:
    case CYAML_SEQUENCE_FIXED:
        return check_sequence(checker, schema, key, event, depth);
    default:
        return check_scalar(checker, schema, key, event);
    }
}

/* The document's first event, which may be missing. */
static Status check_document(Checker *checker, const cyaml_schema_value_t *schema,
                             const yaml_event_t *event) {
    if (event->type == YAML_STREAM_END_EVENT)
        return err_set(checker->err, STATUS_FORMAT, "%s:1: the file is empty", checker->name);
    yaml_event_t root;
    TRY(next_event(checker, &root));
    Status status = check_value(checker, schema, "the file", &root, 0);
    yaml_event_delete(&root);
    for (bool end = false; status == STATUS_OK && !end;) {
        yaml_event_t rest;
        TRY(next_event(checker, &rest));
        end = rest.type == YAML_STREAM_END_EVENT;
        if (rest.type == YAML_DOCUMENT_START_EVENT)
            status = err_set(checker->err, STATUS_FORMAT, "%s:%d: a second document", checker->name,
                             line_of(&rest));
        yaml_event_delete(&rest);
    }
    return status;
}

static Status check_text(const char *name, const char *text, size_t size, const cyaml_schema_value_t *schema,
                         Err *err) {
    Checker checker = {.name = name, .err = err};
    if (!yaml_parser_initialize(&checker.parser))
        return err_set(err, STATUS_MEMORY, "%s: out of memory", name);
    yaml_parser_set_input_string(&checker.parser, (const unsigned char *)text, size);
    Status status = STATUS_OK;
    for (int i = 0; i < 2 && status == STATUS_OK; i++) { /* start of the stream, start of the document */
        yaml_event_t event;
        status = next_event(&checker, &event);
        if (status != STATUS_OK)
            break;
        if (i == 1)
            status = check_document(&checker, schema, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&checker.parser);
    return status;
}

/* ---- places ---- */

/* Read on to the end of the value that begins with event. */
static bool skip_value(yaml_parser_t *parser, yaml_event_type_t first) {
    int depth = first == YAML_SEQUENCE_START_EVENT || first == YAML_MAPPING_START_EVENT;
    while (depth > 0) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return false;
        const yaml_event_type_t type = event.type;
        yaml_event_delete(&event);
        if (type == YAML_STREAM_END_EVENT)
            return false;
        depth += type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
        depth -= type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
    }
    return true;
}

/* In the collection that has just begun, read up to the entry called segment and its value's first event. Returns the
 * entry's line, 0 if there is none. */
static int enter(yaml_parser_t *parser, yaml_event_type_t collection, const char *segment, size_t length,
                 yaml_event_type_t *value) {
    const bool mapping = collection == YAML_MAPPING_START_EVENT;
    if (!mapping && collection != YAML_SEQUENCE_START_EVENT)
        return 0;
    const long wanted = mapping ? -1 : strtol(segment, NULL, 10);
    for (long i = 0;; i++) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return 0;
        *value = event.type;
        const int line = line_of(&event);
        const bool end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
        bool found = i == wanted;
        if (mapping && event.type == YAML_SCALAR_EVENT)
            found = event.data.scalar.length == length && memcmp(scalar_text(&event), segment, length) == 0;
        yaml_event_delete(&event);
        if (end)
            return 0;
        if (mapping) {
            if (!yaml_parser_parse(parser, &event))
                return 0;
            *value = event.type;
            yaml_event_delete(&event);
        }
        if (found)
            return line;
        if (!skip_value(parser, *value))
            return 0;
    }
}

int config_line(const char *text, size_t size, const char *path) {
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return 0;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    yaml_event_type_t value = YAML_NO_EVENT;
    int line = 0;
    for (int i = 0; i < 3; i++) { /* stream, document, root */
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event))
            break;
        value = event.type;
        line = line_of(&event);
        yaml_event_delete(&event);
    }
    while (line && *path) {
        const size_t length = strcspn(path, "/");
        line = enter(&parser, value, path, length, &value);
        path += length + (path[length] == '/');
    }
    yaml_parser_delete(&parser);
    return line;
}
