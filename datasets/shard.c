/* Writing one shard.
 *
 * A shard must be readable whenever the process may die. So a demo is built as an object that nothing links to, flushed,
 * and only then linked: the commit is the rewriting of one object header (/data), whose room for all links was set aside
 * when it was made. Space on the disk is reserved before HDF5 is asked to write, so that a full disk is met while the
 * file is still whole.
 *
 *      flush(demo, steps: new bytes behind the old end)   link /rlds/episode_k   link /data/demo_k   flush
 */
#include "datasets/shard_priv.h"

#include "base/hash.h"
#include "datasets/h5_priv.h"
#include "datasets/json_priv.h"
#include "datasets/meta_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ITEM_OVERHEAD = 6 * 1024, /* upper bound of header and index of one dataset */
    FINISH_ROOM = 256 * 1024, /* masks and what closing writes */
    LINKS_COMPACT = 65000     /* links stay in the group's header: HDF5 1.6 readers, one write per commit */
};

struct Shard {
    char *path;
    const char *kind; /* static */
    const DataMeta *meta;
    hid_t file, data, rlds;
    int fd; /* for reserving space */
    int n, max_episodes;
    int64_t total;
    uint64_t *attempt; /* (max_episodes) of demo i, for the split */
    char (*name)[24];  /* (max_episodes) room for a mask */
    bool broken;
};

/* ---- groups, datasets ---- */

static hid_t group_plist(int nlink) {
    const hid_t plist = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_obj_track_times(plist, false);
    H5Pset_link_phase_change(plist, LINKS_COMPACT, LINKS_COMPACT - 1);
    H5Pset_est_link_info(plist, (unsigned)nlink, 20);
    return plist;
}

static hid_t new_group(hid_t parent, const char *name, int nlink) {
    const hid_t plist = group_plist(nlink);
    const hid_t group = name ? H5Gcreate2(parent, name, H5P_DEFAULT, plist, H5P_DEFAULT)
                             : H5Gcreate_anon(parent, plist, H5P_DEFAULT);
    H5Pclose(plist);
    return group;
}

static hid_t dataset_plist(const BlobItem *item, DataMode mode, const hsize_t *dim) {
    const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(plist, false);
    H5Pset_fill_time(plist, H5D_FILL_TIME_NEVER);
    if (item->chunk_rows == 0) {
        H5Pset_layout(plist, H5D_CONTIGUOUS);
        H5Pset_alloc_time(plist, H5D_ALLOC_TIME_EARLY);
        return plist;
    }
    hsize_t chunk[DATA_MAX_RANK];
    memcpy(chunk, dim, sizeof chunk);
    chunk[0] = item->chunk_rows;
    H5Pset_chunk(plist, item->rank, chunk);
    if (data_type_size(item->type) > 1)
        H5Pset_shuffle(plist);
    H5Pset_deflate(plist, mode == DATA_DIRECT ? 1 : 4);
    return plist;
}

static herr_t write_chunks(hid_t dataset, const BlobItem *item) {
    hsize_t offset[DATA_MAX_RANK] = {0};
    for (int c = 0; c < item->nchunk; c++) {
        offset[0] = (hsize_t)c * item->chunk_rows;
        if (H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, offset, item->chunk[c].size, item->chunk[c].data) < 0)
            return -1;
    }
    return 0;
}

static hid_t write_item(hid_t parent, const char *name, const BlobItem *item, DataMode mode) {
    hsize_t dim[DATA_MAX_RANK];
    for (int d = 0; d < DATA_MAX_RANK; d++)
        dim[d] = item->dim[d];
    const hid_t type = h5_type(item->type, item->text_size), space = H5Screate_simple(item->rank, dim, NULL);
    const hid_t plist = dataset_plist(item, mode, dim);
    const hid_t dataset = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    herr_t result = -1;
    if (dataset >= 0)
        result = item->chunk_rows > 0 && mode == DATA_DIRECT
                     ? write_chunks(dataset, item)
                     : H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, item->raw);
    H5Pclose(plist);
    H5Sclose(space);
    H5Tclose(type);
    if (result < 0 && dataset >= 0) {
        H5Dclose(dataset);
        return -1;
    }
    return dataset;
}

/* A whole text as a dataset of one element. */
static herr_t write_text(hid_t parent, const char *name, const char *text) {
    const BlobItem item = {.type = DATA_TEXT,
                           .text_size = text[0] ? (int)strlen(text) : 1,
                           .rank = 1,
                           .dim = {1},
                           .raw = (const unsigned char *)text,
                           .chunk_rows = strlen(text) > 65536 ? 1 : 0};
    const hid_t dataset = write_item(parent, name, &item, DATA_LIBRARY);
    return dataset < 0 ? -1 : H5Dclose(dataset);
}

