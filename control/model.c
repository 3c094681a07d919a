#include "control/model.h"

#include <math.h>
#include <string.h>

/* ---- binding: names to numbers, once and loudly --------------------------------------------------- */

typedef struct {
    const CtlRobot *robot;
    CtlModel *model;
    mjModel *full;
    mjData *data; /* full at zero joint angles */
    CtlKin zero;
    int joint[CTL_MAX_JOINTS], body_joint[CTL_MAX_JOINTS]; /* each motor's joint and its body, in full */
    Err *err;
} Binder;

static Status missing(const Binder *b, const char *kind, const char *name) {
    return err_set(b->err, STATUS_NOT_FOUND, "%s: no %s '%s', which %s names", b->robot->mjcf, kind,
                   name ? name : "", b->robot->path);
}

static Status find(const Binder *b, mjtObj type, const char *kind, const char *name, int *id) {
    *id = name ? mj_name2id(b->full, (int)type, name) : -1;
    return *id < 0 ? missing(b, kind, name) : STATUS_OK;
}

static int in_group(const CtlMotor *motor, const char *group) {
    return strcmp(motor->group, group) == 0;
}

/* The motor joint that carries a body: its own last one, or that of the nearest ancestor; −1: the base. */
static int carrier(const Binder *b, int body) {
    for (; body > 0; body = b->full->body_parentid[body])
        for (int j = b->model->njoint - 1; j >= 0; j--)
            if (b->body_joint[j] == body)
                return j;
    return -1;
}

/* A frame of the world (at zero angles) seen from a joint. */
static void relative(const Binder *b, int joint, const double rot[9], const double pos[3], CtlFrame *out) {
    const CtlFrame *parent = joint < 0 ? &b->zero.base : &b->zero.joint[joint];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            out->rot[3 * i + j] =
                parent->rot[i] * rot[j] + parent->rot[3 + i] * rot[3 + j] + parent->rot[6 + i] * rot[6 + j];
    double d[3];
    vec3_sub(pos, parent->pos, d);
    ctl_rotate_inverse(parent->rot, d, out->pos);
}

static void bind_end(const Binder *b, int site, CtlTreeEnd *end) {
    end->joint = carrier(b, b->full->site_bodyid[site]);
    relative(b, end->joint, b->data->site_xmat + 9 * site, b->data->site_xpos + 3 * site, &end->fixed);
}

static Status bind_site(const Binder *b, const char *name, CtlTreeEnd *end) {
    int site;
    TRY(find(b, mjOBJ_SITE, "site", name, &site));
    bind_end(b, site, end);
    return STATUS_OK;
}

static Status bind_base(Binder *b) {
    int base;
    TRY(find(b, mjOBJ_BODY, "body", b->robot->base_body, &base));
    const mjModel *m = b->full;
    if (m->body_jntnum[base] != 1 || m->jnt_type[m->body_jntadr[base]] != mjJNT_FREE)
        return err_set(b->err, STATUS_MISMATCH, "%s: base body '%s' has no free joint", b->robot->mjcf,
                       b->robot->base_body);
    int imu;
    TRY(find(b, mjOBJ_SENSOR, "sensor", b->robot->imu_quat, &imu));
    const int site = m->sensor_objid[imu];
    if (m->sensor_objtype[imu] != mjOBJ_SITE || m->site_bodyid[site] != base)
        return err_set(b->err, STATUS_MISMATCH, "%s: sensor '%s' must be mounted on a site of body '%s'",
                       b->robot->mjcf, b->robot->imu_quat, b->robot->base_body);
    mju_quat2Mat(b->model->imu_rot, m->site_quat + 4 * site);
    return STATUS_OK;
}

