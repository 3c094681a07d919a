/* What the dataset tests share: scratch folders, a run of synthetic attempts, comparing files. */
#ifndef DEMOMILL_TESTS_DATASETS_SUPPORT_H
#define DEMOMILL_TESTS_DATASETS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "datasets/dataset.h"

/* Fails the test with the message in a variable `err` of the caller. */
#define CHECK_OK(call)                                                                                       \
    do {                                                                                                     \
        const Status check_status_ = (call);                                                                 \
        if (check_status_ != STATUS_OK)                                                                      \
            fail_msg("%s: %s", status_text(check_status_), err.message);                                     \
    } while (0)

enum { SHARD_EPISODES = 8 };

/* name below the test's working folder, removed first with all that is in it. */
const char *scratch(const char *name);
void remove_tree(const char *path);

/* Definition of a writer of synthetic episodes into dir, 8 episodes a shard. */
DataWriterDef run_def(const char *dir, bool resume);
/* Attempts next … end − 1 of the synthetic run; failures are kept. Returns the first error. */
Status run_attempts(DataWriter *writer, uint64_t end, Err *err);
/* Create (or resume), run to end, close. */
Status run_all(const char *dir, bool resume, uint64_t end, Err *err);
/* Rows of an attempt: a few dozen, by its id. */
int run_rows(uint64_t attempt);

/* Asserts that both folders hold the same files under shards/, failed/ and the same journal and episodes.jsonl. */
void assert_same_dataset(const char *a, const char *b);
bool same_file(const char *a, const char *b);
/* Whole file (mem_free). */
char *load(const char *path, size_t *n);
void store(const char *path, const void *bytes, size_t n);

#endif
