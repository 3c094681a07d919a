/* ep_meta as JSON and back. */
#include "datasets/ep_meta_priv.h"

#include "datasets/json_priv.h"
#include "datasets/meta_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* X(field): the real-valued scores. */
#define SCORE_LIST(X) X(path_ratio) X(jerk) X(contact_force) X(balance_margin) X(limit_margin) X(foot_slip)

static bool append(json_t *list, json_t *item) {
    return list && json_array_append_new(list, item) == 0;
}

static json_t *done(json_t *json, bool ok) {
    if (ok)
        return json;
    json_decref(json);
    return NULL;
}

static json_t *scores_json(const EpisodeScores *s) {
    json_t *json = json_pack("{s:i}", "unintended_contacts", s->unintended_contacts);
    bool ok = json != NULL;
#define X(field) ok = ok && json_object_set_new(json, #field, data_json_real(s->field)) == 0;
    SCORE_LIST(X)
#undef X
    return done(json, ok);
}

static json_t *subtasks_json(const DataMeta *meta, const Episode *episode) {
    json_t *list = json_array();
    bool ok = list != NULL;
    for (int i = 0; ok && i < episode->nsubtask; i++) {
        const EpisodeSubtask *s = &episode->subtask[i];
        const bool known = s->source_demo >= 0 && s->source_demo < meta->nsource;
        ok = append(list,
                    json_pack("{s:s, s:s, s:i, s:o, s:i, s:i, s:i, s:s}", "name", meta->subtask[s->subtask],
                              "hand", data_side_names[s->hand], "source", s->source_demo, "source_id",
                              data_json_text_or_empty(known ? meta->source[s->source_demo].id : NULL),
                              "begin", s->begin, "end", s->end, "retries", s->retries, "outcome",
                              outcome_name(s->outcome)));
    }
    return done(list, ok);
}

static bool add_once(json_t *list, const char *id) {
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_array_get(list, i)), id) == 0)
            return true;
    return append(list, json_string(id));
}

/* Ids of everything the episode descends from: the sources used, then their ancestors, each once. */
static json_t *lineage_json(const DataMeta *meta, const Episode *episode) {
    json_t *list = json_array();
    bool ok = list != NULL;
    for (int i = 0; ok && i < episode->nsubtask; i++) {
        const int k = episode->subtask[i].source_demo;
        if (k >= 0 && k < meta->nsource && meta->source[k].id)
            ok = add_once(list, meta->source[k].id);
    }
    for (int i = 0; ok && i < episode->nsubtask; i++) {
        const int k = episode->subtask[i].source_demo;
        if (k < 0 || k >= meta->nsource || !meta->source[k].lineage)
            continue;
        json_t *older = json_loads(meta->source[k].lineage, 0, NULL);
        for (size_t j = 0; ok && j < json_array_size(older); j++) {
            const char *id = json_string_value(json_array_get(older, j));
            ok = !id || add_once(list, id);
        }
        json_decref(older);
    }
    return done(list, ok);
}

static json_t *draw_json(const DataMeta *meta, const ResetDraw *draw) {
    json_t *list = json_array();
    bool ok = list != NULL;
    for (int i = 0; ok && i < draw->nobject; i++)
        ok = append(list,
                    json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "name", meta->object[i], "pose",
                              data_json_pose(draw->object[i]), "size", data_json_real(draw->size[i]), "mass",
                              data_json_real(draw->mass[i]), "friction", data_json_real(draw->friction[i]),
                              "noise", data_json_pose(draw->noise[i])));
    return json_pack("{s:o, s:o, s:i, s:i}", "objects", done(list, ok), "base", data_json_pose(draw->base),
                     "tries", draw->tries, "bin", draw->bin);
}

static json_t *hex_json(uint64_t hash) {
    char hex[17];
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)hash);
    return json_string(hex);
}

