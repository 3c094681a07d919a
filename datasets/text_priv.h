/* A text that grows, for cards and pages. Private. */
#ifndef DEMOMILL_DATASETS_TEXT_PRIV_H
#define DEMOMILL_DATASETS_TEXT_PRIV_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Text {
    char *text; /* NUL-terminated once anything was added; mem_free */
    size_t n, room;
    bool failed; /* out of memory; further additions do nothing */
} Text;

void text_add(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Add with < > & " escaped for HTML. */
void text_escape(Text *text, const char *plain);
/* The text, to be mem_free'd; NULL if memory ran out. */
char *text_end(Text *text);

#endif
