/* HDF5 with its failures turned into Status, and its values checked before they are believed. Private. */
#ifndef DEMOMILL_DATASETS_H5_PRIV_H
#define DEMOMILL_DATASETS_H5_PRIV_H

#include "base/arena.h"
#include "base/status.h"
#include "datasets/schema.h"

#include <hdf5.h>

/* Stop HDF5 from printing; every public entry of this room that touches a file calls it. */
void h5_quiet(void);
/* STATUS_IO with "file: what: " and what HDF5 or the system said. */
Status h5_fail(Err *err, const char *file, const char *what);

/* In memory. Close with H5Tclose. text_size for DATA_TEXT. */
hid_t h5_type(DataType type, int text_size);

/* Attributes; negative on failure. */
herr_t h5_put_text(hid_t object, const char *name, const char *text);
herr_t h5_put_i64(hid_t object, const char *name, int64_t value);
herr_t h5_put_f64(hid_t object, const char *name, double value);
herr_t h5_put_bool(hid_t object, const char *name, bool value);
herr_t h5_put_f4s(hid_t object, const char *name, const float *value, size_t n);
/* n texts of size bytes each, NUL-padded. */
herr_t h5_put_texts(hid_t object, const char *name, const char *texts, size_t size, size_t n);

/* Attributes with type and size checked; place is for messages. NOT_FOUND if absent, FORMAT if another type. */
Status h5_get_text(hid_t object, const char *place, const char *name, size_t limit, char **text,
                   Err *err); /* mem_free */
Status h5_get_i64(hid_t object, const char *place, const char *name, int64_t *value, Err *err);

/* Shape and type of an opened dataset. type −1: one that the format does not have. */
typedef struct H5Shape {
    int type;
    int rank;
    hsize_t dim[DATA_MAX_RANK];
    size_t bytes;
    bool null_space, vlen;
    char type_name[24];
} H5Shape;
Status h5_shape(hid_t dataset, const char *place, H5Shape *out, Err *err);
/* Is the type the bool that h5py knows: an enum over int8 with FALSE 0 and TRUE 1? */
bool h5_is_bool(hid_t type);

/* Read a whole dataset into arena, after checking that it has type, n rows and per_row numbers in each. NOT_FOUND if
 * it is not there. */
Status h5_read_rows(hid_t location, const char *place, const char *path, DataType type, size_t n,
                    size_t per_row, Arena *arena, void **rows, Err *err);
/* The text in a one-element dataset of fixed-length text (mem_free). */
Status h5_read_text(hid_t location, const char *place, const char *path, size_t limit, char **text, Err *err);

#endif
