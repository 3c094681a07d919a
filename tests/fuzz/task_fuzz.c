/* task.yaml: schema, recursive conditions, cross-checks. */
#include "base/task.h"
#include "sim/predicate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Task *task = NULL;
    Err err = {""};
    const Status status =
        task_parse("task.yaml", (const char *)data, size, sim_predicate_names(), &task, &err);
    ASSERT((status == STATUS_OK) == (task != NULL));
    ASSERT(status == STATUS_OK || err.message[0]);
    task_destroy(task);
    return 0;
}
