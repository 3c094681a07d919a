/* See hdf5_edit.h. The input is a list of edits, each a few bytes: what to do, to which object, with which values. */
#include "hdf5_edit.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OBJECTS_SEEN = 400, MAX_EDITS = 12, MAX_TEXT = 1 << 16 };

typedef struct Input {
    const uint8_t *at, *end;
} Input;

static unsigned take(Input *in) {
    return in->at < in->end ? *in->at++ : 0;
}

static unsigned take2(Input *in) {
    const unsigned high = take(in);
    return high << 8 | take(in);
}

typedef struct Objects {
    int n;
    char path[MAX_OBJECTS_SEEN][128];
    H5O_type_t type[MAX_OBJECTS_SEEN];
} Objects;

static herr_t see(hid_t root, const char *name, const H5O_info_t *info, void *user) {
    (void)root;
    Objects *objects = user;
    if (objects->n == MAX_OBJECTS_SEEN || strlen(name) >= sizeof objects->path[0])
        return 0;
    strcpy(objects->path[objects->n], name);
    objects->type[objects->n++] = info->type;
    return 0;
}

static double odd_value(Input *in) {
    static const double odd[] = {NAN,    INFINITY, -INFINITY,    0,    -0.0, 1, -1, 1e300,
                                 -1e300, 5e-324,   2147483648.0, -1e9, 0.5};
    const unsigned k = take(in);
    return k < sizeof odd / sizeof *odd ? odd[k] : (k - 128.) / 16;
}

static hid_t odd_type(Input *in) {
    const hid_t fixed[] = {H5T_NATIVE_DOUBLE, H5T_NATIVE_FLOAT,  H5T_NATIVE_INT8, H5T_NATIVE_UINT8,
                           H5T_NATIVE_INT64,  H5T_NATIVE_UINT16, H5T_IEEE_F64BE,  H5T_NATIVE_UINT64,
                           H5T_STD_B8LE,      H5T_UNIX_D32LE};
    const unsigned k = take(in) % 13;
    if (k < 10)
        return H5Tcopy(fixed[k]);
    if (k == 12)
        return H5Tvlen_create(H5T_NATIVE_INT);
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, k == 10 ? H5T_VARIABLE : 1 + take(in));
    return type;
}

/* A dataset of any type and shape in place of what is there; its values are zero or one odd value. */
static void replace_dataset(hid_t file, const char *path, Input *in) {
    hsize_t dim[6];
    const int rank = (int)(take(in) % 7);
    const unsigned huge = take(in);
    for (int i = 0; i < rank; i++)
        dim[i] = take(in) % 70;
    if (rank && huge < 20)
        dim[0] = (hsize_t)1 << (2 * huge);
    const hid_t type = odd_type(in),
                space = huge == 255 ? H5Screate(H5S_NULL) : H5Screate_simple(rank, dim, NULL);
    const hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    if (rank && huge < 20) { /* claimed, never stored */
        const hsize_t chunk[6] = {1, 1, 1, 1, 1, 1};
        H5Pset_chunk(create, rank, chunk);
    }
    const double value = odd_value(in);
    if (H5Tget_class(type) == H5T_FLOAT)
        H5Pset_fill_value(create, H5T_NATIVE_DOUBLE, &value);
    H5Ldelete(file, path, H5P_DEFAULT);
    const hid_t set = H5Dcreate2(file, path, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    if (set >= 0)
        H5Dclose(set);
    H5Pclose(create);
    H5Sclose(space);
    H5Tclose(type);
}

static void change_value(hid_t file, const char *path, Input *in) {
    const hid_t set = H5Dopen2(file, path, H5P_DEFAULT);
    if (set < 0)
        return;
    const hid_t space = H5Dget_space(set);
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    if (n > 0 && n < 1 << 20) {
        double *x = calloc((size_t)n, sizeof *x);
        if (x && H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x) >= 0) {
            x[take2(in) % (size_t)n] = odd_value(in);
            H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x);
        }
        free(x);
    }
    H5Sclose(space);
    H5Dclose(set);
}

static void put_text(hid_t object, const char *name, const char *text) {
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, strlen(text) + 1);
    H5Adelete(object, name);
    const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute >= 0) {
        H5Awrite(attribute, type, text);
        H5Aclose(attribute);
    }
    H5Sclose(space);
    H5Tclose(type);
}