static json_t *certificate_json(const DataMeta *meta, const Episode *episode, int every) {
    json_t *hashes = json_object(), *states = json_array();
    bool ok = hashes && states;
    for (int i = 0; ok && i < DATA_NHASH; i++)
        ok = json_object_set_new(hashes, data_hash_names[i], data_json_text_or_empty(meta->hash[i])) == 0;
    for (int row = 0; ok && row < episode->nrow; row += every)
        ok = append(states, hex_json(episode->state_hash[row]));
    return json_pack("{s:o, s:o, s:i, s:o}", "hashes", done(hashes, ok), "state_hashes", done(states, ok),
                     "every", every, "final", hex_json(episode->final_hash));
}

static json_t *ep_meta_json(const DataMeta *meta, const Episode *episode, int every) {
    return json_pack("{s:o, s:o, s:o, s:s, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:{}, s:o, s:o}", "task",
                     data_json_text_or_empty(meta->task), "level", data_json_text_or_empty(meta->level),
                     "robot", data_json_text_or_empty(meta->robot), "outcome", outcome_name(episode->outcome),
                     "failed_subtask", episode->failed_subtask, "retries", (int)episode->retries, "sim_time",
                     data_json_real(episode->sim_time), "scores", scores_json(&episode->scores), "subtasks",
                     subtasks_json(meta, episode), "lineage", lineage_json(meta, episode), "reset",
                     draw_json(meta, &episode->draw), "camera_info", "certificate",
                     certificate_json(meta, episode, every), "operator",
                     data_json_text_or_empty(meta->operator_name));
}

Status data_ep_meta_text(const DataMeta *meta, const Episode *episode, char **out, Err *err) {
    for (int every = CERTIFICATE_EVERY; every < 1 << 24; every *= 2) {
        json_t *json = ep_meta_json(meta, episode, every);
        char *text = json ? data_json_text(json) : NULL;
        json_decref(json);
        if (!text)
            return err_set(err, STATUS_MEMORY, "ep_meta: out of memory");
        if (strlen(text) <= EP_META_MAX) {
            *out = text;
            return STATUS_OK;
        }
        mem_free(text);
    }
    return err_set(err, STATUS_LIMIT, "ep_meta does not fit into %d bytes", EP_META_MAX);
}

json_t *data_ep_index(const DataMeta *meta, const Episode *episode) {
    char uuid[37];
    data_episode_uuid(meta, episode->attempt, uuid);
    return json_pack("{s:s, s:I, s:I, s:i, s:s, s:o, s:o, s:o, s:o, s:s}", "uuid", uuid, "attempt",
                     (json_int_t)episode->attempt, "seed", (json_int_t)episode->seed, "length", episode->nrow,
                     "outcome", outcome_name(episode->outcome), "scores", scores_json(&episode->scores),
                     "sources", subtasks_json(meta, episode), "lineage", lineage_json(meta, episode), "reset",
                     draw_json(meta, &episode->draw), "instruction", episode->instruction);
}

static Status parse_subtasks(const char *place, const json_t *list, const DataMeta *meta, Episode *episode,
                             Err *err) {
    const size_t n = json_array_size(list);
    if (n > MAX_EPISODE_SUBTASKS)
        return err_set(err, STATUS_FORMAT, "%s: %zu subtasks, at most %d were expected", place, n,
                       MAX_EPISODE_SUBTASKS);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);
        const char *name = data_json_get_text(item, "name", "");
        const int outcome = outcome_from_name(data_json_get_text(item, "outcome", ""));
        EpisodeSubtask *s = &episode->subtask[i];
        *s = (EpisodeSubtask){.subtask = -1,
                              .hand = strcmp(data_json_get_text(item, "hand", ""), "right") == 0,
                              .source_demo = (int)data_json_get_int(item, "source", -1),
                              .begin = (int)data_json_get_int(item, "begin", -1),
                              .end = (int)data_json_get_int(item, "end", -1),
                              .retries = (int)data_json_get_int(item, "retries", 0),
                              .outcome = (Outcome)(outcome < 0 ? 0 : outcome)};
        for (int k = 0; k < meta->nsubtask; k++)
            if (strcmp(meta->subtask[k], name) == 0)
                s->subtask = k;
        if (s->subtask < 0 || outcome < 0 || s->begin < 0 || s->end < s->begin || s->end > episode->nrow)
            return err_set(err, STATUS_FORMAT, "%s: subtask %zu ('%s', rows %d … %d) makes no sense", place,
                           i, name, s->begin, s->end);
    }
    episode->nsubtask = (int)n;
    return STATUS_OK;
}

