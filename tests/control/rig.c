#include "rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(Status status, const Err *err) {
    if (status != STATUS_OK) {
        fprintf(stderr, "rig: %s: %s\n", status_text(status), err->message);
        abort();
    }
}

static mjSpec *load_spec(const Rig *rig) {
    char message[512] = "";
    mjSpec *spec = mj_parseXML(rig->robot->mjcf, NULL, message, sizeof message);
    if (!spec) {
        fprintf(stderr, "rig: %s\n", message);
        abort();
    }
    return spec;
}

static void add_floor_and_wall(mjSpec *spec, const double wall[6]) {
    mjsBody *world = mjs_findBody(spec, "world");
    mjsGeom *floor = mjs_addGeom(world, NULL);
    floor->type = mjGEOM_PLANE;
    floor->size[0] = floor->size[1] = 10;
    floor->size[2] = 1;
    floor->friction[0] = 0.9;
    if (!(wall[3] > 0))
        return;
    mjsGeom *box = mjs_addGeom(world, NULL);
    box->type = mjGEOM_BOX;
    for (int i = 0; i < 3; i++) {
        box->pos[i] = wall[i];
        box->size[i] = wall[3 + i];
    }
}

static void add_load(mjSpec *spec, const char *grasp, double mass) {
    mjsSite *site = mjs_asSite(mjs_findElement(spec, mjOBJ_SITE, grasp));
    mjsBody *load = mjs_addBody(mjs_getParent(site->element), NULL);
    for (int i = 0; i < 3; i++)
        load->pos[i] = site->pos[i];
    load->mass = mass;
    load->explicitinertial = 1;
    for (int i = 0; i < 3; i++)
        load->inertia[i] = mass * 0.001;
}

static void build_model(Rig *rig) {
    mjSpec *spec = load_spec(rig);
    add_floor_and_wall(spec, rig->def.wall);
    for (int side = 0; side < NSIDE; side++)
        if (rig->def.load[side] > 0)
            add_load(spec, rig->robot->hand[side].grasp, rig->def.load[side]);
    if (rig->def.pinned) {
        mjsBody *base = mjs_findBody(spec, rig->robot->base_body);
        mjs_delete(spec, mjs_firstChild(base, mjOBJ_JOINT, 0));
        base->pos[0] = base->pos[1] = 0;
        base->pos[2] = rig->robot->standing_height;
    }
    spec->option.timestep = 1.0 / RIG_RATE;
    rig->m = mj_compile(spec, NULL);
    if (!rig->m) {
        fprintf(stderr, "rig: %s\n", mjs_getError(spec));
        abort();
    }
    mj_deleteSpec(spec);
    rig->d = mj_makeData(rig->m);
}

static void place(Rig *rig) {
    mjModel *m = rig->m;
    mjData *d = rig->d;
    for (int i = 0; i < rig->robot->nposture; i++) {
        const int joint = mj_name2id(m, mjOBJ_JOINT, rig->robot->posture[i].joint);
        d->qpos[m->jnt_qposadr[joint]] = rig->robot->posture[i].value;
    }
    mj_kinematics(m, d);
    if (!rig->def.pinned) /* soles just into the floor, as far as the weight presses them */
        d->qpos[2] -= d->site_xpos[3 * rig->sole[0] + 2] + 0.0003;
    mj_forward(m, d);
}

void rig_create(Rig *rig, const RigDef *def) {
    memset(rig, 0, sizeof *rig);
    rig->def = *def;
    if (rig->def.torque_factor == 0)
        rig->def.torque_factor = 1;
    Err err = {{0}};
    must(ctl_robot_load(def->robot ? def->robot : DEMOMILL_SOURCE_DIR "/robots/optimus/robot.yaml",
                        &rig->robot, &err),
         &err);
    build_model(rig);
    mjModel *m = rig->m;
    rig->base = mj_name2id(m, mjOBJ_BODY, rig->robot->base_body);
    rig->push_site = mj_name2id(m, mjOBJ_SITE, rig->robot->push_site);
    rig->push_body = m->site_bodyid[rig->push_site];
    for (int side = 0; side < NSIDE; side++) {
        rig->sole[side] = mj_name2id(m, mjOBJ_SITE, rig->robot->foot[side].sole);
        rig->wrist[side] = mj_name2id(m, mjOBJ_SITE, rig->robot->hand[side].wrist);
    }
    must(wire_bind(rig->robot, m, "", &rig->wire, &err), &err);
    place(rig);

    rig->api = hc_get_api(HC_ABI);
    const hc_robot where = {.size = sizeof where, .robot_yaml = rig->robot->path, .dt = 1.0 / RIG_RATE};
    rig->mem = aligned_alloc(64, (rig->api->mem_size(&where) + 63) / 64 * 64);
    char message[512] = "";
    if (rig->api->init(rig->mem, &where, def->config, message, sizeof message) != 0) {
        fprintf(stderr, "rig: %s\n", message);
        abort();
    }
    wire_read(&rig->wire, m, rig->d, &rig->state);
    rig->api->reset(rig->mem, &rig->state, 0);
    rig->task.size = sizeof rig->task;
    rig->task.valid = HC_TASK_ALL_BODY;
    rig->task.base_height = (float)rig->robot->standing_height;
    for (int side = 0; side < NSIDE; side++) {
        const double *open = ctl_hand_closure(&rig->robot->hand[side], "open");
        for (int i = 0; open && i < rig->robot->hand[side].nmotor; i++)
            rig->task.hand[side][i] = (float)open[i];
        rig_wrist(rig, side, pose_rel(rig_footprint(rig), rig_site(rig, rig->wrist[side])));
    }
}

