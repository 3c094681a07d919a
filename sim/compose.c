/* Composition: robot + floor + lights + the task's scene, as one specification.
 *
 *     robot.xml ──parse──> spec <── attach ── scene.xml (names kept; objects that the level does not ask for removed)
 *                           │
 *                           ├─ floor, sky, lights        what every world has
 *                           ├─ pinned: no free joint     pelvis where it stands
 *                           └─ options                   set here on purpose, whatever the files say
 *                                   └── compile ──> mjModel to look at, MJCF text, hash
 *                                            └─ without what is only seen ──> mjModel of the physics */
#include "sim/internal.h"

#include "base/hash.h"
#include "sim/engine.h"
#include "sim/guard.h"

#include <stdio.h>
#include <string.h>

typedef struct Composition {
    const SimModelDef *def;
    const TaskLevel *level;
    SimModel *model;
    mjSpec *spec, *scene;
    Status status;
    Err *err;
} Composition;

const char *sim_scene_file(const Task *task, Arena *arena) {
    return task->mjcf[0] == '/' ? arena_strdup(arena, task->mjcf)
                                : arena_printf(arena, "%s/%s", task->dir, task->mjcf);
}

static void add_sky(mjSpec *spec) {
    mjsTexture *sky = mjs_addTexture(spec, NULL);
    mjs_setName(sky->element, "sky");
    sky->type = mjTEXTURE_SKYBOX;
    sky->builtin = mjBUILTIN_GRADIENT;
    sky->width = 64;
    sky->height = 384;
    const double high[3] = {0.36, 0.46, 0.58}, low[3] = {0.86, 0.88, 0.90};
    memcpy(sky->rgb1, high, sizeof high);
    memcpy(sky->rgb2, low, sizeof low);
}

/* The floor meets soles with the soles' own contact parameters. */
static void add_floor(mjSpec *spec, mjsBody *world) {
    mjsTexture *grid = mjs_addTexture(spec, NULL);
    mjs_setName(grid->element, "floor_grid");
    grid->type = mjTEXTURE_2D;
    grid->builtin = mjBUILTIN_CHECKER;
    grid->mark = mjMARK_EDGE;
    grid->width = grid->height = 128;
    const double light[3] = {0.62, 0.63, 0.64}, dark[3] = {0.57, 0.58, 0.60}, line[3] = {0.48, 0.49, 0.51};
    memcpy(grid->rgb1, light, sizeof light);
    memcpy(grid->rgb2, dark, sizeof dark);
    memcpy(grid->markrgb, line, sizeof line);

    mjsMaterial *material = mjs_addMaterial(spec, NULL);
    mjs_setName(material->element, "floor");
    mjs_setInStringVec(material->textures, mjTEXROLE_RGB, "floor_grid");
    material->texuniform = true;
    material->texrepeat[0] = material->texrepeat[1] = 1;
    material->specular = 0.1f;
    material->shininess = 0.1f;

    mjsGeom *floor = mjs_addGeom(world, NULL);
    mjs_setName(floor->element, "floor");
    floor->type = mjGEOM_PLANE;
    const double size[3] = {6, 6, 0.05}, friction[3] = {0.9, 0.005, 0.0001};
    memcpy(floor->size, size, sizeof size);
    memcpy(floor->friction, friction, sizeof friction);
    floor->solref[0] = 0.008;
    floor->solimp[0] = 0.95;
    floor->solimp[1] = 0.99;
    floor->castshadow = false;
    mjs_setString(floor->material, "floor");
}

static void add_light(mjsBody *world, const char *name, const double pos[3], const double dir[3],
                      float diffuse, bool shadow) {
    mjsLight *light = mjs_addLight(world, NULL);
    mjs_setName(light->element, name);
    light->type = mjLIGHT_DIRECTIONAL;
    memcpy(light->pos, pos, sizeof light->pos);
    memcpy(light->dir, dir, sizeof light->dir);
    for (int i = 0; i < 3; i++) {
        light->diffuse[i] = diffuse;
        light->specular[i] = 0.3f * diffuse;
        light->ambient[i] = 0;
    }
    light->castshadow = shadow;
}

