/* Replay by kinematics alone: the recorded positions are the truth, no physics is run. */
#include "sim/import_replay.h"

#include "sim/engine.h"
#include "sim/guard.h"
#include "sim/skeleton.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { REPLAY_MAX_KNOWN = 40 };

/* A compiled skeleton, kept while recordings share it. */
typedef struct Replay {
    char *skeleton;
    mjModel *m;
    mjData *d;
    const SimReplayNames *names;
    int tool[RECORDING_MAX_TRACKS], object[RECORDING_MAX_TRACKS], joint[RECORDING_MAX_TRACKS]; /* ids */
    Recording *recording;
    Pose *tool_out[RECORDING_MAX_TRACKS], *object_out[RECORDING_MAX_TRACKS];
    double *joint_out[RECORDING_MAX_TRACKS];
    char place[400];
    char error[500];
    Err *err;
} Replay;

static void unload(Replay *r) {
    mj_deleteData(r->d);
    mj_deleteModel(r->m);
    mem_free(r->skeleton);
    r->d = NULL;
    r->m = NULL;
    r->skeleton = NULL;
}

/* ---- model ---- */

static void compile(void *argument) {
    Replay *r = argument;
    mjSpec *spec = mj_parseXMLString(r->skeleton, NULL, r->error, sizeof r->error);
    if (!spec)
        return;
    r->m = mj_compile(spec, NULL);
    if (!r->m)
        snprintf(r->error, sizeof r->error, "%s", mjs_getError(spec));
    mj_deleteSpec(spec);
    if (r->m)
        r->d = mj_makeData(r->m);
}

static Status find(Replay *r, int type, const char *what, const char *name, int *id) {
    *id = mj_name2id(r->m, type, name);
    if (*id >= 0)
        return STATUS_OK;
    const char *known[REPLAY_MAX_KNOWN];
    int n = 0;
    const mjtSize all = type == mjOBJ_SITE ? r->m->nsite : type == mjOBJ_BODY ? r->m->nbody : r->m->njnt;
    for (mjtSize i = 0; i < all && n < REPLAY_MAX_KNOWN; i++) {
        const char *other = mj_id2name(r->m, type, (int)i);
        if (other && *other)
            known[n++] = other;
    }
    err_set(r->err, STATUS_UNKNOWN_NAME, "%s: its model has no %s '%.60s'", r->place, what, name);
    err_known(r->err, known, n);
    return STATUS_UNKNOWN_NAME;
}

static Status bind(Replay *r) {
    const SimReplayNames *names = r->names;
    for (int i = 0; i < names->ntool; i++)
        TRY(find(r, mjOBJ_SITE, "site", names->tool[i], &r->tool[i]));
    for (int i = 0; i < names->nobject; i++)
        TRY(find(r, mjOBJ_BODY, "body", names->object[i], &r->object[i]));
    for (int i = 0; i < names->njoint; i++) {
        TRY(find(r, mjOBJ_JOINT, "joint", names->joint[i], &r->joint[i]));
        const int type = r->m->jnt_type[r->joint[i]];
        if (type != mjJNT_HINGE && type != mjJNT_SLIDE)
            return err_set(r->err, STATUS_MISMATCH, "%s: joint '%.60s' has more than one degree of freedom",
                           r->place, names->joint[i]);
    }
    return STATUS_OK;
}

/* Compile the recording's model, unless the last one was the same. */
static Status load(Replay *r) {
    char *skeleton = NULL, place[440];
    snprintf(place, sizeof place, "%s: model_file", r->place);
    TRY(sim_skeleton(place, r->recording->model_xml, &skeleton, r->err));
    if (r->skeleton && strcmp(r->skeleton, skeleton) == 0) {
        mem_free(skeleton);
        return STATUS_OK;
    }
    unload(r);
    r->skeleton = skeleton;
    TRY(sim_guard_text(place, skeleton, NULL, r->err));
    const Status status = sim_engine_try(compile, r, r->err);
    if (status != STATUS_OK)
        return err_prefix(r->err, status, "%s", place);
    if (!r->m)
        return err_set(r->err, STATUS_FORMAT, "%s: %.300s", place, r->error);
    if (!r->d)
        return err_set(r->err, STATUS_MEMORY, "%s: out of memory", place);
    return bind(r);
}

/* ---- states ---- */

static Status check_size(const Replay *r) {
    const long long nq = (long long)r->m->nq, nv = (long long)r->m->nv;
    if (r->recording->nstate != 1 + nq + nv)
        return err_set(
            r->err, STATUS_MISMATCH,
            "%s: states have %d numbers in a row, the model needs 1 + %lld + %lld (time, qpos, qvel)",
            r->place, r->recording->nstate, nq, nv);
    return STATUS_OK;
}

