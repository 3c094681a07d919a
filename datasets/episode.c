/* Episode to DataBlob: which rows go where. The order here is the order of the bytes in the file. */
#include "datasets/blob_priv.h"
#include "datasets/ep_meta_priv.h"
#include "datasets/json_priv.h"
#include "datasets/meta_priv.h"

#include <stdio.h>
#include <string.h>

static Status check_episode(const DataMeta *meta, const Episode *e, Err *err) {
    const struct {
        const char *what;
        int have, want;
    } counts[] = {{"action numbers", e->naction, meta->action.dim},
                  {"state numbers", e->nstate, meta->nstate},
                  {"observation columns", e->ncolumn, meta->ncolumn},
                  {"objects", e->nobject, meta->nobject},
                  {"scene joints", e->njoint, meta->njoint},
                  {"subtask signals", e->nsubtask_total, meta->nsubtask},
                  {"hand motors", e->nhand, meta->action.nhand}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i].have != counts[i].want)
            return err_set(err, STATUS_MISMATCH, "attempt %llu has %d %s, the dataset %d",
                           (unsigned long long)e->attempt, counts[i].have, counts[i].what, counts[i].want);
    for (int i = 0; i < e->ncolumn; i++)
        if (strcmp(e->column[i].name, meta->column[i]) != 0 || e->column[i].dim != meta->column_dim[i])
            return err_set(err, STATUS_MISMATCH,
                           "attempt %llu has observation %s (%d numbers) where the dataset has %s (%d)",
                           (unsigned long long)e->attempt, e->column[i].name, e->column[i].dim,
                           meta->column[i], meta->column_dim[i]);
    for (int i = 0; i < e->nsubtask; i++)
        if (e->subtask[i].subtask < 0 || e->subtask[i].subtask >= meta->nsubtask || e->subtask[i].hand < 0 ||
            e->subtask[i].hand >= NSIDE)
            return err_set(err, STATUS_MISMATCH, "attempt %llu ran subtask %d of %d",
                           (unsigned long long)e->attempt, e->subtask[i].subtask, meta->nsubtask);
    if (e->draw.nobject < 0 || e->draw.nobject > meta->nobject)
        return err_set(err, STATUS_MISMATCH, "attempt %llu drew %d objects of %d",
                       (unsigned long long)e->attempt, e->draw.nobject, meta->nobject);
    return STATUS_OK;
}

static Status out_of_memory(Err *err) {
    return err_set(err, STATUS_MEMORY, "encoding an episode: out of memory");
}

/* actions: the normalised label; clipping is counted. */
static Status add_normalized(Encoder *encoder, const DataMeta *meta, const Episode *e, Err *err) {
    const size_t dim = (size_t)meta->action.dim;
    float *rows = mem_alloc((size_t)e->nrow * dim * sizeof *rows);
    if (!rows)
        return out_of_memory(err);
    for (size_t i = 0; i < (size_t)e->nrow; i++)
        blob_of(encoder)->clipped += action_normalize(&meta->action, e->action + i * dim, rows + i * dim);
    const Status status = blob_rows(encoder, "actions", 0, rows, err);
    mem_free(rows);
    return status;
}

static Status add_part(Encoder *encoder, const char *path, const Episode *e, int first, int n, Err *err) {
    float *rows = mem_alloc((size_t)e->nrow * (size_t)(n ? n : 1) * sizeof *rows);
    if (!rows)
        return out_of_memory(err);
    for (size_t i = 0; i < (size_t)e->nrow; i++)
        memcpy(rows + i * (size_t)n, e->action + i * (size_t)e->naction + first, (size_t)n * sizeof *rows);
    const Status status = blob_rows(encoder, path, n, rows, err);
    mem_free(rows);
    return status;
}

static Status add_actions(Encoder *encoder, const DataMeta *meta, const Episode *e, Err *err) {
    const ActionLayout *a = &meta->action;
    TRY(add_normalized(encoder, meta, e, err));
    TRY(blob_rows(encoder, "actions_abs", 0, e->action, err));
    TRY(blob_rows(encoder, "actions_exec", 0, e->action_exec, err));
    TRY(add_part(encoder, "action_dict/left_wrist", e, a->left_wrist, 9, err));
    TRY(add_part(encoder, "action_dict/right_wrist", e, a->right_wrist, 9, err));
    TRY(add_part(encoder, "action_dict/left_hand", e, a->left_hand, a->nhand, err));
    TRY(add_part(encoder, "action_dict/right_hand", e, a->right_hand, a->nhand, err));
    TRY(add_part(encoder, "action_dict/waist", e, a->waist, a->nwaist, err));
    TRY(add_part(encoder, "action_dict/base_velocity", e, a->base_velocity, 3, err));
    return add_part(encoder, "action_dict/base_height", e, a->base_height, 1, err);
}