static void add_lights(mjSpec *spec, mjsBody *world) {
    add_light(world, "key_light", (double[3]){1.6, 1.1, 3.4}, (double[3]){-0.4, -0.35, -1.0}, 0.55f, true);
    add_light(world, "fill_light", (double[3]){1.0, -2.0, 2.5}, (double[3]){-0.3, 0.7, -0.8}, 0.25f, false);
    for (int i = 0; i < 3; i++) {
        spec->visual.headlight.ambient[i] = 0.38f;
        spec->visual.headlight.diffuse[i] = 0.22f;
        spec->visual.headlight.specular[i] = 0.05f;
    }
    spec->visual.quality.shadowsize = 4096;
    spec->visual.global.offwidth = 1920;
    spec->visual.global.offheight = 1080;
    spec->visual.map.znear = 0.02f;
    spec->visual.map.zfar = 12;
    spec->visual.map.shadowclip = 0.6f;
}

static void set_options(const SimModelDef *def, mjSpec *spec) {
    mjOption *option = &spec->option;
    if (def->timestep > 0)
        option->timestep = def->timestep;
    option->disableflags |= mjDSBL_AUTORESET; /* a world that breaks must say so */
    option->enableflags &= ~mjENBL_SLEEP;     /* sleeping makes restored states inexact */
    option->integrator = mjINT_IMPLICITFAST;
    option->solver = mjSOL_NEWTON;
    option->jacobian = mjJAC_DENSE;
    option->noslip_iterations = 0;
    if (def->raw_contacts)
        option->iterations = 100;
}

static bool is_distractor_out(const Task *task, const TaskLevel *level, int object) {
    if (!task->object[object].distractor)
        return false;
    int before = 0;
    for (int i = 0; i < object; i++)
        before += task->object[i].distractor;
    return before >= level->distractors;
}

static Status attach_scene(Composition *c) {
    const Task *task = c->def->task;
    char error[600] = "";
    c->scene = mj_parseXML(c->model->scene_file, NULL, error, sizeof error);
    if (!c->scene)
        return err_set(c->err, STATUS_FORMAT, "%s: %s", c->model->scene_file, error);
    for (int i = 0; i < task->nobject; i++) {
        mjsBody *body = mjs_findBody(c->scene, task->object[i].name);
        if (!body)
            return err_set(c->err, STATUS_UNKNOWN_NAME, "%s: object '%s' is not a body of %s", task->path,
                           task->object[i].name, c->model->scene_file);
        if (is_distractor_out(task, c->level, i) && mjs_delete(c->scene, body->element) != 0)
            return err_set(c->err, STATUS_ENGINE, "%s: %s", c->model->scene_file, mjs_getError(c->scene));
    }
    mjsFrame *frame = mjs_addFrame(mjs_findBody(c->spec, "world"), NULL);
    if (!mjs_attach(frame->element, c->scene->element, "", ""))
        return err_set(c->err, STATUS_FORMAT, "%s cannot be put into one world with %s: %s",
                       c->model->scene_file, c->def->robot->mjcf, mjs_getError(c->spec));
    return STATUS_OK;
}