static Status find_joints(Binder *b) {
    if (b->robot->nbody_motor > CTL_MAX_JOINTS)
        return err_set(b->err, STATUS_LIMIT, "%s: more than %d body motors", b->robot->path, CTL_MAX_JOINTS);
    for (int i = 0; i < b->robot->nbody_motor; i++) {
        const char *name = b->robot->motor[i].name;
        TRY(find(b, mjOBJ_JOINT, "joint", name, &b->joint[i]));
        if (b->full->jnt_type[b->joint[i]] != mjJNT_HINGE)
            return err_set(b->err, STATUS_MISMATCH, "%s: joint '%s' is not a hinge", b->robot->mjcf, name);
        b->body_joint[i] = b->full->jnt_bodyid[b->joint[i]];
    }
    return STATUS_OK;
}

/* Children must come later on the wire than what carries them. */
static Status check_order(const Binder *b, int i) {
    for (int up = b->full->body_parentid[b->body_joint[i]]; up > 0; up = b->full->body_parentid[up])
        for (int j = i + 1; j < b->robot->nbody_motor; j++)
            if (b->body_joint[j] == up)
                return err_set(b->err, STATUS_MISMATCH, "%s: motor '%s' stands before '%s', which carries it",
                               b->robot->path, b->robot->motor[i].name, b->robot->motor[j].name);
    return STATUS_OK;
}

/* Joints with their limits, and the tree, from where everything stands at zero angles. */
static Status bind_joints(Binder *b) {
    const mjModel *m = b->full;
    CtlModel *model = b->model;
    const int base = mj_name2id(m, mjOBJ_BODY, b->robot->base_body);
    mju_copy(b->zero.base.rot, b->data->xmat + 9 * base, 9);
    mju_copy3(b->zero.base.pos, b->data->xpos + 3 * base);
    TRY(find_joints(b));
    for (int i = 0; i < b->robot->nbody_motor; i++) {
        TRY(check_order(b, i));
        const CtlMotor *motor = &b->robot->motor[i];
        const int joint = b->joint[i], body = b->body_joint[i];
        const int first = m->body_jntadr[body] == joint;
        const int parent = first ? carrier(b, m->body_parentid[body]) : carrier(b, body);
        model->tree.joint[i].parent = parent;
        relative(b, parent, b->data->xmat + 9 * body, b->data->xanchor + 3 * joint,
                 &model->tree.joint[i].fixed);
        ctl_rotate_inverse(b->data->xmat + 9 * body, b->data->xaxis + 3 * joint, model->tree.joint[i].axis);
        ctl_tree_link(&model->tree, i);
        model->njoint = model->tree.njoint = i + 1;
        const double still[CTL_MAX_JOINTS] = {0};
        ctl_kin_update(&model->tree, still, i, i + 1, &b->zero);

        const int limited = m->jnt_limited[joint];
        model->lo[i] = limited ? fmax(motor->range[0], m->jnt_range[2 * joint]) : motor->range[0];
        model->hi[i] = limited ? fmin(motor->range[1], m->jnt_range[2 * joint + 1]) : motor->range[1];
        model->damping[i] = m->dof_damping[m->jnt_dofadr[joint]];
    }
    return STATUS_OK;
}

static Status push_joint(const Binder *b, int *list, int *n, int max, int joint) {
    if (*n == max)
        return err_set(b->err, STATUS_LIMIT, "%s: more than %d motors in group '%s'", b->robot->path, max,
                       b->robot->motor[joint].group);
    list[(*n)++] = joint;
    return STATUS_OK;
}

