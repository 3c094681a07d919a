/* Foreign demonstrations: every number is checked for shape, length and being finite before anything is made of it. */
#include "datasets/import_read.h"

#include "datasets/dataset.h"
#include "datasets/h5_priv.h"
#include "datasets/import_read_priv.h"
#include "datasets/json_priv.h"
#include "datasets/probe_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    IMPORT_MAX_DEMOS = 10000,
    IMPORT_MAX_ROWS = 1000000,
    IMPORT_MAX_WIDTH = 4096,
    IMPORT_MAX_TEXT = 32 << 20,
    IMPORT_MAX_BYTES = 1 << 30, /* of one array */
    PLACE_SIZE = 400
};

/* One demonstration while it is read. */
typedef struct Source {
    const char *path;
    char environment[64];
    double rate_hz;
    int n;
    long number[IMPORT_MAX_DEMOS]; /* of the demos, sorted */
} Source;

static Status read_source(hid_t file, Source *source, Err *err);
static Status read_demo(hid_t file, const Source *source, long number, Recording **out, Err *err);

bool data_is_own(const char *path) {
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return true;
    h5_quiet();
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    char *format = NULL;
    bool own = false;
    if (file >= 0 && h5_get_text(file, path, "format", 64, &format, NULL) == STATUS_OK)
        own = strcmp(format, DATA_FORMAT) == 0;
    mem_free(format);
    if (file >= 0)
        H5Fclose(file);
    H5Eclear2(H5E_DEFAULT);
    return own;
}

static Status read_once(const char *path, void *argument, Err *err) {
    (void)argument;
    RecordingSet set = {0};
    return data_read_recordings_here(path, &set, err); /* in the child: the set dies with it */
}

Status data_read_recordings(const char *path, RecordingSet *out, Err *err) {
    TRY(data_probe(path, read_once, NULL, err));
    return data_read_recordings_here(path, out, err);
}

Status data_read_recordings_here(const char *path, RecordingSet *out, Err *err) {
    struct stat info;
    if (stat(path, &info) != 0)
        return err_set(err, STATUS_NOT_FOUND, "%s: no such file", path);
    h5_quiet();
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0) {
        H5Eclear2(H5E_DEFAULT);
        return err_set(err, STATUS_IO, "%s: not an HDF5 file, or truncated", path);
    }
    Source *source = mem_calloc(1, sizeof *source);
    RecordingSet set = {0};
    Status status = STATUS_MEMORY;
    if (source) {
        source->path = path;
        status = read_source(file, source, err);
    }
    if (status == STATUS_OK && !(set.recording = mem_calloc((size_t)source->n, sizeof *set.recording)))
        status = STATUS_MEMORY;
    for (int i = 0; status == STATUS_OK && i < source->n; i++) {
        status = read_demo(file, source, source->number[i], &set.recording[i], err);
        set.n += status == STATUS_OK;
    }
    if (status == STATUS_MEMORY)
        err_set(err, status, "%s: out of memory", path);
    mem_free(source);
    H5Fclose(file);
    H5Eclear2(H5E_DEFAULT);
    if (status == STATUS_OK)
        *out = set;
    else
        recording_set_destroy(&set);
    return status;
}

/* ---- the file ---- */

static herr_t collect_demo(hid_t group, const char *name, const H5L_info_t *info, void *user) {
    (void)group;
    (void)info;
    Source *source = user;
    char *end;
    if (strncmp(name, "demo_", 5) != 0 || name[5] < '0' || name[5] > '9')
        return 0;
    const long number = strtol(name + 5, &end, 10);
    if (*end || number > 1000000000)
        return 0;
    if (source->n == IMPORT_MAX_DEMOS)
        return -1;
    source->number[source->n++] = number;
    return 0;
}