/* Without its free joint the robot hangs by its pelvis, where it would stand. */
static Status pin(Composition *c) {
    const CtlRobot *robot = c->def->robot;
    mjsBody *base = mjs_findBody(c->spec, robot->base_body);
    mjsElement *joint = mjs_firstChild(base, mjOBJ_JOINT, 0);
    if (!joint || mjs_asJoint(joint)->type != mjJNT_FREE)
        return err_set(c->err, STATUS_MISMATCH, "%s: body '%s' has no free joint", robot->mjcf,
                       robot->base_body);
    if (mjs_delete(c->spec, joint) != 0)
        return err_set(c->err, STATUS_ENGINE, "%s: %s", robot->mjcf, mjs_getError(c->spec));
    const Pose foot = c->def->task ? c->def->task->robot : POSE_IDENTITY;
    const Pose pelvis = pose_mul(foot, c->model->pelvis_in_base);
    memcpy(base->pos, pelvis.pos, sizeof base->pos);
    memcpy(base->quat, pelvis.quat, sizeof base->quat);
    base->alt.type = mjORIENTATION_QUAT;
    /* The feet hang at floor height and need no contact there. */
    for (int s = 0; s < NSIDE; s++) {
        mjsElement *sole = mjs_findElement(c->spec, mjOBJ_SITE, robot->foot[s].sole);
        mjsExclude *exclude = mjs_addExclude(c->spec);
        mjs_setString(exclude->bodyname1, "world");
        mjs_setString(exclude->bodyname2, mjs_getString(mjs_getName(mjs_getParent(sole)->element)));
    }
    return STATUS_OK;
}

/* ---- the bench's reference: every geom collides with every other ------------------------------------------------ */

typedef struct Posed {
    mjModel *m;
    mjData *d;
    int robot; /* root body of the robot */
} Posed;

/* Where along its range every joint of the hands is, 0 to 1; the rest stands in its posture. */
static void pose_hands(const CtlRobot *robot, Posed *p, double closure) {
    mju_copy(p->d->qpos, p->m->qpos0, (int)p->m->nq);
    for (int j = 0; j < (int)p->m->njnt; j++)
        if (p->m->jnt_limited[j] && p->m->body_rootid[p->m->jnt_bodyid[j]] == p->robot)
            p->d->qpos[p->m->jnt_qposadr[j]] =
                (1 - closure) * p->m->jnt_range[2 * j] + closure * p->m->jnt_range[2 * j + 1];
    for (int i = 0; i < robot->nposture; i++) {
        const int joint = mj_name2id(p->m, mjOBJ_JOINT, robot->posture[i].joint);
        if (joint >= 0)
            p->d->qpos[p->m->jnt_qposadr[joint]] = robot->posture[i].value;
    }
    mj_kinematics(p->m, p->d);
    mj_collision(p->m, p->d);
}

/* Parts of the robot that overlap where it just stands are shaped so, and may. */
static void exclude_overlaps(mjSpec *spec, const Posed *p) {
    for (int i = 0; i < p->d->ncon; i++) {
        const int a = p->m->geom_bodyid[p->d->contact[i].geom[0]],
                  b = p->m->geom_bodyid[p->d->contact[i].geom[1]];
        if (p->m->body_rootid[a] != p->robot || p->m->body_rootid[b] != p->robot)
            continue;
        mjsExclude *exclude = mjs_addExclude(spec);
        mjs_setString(exclude->bodyname1, mj_id2name(p->m, mjOBJ_BODY, a));
        mjs_setString(exclude->bodyname2, mj_id2name(p->m, mjOBJ_BODY, b));
    }
}

static Status make_raw(Composition *c) {
    for (mjsElement *e = mjs_firstElement(c->spec, mjOBJ_GEOM); e; e = mjs_nextElement(c->spec, e)) {
        mjsGeom *geom = mjs_asGeom(e);
        geom->contype = geom->conaffinity = 1;
    }
    for (int k = 0; k <= 4; k++) { /* open to closed */
        Posed p = {.m = mj_compile(c->spec, NULL)};
        p.d = p.m ? mj_makeData(p.m) : NULL;
        if (!p.d) {
            mj_deleteModel(p.m);
            return err_set(c->err, STATUS_ENGINE, "the raw model does not compile: %s",
                           mjs_getError(c->spec));
        }
        p.robot = p.m->body_rootid[mj_name2id(p.m, mjOBJ_BODY, c->def->robot->base_body)];
        pose_hands(c->def->robot, &p, 0.25 * k);
        exclude_overlaps(c->spec, &p);
        mj_deleteData(p.d);
        mj_deleteModel(p.m);
    }
    return STATUS_OK;
}