/* ---- room on the disk ---- */

/* Set blocks aside behind the present end without changing the file's size. */
static Status reserve(Shard *shard, size_t bytes, Err *err) {
    struct stat stat;
    struct rlimit limit;
    if (fstat(shard->fd, &stat) < 0)
        return err_set(err, STATUS_IO, "%s: %s", shard->path, strerror(errno));
    const size_t end = (size_t)stat.st_size + bytes;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && end > limit.rlim_cur)
        return err_set(err, STATUS_IO, "%s: %s", shard->path, strerror(EFBIG));
    if (fallocate(shard->fd, FALLOC_FL_KEEP_SIZE, stat.st_size, (off_t)bytes) < 0 && errno != EOPNOTSUPP &&
        errno != ENOSYS && errno != EINTR)
        return err_set(err, STATUS_IO, "%s: %s", shard->path, strerror(errno));
    return STATUS_OK;
}

/* ---- creation ---- */

static hid_t create_file(const char *path) {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS), create = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
    H5Pset_meta_block_size(access, 64 * 1024);
    H5Pset_obj_track_times(create, false);
    H5Pset_link_phase_change(create, LINKS_COMPACT, LINKS_COMPACT - 1);
    const hid_t file = H5Fcreate(path, H5F_ACC_EXCL, create, access);
    H5Pclose(access);
    H5Pclose(create);
    return file;
}

static herr_t write_names(hid_t object, const char *attribute, const char *const *name, int n) {
    enum { SIZE = 48, MOST = 256 }; /* as data_meta_check allows */
    char texts[MOST][SIZE];
    memset(texts, 0, sizeof texts);
    for (int i = 0; i < n; i++)
        snprintf(texts[i], SIZE, "%s", name[i]);
    return n ? h5_put_texts(object, attribute, texts[0], SIZE, (size_t)n) : 0;
}

