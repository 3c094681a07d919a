/* journal.jsonl: what is read back is whole, and written again gives the same lines. */
#include "base/arena.h"
#include "datasets/journal.h"
#include "input_file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Status visit(void *user, const JournalEntry *entry, Err *err) {
    (void)err;
    long long *end = user;
    ASSERT(entry->end > *end);
    *end = entry->end;
    ASSERT((unsigned)entry->record.outcome < OUTCOME_COUNT);
    ASSERT(entry->record.nsubtask >= 0 && entry->record.nsubtask <= MAX_EPISODE_SUBTASKS);
    char *line = data_journal_line(entry);
    ASSERT(line && !strchr(line, '\n'));
    mem_free(line);
    return STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    long long end = 0;
    bool torn = false;
    Err err = {""};
    const Status status =
        data_journal_read(input_file("journal.jsonl", data, size), visit, &end, &torn, &err);
    ASSERT(status == STATUS_OK || err.message[0]);
    ASSERT(end <= (long long)size);
    return 0;
}