static int by_number(const void *a, const void *b) {
    const long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

/* Environment's name and control rate, where a file tells them: robosuite's "env", robomimic's JSON "env_args". */
static Status read_environment(hid_t data, Source *source, Err *err) {
    char *text = NULL;
    Status status = h5_get_text(data, source->path, "env", sizeof source->environment - 1, &text, NULL);
    if (status == STATUS_OK)
        snprintf(source->environment, sizeof source->environment, "%s", text);
    mem_free(text);
    text = NULL;
    if (status == STATUS_MEMORY ||
        h5_get_text(data, source->path, "env_args", IMPORT_MAX_TEXT, &text, NULL) != STATUS_OK)
        return status == STATUS_MEMORY ? status : STATUS_OK;
    char place[PLACE_SIZE];
    json_t *json = NULL;
    snprintf(place, sizeof place, "%.300s: env_args", source->path);
    status = data_json_parse(place, text, strlen(text), &json, err);
    mem_free(text);
    if (status != STATUS_OK)
        return status;
    snprintf(source->environment, sizeof source->environment, "%s", data_json_get_text(json, "env_name", ""));
    const json_t *arguments = json_object_get(json, "env_kwargs");
    if (json_is_object(arguments))
        source->rate_hz = data_json_get_real(arguments, "control_freq", 0);
    json_decref(json);
    if (!(source->rate_hz >= 0 && source->rate_hz <= 10000))
        return err_set(err, STATUS_FORMAT, "%s: control_freq is not a rate", place);
    return STATUS_OK;
}

static Status read_source(hid_t file, Source *source, Err *err) {
    const hid_t data = H5Lexists(file, "data", H5P_DEFAULT) > 0 ? H5Gopen2(file, "data", H5P_DEFAULT) : -1;
    if (data < 0)
        return err_set(err, STATUS_FORMAT, "%s: no group /data: not a robosuite, robomimic or MimicGen file",
                       source->path);
    const herr_t walked = H5Literate(data, H5_INDEX_NAME, H5_ITER_INC, NULL, collect_demo, source);
    Status status = STATUS_OK;
    if (source->n == IMPORT_MAX_DEMOS)
        status =
            err_set(err, STATUS_LIMIT, "%s: more than %d demonstrations", source->path, IMPORT_MAX_DEMOS - 1);
    else if (walked < 0)
        status = h5_fail(err, source->path, "/data");
    else if (source->n == 0)
        status = err_set(err, STATUS_FORMAT, "%s: no demonstration (demo_<number>) in /data", source->path);
    else
        status = read_environment(data, source, err);
    H5Gclose(data);
    qsort(source->number, (size_t)source->n, sizeof source->number[0], by_number);
    return status;
}

/* ---- arrays ---- */

/* Where a demonstration's arrays are and what they have in common. */
typedef struct Reader {
    hid_t group;
    const Source *source;
    Recording *recording;
    char place[PLACE_SIZE]; /* "file: demo_3" */
    Err *err;
} Reader;

static bool has(hid_t location, const char *name) {
    return H5Lexists(location, name, H5P_DEFAULT) > 0;
}

static bool is_group(hid_t location, const char *name) {
    H5O_info_t info;
    return H5Oget_info_by_name2(location, name, &info, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 &&
           info.type == H5O_TYPE_GROUP;
}

static Status not_numbers(const Reader *r, const char *name, const H5Shape *shape) {
    return err_set(r->err, STATUS_FORMAT, "%s: '%s' is not an array of numbers (%s, %d dimensions)", r->place,
                   name, shape->type_name, shape->rank);
}

/* Rows and numbers per row of an opened dataset; refuses what is no array of numbers or claims more than its file holds. */
static Status measure(const Reader *r, hid_t dataset, const char *name, size_t *rows, size_t *width) {
    H5Shape shape;
    TRY(h5_shape(dataset, r->place, &shape, r->err));
    const hid_t type = H5Dget_type(dataset);
    const H5T_class_t kind = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
    if (type >= 0)
        H5Tclose(type);
    if ((kind != H5T_FLOAT && kind != H5T_INTEGER && kind != H5T_ENUM) || shape.rank < 1 || shape.null_space)
        return not_numbers(r, name, &shape);
    *rows = (size_t)shape.dim[0];
    *width = 1;
    for (int d = 1; d < shape.rank; d++) {
        if (shape.dim[d] > IMPORT_MAX_WIDTH || (*width *= (size_t)shape.dim[d]) > IMPORT_MAX_WIDTH)
            return err_set(r->err, STATUS_LIMIT, "%s: '%s' has more than %d numbers in a row", r->place, name,
                           IMPORT_MAX_WIDTH);
    }
    if (*width == 0)
        return not_numbers(r, name, &shape);
    if (*rows > IMPORT_MAX_ROWS || *rows * *width > IMPORT_MAX_BYTES / sizeof(double))
        return err_set(r->err, STATUS_LIMIT, "%s: '%s' is larger than 1 GiB or %d rows", r->place, name,
                       IMPORT_MAX_ROWS);
    /* Deflate packs at most 1032:1. */
    if (shape.bytes > 4096 && shape.bytes / 1040 > H5Dget_storage_size(dataset))
        return err_set(r->err, STATUS_FORMAT, "%s: '%s': its data are not all in the file", r->place, name);
    return STATUS_OK;
}

static Status check_finite(const Reader *r, const char *name, const double *x, size_t rows, size_t width) {
    for (size_t i = 0; i < rows * width; i++) {
        if (!isfinite(x[i]))
            return err_set(r->err, STATUS_FORMAT, "%s: '%s' row %zu, column %zu: not a finite number",
                           r->place, name, i / width, i % width);
    }
    return STATUS_OK;
}

/* Read /…/name as (nrow, *width) doubles into the recording's arena. */
static Status read_numbers(const Reader *r, hid_t location, const char *name, double **out, size_t *width) {
    const hid_t dataset = H5Dopen2(location, name, H5P_DEFAULT);
    if (dataset < 0) {
        H5Eclear2(H5E_DEFAULT);
        return err_set(r->err, STATUS_FORMAT, "%s: '%s' is not a dataset that can be opened", r->place, name);
    }
    size_t rows;
    double *x = NULL;
    Status status = measure(r, dataset, name, &rows, width);
    if (status == STATUS_OK && rows != (size_t)r->recording->nrow)
        status = err_set(r->err, STATUS_FORMAT, "%s: '%s' has %zu rows, other arrays have %d", r->place, name,
                         rows, r->recording->nrow);
    if (status == STATUS_OK && !(x = arena_alloc(r->recording->arena, rows * *width * sizeof *x)))
        status = STATUS_MEMORY;
    if (status == STATUS_OK && H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x) < 0) {
        h5_fail(r->err, r->place, name);
        status = STATUS_FORMAT; /* the file opened, its bytes don't decode */
    }
    H5Dclose(dataset);
    if (status == STATUS_OK)
        status = check_finite(r, name, x, rows, *width);
    if (status == STATUS_OK)
        *out = x;
    return status;
}

/* ---- tracks ---- */

/* A row-major homogeneous matrix, orthonormal to what single precision and a little carelessness allow. */
static bool is_rigid(const double m[16]) {
    for (int a = 0; a < 3; a++) {
        for (int b = a; b < 3; b++) {
            const double dot = m[a] * m[b] + m[4 + a] * m[4 + b] + m[8 + a] * m[8 + b];
            if (!(fabs(dot - (a == b)) < 1e-3))
                return false;
        }
    }
    const double determinant = m[0] * (m[5] * m[10] - m[6] * m[9]) - m[1] * (m[4] * m[10] - m[6] * m[8]) +
                               m[2] * (m[4] * m[9] - m[5] * m[8]);
    return determinant > 0 && fabs(m[12]) + fabs(m[13]) + fabs(m[14]) + fabs(m[15] - 1) < 1e-3;
}

static Status too_many(const Reader *r, const char *what) {
    return err_set(r->err, STATUS_LIMIT, "%s: '%s' has more than %d entries", r->place, what,
                   RECORDING_MAX_TRACKS);
}

/* A dataset (N, 4, 4) is one track called name; (N, k, 4, 4) is k tracks "0", "1" …. */
static Status read_poses(const Reader *r, hid_t location, const char *path, const char *name,
                         RecordingPoses *list, int *n) {
    double *x;
    size_t width;
    TRY(read_numbers(r, location, path, &x, &width));
    if (width % 16 != 0)
        return err_set(r->err, STATUS_FORMAT, "%s: '%s' has %zu numbers in a row, poses need 16 each",
                       r->place, path, width);
    for (size_t k = 0; k < width / 16; k++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", k);
        if (*n == RECORDING_MAX_TRACKS)
            return too_many(r, path);
        Pose *pose = recording_add_poses(r->recording, list, n, width == 16 ? name : number);
        if (!pose)
            return STATUS_MEMORY;
        for (int row = 0; row < r->recording->nrow; row++) {
            const double *m = x + (size_t)row * width + 16 * k;
            if (!is_rigid(m))
                return err_set(r->err, STATUS_FORMAT, "%s: '%s' row %d is not a pose (4 × 4, orthonormal)",
                               r->place, path, row);
            pose[row] = pose_from_matrix(m);
        }
    }
    return STATUS_OK;
}

/* A dataset (N) or (N, 1) is one track called name; (N, k) is k tracks "0", "1" …. */
static Status read_values(const Reader *r, hid_t location, const char *path, const char *name,
                          RecordingValues *list, int *n) {
    double *x;
    size_t width;
    TRY(read_numbers(r, location, path, &x, &width));
    for (size_t k = 0; k < width; k++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", k);
        if (*n == RECORDING_MAX_TRACKS)
            return too_many(r, path);
        double *value = recording_add_values(r->recording, list, n, width == 1 ? name : number);
        if (!value)
            return STATUS_MEMORY;
        for (int row = 0; row < r->recording->nrow; row++)
            value[row] = x[(size_t)row * width + k];
    }
    return STATUS_OK;
}

typedef struct Names {
    int n;
    char name[RECORDING_MAX_TRACKS + 1][64];
} Names;

static herr_t collect_name(hid_t group, const char *name, const H5L_info_t *info, void *user) {
    (void)group;
    (void)info;
    Names *names = user;
    if (names->n > RECORDING_MAX_TRACKS)
        return 1;
    snprintf(names->name[names->n++], sizeof names->name[0], "%s", name);
    return 0;
}

/* path is one dataset, or a group with one dataset per name. Absence is no error. */
static Status read_tracks(const Reader *r, hid_t info, const char *path, RecordingPoses *poses,
                          RecordingValues *values, int *n) {
    if (!has(info, path))
        return STATUS_OK;
    if (!is_group(info, path))
        return poses ? read_poses(r, info, path, "eef", poses, n)
                     : read_values(r, info, path, "eef", values, n);
    Names names = {0};
    if (H5Literate_by_name(info, path, H5_INDEX_NAME, H5_ITER_INC, NULL, collect_name, &names, H5P_DEFAULT) <
        0)
        return h5_fail(r->err, r->place, path);
    if (names.n > RECORDING_MAX_TRACKS)
        return too_many(r, path);
    for (int i = 0; i < names.n; i++) {
        char inner[160];
        snprintf(inner, sizeof inner, "%s/%s", path, names.name[i]);
        TRY(poses ? read_poses(r, info, inner, names.name[i], poses, n)
                  : read_values(r, info, inner, names.name[i], values, n));
    }
    return STATUS_OK;
}

static Status read_datagen_info(const Reader *r) {
    Recording *to = r->recording;
    const hid_t info = H5Gopen2(r->group, "datagen_info", H5P_DEFAULT);
    if (info < 0)
        return h5_fail(r->err, r->place, "datagen_info");
    Status status = read_tracks(r, info, "eef_pose", to->tool, NULL, &to->ntool);
    if (status == STATUS_OK)
        status = read_tracks(r, info, "target_pose", to->target, NULL, &to->ntarget);
    if (status == STATUS_OK)
        status = read_tracks(r, info, "object_poses", to->object, NULL, &to->nobject);
    if (status == STATUS_OK)
        status = read_tracks(r, info, "gripper_action", NULL, to->gripper, &to->ngripper);
    if (status == STATUS_OK)
        status = read_tracks(r, info, "subtask_term_signals", NULL, to->signal, &to->nsignal);
    H5Gclose(info);
    return status;
}

/* ---- one demonstration ---- */

/* The number of rows, which every array must then have: that of the first array there is. */
static Status count_rows(const Reader *r, int *nrow) {
    static const char *const arrays[] = {"actions", "states", "datagen_info/eef_pose"};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        if ((i == 2 && !has(r->group, "datagen_info")) || !has(r->group, arrays[i]) ||
            is_group(r->group, arrays[i]))
            continue;
        const hid_t dataset = H5Dopen2(r->group, arrays[i], H5P_DEFAULT);
        size_t rows = 0, width;
        if (dataset < 0)
            return h5_fail(r->err, r->place, arrays[i]);
        const Status status = measure(r, dataset, arrays[i], &rows, &width);
        H5Dclose(dataset);
        if (status != STATUS_OK)
            return status;
        if (rows == 0)
            return err_set(r->err, STATUS_FORMAT, "%s: zero length", r->place);
        *nrow = (int)rows;
        return STATUS_OK;
    }
    return err_set(r->err, STATUS_FORMAT, "%s: no actions, states or datagen_info", r->place);
}