static herr_t write_root(hid_t file, const DataMeta *meta, const char *kind) {
    const struct {
        const char *name, *text;
    } texts[] = {{"format", DATA_FORMAT},
                 {"format_version", DATA_FORMAT_VERSION},
                 {"dataset_name", meta->name},
                 {"generator", meta->generator},
                 {"robot", meta->robot},
                 {"task", meta->task},
                 {"license", meta->license && meta->license[0] ? meta->license : "unspecified"},
                 {"kind", kind}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (h5_put_text(file, texts[i].name, texts[i].text ? texts[i].text : "") < 0)
            return -1;
    return 0;
}

static herr_t write_assets(hid_t file, const DataMeta *meta) {
    const char *xml = meta->model_xml ? meta->model_xml : "";
    char hex[65];
    const hid_t group = new_group(file, "assets", 1);
    if (group < 0)
        return -1;
    sha256_hex(xml, strlen(xml), hex);
    herr_t result = h5_put_text(group, "model_sha256", hex);
    if (result >= 0 && xml[0])
        result = write_text(group, "model.xml", xml);
    H5Gclose(group);
    return result;
}

static herr_t write_meta(hid_t file, const char *features, const char *run) {
    const hid_t group = new_group(file, "meta", 2);
    if (group < 0)
        return -1;
    herr_t result = write_text(group, "features", features);
    if (result >= 0)
        result = write_text(group, "run", run);
    H5Gclose(group);
    return result;
}

static Status write_head(Shard *shard, const char *env, const char *features, const char *run, Err *err) {
    herr_t result = write_root(shard->file, shard->meta, shard->kind);
    if (result >= 0)
        result = write_assets(shard->file, shard->meta);
    if (result >= 0)
        result = write_meta(shard->file, features, run);
    if (result >= 0) {
        shard->data = new_group(shard->file, "data", shard->max_episodes);
        shard->rlds = new_group(shard->file, "rlds", shard->max_episodes);
        result = shard->data < 0 || shard->rlds < 0 ? -1 : 0;
    }
    if (result >= 0)
        result = h5_put_i64(shard->data, "total", 0);
    if (result >= 0)
        result = h5_put_text(shard->data, "env_args", env);
    if (result >= 0)
        result = write_names(shard->data, "joint_names", shard->meta->wire, shard->meta->nwire);
    if (result >= 0)
        result = H5Fflush(shard->file, H5F_SCOPE_GLOBAL);
    return result < 0 ? h5_fail(err, shard->path, "writing the head") : STATUS_OK;
}

static Status open_files(Shard *shard, Err *err) {
    errno = 0;
    shard->file = create_file(shard->path);
    if (shard->file < 0)
        return h5_fail(err, shard->path, "creating");
    shard->fd = open(shard->path, O_RDWR | O_CLOEXEC);
    if (shard->fd < 0)
        return err_set(err, STATUS_IO, "%s: %s", shard->path, strerror(errno));
    const size_t xml = shard->meta->model_xml ? strlen(shard->meta->model_xml) : 0;
    return reserve(shard, FINISH_ROOM + 2 * xml + 128 * (size_t)shard->max_episodes, err);
}

Status shard_create(const char *path, const char *kind, const DataMeta *meta, int max_episodes, Shard **out,
                    Err *err) {
    h5_quiet();
    Shard *shard = mem_calloc(1, sizeof *shard);
    char *env = data_env_args(meta), *features = data_features_json(meta), *run = NULL;
    json_t *json = data_meta_json(meta);
    run = json ? data_json_text(json) : NULL;
    json_decref(json);
    Status status = STATUS_OK;
    if (shard) {
        *shard = (Shard){.kind = kind,
                         .meta = meta,
                         .file = -1,
                         .data = -1,
                         .rlds = -1,
                         .fd = -1,
                         .max_episodes = max_episodes};
        shard->path = mem_strdup(path);
        shard->attempt = mem_calloc((size_t)max_episodes, sizeof *shard->attempt);
        shard->name = mem_calloc((size_t)max_episodes, sizeof *shard->name);
    }
    if (!shard || !shard->path || !shard->attempt || !shard->name || !env || !features || !run)
        status = err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    else if (strlen(env) > 60000)
        status =
            err_set(err, STATUS_LIMIT, "%s: env_args has %zu bytes, at most 60000 fit", path, strlen(env));
    const bool opened = status == STATUS_OK;
    if (status == STATUS_OK)
        status = open_files(shard, err);
    if (status == STATUS_OK)
        status = write_head(shard, env, features, run, err);
    mem_free(env);
    mem_free(features);
    mem_free(run);
    if (status != STATUS_OK) {
        const bool made = opened && shard->file >= 0;
        shard_abandon(shard);
        if (made)
            unlink(path); /* nothing in it yet */
        return status;
    }
    *out = shard;
    return STATUS_OK;
}

/* ---- one demo ---- */

/* Groups of a demo, opened when their first dataset comes. */
typedef struct Tree {
    hid_t demo, episode, steps, observation;
    int ngroup;
    struct {
        char name[DATA_MAX_PATH];
        hid_t id;
    } group[16];
} Tree;

static int count_children(const DataBlob *blob, const char *prefix) {
    int n = 0;
    for (int i = 0; i < blob->nitem; i++)
        n += strncmp(blob->item[i].path, prefix, strlen(prefix)) == 0;
    return n;
}

/* The group named by the first length characters of path, made if need be. */
static hid_t tree_group(Tree *tree, const DataBlob *blob, const char *path, size_t length) {
    for (int i = 0; i < tree->ngroup; i++)
        if (strlen(tree->group[i].name) == length && strncmp(tree->group[i].name, path, length) == 0)
            return tree->group[i].id;
    const char *name = path;
    hid_t parent = tree->demo;
    for (size_t k = length; k-- > 0;)
        if (path[k] == '/') {
            parent = tree_group(tree, blob, path, k);
            name = path + k + 1;
            break;
        }
    ASSERT(tree->ngroup < 16);
    char full[DATA_MAX_PATH], own[DATA_MAX_PATH];
    snprintf(full, sizeof full, "%.*s", (int)length, path);
    snprintf(own, sizeof own, "%.*s", (int)(length - (size_t)(name - path)), name);
    const hid_t group = parent < 0 ? -1 : new_group(parent, own, count_children(blob, full));
    if (group >= 0) {
        snprintf(tree->group[tree->ngroup].name, DATA_MAX_PATH, "%s", full);
        tree->group[tree->ngroup++].id = group;
    }
    return group;
}

static void tree_close(Tree *tree) {
    for (int i = 0; i < tree->ngroup; i++)
        H5Gclose(tree->group[i].id);
    const hid_t ids[] = {tree->observation, tree->steps, tree->episode, tree->demo};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (ids[i] >= 0)
            H5Gclose(ids[i]);
}

static herr_t label_actions(hid_t dataset, const DataMeta *meta, int clipped) {
    enum { SIZE = 32 };
    char names[ACTION_MAX][SIZE];
    float scale[ACTION_MAX], offset[ACTION_MAX];
    memset(names, 0, sizeof names);
    for (int i = 0; i < meta->action.dim; i++)
        action_dim_name(&meta->action, i, names[i]);
    action_ranges(&meta->action, scale, offset);
    const size_t n = (size_t)meta->action.dim;
    if (h5_put_texts(dataset, "names", names[0], SIZE, n) < 0 || h5_put_f4s(dataset, "scale", scale, n) < 0 ||
        h5_put_f4s(dataset, "offset", offset, n) < 0)
        return -1;
    return h5_put_i64(dataset, "clipped", clipped);
}

/* The same bytes under their RLDS name. */
static herr_t link_rlds(const Tree *tree, hid_t dataset, const char *path) {
    static const char *const pairs[][2] = {{"actions", "action"},
                                           {"actions_abs", "action_abs"},
                                           {"actions_exec", "action_exec"},
                                           {"rewards", "reward"},
                                           {"states", "state"}};
    if (strncmp(path, "obs/", 4) == 0)
        return H5Olink(dataset, tree->observation, path + 4, H5P_DEFAULT, H5P_DEFAULT);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (strcmp(path, pairs[i][0]) == 0)
            return H5Olink(dataset, tree->steps, pairs[i][1], H5P_DEFAULT, H5P_DEFAULT);
    return 0;
}

static herr_t add_item(Shard *shard, Tree *tree, const DataBlob *blob, const BlobItem *item) {
    hid_t parent = tree->demo;
    const char *name = item->path;
    if (strncmp(name, "rlds:", 5) == 0) {
        parent = tree->steps;
        name += 5;
    } else if (strchr(name, '/')) {
        const char *slash = strrchr(name, '/');
        parent = tree_group(tree, blob, name, (size_t)(slash - name));
        name = slash + 1;
    }
    const hid_t dataset = parent < 0 ? -1 : write_item(parent, name, item, blob->mode);
    if (dataset < 0)
        return -1;
    herr_t result = 0;
    if (strcmp(item->path, "actions") == 0 && item->dim[1] == (size_t)shard->meta->action.dim)
        result = label_actions(dataset, shard->meta, blob->clipped);
    if (result >= 0)
        result = link_rlds(tree, dataset, item->path);
    H5Dclose(dataset);
    return result;
}

static herr_t label_demo(hid_t demo, const DataBlob *blob) {
    if (h5_put_i64(demo, "num_samples", blob->nrow) < 0 ||
        h5_put_i64(demo, "attempt", (int64_t)blob->attempt) < 0 ||
        h5_put_i64(demo, "seed", (int64_t)blob->seed) < 0 ||
        h5_put_bool(demo, "success", blob->success) < 0 || h5_put_f64(demo, "fps", blob->fps) < 0 ||
        h5_put_text(demo, "language_instruction", blob->instruction) < 0 ||
        h5_put_text(demo, "episode_uuid", blob->uuid) < 0)
        return -1;
    return h5_put_text(demo, "ep_meta", blob->ep_meta);
}

static herr_t label_episode(hid_t episode, const DataBlob *blob) {
    const hid_t group = new_group(episode, "episode_metadata", 0);
    if (group < 0)
        return -1;
    herr_t result = h5_put_text(group, "episode_uuid", blob->uuid);
    if (result >= 0)
        result = h5_put_bool(group, "success", blob->success);
    if (result >= 0)
        result = h5_put_i64(group, "length", blob->nrow);
    if (result >= 0)
        result = h5_put_f64(group, "fps", blob->fps);
    H5Gclose(group);
    return result;
}

static herr_t build(Shard *shard, Tree *tree, const DataBlob *blob) {
    tree->demo = new_group(shard->data, NULL, 16);
    tree->episode = new_group(shard->rlds, NULL, 2);
    if (tree->demo < 0 || tree->episode < 0)
        return -1;
    tree->steps = new_group(tree->episode, "steps", 16);
    tree->observation =
        tree->steps < 0 ? -1 : new_group(tree->steps, "observation", count_children(blob, "obs/"));
    if (tree->observation < 0)
        return -1;
    for (int i = 0; i < blob->nitem; i++)
        if (add_item(shard, tree, blob, &blob->item[i]) < 0)
            return -1;
    if (label_demo(tree->demo, blob) < 0)
        return -1;
    return label_episode(tree->episode, blob);
}

static herr_t set_total(Shard *shard, int64_t total) {
    const hid_t attribute = H5Aopen(shard->data, "total", H5P_DEFAULT);
    if (attribute < 0)
        return -1;
    const herr_t result = H5Awrite(attribute, H5T_NATIVE_INT64, &total);
    H5Aclose(attribute);
    return result;
}

static herr_t commit(Shard *shard, const Tree *tree, const DataBlob *blob) {
    char demo[32], episode[32];
    snprintf(demo, sizeof demo, "demo_%d", shard->n);
    snprintf(episode, sizeof episode, "episode_%06d", shard->n);
    if (H5Fflush(shard->file, H5F_SCOPE_GLOBAL) < 0 ||
        H5Olink(tree->episode, shard->rlds, episode, H5P_DEFAULT, H5P_DEFAULT) < 0 ||
        H5Olink(tree->demo, shard->data, demo, H5P_DEFAULT, H5P_DEFAULT) < 0 ||
        set_total(shard, shard->total + blob->nrow) < 0)
        return -1;
    return H5Fflush(shard->file, H5F_SCOPE_GLOBAL);
}

Status shard_append(Shard *shard, const DataBlob *blob, Err *err) {
    Tree tree = {.demo = -1, .episode = -1, .steps = -1, .observation = -1};
    ASSERT(shard->n < shard->max_episodes);
    if (shard->broken)
        return err_set(err, STATUS_IO, "%s: an earlier write failed", shard->path);
    TRY(reserve(shard, blob->bytes + (size_t)blob->nitem * ITEM_OVERHEAD + FINISH_ROOM, err));
    herr_t result = build(shard, &tree, blob);
    if (result >= 0)
        result = commit(shard, &tree, blob);
    const Status status = result < 0 ? h5_fail(err, shard->path, "writing an episode") : STATUS_OK;
    tree_close(&tree);
    if (status != STATUS_OK) {
        shard->broken = true;
        return status;
    }
    shard->attempt[shard->n++] = blob->attempt;
    shard->total += blob->nrow;
    return STATUS_OK;
}

int shard_count(const Shard *shard) {
    return shard->n;
}

/* ---- the end ---- */

static herr_t write_mask(Shard *shard, hid_t group, const char *name, bool valid) {
    size_t n = 0;
    memset(shard->name, 0, (size_t)shard->max_episodes * sizeof *shard->name);
    for (int i = 0; i < shard->n; i++)
        if (data_is_valid_split(shard->meta->seed, shard->attempt[i]) == valid)
            snprintf(shard->name[n++], sizeof *shard->name, "demo_%d", i);
    if (n == 0)
        return 0;
    const BlobItem item = {.type = DATA_TEXT,
                           .text_size = sizeof *shard->name,
                           .rank = 1,
                           .dim = {n},
                           .raw = (const unsigned char *)shard->name};
    const hid_t dataset = write_item(group, name, &item, DATA_LIBRARY);
    return dataset < 0 ? -1 : H5Dclose(dataset);
}

static herr_t write_masks(Shard *shard) {
    const hid_t group = new_group(shard->file, "mask", 2);
    if (group < 0)
        return -1;
    herr_t result = write_mask(shard, group, "train", false);
    if (result >= 0)
        result = write_mask(shard, group, "valid", true);
    H5Gclose(group);
    return result;
}

static herr_t close_file(Shard *shard) {
    herr_t result = 0;
    if (shard->data >= 0)
        result = H5Gclose(shard->data) < 0 ? -1 : result;
    if (shard->rlds >= 0)
        result = H5Gclose(shard->rlds) < 0 ? -1 : result;
    if (shard->file >= 0)
        result = H5Fclose(shard->file) < 0 ? -1 : result;
    shard->data = shard->rlds = shard->file = -1;
    return result;
}

Status shard_finish(Shard *shard, Err *err) {
    Status status = STATUS_OK;
    struct stat stat;
    if (write_masks(shard) < 0 || H5Fflush(shard->file, H5F_SCOPE_GLOBAL) < 0 || close_file(shard) < 0)
        status = h5_fail(err, shard->path, "closing");
    /* Blocks set aside behind the end are given back. */
    else if (fstat(shard->fd, &stat) < 0 || ftruncate(shard->fd, stat.st_size) < 0 || fsync(shard->fd) < 0)
        status = err_set(err, STATUS_IO, "%s: %s", shard->path, strerror(errno));
    shard_abandon(shard);
    return status;
}

void shard_abandon(Shard *shard) {
    if (!shard)
        return;
    close_file(shard);
    if (shard->fd >= 0)
        close(shard->fd);
    mem_free(shard->path);
    mem_free(shard->attempt);
    mem_free(shard->name);
    mem_free(shard);
}