/* The attribute's text with some of its bytes taken out and others put in. */
static void splice_text(hid_t object, hid_t attribute, const char *name, Input *in) {
    static char text[2 * MAX_TEXT];
    const hid_t type = H5Aget_type(attribute);
    char *variable = NULL;
    memset(text, 0, sizeof text);
    if (H5Tis_variable_str(type) > 0) {
        if (H5Aread(attribute, type, &variable) >= 0 && variable)
            snprintf(text, MAX_TEXT, "%s", variable);
        H5free_memory(variable);
    } else if (H5Tget_size(type) < MAX_TEXT) {
        H5Aread(attribute, type, text);
    }
    H5Tclose(type);
    const size_t length = strlen(text), at = length ? take2(in) % length : 0;
    size_t out = take(in), put = take(in) % 24;
    out = out > length - at ? length - at : out;
    memmove(text + at + put, text + at + out, length - at - out + 1);
    for (size_t i = 0; i < put; i++) {
        const unsigned c = take(in);
        text[at + i] = (char)(c ? c : ' ');
    }
    put_text(object, name, text);
}

static void replace_attribute(hid_t object, const char *name, Input *in) {
    const hsize_t n = take(in) % 5;
    const hid_t type = odd_type(in), space = n == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &n, NULL);
    H5Adelete(object, name);
    const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute >= 0) {
        if (H5Tget_class(type) == H5T_INTEGER || H5Tget_class(type) == H5T_FLOAT) {
            const double odd = odd_value(in), value[5] = {odd, odd, odd, odd, odd};
            H5Awrite(attribute, H5T_NATIVE_DOUBLE, value);
        }
        H5Aclose(attribute);
    }
    H5Sclose(space);
    H5Tclose(type);
}

static void change_attribute(hid_t file, const char *path, Input *in) {
    const hid_t object = H5Oopen(file, path, H5P_DEFAULT);
    H5O_info_t info;
    if (object < 0)
        return;
    if (H5Oget_info2(object, &info, H5O_INFO_NUM_ATTRS) >= 0 && info.num_attrs > 0) {
        char name[128] = "";
        const hid_t attribute = H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC,
                                               take(in) % info.num_attrs, H5P_DEFAULT, H5P_DEFAULT);
        H5Aget_name(attribute, sizeof name, name);
        const hid_t type = H5Aget_type(attribute);
        const hid_t space = H5Aget_space(attribute);
        const bool one = H5Sget_simple_extent_npoints(space) == 1;
        const unsigned how = take(in) % 8;
        H5Sclose(space);
        if (how == 0)
            H5Adelete(object, name);
        else if (how == 1 || H5Tget_class(type) != H5T_STRING || !one)
            replace_attribute(object, name, in);
        else
            splice_text(object, attribute, name, in);
        H5Tclose(type);
        H5Aclose(attribute);
    }
    H5Oclose(object);
}

static void add_group(hid_t file, const char *path, Input *in) {
    static const char *const names[] = {"demo_7",          "demo_", "demo_x", "demo_99999999999999999999",
                                        "demo_1000000000", "x"};
    char inside[200];
    snprintf(inside, sizeof inside, "%s/%s", path, names[take(in) % 6]);
    const hid_t group = H5Gcreate2(file, inside, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (group >= 0)
        H5Gclose(group);
}

static void edit_once(hid_t file, const Objects *objects, Input *in) {
    const unsigned what = take(in) % 8, which = take2(in) % (unsigned)objects->n;
    const char *path = objects->path[which];
    const bool root = strcmp(path, ".") == 0, dataset = objects->type[which] == H5O_TYPE_DATASET;
    if (what < 3)
        change_attribute(file, path, in);
    else if (what == 3 && dataset)
        change_value(file, path, in);
    else if (what == 4 && !root)
        H5Ldelete(file, path, H5P_DEFAULT);
    else if (what == 5 && !root)
        replace_dataset(file, path, in);
    else if (what == 6)
        add_group(file, path, in);
    else if (!root)
        H5Lcreate_hard(file, objects->path[take2(in) % (unsigned)objects->n], file, "data/demo_3",
                       H5P_DEFAULT, H5P_DEFAULT);
}

bool hdf5_edit(const char *path, const uint8_t *data, size_t size) {
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    if (file < 0)
        return false;
    /* Seen once: an object that an edit takes away is not there for a later one, which does no harm. */
    static Objects objects;
    objects.n = 0;
    H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, see, &objects, H5O_INFO_BASIC);
    Input in = {data, data + size};
    for (int i = 0; i < MAX_EDITS && in.at < in.end && objects.n > 0; i++)
        edit_once(file, &objects, &in);
    H5Eclear2(H5E_DEFAULT);
    return H5Fclose(file) >= 0;
}
