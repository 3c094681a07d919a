/* Status texts, error messages, and the assertion that stays alive in release builds. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const status_texts[STATUS_COUNT] = {
#define X(name, text) [STATUS_##name] = text,
    STATUS_LIST(X)
#undef X
};

const char *status_text(Status status) {
    return (unsigned)status < STATUS_COUNT ? status_texts[status] : "unknown status";
}

Status err_set(Err *err, Status status, const char *format, ...) {
    if (!err)
        return status;
    /* Formatted aside: an argument may be the old message itself. */
    char text[sizeof err->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    memcpy(err->message, text, sizeof text);
    return status;
}

Status err_prefix(Err *err, Status status, const char *format, ...) {
    if (!err)
        return status;
    char prefix[sizeof err->message], text[sizeof err->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(prefix, sizeof prefix, format, arguments);
    va_end(arguments);
    snprintf(text, sizeof text, "%.511s: %.510s", prefix, err->message);
    memcpy(err->message, text, sizeof text);
    return status;
}

void err_known(Err *err, const char *const *names, int n) {
    if (!err)
        return;
    size_t used = strlen(err->message);
    for (int i = 0; i < n && used + 1 < sizeof err->message; i++) {
        const int more = snprintf(err->message + used, sizeof err->message - used, "%s%s",
                                  i ? ", " : " (known: ", names[i]);
        used += more > 0 ? (size_t)more : 0;
    }
    if (used + 1 < sizeof err->message)
        strcpy(err->message + used, n > 0 ? ")" : " (none is known)");
    else
        strcpy(err->message + sizeof err->message - 5, "...)");
}

_Noreturn void assert_failed(const char *condition, const char *file, int line) {
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
    abort();
}
