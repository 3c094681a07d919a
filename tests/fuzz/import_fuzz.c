/* Foreign HDF5: robosuite, robomimic, MimicGen. The first byte chooses the good file, the rest edits it. */
#include "datasets/import_read_priv.h"
#include "hdf5_edit.h"
#include "input_file.h"
#include "tests/shared/foreign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    static uint8_t *good[2]; /* written once */
    static size_t good_size[2];
    const unsigned kind = data[0] % 2;
    if (!good[kind]) {
        const char *path = input_file("demo.hdf5", NULL, 0);
        ASSERT(kind ? foreign_mimicgen(path, FOREIGN_GOOD) : foreign_robosuite(path, FOREIGN_GOOD));
        good[kind] = file_bytes(path, &good_size[kind]);
    }
    const char *path = input_file("demo.hdf5", good[kind], good_size[kind]);
    ASSERT(hdf5_edit(path, data + 1, size - 1));
    RecordingSet set = {0};
    Err err = {""};
    data_is_own(path);
    const Status status = data_read_recordings_here(path, &set, &err);
    ASSERT((status == STATUS_OK) == (set.n > 0));
    ASSERT(status == STATUS_OK || err.message[0]);
    recording_set_destroy(&set);
    return 0;
}
