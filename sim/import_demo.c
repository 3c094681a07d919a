/* From recordings to demonstrations: tracks at the source's rate, cut, resampled. */
#include "sim/import_map.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Rows kept before the first motion, so that a segment begins at rest. */
static const double IDLE_LEAD = 0.2; /* s */
/* Where objects are put that the task knows and the recording does not (distractors): out of everybody's way. */
static const double ABSENT_HEIGHT = -10; /* m */

/* One recording on its way; the arrays are at the source's rate. */
typedef struct Mapper {
    const SimImportMap *map;
    const Recording *recording;
    const Task *task;
    const CtlRobot *robot;
    double rate_hz; /* of the recording */
    int begin;      /* first row that is kept */
    Arena *arena;   /* scratch */
    Pose *grasp[NSIDE], *target[NSIDE];
    double *blend[NSIDE]; /* 0 open … 1 closed */
    const double *closure[NSIDE][2];
    const Pose *object[MAX_OBJECTS]; /* source's frame; NULL: absent */
    const double *joint[MAX_SCENE_JOINTS];
    const double *signal[MAX_SUBTASKS];
    char place[400];
    Err *err;
} Mapper;

static Status map_recording(Mapper *m, Demo **out);

static Status replay_names(const SimImportMap *map, RecordingSet *recordings, Err *err) {
    const char *tool[NSIDE], *object[MAX_OBJECTS], *joint[MAX_SCENE_JOINTS];
    for (int i = 0; i < map->nhand; i++)
        tool[i] = map->hand[i].tool;
    for (int i = 0; i < map->nobject; i++)
        object[i] = map->object[i].source;
    for (int i = 0; i < map->njoint; i++)
        joint[i] = map->joint[i].source;
    const SimReplayNames names = {.ntool = map->nhand,
                                  .nobject = map->nobject,
                                  .njoint = map->njoint,
                                  .tool = tool,
                                  .object = object,
                                  .joint = joint};
    return sim_replay_recordings(recordings, &names, err);
}

Status sim_import_demos(const SimImportMap *map, RecordingSet *recordings, const Task *task,
                        const CtlRobot *robot, DemoSet *out, Err *err) {
    TRY(replay_names(map, recordings, err));
    DemoSet set = {.demo = mem_calloc((size_t)recordings->n, sizeof *set.demo)};
    Mapper *m = mem_alloc(sizeof *m);
    Status status = set.demo && m ? STATUS_OK : STATUS_MEMORY;
    for (int i = 0; i < recordings->n && status == STATUS_OK; i++) {
        const Recording *recording = recordings->recording[i];
        *m = (Mapper){.map = map, .recording = recording, .task = task, .robot = robot, .err = err};
        snprintf(m->place, sizeof m->place, "%s: %s", recording->file, recording->id);
        m->arena = arena_create(0);
        status = m->arena ? map_recording(m, &set.demo[i]) : STATUS_MEMORY;
        set.n += status == STATUS_OK;
        arena_destroy(m->arena);
    }
    mem_free(m);
    if (status == STATUS_MEMORY)
        err_set(err, status, "out of memory while importing");
    if (status == STATUS_OK)
        *out = set;
    else
        demo_set_destroy(&set);
    return status;
}

/* ---- binding names ---- */

static Status unknown_track(const Mapper *m, const char *what, const char *name, const RecordingPoses *poses,
                            const RecordingValues *values, int n) {
    const char *known[RECORDING_MAX_TRACKS];
    for (int i = 0; i < n; i++)
        known[i] = poses ? poses[i].name : values[i].name;
    err_set(m->err, STATUS_UNKNOWN_NAME, "%s: no %s '%.60s' in the recording", m->place, what, name);
    err_known(m->err, known, n);
    return STATUS_UNKNOWN_NAME;
}

static Status bind_objects(Mapper *m) {
    const Recording *from = m->recording;
    for (int i = 0; i < m->map->nobject; i++) {
        const SimMapName *pair = &m->map->object[i];
        const int index = task_object_index(m->task, pair->name);
        if (index < 0) {
            const char *known[MAX_OBJECTS];
            for (int k = 0; k < m->task->nobject; k++)
                known[k] = m->task->object[k].name;
            err_set(m->err, STATUS_UNKNOWN_NAME, "%s: task '%s' has no object '%.60s'", m->map->path,
                    m->task->name, pair->name);
            err_known(m->err, known, m->task->nobject);
            return STATUS_UNKNOWN_NAME;
        }
        m->object[index] = recording_poses(from->object, from->nobject, pair->source);
        if (!m->object[index])
            return unknown_track(m, "object", pair->source, from->object, NULL, from->nobject);
    }
    for (int i = 0; i < m->task->nsubtask; i++) {
        const Subtask *subtask = &m->task->subtask[i];
        const char *needs[] = {subtask->object, subtask->moves};
        for (int k = 0; k < 2; k++) {
            if (needs[k] && !m->object[task_object_index(m->task, needs[k])])
                return err_set(m->err, STATUS_MISMATCH,
                               "%s: subtask '%s' needs object '%s', which the map does not name",
                               m->map->path, subtask->name, needs[k]);
        }
    }
    return STATUS_OK;
}

