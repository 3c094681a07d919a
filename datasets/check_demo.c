/* Rules about one demo and about one file. */
#include "datasets/check_priv.h"

#include "datasets/ep_meta_priv.h"
#include "datasets/h5_priv.h"
#include "datasets/json_priv.h"
#include "datasets/meta_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Visit {
    Check *check;
    hid_t demo;
    char place[64]; /* "/data/demo_3" */
    int64_t nrow;
    Status status;
} Visit;

/* ---- every object ---- */

static void check_attributes(Check *check, const char *place, const H5O_info_t *info) {
    if (info->num_attrs > 8)
        check_break(check, DATA_RULE_attributes, place, "%llu attributes, at most 8 were expected",
                    (unsigned long long)info->num_attrs);
    if (info->atime || info->mtime || info->ctime || info->btime)
        check_break(check, DATA_RULE_bounds, place, "it carries times; equal runs would differ");
}

static void check_filters(Check *check, const char *place, hid_t dataset) {
    const hid_t plist = H5Dget_create_plist(dataset);
    const int n = plist < 0 ? 0 : H5Pget_nfilters(plist);
    for (int i = 0; i < n; i++) {
        unsigned flags, config, values[8];
        size_t nvalue = 8;
        const H5Z_filter_t filter =
            H5Pget_filter2(plist, (unsigned)i, &flags, &nvalue, values, 0, NULL, &config);
        if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE)
            check_break(check, DATA_RULE_bounds, place, "filter %d; only shuffle and deflate were expected",
                        (int)filter);
    }
    if (plist >= 0)
        H5Pclose(plist);
}

static void check_image(Check *check, const char *place, hid_t dataset, const H5Shape *shape) {
    hsize_t chunk[DATA_MAX_RANK] = {0};
    const hid_t plist = H5Dget_create_plist(dataset);
    const bool chunked =
        plist >= 0 && H5Pget_layout(plist) == H5D_CHUNKED && H5Pget_chunk(plist, 4, chunk) == 4;
    if (plist >= 0)
        H5Pclose(plist);
    if (shape->type != DATA_U1 || shape->dim[3] != 3)
        check_break(check, DATA_RULE_images, place, "%s with %llu channels; uint8 with 3 was expected",
                    shape->type_name, (unsigned long long)shape->dim[3]);
    else if (!chunked || chunk[0] != 1)
        check_break(check, DATA_RULE_images, place, "%llu frames a chunk, one was expected",
                    (unsigned long long)(chunked ? chunk[0] : 0));
}

static bool numeric(hid_t dataset, const H5Shape *shape) {
    if (shape->type >= 0 && shape->type != DATA_TEXT)
        return true;
    const hid_t type = H5Dget_type(dataset);
    const bool signed_int = type >= 0 && H5Tget_class(type) == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
    const bool half = type >= 0 && H5Tget_class(type) == H5T_FLOAT;
    if (type >= 0)
        H5Tclose(type);
    return signed_int || half;
}

static void check_shape(Check *check, const char *path, const char *place, hid_t dataset,
                        const H5Shape *shape, int64_t nrow) {
    const DataField *field = data_field(path);
    int dims[DATA_MAX_RANK];
    if (shape->null_space || shape->vlen || !numeric(dataset, shape)) {
        const bool is_enum = strncmp(shape->type_name, "enum", 4) == 0;
        check_break(check, is_enum ? DATA_RULE_bools : DATA_RULE_types, place, "its type is %s%s",
                    shape->null_space ? "a null space of " : "", shape->type_name);
        return;
    }
    if (shape->rank < 1 || shape->dim[0] != (hsize_t)nrow)
        check_break(check, DATA_RULE_rows, place, "%llu rows, num_samples is %lld",
                    shape->rank ? (unsigned long long)shape->dim[0] : 0ull, (long long)nrow);
    if (shape->rank == 4)
        check_image(check, place, dataset, shape);
    else if (field && check->ours && strncmp(path, "rlds:", 5) != 0) {
        const int n = data_field_dims(field, &check->meta, dims);
        bool same = shape->type == (int)field->type && shape->rank == n + 1;
        for (int d = 0; same && d < n; d++)
            same = dims[d] == 0 || shape->dim[1 + d] == (hsize_t)dims[d];
        if (!same)
            check_break(check, DATA_RULE_fields, place,
                        "%s (%d dimensions, %llu wide) where %s (N%s%s) was expected", shape->type_name,
                        shape->rank, shape->rank > 1 ? (unsigned long long)shape->dim[1] : 1ull,
                        data_type_name(field->type), field->shape[0] ? ", " : "", field->shape);
    }
}