static Status add_observations(Encoder *encoder, const DataMeta *meta, const Episode *e, Err *err) {
    char path[DATA_MAX_PATH];
    for (int i = 0; i < e->ncolumn; i++) {
        snprintf(path, sizeof path, "obs/%s", e->column[i].name);
        TRY(blob_rows(encoder, path, e->column[i].dim, e->column[i].data, err));
    }
    for (int side = 0; side < NSIDE; side++) {
        snprintf(path, sizeof path, "obs/%s_eef_pose", data_side_names[side]);
        TRY(blob_poses(encoder, path, e->eef[side], 1, err));
    }
    TRY(blob_poses(encoder, "obs/base_pose", e->base, 1, err));
    TRY(blob_rows(encoder, "obs/scene_joint", 0, e->joint, err));
    for (int i = 0; i < meta->nobject; i++) {
        snprintf(path, sizeof path, "obs/object_%s", meta->object[i]);
        TRY(blob_poses(encoder, path, e->object + i, (size_t)e->nobject, err));
    }
    return STATUS_OK;
}

static Status add_signals(Encoder *encoder, const DataMeta *meta, const Episode *e, Err *err) {
    uint8_t *column = mem_alloc((size_t)e->nrow);
    Status status = column ? STATUS_OK : out_of_memory(err);
    for (int s = 0; status == STATUS_OK && s < meta->nsubtask; s++) {
        char path[DATA_MAX_PATH];
        snprintf(path, sizeof path, "datagen_info/subtask_term_signals/%s", meta->subtask[s]);
        for (int i = 0; i < e->nrow; i++)
            column[i] = e->signal[(size_t)i * (size_t)meta->nsubtask + (size_t)s];
        status = blob_rows(encoder, path, 0, column, err);
    }
    mem_free(column);
    return status;
}

/* What MimicGen-style generators need, and the poses again without rounding for this one. */
static Status add_datagen(Encoder *encoder, const DataMeta *meta, const Episode *e, Err *err) {
    char path[DATA_MAX_PATH];
    for (int side = 0; side < NSIDE; side++) {
        const char *name = data_side_names[side];
        const int hand = side == SIDE_LEFT ? meta->action.left_hand : meta->action.right_hand;
        snprintf(path, sizeof path, "datagen_info/eef_pose/%s", name);
        TRY(blob_matrices(encoder, path, e->eef[side], 1, err));
        snprintf(path, sizeof path, "datagen_info/target_pose/%s", name);
        TRY(blob_matrices(encoder, path, e->target[side], 1, err));
        snprintf(path, sizeof path, "datagen_info/target_pose_wxyz/%s", name);
        TRY(blob_poses(encoder, path, e->target[side], 1, err));
        snprintf(path, sizeof path, "datagen_info/gripper_action/%s", name);
        TRY(add_part(encoder, path, e, hand, meta->action.nhand, err));
    }
    for (int i = 0; i < meta->nobject; i++) {
        snprintf(path, sizeof path, "datagen_info/object_poses/%s", meta->object[i]);
        TRY(blob_matrices(encoder, path, e->object + i, (size_t)e->nobject, err));
    }
    return add_signals(encoder, meta, e, err);
}

static Status add_texts(DataBlob *blob, const DataMeta *meta, const Episode *e, Err *err) {
    char uuid[37], *text = NULL, *line = NULL;
    TRY(data_ep_meta_text(meta, e, &text, err));
    json_t *index = data_ep_index(meta, e);
    line = index ? data_json_text(index) : NULL;
    json_decref(index);
    data_episode_uuid(meta, e->attempt, uuid);
    blob->seed = e->seed;
    blob->attempt = e->attempt;
    blob->success = e->outcome == OUTCOME_ok;
    blob->instruction = arena_strdup(blob->arena, e->instruction);
    blob->uuid = arena_strdup(blob->arena, uuid);
    blob->ep_meta = arena_strdup(blob->arena, text);
    blob->index_line = line ? arena_strdup(blob->arena, line) : NULL;
    mem_free(text);
    mem_free(line);
    const bool ok = blob->instruction && blob->uuid && blob->ep_meta && blob->index_line;
    return ok ? STATUS_OK : out_of_memory(err);
}

Status data_encode(const DataMeta *meta, const Episode *episode, DataMode mode, DataBlob **out, Err *err) {
    Encoder *encoder = NULL;
    TRY(check_episode(meta, episode, err));
    TRY(blob_begin(meta, episode->nrow, mode, &encoder, err));
    if (episode->outcome == OUTCOME_numeric)
        blob_allow_nan(encoder);
    Status status = add_texts(blob_of(encoder), meta, episode, err);
    if (status == STATUS_OK)
        status = add_actions(encoder, meta, episode, err);
    if (status == STATUS_OK)
        status = blob_rows(encoder, "states", 0, episode->state, err);
    if (status == STATUS_OK)
        status = blob_rows(encoder, "rewards", 0, episode->reward, err);
    if (status == STATUS_OK)
        status = blob_rows(encoder, "dones", 0, episode->done, err);
    if (status == STATUS_OK)
        status = add_observations(encoder, meta, episode, err);
    if (status == STATUS_OK)
        status = add_datagen(encoder, meta, episode, err);
    if (status == STATUS_OK)
        status = blob_rlds(encoder, episode->instruction, episode->done, err);
    if (status != STATUS_OK)
        err_prefix(err, status, "attempt %llu", (unsigned long long)episode->attempt);
    DataBlob *blob = blob_end(encoder, status != STATUS_OK);
    if (blob)
        *out = blob;
    return status;
}