static Status parse_draw(const char *place, const json_t *json, const DataMeta *meta, ResetDraw *draw,
                         Err *err) {
    const json_t *list = json_object_get(json, "objects");
    const size_t n = json_array_size(list);
    if (n > (size_t)meta->nobject || !data_json_get_pose(json_object_get(json, "base"), &draw->base))
        return err_set(err, STATUS_FORMAT, "%s: 'reset' makes no sense", place);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);
        if (!data_json_get_pose(json_object_get(item, "pose"), &draw->object[i]) ||
            !data_json_get_pose(json_object_get(item, "noise"), &draw->noise[i]))
            return err_set(err, STATUS_FORMAT, "%s: 'reset' object %zu has no pose", place, i);
        draw->size[i] = data_json_get_real(item, "size", 1);
        draw->mass[i] = data_json_get_real(item, "mass", 1);
        draw->friction[i] = data_json_get_real(item, "friction", 1);
    }
    draw->nobject = (int)n;
    draw->tries = (int)data_json_get_int(json, "tries", 0);
    draw->bin = (int)data_json_get_int(json, "bin", 0);
    return STATUS_OK;
}

static bool parse_hex(const json_t *text, uint64_t *hash) {
    const char *hex = json_string_value(text);
    char *end = NULL;
    if (!hex || strlen(hex) != 16)
        return false;
    *hash = strtoull(hex, &end, 16);
    return *end == '\0';
}

static Status parse_certificate(const char *place, const json_t *json, Episode *episode, DataCertificate *out,
                                Err *err) {
    const json_t *states = json_object_get(json, "state_hashes"), *hashes = json_object_get(json, "hashes");
    const int64_t every = data_json_get_int(json, "every", 0);
    const size_t n = json_array_size(states);
    bool ok =
        every > 0 && every < 1 << 24 && n == ((size_t)episode->nrow + (size_t)every - 1) / (size_t)every;
    for (size_t i = 0; ok && i < n; i++)
        ok = parse_hex(json_array_get(states, i), &episode->state_hash[i * (size_t)every]);
    if (!ok || !parse_hex(json_object_get(json, "final"), &episode->final_hash))
        return err_set(err, STATUS_FORMAT, "%s: the certificate is not a list of state hashes every n rows",
                       place);
    if (out) {
        *out = (DataCertificate){.every = (int)every, .n = (int)n};
        for (int i = 0; i < DATA_NHASH; i++)
            snprintf(out->hash[i], sizeof out->hash[i], "%s",
                     data_json_get_text(hashes, data_hash_names[i], ""));
    }
    return STATUS_OK;
}

Status data_ep_meta_parse(const char *place, const json_t *json, const DataMeta *meta, Episode *episode,
                          DataCertificate *certificate, Err *err) {
    const int outcome = outcome_from_name(data_json_get_text(json, "outcome", ""));
    if (outcome < 0)
        return err_set(err, STATUS_FORMAT, "%s: outcome '%s' is unknown", place,
                       data_json_get_text(json, "outcome", ""));
    episode->outcome = (Outcome)outcome;
    episode->failed_subtask = (int)data_json_get_int(json, "failed_subtask", -1);
    episode->retries = (uint32_t)data_json_get_int(json, "retries", 0);
    episode->sim_time = data_json_get_real(json, "sim_time", NAN);
    const json_t *scores = json_object_get(json, "scores");
#define X(field) episode->scores.field = data_json_get_real(scores, #field, NAN);
    SCORE_LIST(X)
#undef X
    episode->scores.unintended_contacts = (int)data_json_get_int(scores, "unintended_contacts", 0);
    TRY(parse_subtasks(place, json_object_get(json, "subtasks"), meta, episode, err));
    TRY(parse_draw(place, json_object_get(json, "reset"), meta, &episode->draw, err));
    return parse_certificate(place, json_object_get(json, "certificate"), episode, certificate, err);
}
