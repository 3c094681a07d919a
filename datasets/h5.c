/* HDF5 helpers, see h5_priv.h. */
#include "datasets/h5_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void h5_quiet(void) {
    H5dont_atexit(); /* a file that could not be written must not be tried again at exit; fails harmlessly later on */
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* The innermost entry of HDF5's stack says what went wrong; the system's words stand between quotes in it. */
static herr_t innermost(unsigned n, const H5E_error2_t *entry, void *user) {
    char *text = user;
    if (n == 0 && entry->desc)
        snprintf(text, 256, "%s", entry->desc);
    return 0;
}

Status h5_fail(Err *err, const char *file, const char *what) {
    char text[256] = "failed";
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, text);
    H5Eclear2(H5E_DEFAULT);
    const char *words = strstr(text, "error message = '");
    if (words) {
        words += strlen("error message = '");
        return err_set(err, STATUS_IO, "%s: %s: %.*s", file, what, (int)strcspn(words, "'"), words);
    }
    return err_set(err, STATUS_IO, "%s: %s: %s", file, what, text);
}

static hid_t bool_type(void) {
    const hid_t type = H5Tenum_create(H5T_STD_I8LE);
    const signed char no = 0, yes = 1;
    H5Tenum_insert(type, "FALSE", &no);
    H5Tenum_insert(type, "TRUE", &yes);
    return type;
}

static hid_t text_type(size_t size) {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, size);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

hid_t h5_type(DataType type, int text_size) {
    switch (type) {
    case DATA_F4:
        return H5Tcopy(H5T_IEEE_F32LE);
    case DATA_F8:
        return H5Tcopy(H5T_IEEE_F64LE);
    case DATA_U1:
        return H5Tcopy(H5T_STD_U8LE);
    case DATA_BOOL:
        return bool_type();
    case DATA_TEXT:
        break;
    }
    return text_type((size_t)text_size);
}

static herr_t put(hid_t object, const char *name, hid_t type, const void *value, size_t n) {
    const hsize_t dim = n;
    const hid_t space = n ? H5Screate_simple(1, &dim, NULL) : H5Screate(H5S_SCALAR);
    const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    const herr_t result = attribute < 0 ? -1 : H5Awrite(attribute, type, value);
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    return result;
}

herr_t h5_put_texts(hid_t object, const char *name, const char *texts, size_t size, size_t n) {
    const hid_t type = text_type(size);
    const herr_t result = put(object, name, type, texts, n);
    H5Tclose(type);
    return result;
}

herr_t h5_put_text(hid_t object, const char *name, const char *text) {
    return h5_put_texts(object, name, text, text[0] ? strlen(text) : 1, 0);
}

herr_t h5_put_i64(hid_t object, const char *name, int64_t value) {
    return put(object, name, H5T_STD_I64LE, &value, 0);
}

herr_t h5_put_f64(hid_t object, const char *name, double value) {
    return put(object, name, H5T_IEEE_F64LE, &value, 0);
}

herr_t h5_put_bool(hid_t object, const char *name, bool value) {
    const signed char byte = value;
    const hid_t type = bool_type();
    const herr_t result = put(object, name, type, &byte, 0);
    H5Tclose(type);
    return result;
}

herr_t h5_put_f4s(hid_t object, const char *name, const float *value, size_t n) {
    return put(object, name, H5T_IEEE_F32LE, value, n);
}

static Status wrong(Err *err, const char *place, const char *name, const char *expected) {
    return err_set(err, STATUS_FORMAT, "%s: '%s': %s was expected", place, name, expected);
}

/* One text, fixed or variable length, of a class already known to be H5T_STRING; mem_free. */
static Status read_one_text(hid_t attribute, hid_t type, size_t limit, char **out) {
    const size_t size = H5Tget_size(type);
    char *text = NULL;
    if (H5Tis_variable_str(type) > 0) {
        char *value = NULL;
        const hid_t memory = H5Tcopy(type);
        const herr_t read = H5Aread(attribute, memory, &value);
        const bool fits = read >= 0 && (!value || strnlen(value, limit + 1) <= limit);
        text = fits ? mem_strdup(value ? value : "") : NULL;
        H5free_memory(value);
        H5Tclose(memory);
        if (!fits)
            return STATUS_FORMAT;
    } else {
        if (size > limit)
            return STATUS_LIMIT;
        text = mem_calloc(1, size + 1);
        const hid_t memory = H5Tcopy(type);
        const herr_t read = text ? H5Aread(attribute, memory, text) : 0;
        H5Tclose(memory);
        if (read < 0) {
            mem_free(text);
            return STATUS_FORMAT;
        }
    }
    *out = text;
    return text ? STATUS_OK : STATUS_MEMORY;
}

