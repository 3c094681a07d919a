/* Status codes and messages of a failed call.
 *
 * Three kinds of failure are never mixed: a caller's bug is an ASSERT, a world that failed (file, memory,
 * model) is a Status with a message in the caller's Err, and an episode that failed is an Outcome
 * (episode.h), which is data. */
#ifndef DEMOMILL_BASE_STATUS_H
#define DEMOMILL_BASE_STATUS_H

#include <stdbool.h>
#include <stddef.h>

/* X(name, text): every status once. */
#define STATUS_LIST(X)                                                                                       \
    X(OK, "ok")                                                                                              \
    X(USAGE, "usage")                                                                                        \
    X(MEMORY, "out of memory")                                                                               \
    X(IO, "input or output failed")                                                                          \
    X(NOT_FOUND, "not found")                                                                                \
    X(FORMAT, "malformed input")                                                                             \
    X(UNKNOWN_NAME, "unknown name")                                                                          \
    X(MISMATCH, "parts do not fit together")                                                                 \
    X(LIMIT, "limit exceeded")                                                                               \
    X(LOCKED, "in use by another run")                                                                       \
    X(EXISTS, "already exists")                                                                              \
    X(ENGINE, "physics engine error")                                                                        \
    X(CONTROLLER, "controller fault")                                                                        \
    X(INTERRUPTED, "interrupted")                                                                            \
    X(CHECK, "a check said no")

typedef enum Status {
#define X(name, text) STATUS_##name,
    STATUS_LIST(X)
#undef X
        STATUS_COUNT
} Status;

/* A message for people: the file, the place and what was expected. Zero-initialise. */
typedef struct Err {
    char message[1024];
} Err;

/* Name of a status for people; never NULL. */
const char *status_text(Status status);

/* Write a formatted message into err (err may be NULL) and return status, so that a failure is one line:
 * `return err_set(err, STATUS_IO, "%s: %s", path, strerror(errno));` */
Status err_set(Err *err, Status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Put "context: " in front of the message that is already in err; returns status. */
Status err_prefix(Err *err, Status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Append " (known: a, b, c)" to the message; for unknown names. */
void err_known(Err *err, const char *const *names, int n);

/* A caller's bug. Alive in release builds; prints both the condition and the place, then aborts. */
#define ASSERT(condition) ((condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__))
_Noreturn void assert_failed(const char *condition, const char *file, int line);

/* Return early with the status of a failed call. */
#define TRY(call)                                                                                            \
    do {                                                                                                     \
        const Status try_status_ = (call);                                                                   \
        if (try_status_ != STATUS_OK)                                                                        \
            return try_status_;                                                                              \
    } while (0)

#endif