static void check_numbers(Visit *visit, const char *path, const char *place, const H5Shape *shape) {
    Check *check = visit->check;
    void *rows = NULL;
    size_t width = 1;
    Err err = {0};
    for (int d = 1; d < shape->rank; d++)
        width *= (size_t)shape->dim[d];
    if (shape->type < 0 || shape->rank < 1 || width == 0)
        return;
    arena_reset(check->scratch);
    const Status status = h5_read_rows(visit->demo, check->file, path, (DataType)shape->type,
                                       (size_t)shape->dim[0], width, check->scratch, &rows, &err);
    if (status == STATUS_MEMORY)
        visit->status = err_set(check->err, status, "%s", err.message);
    else if (status != STATUS_OK)
        check_break(check, DATA_RULE_readable, place, "%s", err.message);
    if (status != STATUS_OK || check->failed || (shape->type != DATA_F4 && shape->type != DATA_F8))
        return;
    const float *f = rows;
    const double *d = rows;
    for (size_t i = 0; i < width * (size_t)shape->dim[0]; i++)
        if (!isfinite(shape->type == DATA_F4 ? (double)f[i] : d[i])) {
            check_break(check, DATA_RULE_finite, place, "row %zu, column %zu is not finite", i / width,
                        i % width);
            return;
        }
    const bool pose = shape->type == DATA_F8 && width == 7 && shape->rank == 2;
    for (size_t i = 0; pose && i < (size_t)shape->dim[0]; i++) {
        const double *q = d + 7 * i + 3;
        if (fabs(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3] - 1) > 1e-3) {
            check_break(check, DATA_RULE_quaternions, place, "row %zu: the quaternion has no unit length", i);
            return;
        }
    }
}

static herr_t visit_object(hid_t demo, const char *path, const H5O_info_t *info, void *user) {
    Visit *visit = user;
    Check *check = visit->check;
    char place[256];
    (void)demo;
    if (strcmp(path, ".") == 0)
        snprintf(place, sizeof place, "%s", visit->place);
    else
        snprintf(place, sizeof place, "%s/%.128s", visit->place, path);
    check_attributes(check, place, info);
    if (info->type != H5O_TYPE_DATASET)
        return 0;
    const hid_t dataset = H5Dopen2(visit->demo, path, H5P_DEFAULT);
    H5Shape shape;
    Err err = {0};
    if (dataset < 0 || h5_shape(dataset, place, &shape, &err) != STATUS_OK) {
        check_break(check, DATA_RULE_readable, place, "the dataset can't be opened");
    } else {
        check_shape(check, path, place, dataset, &shape, visit->nrow);
        check_filters(check, place, dataset);
        if (check->options->numbers)
            check_numbers(visit, path, place, &shape);
    }
    if (dataset >= 0)
        H5Dclose(dataset);
    return visit->status == STATUS_OK ? 0 : -1;
}

/* ---- one demo ---- */

static void check_present(Visit *visit) {
    int n;
    char path[DATA_MAX_PATH];
    Check *check = visit->check;
    const DataField *field = data_schema(&n);
    for (int i = 0; i < n; i++) {
        int dims[DATA_MAX_RANK];
        const bool rlds = strncmp(field[i].path, "rlds:", 5) == 0;
        const int ndim = data_field_dims(&field[i], &check->meta, dims);
        if (!(field[i].flags & FIELD_REQUIRED) || rlds || (ndim == 1 && dims[0] == 0))
            continue;
        if (check->demonstrations && strcmp(field[i].path, "actions") != 0)
            continue;
        if (H5Oexists_by_name(visit->demo, field[i].path, H5P_DEFAULT) <= 0)
            check_break(check, DATA_RULE_fields, visit->place, "'%s' is missing", field[i].path);
    }
    for (int i = 0; i < check->meta.ncolumn; i++) {
        snprintf(path, sizeof path, "obs/%s", check->meta.column[i]);
        if (H5Oexists_by_name(visit->demo, path, H5P_DEFAULT) <= 0)
            check_break(check, DATA_RULE_fields, visit->place, "'%s' is missing", path);
    }
    H5Eclear2(H5E_DEFAULT);
}