static Status bind_joints(Mapper *m) {
    const Recording *from = m->recording;
    for (int i = 0; i < m->map->njoint; i++) {
        const SimMapName *pair = &m->map->joint[i];
        int index = 0;
        while (index < m->task->njoint && strcmp(m->task->joint[index].name, pair->name) != 0)
            index++;
        if (index == m->task->njoint)
            return err_set(m->err, STATUS_UNKNOWN_NAME, "%s: task '%s' has no joint '%.60s'", m->map->path,
                           m->task->name, pair->name);
        m->joint[index] = recording_values(from->joint, from->njoint, pair->source);
        if (!m->joint[index])
            return unknown_track(m, "joint", pair->source, NULL, from->joint, from->njoint);
    }
    return STATUS_OK;
}

static Status bind_signals(Mapper *m) {
    const Recording *from = m->recording;
    for (int i = 0; i < m->map->nsignal; i++) {
        const SimMapName *pair = &m->map->signal[i];
        const int index = task_subtask_index(m->task, pair->name);
        if (index < 0)
            return err_set(m->err, STATUS_UNKNOWN_NAME, "%s: task '%s' has no subtask '%.60s'", m->map->path,
                           m->task->name, pair->name);
        m->signal[index] = recording_values(from->signal, from->nsignal, pair->source);
        if (!m->signal[index])
            return unknown_track(m, "signal", pair->source, NULL, from->signal, from->nsignal);
    }
    return STATUS_OK;
}

static Status bind_closures(Mapper *m, const SimMapHand *hand) {
    const CtlHand *robot_hand = &m->robot->hand[hand->side];
    for (int k = 0; k < 2; k++) {
        m->closure[hand->side][k] = ctl_hand_closure(robot_hand, hand->closure[k]);
        if (m->closure[hand->side][k])
            continue;
        const char *known[CTL_MAX_CLOSURES];
        for (int i = 0; i < robot_hand->nclosure; i++)
            known[i] = robot_hand->closure[i].name;
        err_set(m->err, STATUS_UNKNOWN_NAME, "%s: robot '%s' has no closure '%.60s'", m->map->path,
                m->robot->name, hand->closure[k]);
        err_known(m->err, known, robot_hand->nclosure);
        return STATUS_UNKNOWN_NAME;
    }
    return STATUS_OK;
}

/* ---- tracks ---- */

static Pose to_world(const SimImportMap *map, Pose pose) {
    for (int i = 0; i < 3; i++)
        pose.pos[i] *= map->scale;
    return pose_mul(map->world, pose);
}

static Status map_poses(Mapper *m, const SimMapHand *hand) {
    const Recording *from = m->recording;
    const size_t size = (size_t)from->nrow * sizeof(Pose);
    const Pose *tool = recording_poses(from->tool, from->ntool, hand->tool);
    const Pose *target = hand->target ? recording_poses(from->target, from->ntarget, hand->target) : NULL;
    if (!tool)
        return unknown_track(m, "tool", hand->tool, from->tool, NULL, from->ntool);
    if (hand->target && !target)
        return unknown_track(m, "target", hand->target, from->target, NULL, from->ntarget);
    Pose *grasp = m->grasp[hand->side] = arena_alloc(m->arena, size);
    Pose *goal = m->target[hand->side] = arena_alloc(m->arena, size);
    if (!grasp || !goal)
        return STATUS_MEMORY;
    for (int row = 0; row < from->nrow; row++)
        grasp[row] = pose_mul(to_world(m->map, tool[row]), hand->grasp_in_tool);
    for (int row = 0; row < from->nrow; row++)
        goal[row] = target ? pose_mul(to_world(m->map, target[row]), hand->grasp_in_tool)
                           : grasp[row + 1 < from->nrow ? row + 1 : row];
    return STATUS_OK;
}