static Status read_states(const Reader *r) {
    Recording *to = r->recording;
    size_t width = 0;
    char *text = NULL;
    TRY(read_numbers(r, r->group, "states", &to->state, &width));
    to->nstate = (int)width;
    TRY(h5_get_text(r->group, r->place, "model_file", IMPORT_MAX_TEXT, &text, r->err));
    to->model_xml = arena_strdup(to->arena, text);
    mem_free(text);
    return to->model_xml ? STATUS_OK : STATUS_MEMORY;
}

static Status read_arrays(const Reader *r) {
    Recording *to = r->recording;
    if (has(r->group, "actions")) {
        size_t width = 0;
        TRY(read_numbers(r, r->group, "actions", &to->action, &width));
        to->naction = (int)width;
    }
    if (has(r->group, "datagen_info"))
        TRY(read_datagen_info(r));
    if (has(r->group, "states") && H5Aexists(r->group, "model_file") > 0)
        TRY(read_states(r));
    if (!to->model_xml && (to->ntool == 0 || to->nobject == 0))
        return err_set(r->err, STATUS_FORMAT,
                       "%s: neither states with a model_file nor datagen_info with eef_pose and object_poses",
                       r->place);
    return STATUS_OK;
}

static Status read_demo(hid_t file, const Source *source, long number, Recording **out, Err *err) {
    char name[48];
    Reader reader = {.source = source, .err = err};
    snprintf(name, sizeof name, "/data/demo_%ld", number);
    snprintf(reader.place, sizeof reader.place, "%.300s: demo_%ld", source->path, number);
    reader.group = H5Gopen2(file, name, H5P_DEFAULT);
    if (reader.group < 0) {
        H5Eclear2(H5E_DEFAULT);
        return err_set(err, STATUS_FORMAT, "%s: is not a group", reader.place);
    }
    int nrow = 0;
    Status status = count_rows(&reader, &nrow);
    if (status == STATUS_OK && !(reader.recording = recording_create(nrow)))
        status = STATUS_MEMORY;
    if (status == STATUS_OK) {
        Recording *to = reader.recording;
        snprintf(to->id, sizeof to->id, "%s", name + strlen("/data/"));
        snprintf(to->file, sizeof to->file, "%s", source->path);
        snprintf(to->environment, sizeof to->environment, "%s", source->environment);
        to->rate_hz = source->rate_hz;
        status = read_arrays(&reader);
    }
    H5Gclose(reader.group);
    if (status == STATUS_OK)
        *out = reader.recording;
    else
        recording_destroy(reader.recording);
    return status;
}
