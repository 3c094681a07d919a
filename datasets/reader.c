/* Reading shards: nothing in a file is believed before it was checked, and no memory is asked for that the file could
 * not fill. */
#include "datasets/reader_priv.h"

#include "datasets/ep_meta_priv.h"
#include "datasets/h5_priv.h"
#include "datasets/json_priv.h"
#include "datasets/meta_priv.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct DataReader {
    Arena *arena;
    DataMeta meta;
    int nfile, n;
    char **path;   /* (nfile) */
    int *first;    /* (nfile + 1) index of each file's first episode */
    DataFile open; /* the file last used */
    int open_index;
};

/* ---- one file ---- */

Status data_file_open(const char *path, DataFile *out, Err *err) {
    h5_quiet();
    struct stat stat_;
    if (stat(path, &stat_) < 0)
        return err_set(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, "%s: %s", path, strerror(errno));
    DataFile file = {.path = mem_strdup(path), .file = -1, .data = -1};
    if (!file.path)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    Status status = STATUS_OK;
    H5G_info_t info = {0};
    file.file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file.file < 0)
        status = err_set(err, STATUS_FORMAT, "%s: not an HDF5 file, truncated, or being written", path);
    else if ((file.data = H5Gopen2(file.file, "data", H5P_DEFAULT)) < 0)
        status = err_set(err, STATUS_FORMAT, "%s: group /data is missing", path);
    else if (H5Gget_info(file.data, &info) < 0 || info.nlinks > 1000000)
        status = err_set(err, STATUS_FORMAT, "%s: /data can't be read", path);
    H5Eclear2(H5E_DEFAULT);
    file.n = (int)info.nlinks;
    if (status == STATUS_OK)
        *out = file;
    else
        data_file_close(&file);
    return status;
}

void data_file_close(DataFile *file) {
    if (file->path) {
        if (file->data >= 0)
            H5Gclose(file->data);
        if (file->file >= 0)
            H5Fclose(file->file);
        mem_free(file->path);
    }
    *file = (DataFile){.file = -1, .data = -1};
}

static Status check_version(const DataFile *file, Err *err) {
    char *format = NULL, *version = NULL;
    Status status = h5_get_text(file->file, file->path, "format", 64, &format, NULL);
    if (status == STATUS_OK && strcmp(format, DATA_FORMAT) == 0)
        status = h5_get_text(file->file, file->path, "format_version", 64, &version, NULL);
    else if (status != STATUS_MEMORY)
        status = STATUS_FORMAT;
    if (status == STATUS_MEMORY)
        err_set(err, status, "%s: out of memory", file->path);
    else if (status != STATUS_OK)
        status =
            err_set(err, STATUS_FORMAT, "%s: not written by demomill (no format \"%s\"): import it first",
                    file->path, DATA_FORMAT);
    else if (atoi(version) != atoi(DATA_FORMAT_VERSION))
        status = err_set(err, STATUS_FORMAT, "%s: format version %s, this program reads %s", file->path,
                         version, DATA_FORMAT_VERSION);
    mem_free(format);
    mem_free(version);
    return status;
}

Status data_file_meta(const DataFile *file, Arena *arena, DataMeta *out, Err *err) {
    char *text = NULL, *xml = NULL, place[512];
    json_t *json = NULL;
    TRY(check_version(file, err));
    snprintf(place, sizeof place, "%s /meta/run", file->path);
    Status status = h5_read_text(file->file, file->path, "meta/run", DATA_MAX_JSON, &text, err);
    if (status == STATUS_OK)
        status = data_json_parse(place, text, strlen(text), &json, err);
    if (status == STATUS_OK)
        status = data_meta_parse(place, json, arena, out, err);
    if (status == STATUS_OK && H5Lexists(file->file, "assets", H5P_DEFAULT) > 0 &&
        H5Lexists(file->file, "assets/model.xml", H5P_DEFAULT) > 0) {
        status = h5_read_text(file->file, file->path, "assets/model.xml", DATA_MAX_JSON, &xml, err);
        if (status == STATUS_OK && !(out->model_xml = arena_strdup(arena, xml)))
            status = err_set(err, STATUS_MEMORY, "%s: out of memory", file->path);
    }
    json_decref(json);
    mem_free(text);
    mem_free(xml);
    return status;
}

