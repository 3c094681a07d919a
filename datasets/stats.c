/* stats.json: per feature and dimension min, max, mean, std, q01, q99, count; one pass, memory flat. */
#include "datasets/stats_priv.h"

#include "datasets/h5_priv.h"
#include "datasets/json_priv.h"
#include "datasets/reader_priv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- one number ---- */

static int64_t bin_of(double x, double width) {
    return (int64_t)floor(x / width);
}

static int64_t half(int64_t k) {
    return k >= 0 ? k / 2 : -((1 - k) / 2);
}

/* Double the width: bins 2k and 2k + 1 become bin k. */
static void widen(Running *r) {
    const int64_t lo = half(r->lo), hi = half(r->hi);
    for (int64_t k = r->lo; k <= r->hi; k++) {
        const uint64_t count = r->bin[k - r->lo];
        r->bin[k - r->lo] = 0;
        r->bin[half(k) - lo] += count; /* never ahead of k − lo */
    }
    r->lo = lo;
    r->hi = hi;
    r->width *= 2;
}

static void count(Running *r, double x) {
    while (fabs(x) / r->width > 0x1p52)
        widen(r);
    int64_t k = bin_of(x, r->width);
    while ((k > r->hi ? k : r->hi) - (k < r->lo ? k : r->lo) >= STATS_BINS) {
        widen(r);
        k = bin_of(x, r->width);
    }
    if (k < r->lo) {
        const size_t used = (size_t)(r->hi - r->lo + 1), shift = (size_t)(r->lo - k);
        memmove(r->bin + shift, r->bin, used * sizeof *r->bin);
        memset(r->bin, 0, (shift < used ? shift : used) * sizeof *r->bin);
        if (shift > used)
            memset(r->bin + used, 0, (shift - used) * sizeof *r->bin);
        r->lo = k;
    }
    if (k > r->hi)
        r->hi = k;
    r->bin[k - r->lo]++;
}

void running_add(Running *r, double x) {
    if (r->n++ == 0) {
        r->min = r->max = x;
        int exponent = -120; /* far below what any first value after a zero is likely to be */
        if (x != 0)
            frexp(x, &exponent);
        r->width = ldexp(1, exponent - 45);
        r->lo = r->hi = bin_of(x, r->width);
    }
    r->min = x < r->min ? x : r->min;
    r->max = x > r->max ? x : r->max;
    const double step = x - r->mean;
    r->mean += step / (double)r->n;
    r->m2 += step * (x - r->mean);
    count(r, x);
}

double running_std(const Running *r) {
    return r->n ? sqrt(r->m2 / (double)r->n) : 0;
}

double running_quantile(const Running *r, double q) {
    const double wanted = q * (double)r->n;
    double before = 0;
    for (int64_t k = r->lo; r->n && k <= r->hi; k++) {
        const double here = (double)r->bin[k - r->lo];
        if (here > 0 && before + here >= wanted) {
            const double x = ((double)k + (wanted - before) / here) * r->width;
            return x < r->min ? r->min : x > r->max ? r->max : x;
        }
        before += here;
    }
    return r->max;
}

/* ---- a dataset ---- */

typedef struct Feature {
    char path[DATA_MAX_PATH];
    DataType type;
    int dim;
    Running *running; /* (dim) */
} Feature;

typedef struct FeatureList {
    Arena *arena;
    int n;
    Feature feature[MAX_COLUMNS + MAX_OBJECTS + 16];
} FeatureList;

static bool add_feature(FeatureList *list, const char *path, DataType type, int dim) {
    Feature *f = &list->feature[list->n];
    snprintf(f->path, sizeof f->path, "%s", path);
    f->type = type;
    f->dim = dim;
    f->running = arena_alloc(list->arena, (size_t)dim * sizeof *f->running);
    list->n += dim > 0;
    return f->running != NULL || dim == 0;
}

static bool list_features(FeatureList *list, const DataMeta *meta) {
    char path[DATA_MAX_PATH];
    bool ok = add_feature(list, "actions", DATA_F4, meta->action.dim) &&
              add_feature(list, "actions_abs", DATA_F4, meta->action.dim) &&
              add_feature(list, "actions_exec", DATA_F4, meta->action.dim) &&
              add_feature(list, "rewards", DATA_F4, 1) &&
              add_feature(list, "obs/left_eef_pose", DATA_F8, 7) &&
              add_feature(list, "obs/right_eef_pose", DATA_F8, 7) &&
              add_feature(list, "obs/base_pose", DATA_F8, 7) &&
              add_feature(list, "obs/scene_joint", DATA_F8, meta->njoint);
    for (int i = 0; ok && i < meta->ncolumn; i++) {
        snprintf(path, sizeof path, "obs/%s", meta->column[i]);
        ok = add_feature(list, path, DATA_F4, meta->column_dim[i]);
    }
    for (int i = 0; ok && i < meta->nobject; i++) {
        snprintf(path, sizeof path, "obs/object_%s", meta->object[i]);
        ok = add_feature(list, path, DATA_F8, 7);
    }
    return ok;
}