static Status bind_limbs(const Binder *b) {
    CtlModel *m = b->model;
    for (int i = 0; i < m->njoint; i++) {
        const CtlMotor *motor = &b->robot->motor[i];
        if (in_group(motor, "waist"))
            TRY(push_joint(b, m->waist, &m->nwaist, MAX_WAIST, i));
        for (int side = 0; side < NSIDE; side++) {
            if (in_group(motor, side ? "right_leg" : "left_leg"))
                TRY(push_joint(b, m->leg[side], &m->nleg[side], CTL_MAX_LEG, i));
            if (in_group(motor, side ? "right_arm" : "left_arm"))
                TRY(push_joint(b, m->arm[side], &m->narm[side], CTL_MAX_ARM, i));
        }
    }
    for (int i = 0; i < b->robot->nposture; i++) {
        const int motor = ctl_robot_motor(b->robot, b->robot->posture[i].joint);
        if (motor < 0 || motor >= m->njoint)
            return err_set(b->err, STATUS_UNKNOWN_NAME, "%s: posture names '%s', which is no body motor",
                           b->robot->path, b->robot->posture[i].joint);
        m->posture[motor] = b->robot->posture[i].value;
    }
    return STATUS_OK;
}

/* A force sensor's site and what hangs on the far side of it. */
static Status bind_mount(const Binder *b, const char *sensor, CtlSensorMount *mount) {
    int id;
    TRY(find(b, mjOBJ_SENSOR, "sensor", sensor, &id));
    const mjModel *m = b->full;
    if (m->sensor_objtype[id] != mjOBJ_SITE || m->sensor_dim[id] != 3)
        return err_set(b->err, STATUS_MISMATCH, "%s: sensor '%s' does not give three numbers at a site",
                       b->robot->mjcf, sensor);
    const int site = m->sensor_objid[id], body = m->site_bodyid[site];
    bind_end(b, site, &mount->site);
    mount->mass = m->body_subtreemass[body];
    double d[3];
    vec3_sub(b->data->subtree_com + 3 * body, b->data->site_xpos + 3 * site, d);
    ctl_rotate_inverse(b->data->site_xmat + 9 * site, d, mount->com);
    return STATUS_OK;
}

static Status bind_ends(const Binder *b) {
    CtlModel *m = b->model;
    int id;
    TRY(find(b, mjOBJ_SITE, "site", b->robot->push_site, &id));
    TRY(find(b, mjOBJ_SENSOR, "sensor", b->robot->imu_gyro, &id));
    TRY(find(b, mjOBJ_SENSOR, "sensor", b->robot->imu_acc, &id));
    for (int side = 0; side < NSIDE; side++) {
        const CtlFoot *foot = &b->robot->foot[side];
        const CtlHand *hand = &b->robot->hand[side];
        TRY(bind_site(b, foot->sole, &m->tree.sole[side]));
        TRY(bind_site(b, hand->wrist, &m->tree.wrist[side]));
        TRY(bind_site(b, hand->grasp, &m->tree.grasp[side]));
        TRY(bind_mount(b, foot->force, &m->foot[side]));
        TRY(bind_mount(b, hand->force, &m->hand[side]));
        TRY(find(b, mjOBJ_SENSOR, "sensor", foot->torque, &id));
        TRY(find(b, mjOBJ_SENSOR, "sensor", hand->torque, &id));
        for (int i = 0; i < hand->ntouch; i++)
            TRY(find(b, mjOBJ_SENSOR, "sensor", hand->touch[i], &id));
    }
    for (int i = 0; i < b->robot->nmotor; i++)
        TRY(find(b, mjOBJ_ACTUATOR, "actuator", b->robot->motor[i].name, &id));
    for (int i = 0; i < b->robot->ncamera; i++)
        TRY(find(b, mjOBJ_CAMERA, "camera", b->robot->camera[i], &id));
    return STATUS_OK;
}

/* ---- capsules ------------------------------------------------------------------------------------- */

static int on_side(const CtlModel *m, int joint) {
    for (int side = 0; side < NSIDE; side++)
        for (int i = 0; i < m->narm[side]; i++)
            if (m->arm[side][i] == joint)
                return side;
    return -1;
}

static void finish_capsule(CtlCapsule *c) {
    double half[3];
    for (int i = 0; i < 3; i++) {
        c->centre[i] = 0.5 * (c->a[i] + c->b[i]);
        half[i] = 0.5 * (c->b[i] - c->a[i]);
    }
    c->reach = vec3_norm(half) + c->radius;
}