/* The time column must advance evenly and agree with what the file states. A column without time is no evidence. */
static Status check_rate(const Replay *r) {
    Recording *recording = r->recording;
    const int last = recording->nrow - 1, n = recording->nstate;
    const double span = last > 0 ? recording->state[(size_t)last * (size_t)n] - recording->state[0] : 0;
    if (span == 0)
        return STATUS_OK;
    const double dt = span / last;
    for (int row = 1; row <= last; row++) {
        const double step =
            recording->state[(size_t)row * (size_t)n] - recording->state[(size_t)(row - 1) * (size_t)n];
        if (!(fabs(step - dt) <= 0.2 * fabs(dt)) || dt <= 0)
            return err_set(r->err, STATUS_MISMATCH, "%s: row %d: time advances by %g s, by %g s on average",
                           r->place, row, step, dt);
    }
    if (recording->rate_hz > 0 && fabs(recording->rate_hz * dt - 1) > 0.02)
        return err_set(r->err, STATUS_MISMATCH, "%s: the file states %g Hz, its states are %g Hz", r->place,
                       recording->rate_hz, 1 / dt);
    if (recording->rate_hz <= 0)
        recording->rate_hz = 1 / dt;
    return STATUS_OK;
}

static Status add_tracks(Replay *r) {
    Recording *recording = r->recording;
    const SimReplayNames *names = r->names;
    bool ok = true;
    recording->ntool = recording->nobject = recording->njoint =
        0; /* the states know better than what may be there */
    for (int i = 0; i < names->ntool; i++)
        ok &= !!(r->tool_out[i] =
                     recording_add_poses(recording, recording->tool, &recording->ntool, names->tool[i]));
    for (int i = 0; i < names->nobject; i++)
        ok &= !!(r->object_out[i] = recording_add_poses(recording, recording->object, &recording->nobject,
                                                        names->object[i]));
    for (int i = 0; i < names->njoint; i++)
        ok &= !!(r->joint_out[i] =
                     recording_add_values(recording, recording->joint, &recording->njoint, names->joint[i]));
    return ok ? STATUS_OK : err_set(r->err, STATUS_MEMORY, "%s: out of memory", r->place);
}

static Pose site_pose(const mjData *d, int id) {
    Pose pose;
    memcpy(pose.pos, d->site_xpos + 3 * id, sizeof pose.pos);
    quat_from_matrix(d->site_xmat + 9 * id, pose.quat);
    return pose;
}

static Pose body_pose(const mjData *d, int id) {
    Pose pose;
    memcpy(pose.pos, d->xpos + 3 * id, sizeof pose.pos);
    memcpy(pose.quat, d->xquat + 4 * id, sizeof pose.quat);
    return pose;
}

static void read_row(Replay *r, int row) {
    const SimReplayNames *names = r->names;
    for (int i = 0; i < names->ntool; i++)
        r->tool_out[i][row] = site_pose(r->d, r->tool[i]);
    for (int i = 0; i < names->nobject; i++)
        r->object_out[i][row] = body_pose(r->d, r->object[i]);
    for (int i = 0; i < names->njoint; i++)
        r->joint_out[i][row] = r->d->qpos[r->m->jnt_qposadr[r->joint[i]]];
}

static void run(void *argument) {
    Replay *r = argument;
    const Recording *recording = r->recording;
    for (int row = 0; row < recording->nrow; row++) {
        const double *state = recording->state + (size_t)row * (size_t)recording->nstate;
        r->d->time = state[0];
        memcpy(r->d->qpos, state + 1, (size_t)r->m->nq * sizeof(double));
        memcpy(r->d->qvel, state + 1 + r->m->nq, (size_t)r->m->nv * sizeof(double));
        mj_kinematics(r->m, r->d);
        read_row(r, row);
    }
}

/* Poses computed from wild joint values may overflow. */
static Status check_poses(const Replay *r) {
    for (int row = 0; row < r->recording->nrow; row++) {
        bool finite = true;
        for (int i = 0; i < r->names->ntool; i++)
            finite &= pose_is_finite(r->tool_out[i][row]);
        for (int i = 0; i < r->names->nobject; i++)
            finite &= pose_is_finite(r->object_out[i][row]);
        if (!finite)
            return err_set(r->err, STATUS_FORMAT, "%s: row %d: its state leads to poses that are not finite",
                           r->place, row);
    }
    return STATUS_OK;
}

static Status replay(Replay *r) {
    TRY(load(r));
    TRY(check_size(r));
    TRY(check_rate(r));
    TRY(add_tracks(r));
    TRY(sim_engine_try(run, r, r->err));
    return check_poses(r);
}

Status sim_replay_recordings(RecordingSet *set, const SimReplayNames *names, Err *err) {
    if (names->ntool > RECORDING_MAX_TRACKS || names->nobject > RECORDING_MAX_TRACKS ||
        names->njoint > RECORDING_MAX_TRACKS)
        return err_set(err, STATUS_LIMIT, "more than %d names of one kind to replay", RECORDING_MAX_TRACKS);
    TRY(sim_engine_init(err));
    Replay r = {.names = names, .err = err};
    Status status = STATUS_OK;
    for (int i = 0; i < set->n && status == STATUS_OK; i++) {
        if (!set->recording[i]->model_xml)
            continue;
        r.recording = set->recording[i];
        snprintf(r.place, sizeof r.place, "%s: %s", r.recording->file, r.recording->id);
        status = replay(&r);
    }
    unload(&r);
    return status;
}