Status data_file_demo(const DataFile *file, int i, hid_t *out, char place[512], int *nrow, Err *err) {
    char name[32];
    int64_t n = 0;
    snprintf(name, sizeof name, "demo_%d", i);
    snprintf(place, 512, "%s %s", file->path, name);
    const hid_t demo = H5Gopen2(file->data, name, H5P_DEFAULT);
    if (demo < 0) {
        H5Eclear2(H5E_DEFAULT);
        return err_set(err, STATUS_FORMAT, "%s: missing or damaged", place);
    }
    Status status = h5_get_i64(demo, place, "num_samples", &n, err);
    if (status == STATUS_OK && (n < 1 || n > DATA_MAX_ROWS))
        status = err_set(err, STATUS_FORMAT, "%s: num_samples %lld, 1 … %d was expected", place, (long long)n,
                         DATA_MAX_ROWS);
    if (status != STATUS_OK) {
        H5Gclose(demo);
        return status == STATUS_NOT_FOUND ? STATUS_FORMAT : status;
    }
    *nrow = (int)n;
    *out = demo;
    return STATUS_OK;
}

Status data_file_ep_meta(hid_t demo, const char *place, json_t **out, Err *err) {
    char *text = NULL, where[600];
    snprintf(where, sizeof where, "%s ep_meta", place);
    TRY(h5_get_text(demo, place, "ep_meta", DATA_MAX_JSON, &text, err));
    const Status status = data_json_parse(where, text, strlen(text), out, err);
    mem_free(text);
    return status;
}

/* ---- an episode ---- */

typedef struct Source {
    hid_t demo;
    const char *place;
    const DataMeta *meta;
    Episode *episode;
    Err *err;
} Source;

static Status out_of_memory(const Source *s) {
    return err_set(s->err, STATUS_MEMORY, "%s: out of memory", s->place);
}

static Status rows(const Source *s, const char *path, DataType type, int per_row, void *out) {
    void *data = NULL;
    if (per_row > 0)
        TRY(h5_read_rows(s->demo, s->place, path, type, (size_t)s->episode->nrow, (size_t)per_row,
                         s->episode->arena, &data, s->err));
    else if (!(data = arena_alloc(s->episode->arena, 16)))
        return out_of_memory(s);
    memcpy(out, &data, sizeof data);
    return STATUS_OK;
}

/* Rows of 7 numbers to every stride-th pose of an array that is already there. */
static Status poses(const Source *s, const char *path, Pose *pose, size_t stride) {
    double *data = NULL;
    TRY(rows(s, path, DATA_F8, 7, &data));
    for (size_t i = 0; i < (size_t)s->episode->nrow; i++) {
        memcpy(pose[i * stride].pos, data + 7 * i, 3 * sizeof *data);
        memcpy(pose[i * stride].quat, data + 7 * i + 3, 4 * sizeof *data);
    }
    return STATUS_OK;
}

static Status read_columns(const Source *s) {
    Episode *e = s->episode;
    char path[DATA_MAX_PATH];
    for (int i = 0; i < s->meta->ncolumn; i++) {
        snprintf(path, sizeof path, "obs/%s", s->meta->column[i]);
        e->column[i] = (EpisodeColumn){.name = arena_strdup(e->arena, s->meta->column[i]),
                                       .dim = s->meta->column_dim[i]};
        if (!e->column[i].name)
            return out_of_memory(s);
        TRY(rows(s, path, DATA_F4, e->column[i].dim, &e->column[i].data));
    }
    e->ncolumn = s->meta->ncolumn;
    return STATUS_OK;
}

static Status read_poses(const Source *s) {
    Episode *e = s->episode;
    const size_t n = (size_t)e->nrow;
    char path[DATA_MAX_PATH];
    e->object = arena_alloc(e->arena, (n * (size_t)e->nobject + 1) * sizeof(Pose));
    e->base = arena_alloc(e->arena, n * sizeof(Pose));
    if (!e->object || !e->base)
        return out_of_memory(s);
    for (int side = 0; side < NSIDE; side++) {
        e->eef[side] = arena_alloc(e->arena, n * sizeof(Pose));
        e->target[side] = arena_alloc(e->arena, n * sizeof(Pose));
        if (!e->eef[side] || !e->target[side])
            return out_of_memory(s);
        snprintf(path, sizeof path, "obs/%s_eef_pose", data_side_names[side]);
        TRY(poses(s, path, e->eef[side], 1));
        snprintf(path, sizeof path, "datagen_info/target_pose_wxyz/%s", data_side_names[side]);
        TRY(poses(s, path, e->target[side], 1));
    }
    TRY(poses(s, "obs/base_pose", e->base, 1));
    for (int i = 0; i < e->nobject; i++) {
        snprintf(path, sizeof path, "obs/object_%s", s->meta->object[i]);
        TRY(poses(s, path, e->object + i, (size_t)e->nobject));
    }
    return STATUS_OK;
}

static Status read_signals(const Source *s) {
    Episode *e = s->episode;
    const size_t width = (size_t)s->meta->nsubtask;
    char path[DATA_MAX_PATH];
    e->signal = arena_alloc(e->arena, (size_t)e->nrow * width + 1);
    if (!e->signal)
        return out_of_memory(s);
    for (size_t k = 0; k < width; k++) {
        uint8_t *column = NULL;
        snprintf(path, sizeof path, "datagen_info/subtask_term_signals/%s", s->meta->subtask[k]);
        TRY(rows(s, path, DATA_U1, 1, &column));
        for (size_t i = 0; i < (size_t)e->nrow; i++)
            e->signal[i * width + k] = column[i];
    }
    return STATUS_OK;
}

