/* Messages of libraries go to one callback; the default drops them. The callback is the project's only
 * mutable global. */
#ifndef DEMOMILL_BASE_LOG_H
#define DEMOMILL_BASE_LOG_H

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR } LogLevel;
typedef void LogHandler(void *user, LogLevel level, const char *message);

/* Set the handler; call before any thread is started. NULL drops messages. */
void log_set_handler(LogHandler *handler, void *user);
void log_message(LogLevel level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