/* Half length and radius of the capsule along the longest axis (index returned) of a geom; −1: a shape that
 * takes no part. A box is covered but for its edges. */
static int capsule_shape(const mjModel *m, int geom, double *half, double *radius) {
    const double *size = m->geom_size + 3 * geom;
    switch (m->geom_type[geom]) {
    case mjGEOM_SPHERE:
        *half = 0;
        *radius = size[0];
        return 2;
    case mjGEOM_CAPSULE:
    case mjGEOM_CYLINDER:
        *half = size[1];
        *radius = size[0];
        return 2;
    case mjGEOM_BOX:
    case mjGEOM_ELLIPSOID: {
        const int longest = size[0] >= size[1] && size[0] >= size[2] ? 0 : size[1] >= size[2] ? 1 : 2;
        *radius = fmax(size[(longest + 1) % 3], size[(longest + 2) % 3]);
        *half = size[longest] - *radius;
        return longest;
    }
    default:
        return -1;
    }
}

static Status add_capsule(const Binder *b, int geom, CtlCapsule *out, int *used) {
    const mjModel *m = b->full;
    double half, radius;
    const int axis = capsule_shape(m, geom, &half, &radius);
    *used = axis >= 0;
    if (!*used)
        return STATUS_OK;
    *out = (CtlCapsule){.joint = carrier(b, m->geom_bodyid[geom]),
                        .radius = radius,
                        .contype = m->geom_contype[geom],
                        .conaffinity = m->geom_conaffinity[geom]};
    out->side = on_side(b->model, out->joint);
    CtlFrame frame;
    relative(b, out->joint, b->data->geom_xmat + 9 * geom, b->data->geom_xpos + 3 * geom, &frame);
    for (int i = 0; i < 3; i++) {
        out->a[i] = frame.pos[i] - half * frame.rot[3 * i + axis];
        out->b[i] = frame.pos[i] + half * frame.rot[3 * i + axis];
    }
    finish_capsule(out);
    return STATUS_OK;
}

/* All fingers of a hand as one capsule along their longest extent, as thick as the palm. */
typedef struct {
    int n, contype, conaffinity;
    double sum[3], lo[3], hi[3];
} FingerBox;

static void grow(FingerBox *box, const CtlCapsule *c) {
    for (int i = 0; i < 3; i++) {
        const double lo = fmin(c->a[i], c->b[i]) - c->radius, hi = fmax(c->a[i], c->b[i]) + c->radius;
        box->lo[i] = box->n ? fmin(box->lo[i], lo) : lo;
        box->hi[i] = box->n ? fmax(box->hi[i], hi) : hi;
        box->sum[i] += c->centre[i];
    }
    box->contype = c->contype;
    box->conaffinity = c->conaffinity;
    box->n++;
}

static void finger_capsule(const FingerBox *box, int joint, int side, double palm, CtlCapsule *out) {
    *out = (CtlCapsule){.joint = joint,
                        .side = side,
                        .radius = palm,
                        .contype = box->contype,
                        .conaffinity = box->conaffinity};
    int longest = 0;
    for (int i = 1; i < 3; i++)
        if (box->hi[i] - box->lo[i] > box->hi[longest] - box->lo[longest])
            longest = i;
    const double half = fmax(0, 0.5 * (box->hi[longest] - box->lo[longest]) - palm);
    for (int i = 0; i < 3; i++)
        out->a[i] = out->b[i] = box->sum[i] / box->n;
    const double middle = 0.5 * (box->hi[longest] + box->lo[longest]);
    out->a[longest] = middle - half;
    out->b[longest] = middle + half;
    finish_capsule(out);
}

