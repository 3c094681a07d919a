/* MuJoCo calls one handler for all threads. An error in a thread that has armed itself jumps back to where it was armed;
 * an unarmed one is a bug of ours and aborts. Warnings inside are not passed on: a step's are counted in mjData, a
 * compiler's are kept in the specification. */
#include "sim/engine.h"

#include "base/log.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Arm {
    jmp_buf jump;
    struct Arm *outer;
    char message[512];
} Arm;

static _Thread_local Arm *arm;

static void on_log(const mjLogMessage *message) {
    if (message->level < mjLOG_WARNING)
        return;
    if (message->level == mjLOG_WARNING) {
        if (!arm)
            log_message(LOG_WARNING, "MuJoCo: %s", message->subject);
        return;
    }
    if (!arm) {
        log_message(LOG_ERROR, "MuJoCo: %s", message->subject);
        abort();
    }
    snprintf(arm->message, sizeof arm->message, "%.500s", message->subject);
    longjmp(arm->jump, 1);
}

static void install(void) {
    mju_setLogHandler(on_log);
}

Status sim_engine_init(Err *err) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (mj_version() != mjVERSION_HEADER)
        return err_set(err, STATUS_MISMATCH, "MuJoCo %s was loaded, but demomill was built for %d.%d.%d",
                       mj_versionString(), mjVERSION_HEADER / 1000000, mjVERSION_HEADER / 1000 % 1000,
                       mjVERSION_HEADER % 1000);
    pthread_once(&once, install);
    return STATUS_OK;
}

Status sim_engine_try(void (*body)(void *argument), void *argument, Err *err) {
    Arm here;
    here.outer = arm;
    here.message[0] = '\0';
    if (setjmp(here.jump) == 0) {
        arm = &here;
        body(argument);
        arm = here.outer;
        return STATUS_OK;
    }
    arm = here.outer;
    return err_set(err, STATUS_ENGINE, "MuJoCo: %s", here.message);
}
