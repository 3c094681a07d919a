/* Names of outcomes. */
#include "base/episode.h"

#include "base/status.h"

#include <string.h>

static const struct {
    const char *name, *text;
} outcomes[OUTCOME_COUNT] = {
#define X(name_, text_) [OUTCOME_##name_] = {#name_, text_},
    OUTCOME_LIST(X)
#undef X
};

const char *outcome_name(Outcome outcome) {
    ASSERT((unsigned)outcome < OUTCOME_COUNT);
    return outcomes[outcome].name;
}

const char *outcome_text(Outcome outcome) {
    ASSERT((unsigned)outcome < OUTCOME_COUNT);
    return outcomes[outcome].text;
}

int outcome_from_name(const char *name) {
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        if (strcmp(outcomes[i].name, name) == 0)
            return i;
    }
    return -1;
}
