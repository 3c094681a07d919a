/* A projection of MJCF by a table of what is kept. It reads tags and attributes only: text between tags means nothing in
 * MJCF. A dropped element takes its children with it. */
#include "sim/skeleton.h"

#include "base/arena.h"

#include <stdbool.h>
#include <string.h>

enum { SKELETON_MAX_DEPTH = 256 };

/* What is kept: an element below one of these parents, with these attributes. Lists are separated by blanks. */
typedef struct Kept {
    const char *element, *parents, *attributes;
} Kept;

#define PLACE "pos quat axisangle xyaxes zaxis euler"
static const Kept kept[] = {
    {"mujoco", "", "model"},
    {"compiler", "mujoco", "angle eulerseq"},
    {"default", "mujoco default", "class"},
    {"worldbody", "mujoco", ""},
    {"body", "worldbody body frame", "name childclass mocap " PLACE},
    {"frame", "worldbody body frame", "name childclass " PLACE},
    {"joint", "default body frame", "name class type pos axis ref"},
    {"freejoint", "body", "name"},
    {"site", "default worldbody body frame", "name class fromto " PLACE},
};

/* Without a mass of its own a moving body does not compile; kinematics does not ask what it is. */
static const char masses[] = "<compiler boundmass=\"1\" boundinertia=\"1\" autolimits=\"true\"/>";

typedef struct Projector {
    const char *name, *text, *at;
    char *out;
    size_t used;
    int depth;                            /* of open kept elements */
    const Kept *open[SKELETON_MAX_DEPTH]; /* the kept elements that are open */
    int dropped;                          /* depth of open elements inside, and with, a dropped one */
    bool rooted;
    Err *err;
} Projector;

/* A piece of the text. */
typedef struct Span {
    const char *begin;
    size_t length;
} Span;

typedef struct Tag {
    Span name;
    const char *attributes, *end; /* between name and > */
    bool closing, empty;          /* </x>, <x/> */
} Tag;

static bool span_is(Span span, const char *word) {
    return strlen(word) == span.length && memcmp(span.begin, word, span.length) == 0;
}

static bool listed(const char *list, Span span) {
    for (const char *word = list; *word;) {
        const size_t length = strcspn(word, " ");
        if (length == span.length && memcmp(word, span.begin, length) == 0)
            return true;
        word += length + strspn(word + length, " ");
    }
    return false;
}

static Status bad(const Projector *p, const char *at, Status status, const char *what) {
    int line = 1;
    for (const char *c = p->text; c < at; c++)
        line += *c == '\n';
    return err_set(p->err, status, "%s:%d: %s", p->name, line, what);
}

/* An attribute of four letters or more may gain a blank before it, nothing else grows: out has twice the room, and the masses. */
static void put(Projector *p, const char *text, size_t length) {
    memcpy(p->out + p->used, text, length);
    p->used += length;
}

static void put_text(Projector *p, const char *text) {
    put(p, text, strlen(text));
}

static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == ':' || c == '.';
}

static const char *skip_space(const char *at) {
    return at + strspn(at, " \t\r\n");
}

static Span take_name(const char **at) {
    Span name = {*at, 0};
    while (is_name(**at))
        ++*at;
    name.length = (size_t)(*at - name.begin);
    return name;
}

/* Comments, declarations and processing instructions are passed over. */
static Status skip_markup(Projector *p) {
    const bool comment = strncmp(p->at, "<!--", 4) == 0;
    const char *end = strstr(p->at + (comment ? 4 : 2), comment ? "-->" : ">");
    if (!end)
        return bad(p, p->at, STATUS_FORMAT, "not XML: markup without an end");
    p->at = end + (comment ? 3 : 1);
    return STATUS_OK;
}

/* From '<' to '>', quotes minded. */
static Status read_tag(Projector *p, Tag *tag) {
    const char *begin = p->at, *at = begin + 1;
    *tag = (Tag){.closing = *at == '/'};
    at += tag->closing;
    tag->name = take_name(&at);
    tag->attributes = at;
    while (*at && *at != '>' && *at != '<') {
        if (*at == '"' || *at == '\'') {
            const char *end = strchr(at + 1, *at);
            if (!end)
                return bad(p, at, STATUS_FORMAT, "not XML: an attribute without an end");
            at = end;
        }
        at++;
    }
    if (*at != '>' || tag->name.length == 0)
        return bad(p, begin, STATUS_FORMAT, "not XML: a tag without name or end");
    tag->end = at;
    tag->empty = !tag->closing && at > tag->attributes && at[-1] == '/';
    p->at = at + 1;
    return STATUS_OK;
}

