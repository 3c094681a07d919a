/* The log callback: the project's only mutable global. */
#include "base/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

static LogHandler *log_handler;
static void *log_user;

void log_set_handler(LogHandler *handler, void *user) {
    log_handler = handler;
    log_user = user;
}

void log_message(LogLevel level, const char *format, ...) {
    if (!log_handler)
        return;
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    log_handler(log_user, level, message);
}
