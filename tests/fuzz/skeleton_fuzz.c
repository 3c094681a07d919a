/* MJCF of foreign recordings: its skeleton is well-formed, and its own skeleton but for the masses. */
#include "base/arena.h"
#include "sim/skeleton.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = mem_alloc(size + 1), *out = NULL, *again = NULL;
    memcpy(text, data, size);
    text[size] = '\0';
    Err err = {""};
    const Status status = sim_skeleton("model", text, &out, &err);
    ASSERT((status == STATUS_OK) == (out != NULL));
    ASSERT(status == STATUS_OK || err.message[0]);
    if (out) {
        ASSERT(sim_skeleton("skeleton", out, &again, &err) == STATUS_OK);
        ASSERT(strlen(again) <= strlen(out) + 64);
    }
    mem_free(again);
    mem_free(out);
    mem_free(text);
    return 0;
}
