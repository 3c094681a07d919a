/* Names to addresses, once and loudly: after this file nothing looks a name up and nothing can be −1 that is used. */
#include "sim/internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_SHOWN = 48 };

Status sim_id(const mjModel *m, const char *file, int type, const char *what, const char *name, int *id,
              Err *err) {
    *id = name ? mj_name2id(m, type, name) : -1;
    if (*id >= 0)
        return STATUS_OK;
    const mjtSize n = type == mjOBJ_BODY       ? m->nbody
                      : type == mjOBJ_JOINT    ? m->njnt
                      : type == mjOBJ_SITE     ? m->nsite
                      : type == mjOBJ_SENSOR   ? m->nsensor
                      : type == mjOBJ_ACTUATOR ? m->nactuator
                                               : 0;
    const char *known[NAMES_SHOWN];
    int nknown = 0;
    for (int i = 0; i < (int)n && nknown < NAMES_SHOWN; i++) {
        const char *candidate = mj_id2name(m, type, i);
        if (candidate && *candidate)
            known[nknown++] = candidate;
    }
    err_set(err, STATUS_UNKNOWN_NAME, "%s: there is no %s named '%s'", file, what, name ? name : "");
    err_known(err, known, nknown);
    return STATUS_UNKNOWN_NAME;
}

static Status sensor(const SimModel *model, const char *name, int type, int *address, Err *err) {
    int id;
    TRY(sim_id(model->m, model->robot->mjcf, mjOBJ_SENSOR, "sensor", name, &id, err));
    if (model->m->sensor_type[id] != type)
        return err_set(err, STATUS_MISMATCH, "%s: sensor '%s' is of another type than %s asks for",
                       model->robot->mjcf, name, model->robot->path);
    *address = model->m->sensor_adr[id];
    return STATUS_OK;
}

static Status site(const SimModel *model, const char *name, int *id, Err *err) {
    return sim_id(model->m, model->robot->mjcf, mjOBJ_SITE, "site", name, id, err);
}

static Status bind_motors(SimModel *model, Err *err) {
    const mjModel *m = model->m;
    for (int i = 0; i < model->robot->nmotor; i++) {
        const char *name = model->robot->motor[i].name;
        SimMotor *motor = &model->motor[i];
        int id;
        TRY(sim_id(m, model->robot->mjcf, mjOBJ_ACTUATOR, "actuator", name, &id, err));
        const int transmission = m->actuator_trntype[id];
        if (m->actuator_ctrlnum[id] != 1 || m->actuator_dyntype[id] != mjDYN_NONE ||
            m->actuator_gaintype[id] != mjGAIN_FIXED || m->actuator_biastype[id] != mjBIAS_NONE ||
            (transmission != mjTRN_JOINT && transmission != mjTRN_TENDON))
            return err_set(err, STATUS_MISMATCH,
                           "%s: actuator '%s' is not a torque motor on a joint or tendon", model->robot->mjcf,
                           name);
        motor->ctrl = m->actuator_ctrladr[id];
        motor->out = m->actuator_outadr[id];
        motor->qpos = motor->dof = -1;
        if (transmission == mjTRN_JOINT) {
            const int joint = m->actuator_trnid[2 * id];
            motor->qpos = m->jnt_qposadr[joint];
            motor->dof = m->jnt_dofadr[joint];
        }
    }
    if (m->na > 0)
        return err_set(err, STATUS_MISMATCH, "%s: actuators with states are not supported",
                       model->robot->mjcf);
    return STATUS_OK;
}

static Status bind_sensors(SimModel *model, Err *err) {
    const CtlRobot *robot = model->robot;
    TRY(sensor(model, robot->imu_quat, mjSENS_FRAMEQUAT, &model->imu_quat, err));
    TRY(sensor(model, robot->imu_gyro, mjSENS_GYRO, &model->imu_gyro, err));
    TRY(sensor(model, robot->imu_acc, mjSENS_ACCELEROMETER, &model->imu_acc, err));
    for (int s = 0; s < NSIDE; s++) {
        TRY(sensor(model, robot->foot[s].force, mjSENS_FORCE, &model->foot_force[s], err));
        TRY(sensor(model, robot->foot[s].torque, mjSENS_TORQUE, &model->foot_torque[s], err));
        TRY(sensor(model, robot->hand[s].force, mjSENS_FORCE, &model->wrist_force[s], err));
        TRY(sensor(model, robot->hand[s].torque, mjSENS_TORQUE, &model->wrist_torque[s], err));
        for (int i = 0; i < robot->hand[s].ntouch; i++)
            TRY(sensor(model, robot->hand[s].touch[i], mjSENS_TOUCH, &model->touch[s][i], err));
    }
    return STATUS_OK;
}