static Status bind_capsules(const Binder *b) {
    const mjModel *m = b->full;
    CtlCapsules *set = &b->model->capsules;
    FingerBox fingers[NSIDE] = {{0}};
    double palm[NSIDE] = {0};
    int hand_joint[NSIDE], wrist_body[NSIDE];
    for (int side = 0; side < NSIDE; side++) {
        hand_joint[side] = b->model->tree.wrist[side].joint;
        wrist_body[side] = m->site_bodyid[mj_name2id(m, mjOBJ_SITE, b->robot->hand[side].wrist)];
    }
    for (int geom = 0; geom < m->ngeom; geom++) {
        if (m->geom_contype[geom] == 0 && m->geom_conaffinity[geom] == 0)
            continue;
        CtlCapsule capsule;
        int used;
        TRY(add_capsule(b, geom, &capsule, &used));
        if (!used || m->geom_bodyid[geom] == 0)
            continue;
        int finger = 0;
        for (int side = 0; side < NSIDE; side++) {
            if (capsule.joint != hand_joint[side])
                continue;
            if (m->geom_bodyid[geom] != wrist_body[side]) {
                grow(&fingers[side], &capsule);
                finger = 1;
            } else {
                palm[side] = fmax(palm[side], capsule.radius);
            }
        }
        if (finger)
            continue;
        if (set->ncapsule >= CTL_MAX_CAPSULES - NSIDE)
            return err_set(b->err, STATUS_LIMIT, "%s: more than %d geoms that collide", b->robot->mjcf,
                           CTL_MAX_CAPSULES - NSIDE);
        set->capsule[set->ncapsule++] = capsule;
    }
    for (int side = 0; side < NSIDE; side++)
        if (fingers[side].n && palm[side] > 0)
            finger_capsule(&fingers[side], hand_joint[side], side, palm[side],
                           &set->capsule[set->ncapsule++]);
    return STATUS_OK;
}

/* ---- the light model ------------------------------------------------------------------------------ */

static void delete_all(mjSpec *spec, mjtObj type) {
    mjsElement *element = mjs_firstElement(spec, type);
    while (element) {
        mjsElement *next = mjs_nextElement(spec, element);
        mjs_delete(spec, element);
        element = next;
    }
}

static int is_body_motor(const CtlRobot *robot, const char *joint) {
    const int motor = ctl_robot_motor(robot, joint);
    return motor >= 0 && motor < robot->nbody_motor;
}

static void lighten(mjSpec *spec, const CtlRobot *robot) {
    mjs_discardVisual(spec, NULL); /* first: every deletion below copies the specification, meshes and all */
    const mjtObj gone[] = {mjOBJ_SENSOR, mjOBJ_ACTUATOR, mjOBJ_EQUALITY, mjOBJ_TENDON,
                           mjOBJ_CAMERA, mjOBJ_LIGHT,    mjOBJ_KEY,      mjOBJ_EXCLUDE};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        delete_all(spec, gone[i]);
    for (mjsElement *e = mjs_firstElement(spec, mjOBJ_JOINT), *next; e; e = next) {
        next = mjs_nextElement(spec, e);
        if (mjs_asJoint(e)->type != mjJNT_FREE && !is_body_motor(robot, mjs_getString(mjs_getName(e))))
            mjs_delete(spec, e);
    }
    for (mjsElement *e = mjs_firstElement(spec, mjOBJ_GEOM), *next; e; e = next) {
        next = mjs_nextElement(spec, e);
        if (mjs_getParent(e)->explicitinertial)
            mjs_delete(spec, e);
    }
    spec->compiler.fusestatic = 1;
}

