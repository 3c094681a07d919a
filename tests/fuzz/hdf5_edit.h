/* Well-formed HDF5 with surprising contents: a good file, edited through the library's own functions as the input's bytes say.
 * (Bytes changed at random find faults of libhdf5 instead of ours; for those the program reads in a child first.) */
#ifndef DEMOMILL_TESTS_FUZZ_HDF5_EDIT_H
#define DEMOMILL_TESTS_FUZZ_HDF5_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Edit the file at path in place; false if it could not be opened. */
bool hdf5_edit(const char *path, const uint8_t *data, size_t size);

#endif