/* The gripper command as 0 open … 1 closed, slowed to what a hand does. */
static Status map_gripper(Mapper *m, const SimMapHand *hand) {
    const Recording *from = m->recording;
    const double *track = NULL;
    int column = 0;
    if (hand->gripper) {
        track = recording_values(from->gripper, from->ngripper, hand->gripper);
        if (!track)
            return unknown_track(m, "gripper", hand->gripper, NULL, from->gripper, from->ngripper);
    } else {
        column = hand->action < 0 ? from->naction + hand->action : hand->action;
        if (column < 0 || column >= from->naction)
            return err_set(m->err, STATUS_MISMATCH, "%s: the gripper is entry %d of the action, which has %d",
                           m->place, hand->action, from->naction);
    }
    double *blend = m->blend[hand->side] = arena_alloc(m->arena, (size_t)from->nrow * sizeof *blend);
    if (!blend)
        return STATUS_MEMORY;
    const double step = hand->close_time > 0 ? 1 / (hand->close_time * m->rate_hz) : 1;
    for (int row = 0; row < from->nrow; row++) {
        const double command =
            track ? track[row] : from->action[(size_t)row * (size_t)from->naction + (size_t)column];
        const double b = (command - hand->command[0]) / (hand->command[1] - hand->command[0]);
        const double wanted = b < 0 ? 0 : b > 1 ? 1 : b;
        const double last = row ? blend[row - 1] : wanted;
        blend[row] = fabs(wanted - last) <= step ? wanted : last + copysign(step, wanted - last);
    }
    return STATUS_OK;
}

static Status find_rate(Mapper *m) {
    const double stated = m->map->rate_hz, found = m->recording->rate_hz;
    if (stated > 0 && found > 0 && fabs(found / stated - 1) > 0.02)
        return err_set(m->err, STATUS_MISMATCH,
                       "%s: wrong rate: the recording runs at %g Hz, the map %s says %g Hz", m->place, found,
                       m->map->path, stated);
    m->rate_hz = stated > 0 ? stated : found;
    if (!(m->rate_hz >= 0.5))
        return err_set(m->err, STATUS_MISMATCH, "%s: neither the file nor the map %s states the rate",
                       m->place, m->map->path);
    return STATUS_OK;
}

/* Has the operator done something by this row? The command says so best; without commands, the motion. */
static bool is_active(const Mapper *m, int row) {
    const Recording *from = m->recording;
    const size_t n = (size_t)from->naction;
    for (size_t i = 0; i < n; i++) {
        if (fabs(from->action[(size_t)row * n + i] - from->action[i]) > 1e-6)
            return true;
    }
    for (int side = 0; side < NSIDE; side++) {
        if (!m->grasp[side])
            continue;
        const Pose *goal = m->target[side];
        if (m->blend[side][row] != m->blend[side][0])
            return true;
        if (n == 0 && (pose_distance(goal[row], goal[0]) > m->map->idle_pos ||
                       pose_angle(goal[row], goal[0]) > m->map->idle_angle))
            return true;
    }
    return false;
}

static Status find_begin(Mapper *m) {
    int row = 0;
    while (row < m->recording->nrow && !is_active(m, row))
        row++;
    if (row == m->recording->nrow)
        return err_set(m->err, STATUS_FORMAT, "%s: nothing happens in it", m->place);
    const int lead = (int)(IDLE_LEAD * m->rate_hz + 0.5);
    m->begin = row > lead ? row - lead : 0;
    return STATUS_OK;
}

/* ---- resampling ---- */

/* A place between rows of the source. */
typedef struct Between {
    int row;
    double part; /* towards row + 1 */
} Between;

static Between source_place(const Mapper *m, int row) {
    const double at = m->begin + row * m->rate_hz / m->task->rate_hz;
    const int last = m->recording->nrow - 1;
    /* A place that is a row up to rounding is that row, so that equal rates copy. */
    const double near = floor(at + 0.5), exact = fabs(at - near) < 1e-6 ? near : at;
    const int floor_row = (int)floor(exact);
    return floor_row >= last ? (Between){last, 0} : (Between){floor_row, exact - floor_row};
}

static Pose pose_at(const Pose *track, Between b) {
    return b.part > 0 ? pose_lerp(track[b.row], track[b.row + 1], b.part) : track[b.row];
}

static double value_at(const double *track, Between b) {
    return b.part > 0 ? track[b.row] + b.part * (track[b.row + 1] - track[b.row]) : track[b.row];
}

static void fill_hand(const Mapper *m, Demo *demo, int side, int row, Between b) {
    demo->eef[side][row] = pose_at(m->grasp[side], b);
    demo->target[side][row] = pose_at(m->target[side], b);
    const double blend = value_at(m->blend[side], b);
    for (int i = 0; i < demo->nhand; i++)
        demo->closure[side][row * demo->nhand + i] =
            (float)(m->closure[side][0][i] + blend * (m->closure[side][1][i] - m->closure[side][0][i]));
}