static Status open_attribute(hid_t object, const char *place, const char *name, hid_t *out, Err *err) {
    if (H5Aexists(object, name) <= 0)
        return err_set(err, STATUS_NOT_FOUND, "%s: attribute '%s' is missing", place, name);
    const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    const hid_t space = attribute < 0 ? -1 : H5Aget_space(attribute);
    const hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    if (space >= 0)
        H5Sclose(space);
    if (n != 1) {
        if (attribute >= 0)
            H5Aclose(attribute);
        return wrong(err, place, name, "one value");
    }
    *out = attribute;
    return STATUS_OK;
}

Status h5_get_text(hid_t object, const char *place, const char *name, size_t limit, char **text, Err *err) {
    hid_t attribute;
    TRY(open_attribute(object, place, name, &attribute, err));
    const hid_t type = H5Aget_type(attribute);
    Status status = STATUS_FORMAT;
    if (type >= 0 && H5Tget_class(type) == H5T_STRING)
        status = read_one_text(attribute, type, limit, text);
    if (type >= 0)
        H5Tclose(type);
    H5Aclose(attribute);
    if (status == STATUS_MEMORY)
        return err_set(err, status, "%s: out of memory", place);
    return status == STATUS_OK ? status : wrong(err, place, name, "a readable text");
}

Status h5_get_i64(hid_t object, const char *place, const char *name, int64_t *value, Err *err) {
    hid_t attribute;
    TRY(open_attribute(object, place, name, &attribute, err));
    const hid_t type = H5Aget_type(attribute);
    const bool ok =
        type >= 0 && H5Tget_class(type) == H5T_INTEGER && H5Aread(attribute, H5T_NATIVE_INT64, value) >= 0;
    if (type >= 0)
        H5Tclose(type);
    H5Aclose(attribute);
    return ok ? STATUS_OK : wrong(err, place, name, "a whole number");
}

bool h5_is_bool(hid_t type) {
    if (H5Tget_class(type) != H5T_ENUM || H5Tget_size(type) != 1 || H5Tget_nmembers(type) != 2)
        return false;
    const hid_t super = H5Tget_super(type);
    const bool is_signed = super >= 0 && H5Tget_sign(super) == H5T_SGN_2;
    if (super >= 0)
        H5Tclose(super);
    signed char no = 9, yes = 9;
    return is_signed && H5Tenum_valueof(type, "FALSE", &no) >= 0 &&
           H5Tenum_valueof(type, "TRUE", &yes) >= 0 && no == 0 && yes == 1;
}

static int classify(hid_t type, H5Shape *out) {
    const size_t size = H5Tget_size(type);
    const H5T_class_t kind = H5Tget_class(type);
    const char *name = kind == H5T_FLOAT     ? "f"
                       : kind == H5T_INTEGER ? (H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "i")
                       : kind == H5T_STRING  ? "text "
                       : kind == H5T_ENUM    ? "enum "
                       : kind == H5T_VLEN    ? "variable length "
                                             : "class ";
    snprintf(out->type_name, sizeof out->type_name, "%s%zu", name, size);
    out->vlen = kind == H5T_VLEN || (kind == H5T_STRING && H5Tis_variable_str(type) > 0);
    if (kind == H5T_FLOAT && (size == 4 || size == 8))
        return size == 4 ? DATA_F4 : DATA_F8;
    if (kind == H5T_INTEGER && size == 1 && H5Tget_sign(type) == H5T_SGN_NONE)
        return DATA_U1;
    if (h5_is_bool(type))
        return DATA_BOOL;
    return kind == H5T_STRING && !out->vlen ? DATA_TEXT : -1;
}

Status h5_shape(hid_t dataset, const char *place, H5Shape *out, Err *err) {
    const hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    H5Shape shape = {.type = -1};
    bool ok = type >= 0 && space >= 0;
    if (ok) {
        shape.type = classify(type, &shape);
        shape.null_space = H5Sget_simple_extent_type(space) == H5S_NULL;
        shape.rank = H5Sget_simple_extent_ndims(space);
        ok = shape.rank >= 0 && shape.rank <= DATA_MAX_RANK;
    }
    if (ok && H5Sget_simple_extent_dims(space, shape.dim, NULL) < 0)
        ok = false;
    shape.bytes = type >= 0 ? H5Tget_size(type) : 0;
    for (int d = 0; ok && d < shape.rank; d++)
        ok = !__builtin_mul_overflow(shape.bytes, (size_t)shape.dim[d], &shape.bytes);
    if (type >= 0)
        H5Tclose(type);
    if (space >= 0)
        H5Sclose(space);
    if (!ok)
        return err_set(err, STATUS_FORMAT,
                       "%s: its type or shape can't be read, or has more than %d dimensions", place,
                       DATA_MAX_RANK);
    *out = shape;
    return STATUS_OK;
}