static Status compile_light(const Binder *b, mjSpec *spec) {
    lighten(spec, b->robot);
    CtlModel *model = b->model;
    model->m = mj_compile(spec, NULL);
    if (!model->m)
        return err_set(b->err, STATUS_FORMAT, "%s: %s", b->robot->mjcf, mjs_getError(spec));
    mjModel *m = model->m;
    model->base = mj_name2id(m, mjOBJ_BODY, b->robot->base_body);
    for (int i = 0; i < model->njoint; i++) {
        const int joint = mj_name2id(m, mjOBJ_JOINT, b->robot->motor[i].name);
        model->dof[i] = m->jnt_dofadr[joint];
        model->qpos[i] = m->jnt_qposadr[joint];
    }
    model->mass = m->body_subtreemass[model->base];
    const int root = m->body_jntadr[model->base];
    if (m->nv != 6 + model->njoint || m->jnt_qposadr[root] != 0)
        return err_set(b->err, STATUS_MISMATCH, "%s: the robot must be the only thing in its file",
                       b->robot->mjcf);
    const double full = b->full->body_subtreemass[mj_name2id(b->full, mjOBJ_BODY, b->robot->base_body)];
    if (fabs(model->mass - full) > 1e-6 * full)
        return err_set(b->err, STATUS_MISMATCH, "%s: a body's mass is partly explicit, partly from geoms",
                       b->robot->mjcf);
    return STATUS_OK;
}

/* ---- public --------------------------------------------------------------------------------------- */

static Status bind(Binder *b) {
    b->data = mj_makeData(b->full);
    if (!b->data)
        return err_set(b->err, STATUS_MEMORY, "%s: out of memory", b->robot->mjcf);
    for (int j = 0; j < b->full->njnt; j++)
        if (b->full->jnt_type[j] == mjJNT_HINGE || b->full->jnt_type[j] == mjJNT_SLIDE)
            b->data->qpos[b->full->jnt_qposadr[j]] = 0;
    mj_kinematics(b->full, b->data);
    mj_comPos(b->full, b->data);
    TRY(bind_base(b));
    TRY(bind_joints(b));
    TRY(bind_limbs(b));
    TRY(bind_ends(b));
    TRY(bind_capsules(b));

    CtlKin stand;
    ctl_model_stand(b->model, b->model->posture, &stand.base);
    ctl_kin_update(&b->model->tree, b->model->posture, 0, b->model->njoint, &stand);
    return ctl_capsules_pair(&b->model->capsules, &b->model->tree, &stand, CTL_SELF_MARGIN, b->err);
}

Status ctl_model_load(const CtlRobot *robot, CtlModel *model, mjModel **full, Err *err) {
    char message[512] = "";
    mjSpec *spec = mj_parseXML(robot->mjcf, NULL, message, sizeof message);
    if (!spec)
        return err_set(err, STATUS_FORMAT, "%s: %s", robot->mjcf, message);
    Binder b = {.robot = robot, .model = model, .err = err};
    Status status = STATUS_OK;
    b.full = mj_compile(spec, NULL);
    if (!b.full)
        status = err_set(err, STATUS_FORMAT, "%s: %s", robot->mjcf, mjs_getError(spec));
    if (status == STATUS_OK)
        status = bind(&b);
    if (status == STATUS_OK)
        status = compile_light(&b, spec);
    mj_deleteData(b.data);
    mj_deleteSpec(spec);
    if (full && status == STATUS_OK)
        *full = b.full;
    else
        mj_deleteModel(b.full);
    return status;
}

void ctl_model_clear(CtlModel *model) {
    mj_deleteModel(model->m);
    model->m = NULL;
}

void ctl_model_stand(const CtlModel *model, const double *q, CtlFrame *base) {
    CtlKin kin;
    mju_eye(kin.base.rot, 3);
    mju_zero3(kin.base.pos);
    ctl_kin_update(&model->tree, q, 0, model->njoint, &kin);
    CtlFrame sole[NSIDE];
    for (int side = 0; side < NSIDE; side++)
        ctl_kin_end(&kin, &model->tree.sole[side], &sole[side]);
    mju_eye(base->rot, 3);
    for (int i = 0; i < 3; i++)
        base->pos[i] = -0.5 * (sole[0].pos[i] + sole[1].pos[i]);
}