static Status save_text(Composition *c) {
    char error[600] = "", probe[1];
    const int needed = mj_saveXMLString(c->spec, probe, 1, error, sizeof error);
    if (needed <= 0)
        return err_set(c->err, STATUS_ENGINE, "the composed model cannot be written as MJCF: %s", error);
    c->model->xml = arena_alloc(c->model->arena, (size_t)needed + 1);
    if (!c->model->xml)
        return err_set(c->err, STATUS_MEMORY, "no memory for the model's text");
    if (mj_saveXMLString(c->spec, c->model->xml, needed + 1, error, sizeof error) != 0)
        return err_set(c->err, STATUS_ENGINE, "the composed model cannot be written as MJCF: %s", error);
    sha256_hex(c->model->xml, strlen(c->model->xml), c->model->hash);
    return STATUS_OK;
}

/* Where the pelvis is when the robot stands in its posture: from the robot alone, compiled as it is. */
static Status measure_posture(Composition *c) {
    mjModel *m = mj_compile(c->spec, NULL);
    if (!m)
        return err_set(c->err, STATUS_FORMAT, "%s: %s", c->def->robot->mjcf, mjs_getError(c->spec));
    c->model->m = m;
    const Status status = sim_bind_posture(c->model, c->err);
    c->model->m = NULL;
    mj_deleteModel(m);
    return status;
}

static Status uncompiled(const Composition *c) {
    return err_set(c->err, STATUS_FORMAT, "%s with %s: %s", c->def->robot->mjcf,
                   c->model->scene_file ? c->model->scene_file : "no scene", mjs_getError(c->spec));
}

static Status compose(Composition *c) {
    const CtlRobot *robot = c->def->robot;
    char error[600] = "";
    c->spec = mj_parseXML(robot->mjcf, NULL, error, sizeof error);
    if (!c->spec)
        return err_set(c->err, STATUS_FORMAT, "%s: %s", robot->mjcf, error);
    TRY(measure_posture(c));
    mjsBody *world = mjs_findBody(c->spec, "world");
    add_sky(c->spec);
    add_floor(c->spec, world);
    add_lights(c->spec, world);
    if (c->def->task)
        TRY(attach_scene(c));
    if (c->def->base == SIM_BASE_PINNED)
        TRY(pin(c));
    set_options(c->def, c->spec);
    if (c->def->raw_contacts)
        TRY(make_raw(c));
    c->model->visual = mj_compile(c->spec, NULL);
    if (!c->model->visual)
        return uncompiled(c);
    TRY(save_text(c));
    if (!c->def->raw_contacts)
        mjs_discardVisual(c->spec, NULL); /* a tenth of the time of a step */
    c->model->m = mj_compile(c->spec, NULL);
    if (!c->model->m)
        return uncompiled(c);
    ASSERT(mj_stateSize(c->model->m, mjSTATE_INTEGRATION) ==
           mj_stateSize(c->model->visual, mjSTATE_INTEGRATION));
    return STATUS_OK;
}

static void run(void *argument) {
    Composition *c = argument;
    c->status = compose(c);
}

Status sim_compose(const SimModelDef *def, const TaskLevel *level, SimModel *model, Err *err) {
    if (def->task && !(model->scene_file = sim_scene_file(def->task, model->arena)))
        return err_set(err, STATUS_MEMORY, "no memory for the scene's path");
    if (!def->trusted)
        TRY(sim_guard_file(def->robot->mjcf, NULL, err));
    if (!def->trusted && def->task)
        TRY(sim_guard_file(model->scene_file, NULL, err));
    Composition c = {.def = def, .level = level, .model = model, .err = err};
    const Status engine = sim_engine_try(run, &c, err);
    mj_deleteSpec(c.scene);
    mj_deleteSpec(c.spec);
    return engine != STATUS_OK ? engine : c.status;
}