static Status read_texts(const Source *s, DataCertificate *certificate) {
    Episode *e = s->episode;
    int64_t seed = 0, attempt = 0;
    char *text = NULL;
    json_t *json = NULL;
    TRY(h5_get_i64(s->demo, s->place, "seed", &seed, s->err));
    TRY(h5_get_i64(s->demo, s->place, "attempt", &attempt, s->err));
    e->seed = (uint64_t)seed;
    e->attempt = (uint64_t)attempt;
    TRY(h5_get_text(s->demo, s->place, "language_instruction", sizeof e->instruction - 1, &text, s->err));
    snprintf(e->instruction, sizeof e->instruction, "%s", text);
    mem_free(text);
    e->state_hash = arena_alloc(e->arena, (size_t)e->nrow * sizeof *e->state_hash);
    if (!e->state_hash)
        return out_of_memory(s);
    TRY(data_file_ep_meta(s->demo, s->place, &json, s->err));
    const Status status = data_ep_meta_parse(s->place, json, s->meta, e, certificate, s->err);
    json_decref(json);
    return status;
}

static Status read_all(const Source *s, DataCertificate *certificate) {
    Episode *e = s->episode;
    TRY(rows(s, "actions_abs", DATA_F4, e->naction, &e->action));
    TRY(rows(s, "actions_exec", DATA_F4, e->naction, &e->action_exec));
    TRY(rows(s, "states", DATA_F8, e->nstate, &e->state));
    TRY(rows(s, "rewards", DATA_F4, 1, &e->reward));
    TRY(rows(s, "dones", DATA_U1, 1, &e->done));
    TRY(rows(s, "obs/scene_joint", DATA_F8, e->njoint, &e->joint));
    TRY(read_columns(s));
    TRY(read_poses(s));
    TRY(read_signals(s));
    return read_texts(s, certificate);
}

Status data_file_read(const DataFile *file, int i, const DataMeta *meta, Episode **out,
                      DataCertificate *certificate, Err *err) {
    char place[512];
    hid_t demo;
    int nrow;
    TRY(data_file_demo(file, i, &demo, place, &nrow, err));
    Arena *arena = arena_create(1 << 20);
    Episode *episode = arena ? arena_alloc(arena, sizeof *episode) : NULL;
    Status status = STATUS_OK;
    if (!episode) {
        status = err_set(err, STATUS_MEMORY, "%s: out of memory", place);
    } else {
        *episode = (Episode){.arena = arena,
                             .nrow = nrow,
                             .capacity = nrow,
                             .naction = meta->action.dim,
                             .nstate = meta->nstate,
                             .nobject = meta->nobject,
                             .njoint = meta->njoint,
                             .nsubtask_total = meta->nsubtask,
                             .nhand = meta->action.nhand};
        const Source source = {demo, place, meta, episode, err};
        status = read_all(&source, certificate);
    }
    H5Gclose(demo);
    if (status == STATUS_OK)
        *out = episode;
    else
        arena_destroy(arena);
    return status == STATUS_NOT_FOUND ? STATUS_FORMAT : status;
}

void data_episode_destroy(Episode *episode) {
    if (episode)
        arena_destroy(episode->arena);
}

/* ---- a folder ---- */