/* A file may claim terabytes; deflate packs at most 1032:1, so what is stored bounds what can be true. */
static bool plausible(hid_t dataset, size_t bytes) {
    const hsize_t stored = H5Dget_storage_size(dataset);
    return bytes <= 4096 || bytes / 1040 <= stored;
}

static Status open_dataset(hid_t location, const char *place, const char *path, hid_t *out, Err *err) {
    const hid_t object = H5Oopen(location, path, H5P_DEFAULT);
    if (object < 0) {
        H5Eclear2(H5E_DEFAULT);
        return err_set(err, STATUS_NOT_FOUND, "%s: '%s' is missing or can't be opened", place, path);
    }
    if (H5Iget_type(object) != H5I_DATASET) {
        H5Oclose(object);
        return err_set(err, STATUS_FORMAT, "%s: '%s' is not a dataset", place, path);
    }
    *out = object;
    return STATUS_OK;
}

static Status read_rows(hid_t dataset, const char *place, const char *path, DataType type, void *rows,
                        Err *err) {
    const hid_t memory = h5_type(type, 0);
    const herr_t result = H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows);
    H5Tclose(memory);
    if (result >= 0)
        return STATUS_OK;
    h5_fail(err, place, path);
    return STATUS_FORMAT; /* the file could be opened, its bytes can't be decoded */
}

Status h5_read_rows(hid_t location, const char *place, const char *path, DataType type, size_t n,
                    size_t per_row, Arena *arena, void **out, Err *err) {
    hid_t dataset;
    H5Shape shape;
    TRY(open_dataset(location, place, path, &dataset, err));
    Status status = h5_shape(dataset, place, &shape, err);
    size_t width = 1;
    for (int d = 1; status == STATUS_OK && d < shape.rank; d++)
        width *= (size_t)shape.dim[d]; /* can't overflow: the bytes did not */
    if (status == STATUS_OK &&
        (shape.type != (int)type || shape.rank < 1 || shape.dim[0] != n || width != per_row))
        status = err_set(err, STATUS_FORMAT,
                         "%s: '%s': %s with %zu rows of %zu was expected, not %s with %llu of %zu", place,
                         path, data_type_name(type), n, per_row, shape.type_name,
                         shape.rank ? (unsigned long long)shape.dim[0] : 0ull, width);
    if (status == STATUS_OK && !plausible(dataset, shape.bytes))
        status = err_set(err, STATUS_FORMAT, "%s: '%s': its data are not all in the file", place, path);
    void *rows = status == STATUS_OK ? arena_alloc(arena, shape.bytes) : NULL;
    if (status == STATUS_OK)
        status = rows ? read_rows(dataset, place, path, type, rows, err)
                      : err_set(err, STATUS_MEMORY, "%s: out of memory", place);
    H5Oclose(dataset);
    if (status == STATUS_OK)
        *out = rows;
    return status;
}

Status h5_read_text(hid_t location, const char *place, const char *path, size_t limit, char **out, Err *err) {
    hid_t dataset;
    H5Shape shape;
    TRY(open_dataset(location, place, path, &dataset, err));
    Status status = h5_shape(dataset, place, &shape, err);
    char *text = NULL;
    if (status == STATUS_OK &&
        (shape.type != DATA_TEXT || shape.bytes > limit || !plausible(dataset, shape.bytes)))
        status = err_set(err, STATUS_FORMAT, "%s: '%s': a text of at most %zu bytes was expected", place,
                         path, limit);
    if (status == STATUS_OK && !(text = mem_calloc(1, shape.bytes + 1)))
        status = err_set(err, STATUS_MEMORY, "%s: out of memory", place);
    if (status == STATUS_OK) {
        const hid_t type = H5Dget_type(dataset);
        if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) < 0) {
            h5_fail(err, place, path);
            status = STATUS_FORMAT;
        }
        H5Tclose(type);
    }
    H5Oclose(dataset);
    if (status == STATUS_OK)
        *out = text;
    else
        mem_free(text);
    return status;
}