void rig_destroy(Rig *rig) {
    rig->api->deinit(rig->mem);
    free(rig->mem);
    mj_deleteData(rig->d);
    mj_deleteModel(rig->m);
    ctl_robot_destroy(rig->robot);
}

void rig_command(Rig *rig) {
    rig->task.seq++;
    rig->task.time_ns = (uint64_t)(rig->d->time * 1e9 + 0.5);
}

static void apply(Rig *rig, const hc_cmd *cmd) {
    for (int i = 0; i < rig->robot->nmotor; i++) {
        const int a = rig->wire.actuator[i];
        const double torque = wire_torque(&rig->robot->motor[i], &cmd->motor[i], rig->d->actuator_length[a],
                                          rig->d->actuator_velocity[a], rig->def.friction);
        rig->d->ctrl[rig->m->actuator_ctrladr[a]] = rig->def.torque_factor * torque;
        rig->saturated +=
            i < rig->robot->nbody_motor && fabs(torque) > 0.999 * rig->robot->motor[i].peak_torque;
    }
}

void rig_step(Rig *rig) {
    mjModel *m = rig->m;
    mjData *d = rig->d;
    const uint32_t seq = rig->state.seq + 1;
    mj_step1(m, d);
    wire_read(&rig->wire, m, d, &rig->state);
    rig->state.seq = seq;
    rig->state.time_ns = (uint64_t)(d->time * 1e9 + 0.5);
    rig->verdict = rig->api->step(rig->mem, &rig->state, &rig->task, &rig->cmd);
    memmove(rig->queue + 1, rig->queue, sizeof rig->queue - sizeof *rig->queue);
    rig->queue[0] = rig->cmd;
    const hc_cmd *cmd = &rig->queue[rig->def.delay];
    if (cmd->nmotor)
        apply(rig, cmd);
    mju_zero(d->qfrc_applied, (int)m->nv);
    if (rig->push[0] != 0 || rig->push[1] != 0 || rig->push[2] != 0) {
        const double none[3] = {0};
        mj_applyFT(m, d, rig->push, none, d->site_xpos + 3 * rig->push_site, rig->push_body, d->qfrc_applied);
    }
    mj_step2(m, d);
}

void rig_run(Rig *rig, double seconds) {
    const int n = (int)(seconds * RIG_RATE + 0.5);
    for (int i = 0; i < n; i++) {
        if (rig->state.seq % RIG_TASK_EVERY == 0)
            rig_command(rig);
        rig_step(rig);
    }
}

double rig_probe(const Rig *rig, const char *name) {
    const char *names[64];
    double values[64];
    const int n = rig->api->probe(rig->mem, names, values, 64);
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return values[i];
    fprintf(stderr, "rig: no probe '%s'\n", name);
    abort();
}

Pose rig_site(const Rig *rig, int site) {
    Pose pose;
    memcpy(pose.pos, rig->d->site_xpos + 3 * site, sizeof pose.pos);
    quat_from_matrix(rig->d->site_xmat + 9 * site, pose.quat);
    return pose;
}

Pose rig_footprint(const Rig *rig) {
    Pose foot = POSE_IDENTITY;
    const double *l = rig->d->site_xmat + 9 * rig->sole[0], *r = rig->d->site_xmat + 9 * rig->sole[1];
    quat_from_yaw(atan2(l[3] + r[3], l[0] + r[0]), foot.quat);
    for (int i = 0; i < 2; i++)
        foot.pos[i] =
            0.5 * (rig->d->site_xpos[3 * rig->sole[0] + i] + rig->d->site_xpos[3 * rig->sole[1] + i]);
    return foot;
}

void rig_wrist(Rig *rig, int side, Pose pose) {
    for (int i = 0; i < 3; i++)
        rig->task.wrist[side][i] = (float)pose.pos[i];
    for (int i = 0; i < 4; i++)
        rig->task.wrist[side][3 + i] = (float)pose.quat[i];
}

Pose rig_wrist_command(const Rig *rig, int side) {
    Pose pose;
    for (int i = 0; i < 3; i++)
        pose.pos[i] = rig->task.wrist[side][i];
    for (int i = 0; i < 4; i++)
        pose.quat[i] = rig->task.wrist[side][3 + i];
    return pose;
}

bool rig_fell(const Rig *rig) {
    const double *rot = rig->d->xmat + 9 * rig->base;
    return rig->verdict != HC_OK || rot[8] < 0.7 || rig->d->xpos[3 * rig->base + 2] < 0.6;
}

void rig_soles(const Rig *rig, double soles[NSIDE][3]) {
    for (int side = 0; side < NSIDE; side++)
        memcpy(soles[side], rig->d->site_xpos + 3 * rig->sole[side], sizeof soles[side]);
}

double rig_foot_travel(const Rig *rig, const double from[NSIDE][3]) {
    double most = 0;
    for (int side = 0; side < NSIDE; side++) {
        double d[3];
        vec3_sub(rig->d->site_xpos + 3 * rig->sole[side], from[side], d);
        most = fmax(most, sqrt(d[0] * d[0] + d[1] * d[1]));
    }
    return most;
}
