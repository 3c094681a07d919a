/* A text that grows. */
#include "datasets/text_priv.h"

#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>

static bool room_for(Text *text, size_t more) {
    if (text->failed || text->n + more + 1 <= text->room)
        return !text->failed;
    size_t room = text->room ? text->room : 4096;
    while (room < text->n + more + 1)
        room *= 2;
    char *larger = mem_realloc(text->text, room);
    text->failed = !larger;
    if (larger) {
        text->text = larger;
        text->room = room;
    }
    return larger != NULL;
}

void text_add(Text *text, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || !room_for(text, (size_t)n))
        return;
    va_start(args, format);
    vsnprintf(text->text + text->n, (size_t)n + 1, format, args);
    va_end(args);
    text->n += (size_t)n;
}

void text_escape(Text *text, const char *plain) {
    for (const char *c = plain; *c; c++) {
        switch (*c) {
        case '<':
            text_add(text, "&lt;");
            break;
        case '>':
            text_add(text, "&gt;");
            break;
        case '&':
            text_add(text, "&amp;");
            break;
        case '"':
            text_add(text, "&quot;");
            break;
        default:
            text_add(text, "%c", *c);
        }
    }
}

char *text_end(Text *text) {
    if (!text->failed)
        text_add(text, "%s", "");
    if (!text->failed)
        return text->text;
    mem_free(text->text);
    text->text = NULL;
    return NULL;
}