static void fill_row(const Mapper *m, Demo *demo, int row) {
    const Between b = source_place(m, row);
    for (int side = 0; side < NSIDE; side++) {
        if (m->grasp[side])
            fill_hand(m, demo, side, row, b);
    }
    for (int i = 0; i < demo->nobject; i++) {
        Pose *object = &demo->object[row * demo->nobject + i];
        *object = POSE_IDENTITY;
        object->pos[2] = ABSENT_HEIGHT;
        if (m->object[i])
            *object = to_world(m->map, pose_at(m->object[i], b));
    }
    for (int i = 0; i < demo->njoint; i++)
        demo->joint[row * demo->njoint + i] = m->joint[i] ? value_at(m->joint[i], b) : 0;
    for (int i = 0; i < demo->nsubtask; i++)
        demo->signal[row * demo->nsubtask + i] = m->signal[i] && m->signal[i][b.row] > 0.5;
}

/* Marks from signals: a subtask lasts from where the hand's last one ended to where its own signal rises. The last one of a
 * hand has no signal in MimicGen's files and lasts to the end. */
static Status mark_from_signals(const Mapper *m, Demo *demo) {
    int done[NSIDE] = {0, 0};
    for (int i = 0; i < demo->nsubtask; i++) {
        const int hand = m->task->subtask[i].hand;
        bool last = true;
        for (int k = i + 1; k < demo->nsubtask; k++)
            last &= m->task->subtask[k].hand != hand;
        int end = done[hand];
        while (end < demo->nrow && !demo->signal[end * demo->nsubtask + i])
            end++;
        if (last && !m->signal[i])
            end = demo->nrow;
        else if (end == demo->nrow)
            return err_set(m->err, STATUS_FORMAT, "%s: the signal for the end of subtask '%s' never rises",
                           m->place, m->task->subtask[i].name);
        if (end <= done[hand])
            return err_set(m->err, STATUS_FORMAT,
                           "%s: subtask '%s' has no rows: its signal is there before it begins", m->place,
                           m->task->subtask[i].name);
        demo->mark[demo->nmark++] = (DemoMark){i, done[hand], end};
        done[hand] = end;
    }
    return STATUS_OK;
}

static void name_demo(const Mapper *m, Demo *demo) {
    const Recording *from = m->recording;
    const char *slash = strrchr(from->file, '/'), *stem = slash ? slash + 1 : from->file;
    const char *group = from->environment[0] ? from->environment : stem;
    snprintf(demo->id, sizeof demo->id, "%.30s/%.30s", group, from->id);
    snprintf(demo->file, sizeof demo->file, "%s", from->file);
    snprintf(demo->operator_name, sizeof demo->operator_name, "%s", m->map->operator_name);
    snprintf(demo->device, sizeof demo->device, "%s", m->map->device);
}

static Status map_recording(Mapper *m, Demo **out) {
    const int nhand = m->robot->hand[SIDE_RIGHT].nmotor;
    unsigned hands = 0;
    TRY(find_rate(m));
    TRY(bind_objects(m));
    TRY(bind_joints(m));
    TRY(bind_signals(m));
    for (int i = 0; i < m->map->nhand; i++) {
        hands |= 1u << m->map->hand[i].side;
        TRY(bind_closures(m, &m->map->hand[i]));
        TRY(map_poses(m, &m->map->hand[i]));
        TRY(map_gripper(m, &m->map->hand[i]));
    }
    for (int i = 0; i < m->task->nsubtask; i++) {
        if (!(hands >> m->task->subtask[i].hand & 1))
            return err_set(
                m->err, STATUS_MISMATCH, "%s: subtask '%s' is the %s hand's, which the map does not give",
                m->place, m->task->subtask[i].name, m->task->subtask[i].hand == SIDE_LEFT ? "left" : "right");
    }
    TRY(find_begin(m));
    const double span = (m->recording->nrow - 1 - m->begin) / m->rate_hz; /* s */
    const double rows = floor(span * m->task->rate_hz + 1e-6) + 1;
    if (rows > 1e6)
        return err_set(m->err, STATUS_LIMIT, "%s: more than a million rows at %g Hz", m->place,
                       m->task->rate_hz);
    Demo *demo = demo_create((int)rows, nhand, hands, m->task->nobject, m->task->njoint, m->task->nsubtask);
    if (!demo)
        return STATUS_MEMORY;
    demo->rate_hz = m->task->rate_hz;
    name_demo(m, demo);
    for (int row = 0; row < demo->nrow; row++)
        fill_row(m, demo, row);
    const Status status = m->map->nsignal ? mark_from_signals(m, demo) : STATUS_OK;
    if (status == STATUS_OK)
        *out = demo;
    else
        demo_destroy(demo);
    return status;
}