static Status add_rows(Feature *feature, hid_t demo, const char *place, int nrow, Arena *arena, Err *err) {
    void *rows = NULL;
    const Status status = h5_read_rows(demo, place, feature->path, feature->type, (size_t)nrow,
                                       (size_t)feature->dim, arena, &rows, err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK; /* not every file has every feature */
    TRY(status);
    const float *f = rows;
    const double *d = rows;
    for (size_t i = 0; i < (size_t)nrow * (size_t)feature->dim; i++) {
        const double x = feature->type == DATA_F4 ? (double)f[i] : d[i];
        if (isfinite(x))
            running_add(&feature->running[i % (size_t)feature->dim], x);
    }
    return STATUS_OK;
}

static Status add_episodes(FeatureList *list, DataReader *reader, Err *err) {
    Arena *arena = arena_create(1 << 20);
    Status status = arena ? STATUS_OK : err_set(err, STATUS_MEMORY, "statistics: out of memory");
    for (int i = 0; status == STATUS_OK && i < data_reader_count(reader); i++) {
        char place[512];
        hid_t demo;
        int nrow;
        status = data_reader_demo(reader, i, &demo, place, &nrow, err);
        if (status != STATUS_OK)
            break;
        for (int k = 0; status == STATUS_OK && k < list->n; k++) {
            arena_reset(arena);
            status = add_rows(&list->feature[k], demo, place, nrow, arena, err);
        }
        H5Gclose(demo);
    }
    arena_destroy(arena);
    return status;
}

static json_t *column_json(const Feature *f, double (*value)(const Running *)) {
    json_t *list = json_array();
    for (int i = 0; list && i < f->dim; i++)
        if (json_array_append_new(list, data_json_real(value(&f->running[i]))) < 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static double get_min(const Running *r) {
    return r->min;
}
static double get_max(const Running *r) {
    return r->max;
}
static double get_mean(const Running *r) {
    return r->mean;
}
static double get_q01(const Running *r) {
    return running_quantile(r, 0.01);
}
static double get_q99(const Running *r) {
    return running_quantile(r, 0.99);
}

static json_t *features_json(const FeatureList *list) {
    json_t *json = json_object();
    bool ok = json != NULL;
    for (int i = 0; ok && i < list->n; i++) {
        const Feature *f = &list->feature[i];
        if (f->running[0].n == 0)
            continue;
        ok = json_object_set_new(json, f->path,
                                 json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "min",
                                           column_json(f, get_min), "max", column_json(f, get_max), "mean",
                                           column_json(f, get_mean), "std", column_json(f, running_std),
                                           "q01", column_json(f, get_q01), "q99", column_json(f, get_q99),
                                           "count", (json_int_t)f->running[0].n)) == 0;
    }
    if (ok)
        return json;
    json_decref(json);
    return NULL;
}

static Status stats_of(DataReader *reader, const char *path, char **out, Err *err) {
    FeatureList *list = mem_calloc(1, sizeof *list);
    if (!list || !(list->arena = arena_create(1 << 20))) {
        mem_free(list);
        return err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    }
    Status status = STATUS_OK;
    if (data_reader_count(reader) > 0) {
        if (!list_features(list, data_reader_meta(reader)))
            status = err_set(err, STATUS_MEMORY, "%s: out of memory", path);
        else
            status = add_episodes(list, reader, err);
    }
    if (status == STATUS_OK) {
        json_t *json =
            json_pack("{s:s, s:i, s:o}", "quantiles",
                      "from a histogram of 512 to 1024 equal bins over what was seen, linear inside a bin",
                      "episodes", data_reader_count(reader), "features", features_json(list));
        *out = json ? data_json_pretty(json) : NULL;
        json_decref(json);
        status = *out ? STATUS_OK : err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    }
    arena_destroy(list->arena);
    mem_free(list);
    return status;
}

Status data_stats(const char *path, char **json, Err *err) {
    DataReader *reader = NULL;
    TRY(data_reader_open(path, false, &reader, err));
    const Status status = stats_of(reader, path, json, err);
    data_reader_close(reader);
    return status;
}