static Status check_actions(Visit *visit) {
    Check *check = visit->check;
    const ActionLayout *layout = &check->meta.action;
    const size_t n = (size_t)visit->nrow, dim = check->ours ? (size_t)layout->dim : 0;
    void *normal = NULL, *si = NULL;
    float expected[ACTION_MAX];
    int64_t counted = -1, clipped = 0;
    Err err = {0};
    arena_reset(check->scratch);
    if (!check->ours)
        return STATUS_OK;
    if (h5_read_rows(visit->demo, check->file, "actions", DATA_F4, n, dim, check->scratch, &normal, &err) !=
            STATUS_OK ||
        h5_read_rows(visit->demo, check->file, "actions_abs", DATA_F4, n, dim, check->scratch, &si, &err) !=
            STATUS_OK)
        return STATUS_OK; /* told by another rule */
    for (size_t i = 0; i < n; i++) {
        const float *row = (const float *)normal + i * dim;
        clipped += action_normalize(layout, (const float *)si + i * dim, expected);
        for (size_t k = 0; k < dim; k++) {
            if (!(row[k] >= -1 && row[k] <= 1)) {
                check_break(check, DATA_RULE_action_range, visit->place, "actions row %zu, column %zu is %g",
                            i, k, (double)row[k]);
                return STATUS_OK;
            }
            if (row[k] != expected[k] && !check->failed) {
                check_break(check, DATA_RULE_action_range, visit->place,
                            "actions row %zu, column %zu is %.9g; actions_abs normalised gives %.9g", i, k,
                            (double)row[k], (double)expected[k]);
                return STATUS_OK;
            }
        }
    }
    const hid_t dataset = H5Dopen2(visit->demo, "actions", H5P_DEFAULT);
    if (dataset < 0 || h5_get_i64(dataset, check->file, "clipped", &counted, &err) != STATUS_OK ||
        counted != clipped)
        check_break(check, DATA_RULE_action_range, visit->place,
                    "attribute clipped is %lld, %lld were clipped", (long long)counted, (long long)clipped);
    if (dataset >= 0)
        H5Dclose(dataset);
    return STATUS_OK;
}

static void check_timing(Visit *visit, hid_t steps) {
    Check *check = visit->check;
    void *done = NULL, *time = NULL;
    const size_t n = (size_t)visit->nrow;
    Err err = {0};
    arena_reset(check->scratch);
    if (h5_read_rows(visit->demo, check->file, "dones", DATA_U1, n, 1, check->scratch, &done, &err) ==
        STATUS_OK)
        for (size_t i = 0; i + 1 < n; i++)
            if (((const uint8_t *)done)[i]) {
                check_break(check, DATA_RULE_timing, visit->place, "done at row %zu of %zu", i, n);
                break;
            }
    if (steps < 0 || h5_read_rows(steps, check->file, "timestamp", DATA_F8, n, 1, check->scratch, &time,
                                  &err) != STATUS_OK)
        return;
    for (size_t i = 0; i < n; i++)
        if (((const double *)time)[i] != (double)i / check->meta.rate_hz) {
            check_break(check, DATA_RULE_timing, visit->place,
                        "timestamp of row %zu is %.9g, index / fps is %.9g", i, ((const double *)time)[i],
                        (double)i / check->meta.rate_hz);
            return;
        }
}

