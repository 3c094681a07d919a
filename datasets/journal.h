/* journal.jsonl: how every attempt ended, one line each, in order of attempt; the commit log of a dataset.
 *
 * An attempt is committed when its line is complete. Each line ends in a CRC of what stands before it, so that a line
 * torn by a crash is recognised; everything from the first such line on counts as never written.
 *
 *   {"attempt":12,"bin":3,…,"shard":0,"demo":11,"crc":"1a2b3c4d"}
 */
#ifndef DEMOMILL_DATASETS_JOURNAL_H
#define DEMOMILL_DATASETS_JOURNAL_H

#include "datasets/dataset.h"

typedef struct JournalEntry {
    DataRecord record;
    int shard, demo; /* where it is stored; −1: not stored */
    long long end;   /* bytes of the journal up to and with this line */
} JournalEntry;

/* A file that only grows, by whole lines: a line that could not be written whole is taken back. */
typedef struct LineFile {
    char *path;
    int fd;
    long long size;
} LineFile;

/* Open for appending, created if absent, cut to size bytes (−1: as it is). */
Status line_file_open(const char *path, long long size, LineFile *out, Err *err);
/* Append text and a newline. On failure (full disk) the file is as before. */
Status line_file_add(LineFile *file, const char *text, Err *err);
Status line_file_sync(LineFile *file, Err *err);
void line_file_close(LineFile *file);

/* Line of an entry without newline (mem_free); NULL: out of memory. */
char *data_journal_line(const JournalEntry *entry);

/* Visit the entries of a journal in order; stops at the first line that is not whole (torn: true). A visit that does not
 * return STATUS_OK ends the reading with that status. A file that is absent has no entries. */
typedef Status JournalVisit(void *user, const JournalEntry *entry, Err *err);
Status data_journal_read(const char *path, JournalVisit *visit, void *user, bool *torn, Err *err);

#endif