static bool ends_with(const char *text, const char *end) {
    const size_t n = strlen(text), k = strlen(end);
    return n > k && strcmp(text + n - k, end) == 0;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void data_list_free(char **list, int n) {
    for (int i = 0; i < n; i++)
        mem_free(list[i]);
    mem_free(list);
}

/* name.hdf5.part where name.hdf5 stands in the list too: a leftover. */
static bool is_leftover(char *const *list, int i) {
    return i > 0 && ends_with(list[i], ".part") && strncmp(list[i], list[i - 1], strlen(list[i - 1])) == 0;
}

Status data_list_shards(const char *folder, char ***out, int *n, Err *err) {
    DIR *dir = opendir(folder);
    char **list = NULL;
    int count = 0, room = 0;
    *out = NULL;
    *n = 0;
    if (!dir)
        return errno == ENOENT ? STATUS_OK : err_set(err, STATUS_IO, "%s: %s", folder, strerror(errno));
    bool ok = true;
    for (const struct dirent *entry; ok && (entry = readdir(dir));) {
        char path[PATH_MAX];
        if (!ends_with(entry->d_name, ".hdf5") && !ends_with(entry->d_name, ".hdf5.part"))
            continue;
        if (count == room) {
            room = room ? 2 * room : 64;
            char **larger = mem_realloc(list, (size_t)room * sizeof *list);
            if (!(ok = larger != NULL))
                break;
            list = larger;
        }
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        ok = (list[count] = mem_strdup(path)) != NULL;
        count += ok;
    }
    closedir(dir);
    if (!ok) {
        data_list_free(list, count);
        return err_set(err, STATUS_MEMORY, "%s: out of memory", folder);
    }
    if (count > 0)
        qsort(list, (size_t)count, sizeof *list, by_name);
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (is_leftover(list, i))
            mem_free(list[i]);
        else
            list[kept++] = list[i];
    *out = list;
    *n = kept;
    return STATUS_OK;
}

static Status find_files(DataReader *reader, const char *path, bool failed, Err *err) {
    struct stat info;
    if (stat(path, &info) < 0)
        return err_set(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, "%s: %s", path, strerror(errno));
    if (S_ISDIR(info.st_mode)) {
        char folder[PATH_MAX];
        snprintf(folder, sizeof folder, "%s/%s", path, failed ? "failed" : "shards");
        TRY(data_list_shards(folder, &reader->path, &reader->nfile, err));
        snprintf(folder, sizeof folder, "%s/manifest.json", path);
        if (reader->nfile == 0 && stat(folder, &info) < 0 && !failed)
            return err_set(err, STATUS_NOT_FOUND, "%s: no dataset (neither shards nor manifest.json)", path);
        return STATUS_OK;
    }
    reader->path = mem_calloc(1, sizeof *reader->path);
    if (reader->path && (reader->path[0] = mem_strdup(path)))
        reader->nfile = 1;
    return reader->nfile ? STATUS_OK : err_set(err, STATUS_MEMORY, "%s: out of memory", path);
}

static Status use_file(DataReader *reader, int index, Err *err) {
    if (reader->open_index == index)
        return STATUS_OK;
    data_file_close(&reader->open);
    reader->open_index = -1;
    TRY(data_file_open(reader->path[index], &reader->open, err));
    reader->open_index = index;
    return STATUS_OK;
}

static Status open_all(DataReader *reader, const char *path, bool failed, Err *err) {
    TRY(find_files(reader, path, failed, err));
    reader->first = mem_calloc((size_t)reader->nfile + 1, sizeof *reader->first);
    if (!reader->first)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    for (int i = reader->nfile - 1; i >= 0; i--) { /* backwards: the first stays open */
        TRY(use_file(reader, i, err));
        reader->first[i] = reader->open.n;
    }
    int sum = 0;
    for (int i = 0; i <= reader->nfile; i++) {
        const int n = i < reader->nfile ? reader->first[i] : 0;
        reader->first[i] = sum;
        sum += n;
    }
    reader->n = sum;
    return reader->nfile ? data_file_meta(&reader->open, reader->arena, &reader->meta, err) : STATUS_OK;
}

Status data_reader_open(const char *path, bool failed, DataReader **out, Err *err) {
    DataReader *reader = mem_calloc(1, sizeof *reader);
    if (!reader)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    *reader = (DataReader){.arena = arena_create(0), .open = {.file = -1, .data = -1}, .open_index = -1};
    const Status status = reader->arena ? open_all(reader, path, failed, err)
                                        : err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    if (status == STATUS_OK)
        *out = reader;
    else
        data_reader_close(reader);
    return status;
}

void data_reader_close(DataReader *reader) {
    if (!reader)
        return;
    data_file_close(&reader->open);
    data_list_free(reader->path, reader->nfile);
    mem_free(reader->first);
    arena_destroy(reader->arena);
    mem_free(reader);
}

int data_reader_count(const DataReader *reader) {
    return reader->n;
}

const DataMeta *data_reader_meta(const DataReader *reader) {
    return &reader->meta;
}

static int file_of(const DataReader *reader, int i) {
    ASSERT(i >= 0 && i < reader->n);
    int file = 0;
    while (reader->first[file + 1] <= i)
        file++;
    return file;
}

void data_reader_place(const DataReader *reader, int i, const char **file, int *demo) {
    const int index = file_of(reader, i);
    *file = reader->path[index];
    *demo = i - reader->first[index];
}

Status data_reader_demo(DataReader *reader, int i, hid_t *demo, char place[512], int *nrow, Err *err) {
    const int index = file_of(reader, i);
    TRY(use_file(reader, index, err));
    return data_file_demo(&reader->open, i - reader->first[index], demo, place, nrow, err);
}

Status data_reader_read(DataReader *reader, int i, Episode **out, DataCertificate *certificate, Err *err) {
    const int index = file_of(reader, i);
    TRY(use_file(reader, index, err));
    return data_file_read(&reader->open, i - reader->first[index], &reader->meta, out, certificate, err);
}