static Status bind_frames(SimModel *model, Err *err) {
    const CtlRobot *robot = model->robot;
    TRY(sim_id(model->m, robot->mjcf, mjOBJ_BODY, "body", robot->base_body, &model->base_body, err));
    TRY(site(model, robot->push_site, &model->push_site, err));
    for (int s = 0; s < NSIDE; s++) {
        TRY(site(model, robot->foot[s].sole, &model->sole[s], err));
        TRY(site(model, robot->hand[s].wrist, &model->wrist[s], err));
        TRY(site(model, robot->hand[s].grasp, &model->grasp[s], err));
        int force;
        TRY(sim_id(model->m, robot->mjcf, mjOBJ_SENSOR, "sensor", robot->hand[s].force, &force, err));
        model->wrist_ft[s] = model->m->sensor_objid[force];
        model->hand_body[s] = model->m->site_bodyid[model->wrist_ft[s]];
        model->hand_mass[s] = model->m->body_subtreemass[model->hand_body[s]];
    }
    model->base_qpos = model->base_dof = -1;
    const int joint = model->m->body_jntadr[model->base_body];
    if (joint >= 0 && model->m->jnt_type[joint] == mjJNT_FREE) {
        model->base_qpos = model->m->jnt_qposadr[joint];
        model->base_dof = model->m->jnt_dofadr[joint];
    }
    return STATUS_OK;
}

static bool descends(const mjModel *m, int body, int ancestor) {
    while (body > ancestor)
        body = m->body_parentid[body];
    return body == ancestor;
}

/* A subtask that names an object allows hands to touch it. */
static bool named_by_subtask(const Task *task, int object) {
    for (int i = 0; task && i < task->nsubtask; i++) {
        const Subtask *subtask = &task->subtask[i];
        const char *name = task->object[object].name;
        if ((subtask->object && strcmp(subtask->object, name) == 0) ||
            (subtask->moves && strcmp(subtask->moves, name) == 0))
            return true;
    }
    return false;
}

static SimGeom classify(const SimModel *model, int g) {
    const mjModel *m = model->m;
    const int body = m->geom_bodyid[g];
    SimGeom geom = {
        .part = SIM_PART_OTHER, .side = -1, .object = -1, .floor = m->geom_type[g] == mjGEOM_PLANE};
    if (m->body_rootid[body] == m->body_rootid[model->base_body]) {
        geom.part = SIM_PART_BODY;
        for (int s = 0; s < NSIDE; s++) {
            if (descends(m, body, model->hand_body[s])) {
                geom.part = SIM_PART_HAND;
                geom.side = (signed char)s;
            }
            if (body == m->site_bodyid[model->sole[s]])
                geom.part = SIM_PART_FOOT;
        }
        return geom;
    }
    const int object = sim_body_object(m, &model->scene, body);
    if (object >= 0) {
        geom.part = SIM_PART_OBJECT;
        geom.object = (short)object;
        geom.fixed = !model->task->object[object].movable;
        geom.intended = named_by_subtask(model->task, object);
    } else if (m->body_weldid[body] == 0) {
        geom.part = SIM_PART_SCENE;
        geom.fixed = true;
    }
    return geom;
}

static Status bind_geoms(SimModel *model, Err *err) {
    const mjModel *m = model->m;
    model->geom = arena_alloc(model->arena, (size_t)m->ngeom * sizeof *model->geom);
    if (!model->geom)
        return err_set(err, STATUS_MEMORY, "no memory to bind %lld geoms", (long long)m->ngeom);
    for (int g = 0; g < (int)m->ngeom; g++) {
        model->geom[g] = classify(model, g);
        const int s = model->geom[g].side;
        if (s < 0 || !m->geom_contype[g])
            continue;
        if (model->nhand_geom[s] == SIM_MAX_HAND_GEOMS)
            return err_set(err, STATUS_LIMIT, "%s: more than %d colliding geoms in one hand",
                           model->robot->mjcf, SIM_MAX_HAND_GEOMS);
        model->hand_geom[s][model->nhand_geom[s]++] = g;
    }
    return STATUS_OK;
}

Pose sim_site_pose(const mjData *d, int id) {
    Pose pose;
    memcpy(pose.pos, d->site_xpos + 3 * id, sizeof pose.pos);
    memcpy(pose.quat, d->site_xquat + 4 * id, sizeof pose.quat);
    return pose;
}

Pose sim_body_pose(const mjData *d, int body) {
    Pose pose;
    memcpy(pose.pos, d->xpos + 3 * body, sizeof pose.pos);
    memcpy(pose.quat, d->xquat + 4 * body, sizeof pose.quat);
    return pose;
}

