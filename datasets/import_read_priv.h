/* Private to this room and its fuzzer. */
#ifndef DEMOMILL_DATASETS_IMPORT_READ_PRIV_H
#define DEMOMILL_DATASETS_IMPORT_READ_PRIV_H

#include "datasets/import_read.h"

/* data_read_recordings without the child: for files that are well-formed HDF5. */
Status data_read_recordings_here(const char *path, RecordingSet *out, Err *err);

#endif