/* Is what both paths name one object of the file? */
static bool same_object(hid_t a, const char *path_a, hid_t b, const char *path_b) {
    H5O_info_t x, y;
    return H5Oget_info_by_name2(a, path_a, &x, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 &&
           H5Oget_info_by_name2(b, path_b, &y, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 && x.addr == y.addr;
}

static void check_flags(Visit *visit, hid_t steps, const char *name, size_t row) {
    Check *check = visit->check;
    void *flags = NULL;
    Err err = {0};
    const size_t n = (size_t)visit->nrow;
    arena_reset(check->scratch);
    if (h5_read_rows(steps, check->file, name, DATA_BOOL, n, 1, check->scratch, &flags, &err) != STATUS_OK) {
        check_break(check, DATA_RULE_rlds, visit->place, "steps/%s: %s", name, err.message);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if ((((const uint8_t *)flags)[i] != 0) != (i == row)) {
            check_break(check, DATA_RULE_rlds, visit->place, "steps/%s is %s at row %zu", name,
                        i == row ? "false" : "true", i);
            return;
        }
}

static void check_rlds(Visit *visit, hid_t file, int i) {
    static const char *const pairs[][2] = {{"actions", "action"}, {"rewards", "reward"}};
    static const char *const own[] = {"discount", "is_terminal", "timestamp", "language_instruction"};
    Check *check = visit->check;
    char path[64];
    snprintf(path, sizeof path, "rlds/episode_%06d/steps", i);
    const hid_t steps = H5Gopen2(file, path, H5P_DEFAULT);
    if (steps < 0) {
        check_break(check, DATA_RULE_rlds, visit->place, "/%s is missing", path);
        return;
    }
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
        if (!same_object(visit->demo, pairs[k][0], steps, pairs[k][1]))
            check_break(check, DATA_RULE_rlds, visit->place, "/%s/%s is not a link to %s", path, pairs[k][1],
                        pairs[k][0]);
    for (size_t k = 0; k < sizeof own / sizeof *own; k++)
        if (H5Lexists(steps, own[k], H5P_DEFAULT) <= 0)
            check_break(check, DATA_RULE_rlds, visit->place, "/%s/%s is missing", path, own[k]);
    const hid_t obs = H5Gopen2(visit->demo, "obs", H5P_DEFAULT);
    H5G_info_t info = {0};
    if (obs >= 0 && H5Gget_info(obs, &info) >= 0)
        for (hsize_t k = 0; k < info.nlinks && k < 1000; k++) {
            char name[128], linked[160];
            if (H5Lget_name_by_idx(obs, ".", H5_INDEX_NAME, H5_ITER_INC, k, name, sizeof name, H5P_DEFAULT) <
                0)
                continue;
            snprintf(linked, sizeof linked, "observation/%s", name);
            if (!same_object(obs, name, steps, linked))
                check_break(check, DATA_RULE_rlds, visit->place, "/%s/%s is not a link to obs/%s", path,
                            linked, name);
        }
    if (obs >= 0)
        H5Gclose(obs);
    check_flags(visit, steps, "is_first", 0);
    check_flags(visit, steps, "is_last", (size_t)visit->nrow - 1);
    check_timing(visit, steps);
    H5Gclose(steps);
    H5Eclear2(H5E_DEFAULT);
}

static Status remember(Check *check, const CheckedEpisode *episode) {
    if (check->nepisode == check->room) {
        const int room = check->room ? 2 * check->room : 256;
        CheckedEpisode *larger = mem_realloc(check->episode, (size_t)room * sizeof *larger);
        if (!larger)
            return err_set(check->err, STATUS_MEMORY, "%s: out of memory", check->root);
        check->episode = larger;
        check->room = room;
    }
    check->episode[check->nepisode++] = *episode;
    return STATUS_OK;
}

static Status check_labels(Visit *visit, int i) {
    Check *check = visit->check;
    CheckedEpisode episode = {
        .file = check->file_index, .demo = i, .nrow = (int)visit->nrow, .failed = check->failed};
    int64_t attempt = -1, seed = 0;
    char *uuid = NULL;
    Err err = {0};
    if (h5_get_i64(visit->demo, visit->place, "attempt", &attempt, &err) != STATUS_OK ||
        h5_get_i64(visit->demo, visit->place, "seed", &seed, &err) != STATUS_OK ||
        h5_get_text(visit->demo, visit->place, "episode_uuid", 64, &uuid, &err) != STATUS_OK)
        check_break(check, DATA_RULE_fields, visit->place, "%s", err.message);
    snprintf(episode.uuid, sizeof episode.uuid, "%.36s", uuid ? uuid : "");
    mem_free(uuid);
    episode.attempt = (uint64_t)attempt;
    if (attempt < 0)
        return STATUS_OK;
    return remember(check, &episode);
}

static Status check_certificate(Visit *visit) {
    Check *check = visit->check;
    json_t *json = NULL;
    Err err = {0};
    if (check->demonstrations)
        return STATUS_OK;
    Status status = data_file_ep_meta(visit->demo, visit->place, &json, &err);
    if (status == STATUS_OK) {
        Episode *episode = mem_calloc(1, sizeof *episode);
        uint64_t *hashes = mem_calloc((size_t)visit->nrow, sizeof *hashes);
        if (!episode || !hashes)
            status = STATUS_MEMORY;
        else {
            episode->nrow = (int)visit->nrow;
            episode->state_hash = hashes;
            status = data_ep_meta_parse(visit->place, json, &check->meta, episode, NULL, &err);
        }
        mem_free(episode);
        mem_free(hashes);
    }
    json_decref(json);
    if (status == STATUS_MEMORY)
        return err_set(check->err, status, "%s: out of memory", check->file);
    if (status != STATUS_OK)
        check_break(check, DATA_RULE_certificate, visit->place, "%s", err.message);
    return STATUS_OK;
}

static void check_fps(Visit *visit) {
    Check *check = visit->check;
    double fps = NAN;
    const hid_t attribute = H5Aopen(visit->demo, "fps", H5P_DEFAULT);
    if (attribute >= 0) {
        const hid_t type = H5Aget_type(attribute);
        if (type >= 0 && H5Tget_class(type) == H5T_FLOAT)
            H5Aread(attribute, H5T_NATIVE_DOUBLE, &fps);
        if (type >= 0)
            H5Tclose(type);
        H5Aclose(attribute);
    }
    if (check->rate_hz == 0)
        check->rate_hz = fps;
    if (!(fps == check->rate_hz) || fps != check->meta.rate_hz)
        check_break(check, DATA_RULE_timing, visit->place, "fps is %g, the dataset has %g", fps,
                    check->rate_hz);
    H5Eclear2(H5E_DEFAULT);
}

Status check_demo(Check *check, const DataFile *file, int i, int64_t *nrow) {
    Visit visit = {.check = check, .status = STATUS_OK};
    char name[32];
    Err err = {0};
    snprintf(name, sizeof name, "demo_%d", i);
    snprintf(visit.place, sizeof visit.place, "/data/%s", name);
    *nrow = 0;
    visit.demo = H5Gopen2(file->data, name, H5P_DEFAULT);
    if (visit.demo < 0) {
        H5Eclear2(H5E_DEFAULT);
        return STATUS_OK; /* told by demo_names or readable */
    }
    if (h5_get_i64(visit.demo, check->file, "num_samples", &visit.nrow, &err) != STATUS_OK ||
        visit.nrow < 1 || visit.nrow > DATA_MAX_ROWS) {
        check_break(check, DATA_RULE_rows, visit.place, "num_samples is missing or not in 1 … %d",
                    DATA_MAX_ROWS);
        H5Gclose(visit.demo);
        return STATUS_OK;
    }
    *nrow = visit.nrow;
    if (H5Ovisit2(visit.demo, H5_INDEX_NAME, H5_ITER_NATIVE, visit_object, &visit, H5O_INFO_ALL) < 0 &&
        visit.status == STATUS_OK)
        check_break(check, DATA_RULE_readable, visit.place, "its objects can't all be opened");
    H5Eclear2(H5E_DEFAULT);
    Status status = visit.status;
    if (status == STATUS_OK && check->ours) {
        check_present(&visit);
        check_fps(&visit);
        check_rlds(&visit, file->file, i);
        status = check_labels(&visit, i);
        if (status == STATUS_OK)
            status = check_certificate(&visit);
        if (status == STATUS_OK && check->options->numbers)
            status = check_actions(&visit);
    }
    H5Gclose(visit.demo);
    return status;
}