Pose sim_footprint(Pose left, Pose right) {
    /* The mean of two headings, by their sum as vectors: no jump at ±π. */
    double l[3], r[3];
    quat_rotate(left.quat, (double[3]){1, 0, 0}, l);
    quat_rotate(right.quat, (double[3]){1, 0, 0}, r);
    Pose base = POSE_IDENTITY;
    base.pos[0] = 0.5 * (left.pos[0] + right.pos[0]);
    base.pos[1] = 0.5 * (left.pos[1] + right.pos[1]);
    quat_from_yaw(atan2(l[1] + r[1], l[0] + r[0]), base.quat);
    return base;
}

/* Write the nominal posture into qpos (nq); joints that robot.yaml doesn't name stay. */
static Status write_posture(const mjModel *m, const CtlRobot *robot, double *qpos, Err *err) {
    for (int i = 0; i < robot->nposture; i++) {
        int joint;
        TRY(sim_id(m, robot->mjcf, mjOBJ_JOINT, "joint", robot->posture[i].joint, &joint, err));
        qpos[m->jnt_qposadr[joint]] = robot->posture[i].value;
    }
    return STATUS_OK;
}

static void home_closure(const CtlHand *hand, double *closure) {
    const double *open = ctl_hand_closure(hand, "open");
    for (int i = 0; i < hand->nmotor; i++)
        closure[i] = open ? open[i] : 0;
}

Status sim_bind_posture(SimModel *model, Err *err) {
    const mjModel *m = model->m;
    const CtlRobot *robot = model->robot;
    TRY(bind_frames(model, err));
    if (model->base_qpos < 0)
        return err_set(err, STATUS_MISMATCH, "%s: body '%s' has no free joint", robot->mjcf,
                       robot->base_body);
    mjData *d = mj_makeData(m);
    if (!d)
        return err_set(err, STATUS_MEMORY, "no memory for the robot's data");
    const Status status = write_posture(m, robot, d->qpos, err);
    if (status != STATUS_OK) {
        mj_deleteData(d);
        return status;
    }
    static const double upright[7] = {0, 0, 0, 1, 0, 0, 0};
    memcpy(d->qpos + model->base_qpos, upright, sizeof upright);
    d->qpos[model->base_qpos + 2] = robot->standing_height;
    mj_kinematics(m, d);

    const Pose sole[NSIDE] = {sim_site_pose(d, model->sole[0]), sim_site_pose(d, model->sole[1])};
    Pose base = sim_footprint(sole[0], sole[1]);
    base.pos[2] =
        0.5 * (sole[0].pos[2] + sole[1].pos[2]); /* the pelvis goes where the soles meet the ground */
    model->pelvis_in_base = pose_rel(base, sim_body_pose(d, model->base_body));
    model->home = (TaskCommand){.base_height = model->pelvis_in_base.pos[2]};
    for (int s = 0; s < NSIDE; s++) {
        const Pose wrist = sim_site_pose(d, model->wrist[s]);
        model->grasp_in_wrist[s] = pose_rel(wrist, sim_site_pose(d, model->grasp[s]));
        model->home.wrist[s] = pose_rel(base, wrist);
        home_closure(&robot->hand[s], model->home.hand[s]);
    }
    int nwaist = 0;
    for (int i = 0; i < robot->nbody_motor && nwaist < MAX_WAIST; i++) {
        if (strcmp(robot->motor[i].group, "waist") != 0)
            continue;
        int joint;
        TRY(sim_id(m, robot->mjcf, mjOBJ_JOINT, "joint", robot->motor[i].name, &joint, err));
        model->home.waist[nwaist++] = d->qpos[m->jnt_qposadr[joint]];
    }
    mj_deleteData(d);
    return STATUS_OK;
}

/* The same objects in both models; what can't be drawn in another size isn't made in another size. */
static Status bind_scenes(SimModel *model, Err *err) {
    TRY(sim_bind_scene(model->m, model->task, model->scene_file, &model->scene, err));
    TRY(sim_bind_scene(model->visual, model->task, model->scene_file, &model->visual_scene, err));
    for (int i = 0; i < model->scene.nobject; i++)
        if (!model->visual_scene.object[i].resizable)
            model->scene.object[i].resizable = false;
    return STATUS_OK;
}

Status sim_bind(SimModel *model, Err *err) {
    const mjModel *m = model->m;
    if (model->task)
        TRY(bind_scenes(model, err));
    TRY(bind_motors(model, err));
    TRY(bind_sensors(model, err));
    TRY(bind_frames(model, err));
    TRY(bind_geoms(model, err));
    if (model->task)
        TRY(sim_atoms_bind(model->task, &model->scene, &model->atoms, err));
    model->posture = arena_alloc(model->arena, (size_t)m->nq * sizeof *model->posture);
    if (!model->posture)
        return err_set(err, STATUS_MEMORY, "no memory to bind the posture");
    memcpy(model->posture, m->qpos0, (size_t)m->nq * sizeof *model->posture);
    TRY(write_posture(m, model->robot, model->posture, err));
    sim_bind_columns(model);
    return STATUS_OK;
}