/* Copy the attributes that kept lists. */
static Status put_attributes(Projector *p, const Tag *tag, const Kept *what) {
    const char *at = skip_space(tag->attributes);
    const char *end = tag->end - tag->empty;
    while (at < end) {
        const char *begin = at;
        const Span name = take_name(&at);
        at = skip_space(at);
        if (name.length == 0 || at >= end || *at != '=')
            return bad(p, begin, STATUS_FORMAT, "not XML: an attribute without a value");
        at = skip_space(at + 1);
        const char *close = at < end && (*at == '"' || *at == '\'') ? strchr(at + 1, *at) : NULL;
        if (!close || close >= end)
            return bad(p, begin, STATUS_FORMAT, "not XML: an attribute without a value");
        close++;
        if (listed(what->attributes, name)) {
            put_text(p, " ");
            put(p, name.begin, name.length);
            put_text(p, "=");
            put(p, at, (size_t)(close - at));
        }
        at = skip_space(close);
    }
    return STATUS_OK;
}

static const Kept *find_kept(const Projector *p, Span element) {
    const char *parent = p->depth ? p->open[p->depth - 1]->element : "";
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (!span_is(element, kept[i].element))
            continue;
        if (p->depth == 0 ? !*kept[i].parents : listed(kept[i].parents, (Span){parent, strlen(parent)}))
            return &kept[i];
    }
    return NULL;
}

static Status close_element(Projector *p, const Tag *tag) {
    if (p->dropped) {
        p->dropped--;
        return STATUS_OK;
    }
    if (p->depth == 0 || !span_is(tag->name, p->open[p->depth - 1]->element))
        return bad(p, tag->name.begin, STATUS_FORMAT, "not XML: a closing tag without its opening one");
    p->depth--;
    put_text(p, "</");
    put(p, tag->name.begin, tag->name.length);
    put_text(p, ">");
    return STATUS_OK;
}

static Status open_element(Projector *p, const Tag *tag) {
    const Kept *what = p->dropped ? NULL : find_kept(p, tag->name);
    if (!what) {
        p->dropped += !tag->empty;
        return STATUS_OK;
    }
    const bool root = p->depth == 0;
    if (root && p->rooted)
        return bad(p, tag->name.begin, STATUS_FORMAT, "a second <mujoco>");
    if (p->depth == SKELETON_MAX_DEPTH)
        return bad(p, tag->name.begin, STATUS_LIMIT, "nested too deep");
    put_text(p, "<");
    put(p, tag->name.begin, tag->name.length);
    TRY(put_attributes(p, tag, what));
    put_text(p, tag->empty ? "/>" : ">");
    if (!tag->empty)
        p->open[p->depth++] = what;
    if (root) {
        p->rooted = true;
        if (!tag->empty)
            put_text(p, masses);
    }
    return STATUS_OK;
}

static Status project(Projector *p) {
    for (p->at = strchr(p->text, '<'); p->at; p->at = strchr(p->at, '<')) {
        if (p->at[1] == '!' || p->at[1] == '?') {
            TRY(skip_markup(p));
            continue;
        }
        Tag tag;
        TRY(read_tag(p, &tag));
        TRY(tag.closing ? close_element(p, &tag) : open_element(p, &tag));
    }
    if (!p->rooted)
        return bad(p, p->text, STATUS_FORMAT, "no <mujoco> in it");
    if (p->depth || p->dropped)
        return bad(p, p->text + strlen(p->text), STATUS_FORMAT, "not XML: it ends with an element open");
    p->out[p->used] = '\0';
    return STATUS_OK;
}

Status sim_skeleton(const char *name, const char *xml, char **out, Err *err) {
    Projector *p = mem_calloc(1, sizeof *p);
    char *text = mem_alloc(2 * strlen(xml) + sizeof masses + 1);
    Status status = p && text ? STATUS_OK : err_set(err, STATUS_MEMORY, "%s: out of memory", name);
    if (status == STATUS_OK) {
        p->name = name;
        p->text = xml;
        p->out = text;
        p->err = err;
        status = project(p);
    }
    mem_free(p);
    if (status == STATUS_OK)
        *out = text;
    else
        mem_free(text);
    return status;
}
