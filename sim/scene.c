/* The scene: the task's objects in a model, where they are now, and the view that predicates are judged on. */
#include "sim/internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double CLEARANCE_CAP = 0.05; /* m, no need to know more */
static const double REST_WINDOW = 0.1;    /* s, over which speeds are averaged */

static double length2(double x, double y) {
    return sqrt(x * x + y * y);
}

/* ---- binding ---------------------------------------------------------------------------------------------------- */

int sim_body_object(const mjModel *m, const SimSceneBind *bind, int body) {
    for (; body > 0; body = m->body_parentid[body])
        for (int i = 0; i < bind->nobject; i++)
            if (bind->object[i].body == body)
                return i;
    return -1;
}

/* Grow lo, hi (frame of pose) by the geom's bounding box as it lies in d. */
static void include_geom(const mjModel *m, const mjData *d, int g, Pose frame, double lo[3], double hi[3]) {
    Pose geom;
    memcpy(geom.pos, d->geom_xpos + 3 * g, sizeof geom.pos);
    memcpy(geom.quat, d->geom_xquat + 4 * g, sizeof geom.quat);
    const Pose relative = pose_rel(frame, geom);
    const mjtNum *box = m->geom_aabb + 6 * g;
    for (int corner = 0; corner < 8; corner++) {
        double p[3], q[3];
        for (int k = 0; k < 3; k++)
            p[k] = box[k] + ((corner >> k & 1) ? box[3 + k] : -box[3 + k]);
        pose_apply(relative, p, q);
        for (int k = 0; k < 3; k++) {
            lo[k] = q[k] < lo[k] ? q[k] : lo[k];
            hi[k] = q[k] > hi[k] ? q[k] : hi[k];
        }
    }
}

static void measure_box(const mjModel *m, const mjData *d, SimObject *object, Pose frame, double lo[3],
                        double hi[3]) {
    for (int k = 0; k < 3; k++) {
        lo[k] = INFINITY;
        hi[k] = -INFINITY;
    }
    for (int i = 0; i < object->ngeom; i++)
        if (!object->solid || m->geom_contype[object->geom[i]] || m->geom_conaffinity[object->geom[i]])
            include_geom(m, d, object->geom[i], frame, lo, hi);
    for (int k = 0; k < 3; k++)
        if (lo[k] > hi[k])
            lo[k] = hi[k] = 0;
}

static Status bind_object(const mjModel *m, const Task *task, const char *file, int index, SimSceneBind *bind,
                          Err *err) {
    const TaskObject *want = &task->object[index];
    SimObject *object = &bind->object[index];
    object->body = mj_name2id(m, mjOBJ_BODY, want->name);
    object->qpos = object->dof = object->inside = object->carrier = -1;
    if (object->body < 0) {
        if (want->distractor)
            return STATUS_OK;
        return sim_id(m, file, mjOBJ_BODY, "body", want->name, &object->body, err);
    }
    const int joint = m->body_jntadr[object->body];
    const bool free_body = joint >= 0 && m->jnt_type[joint] == mjJNT_FREE;
    if (want->movable != free_body)
        return err_set(err, STATUS_MISMATCH, "%s: object '%s' is %s, but body '%s' in %s has %s free joint",
                       task->path, want->name, want->movable ? "movable" : "not movable", want->name, file,
                       free_body ? "a" : "no");
    if (free_body) {
        object->qpos = m->jnt_qposadr[joint];
        object->dof = m->jnt_dofadr[joint];
    }
    char inside[128];
    snprintf(inside, sizeof inside, "%.100s_inside", want->name);
    object->inside = mj_name2id(m, mjOBJ_SITE, inside);
    if (object->inside >= 0 && m->site_type[object->inside] != mjGEOM_BOX)
        return err_set(err, STATUS_MISMATCH, "%s: site '%s' must be a box", file, inside);
    return STATUS_OK;
}

static Status bind_geoms(const mjModel *m, const Task *task, const char *file, SimSceneBind *bind, Err *err) {
    for (int i = 0; i < bind->nobject; i++)
        bind->object[i].resizable = true;
    for (int g = 0; g < (int)m->ngeom; g++) {
        const int body = m->geom_bodyid[g], i = sim_body_object(m, bind, body);
        if (i < 0)
            continue;
        SimObject *object = &bind->object[i];
        if (object->ngeom == SIM_MAX_OBJECT_GEOMS)
            return err_set(err, STATUS_LIMIT, "%s: object '%s' has more than %d geoms", file,
                           task->object[i].name, SIM_MAX_OBJECT_GEOMS);
        object->geom[object->ngeom++] = g;
        object->solid |= m->geom_contype[g] || m->geom_conaffinity[g];
        const int type = m->geom_type[g];
        if (body != object->body || type == mjGEOM_MESH || type == mjGEOM_HFIELD || type == mjGEOM_SDF)
            object->resizable = false;
    }
    return STATUS_OK;
}

Status sim_bind_scene(const mjModel *m, const Task *task, const char *file, SimSceneBind *bind, Err *err) {
    memset(bind, 0, sizeof *bind);
    bind->nobject = task->nobject;
    for (int i = 0; i < task->nobject; i++)
        TRY(bind_object(m, task, file, i, bind, err));
    bind->njoint = task->njoint;
    for (int i = 0; i < task->njoint; i++) {
        int joint;
        TRY(sim_id(m, file, mjOBJ_JOINT, "joint", task->joint[i].name, &joint, err));
        if (m->jnt_type[joint] != mjJNT_SLIDE && m->jnt_type[joint] != mjJNT_HINGE)
            return err_set(err, STATUS_MISMATCH, "%s: joint '%s' is neither hinge nor slide", file,
                           task->joint[i].name);
        bind->joint_qpos[i] = m->jnt_qposadr[joint];
        bind->joint_dof[i] = m->jnt_dofadr[joint];
    }
    TRY(bind_geoms(m, task, file, bind, err));

    mjData *d = mj_makeData(m);
    if (!d)
        return err_set(err, STATUS_MEMORY, "%s: no memory for the scene's data", file);
    mj_kinematics(m, d);
    for (int i = 0; i < bind->nobject; i++) {
        SimObject *object = &bind->object[i];
        if (object->body < 0)
            continue;
        object->home = sim_body_pose(d, object->body);
        object->carrier = sim_body_object(m, bind, m->body_parentid[object->body]);
        measure_box(m, d, object, object->home, object->lo, object->hi);
        Pose level = POSE_IDENTITY;
        memcpy(level.pos, object->home.pos, sizeof level.pos);
        double lo[3], hi[3];
        measure_box(m, d, object, level, lo, hi);
        object->bottom = lo[2];
    }
    mj_deleteData(d);
    return STATUS_OK;
}

/* ---- the view --------------------------------------------------------------------------------------------------- */

static void view_poses(const SimWorld *world, SimView *view) {
    const SimModel *model = world->model;
    const mjData *d = world->d;
    for (int i = 0; i < model->scene.nobject; i++) {
        const SimObject *object = &model->scene.object[i];
        view->object[i] = object->body < 0 ? POSE_IDENTITY : sim_body_pose(d, object->body);
        if (object->body >= 0 && object->inside >= 0)
            view->inside[i] = sim_site_pose(d, object->inside);
    }
    for (int i = 0; i < model->scene.njoint; i++)
        view->joint[i] = d->qpos[model->scene.joint_qpos[i]];
    for (int s = 0; s < NSIDE; s++)
        view->hand[s] = sim_site_pose(d, model->grasp[s]);
}

void sim_view_begin(SimWorld *world) {
    const SimModel *model = world->model;
    SimView *view = &world->carry.view;
    memset(view, 0, sizeof *view);
    view_poses(world, view);
    for (int i = 0; i < model->scene.nobject; i++) {
        const SimObject *object = &model->scene.object[i];
        view->start[i] = view->object[i];
        for (int k = 0; k < 3; k++) {
            view->lo[i][k] = world->draw.size[i] * object->lo[k];
            view->hi[i][k] = world->draw.size[i] * object->hi[k];
            if (object->inside >= 0)
                view->inside_half[i][k] = world->m->site_size[3 * object->inside + k];
        }
        for (int h = 0; h < SIM_MAX_HISTORY; h++)
            world->carry.history[h][i] = view->object[i];
    }
    for (int s = 0; s < NSIDE; s++) {
        const Pose sole = sim_site_pose(world->d, model->sole[s]);
        world->carry.sole_start[s][0] = sole.pos[0];
        world->carry.sole_start[s][1] = sole.pos[1];
    }
    world->carry.foot_slip = 0;
    for (int i = 0; i < SIM_MAX_TIMERS; i++)
        world->carry.timer[i] = -1;
}

/* Mean speed over the window from a ring of past poses. */
static void view_speeds(SimWorld *world, SimView *view) {
    const double dt = world->model->row_dt;
    int rows = (int)floor(REST_WINDOW / dt + 0.5);
    rows = rows < 1 ? 1 : rows > SIM_MAX_HISTORY ? SIM_MAX_HISTORY : rows;
    const uint32_t slot = world->carry.rows % (uint32_t)rows;
    for (int i = 0; i < world->model->scene.nobject; i++) {
        Pose *then = &world->carry.history[slot][i];
        view->speed[i] = pose_distance(*then, view->object[i]) / (rows * dt);
        view->spin[i] = pose_angle(*then, view->object[i]) / (rows * dt);
        *then = view->object[i];
    }
}

static double hand_clearance(const SimWorld *world, int side, const SimObject *object) {
    const SimModel *model = world->model;
    const mjModel *m = world->m;
    double least = CLEARANCE_CAP;
    for (int h = 0; h < model->nhand_geom[side]; h++) {
        const int a = model->hand_geom[side][h];
        for (int i = 0; i < object->ngeom; i++) {
            const int b = object->geom[i];
            if (!m->geom_contype[b] && !m->geom_conaffinity[b])
                continue;
            double between[3];
            vec3_sub(world->d->geom_xpos + 3 * a, world->d->geom_xpos + 3 * b, between);
            if (vec3_norm(between) - m->geom_rbound[a] - m->geom_rbound[b] >= least)
                continue;
            const double distance = mj_geomDistance(m, world->d, a, b, least, NULL);
            least = distance < least ? distance : least;
        }
    }
    return least;
}

static bool has_fallen(const SimWorld *world) {
    static const double TILT_COS = 0.6967; /* cos 0.8 rad */
    static const double LOW = 0.4;         /* of the standing height */
    const mjData *d = world->d;
    const int body = world->model->base_body;
    return d->xmat[9 * body + 8] < TILT_COS ||
           d->xpos[3 * body + 2] < LOW * world->model->robot->standing_height;
}

void sim_view_tick(SimWorld *world) {
    const SimModel *model = world->model;
    SimView *view = &world->carry.view;
    view_poses(world, view);
    view_speeds(world, view);
    for (int s = 0; s < NSIDE; s++)
        for (int i = 0; i < model->scene.nobject; i++) {
            const SimObject *object = &model->scene.object[i];
            view->clearance[s][i] = object->body < 0                     ? CLEARANCE_CAP
                                    : view->touch[SIM_THING_LEFT + s][i] ? 0
                                                                         : hand_clearance(world, s, object);
        }
    view->fell = has_fallen(world);
    for (int s = 0; s < NSIDE; s++) {
        const Pose sole = sim_site_pose(world->d, model->sole[s]);
        const double slip =
            length2(sole.pos[0] - world->carry.sole_start[s][0], sole.pos[1] - world->carry.sole_start[s][1]);
        world->carry.foot_slip = slip > world->carry.foot_slip ? slip : world->carry.foot_slip;
    }
}

/* ---- the value -------------------------------------------------------------------------------------------------- */

static Wrench hand_wrench(const SimWorld *world, int side) {
    const SimModel *model = world->model;
    const mjData *d = world->d;
    const int ft = model->wrist_ft[side];
    Wrench w;
    mju_mulMatVec3(w.force, d->site_xmat + 9 * ft, d->sensordata + model->wrist_force[side]);
    mju_mulMatVec3(w.torque, d->site_xmat + 9 * ft, d->sensordata + model->wrist_torque[side]);
    mju_scl3(w.force, w.force, -1); /* the sensor reads what the forearm exerts on the hand */
    mju_scl3(w.torque, w.torque, -1);
    double weight[3], lever[3], moment[3];
    mju_scl3(weight, world->m->opt.gravity, model->hand_mass[side]);
    vec3_sub(d->subtree_com + 3 * model->hand_body[side], d->site_xpos + 3 * ft, lever);
    vec3_cross(lever, weight, moment);
    for (int k = 0; k < 3; k++) {
        w.force[k] -= weight[k];
        w.torque[k] -= moment[k];
    }
    return w;
}

static Pose base_pose(const SimWorld *world) {
    const SimModel *model = world->model;
    if (model->base == SIM_BASE_PINNED)
        return pose_mul(sim_body_pose(world->d, model->base_body), pose_inv(model->pelvis_in_base));
    return sim_footprint(sim_site_pose(world->d, model->sole[0]), sim_site_pose(world->d, model->sole[1]));
}

void sim_world_truth(const SimWorld *world, Scene *scene) {
    const SimModel *model = world->model;
    const SimView *view = &world->carry.view;
    memset(scene, 0, sizeof *scene);
    scene->time = world->d->time;
    scene->base = base_pose(world);
    for (int s = 0; s < NSIDE; s++) {
        scene->hand[s] = view->hand[s];
        scene->hand_wrench[s] = hand_wrench(world, s);
        const CtlHand *hand = &model->robot->hand[s];
        for (int i = 0; i < hand->nmotor; i++) {
            const double *range = model->robot->motor[hand->motor[i]].range;
            const double length = world->d->actuator_length[model->motor[hand->motor[i]].out];
            scene->closure[s][i] = (length - range[0]) / (range[1] - range[0]);
        }
    }
    scene->nobject = model->scene.nobject;
    for (int i = 0; i < scene->nobject; i++) {
        scene->object[i] = view->object[i];
        scene->object_scale[i] = world->draw.size[i];
    }
    scene->njoint = model->scene.njoint;
    memcpy(scene->joint, view->joint, sizeof scene->joint);
}

void sim_world_scene(const SimWorld *world, Scene *scene) {
    sim_world_truth(world, scene);
    for (int i = 0; i < scene->nobject; i++)
        scene->object[i] = pose_mul(scene->object[i], world->draw.noise[i]);
}

double sim_world_hand_force(const SimWorld *world, int side) {
    ASSERT(side >= 0 && side < NSIDE);
    const Wrench wrench = hand_wrench(world, side);
    return vec3_norm(wrench.force);
}

double sim_world_foot_slip(const SimWorld *world) {
    return world->carry.foot_slip;
}

double sim_world_limit_margin(const SimWorld *world) {
    const SimModel *model = world->model;
    double margin = INFINITY;
    for (int i = 0; i < model->robot->nbody_motor; i++) {
        const CtlMotor *motor = &model->robot->motor[i];
        if (strcmp(motor->group, "left_leg") == 0 || strcmp(motor->group, "right_leg") == 0)
            continue;
        const double q = world->d->actuator_length[model->motor[i].out];
        const double low = q - motor->range[0], high = motor->range[1] - q;
        margin = low < margin ? low : margin;
        margin = high < margin ? high : margin;
    }
    return margin;
}

/* ---- balance ---------------------------------------------------------------------------------------------------- */

static int compare_points(const double *a, const double *b) {
    return a[0] != b[0] ? (a[0] < b[0] ? -1 : 1) : a[1] != b[1] ? (a[1] < b[1] ? -1 : 1) : 0;
}

static double turn(const double *o, const double *a, const double *b) {
    return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
}

/* Convex hull by monotone chain (Andrew 1979); point (n, 2) is sorted in place, hull gets it counter-clockwise. */
static int convex_hull(double point[][2], int n, double hull[][2]) {
    for (int i = 1; i < n; i++)
        for (int j = i; j > 0 && compare_points(point[j], point[j - 1]) < 0; j--)
            for (int k = 0; k < 2; k++) {
                const double swap = point[j][k];
                point[j][k] = point[j - 1][k];
                point[j - 1][k] = swap;
            }
    int size = 0;
    for (int pass = 0; pass < 2; pass++) {
        const int floor_size = size + 1;
        for (int i = 0; i < n; i++) {
            const double *p = point[pass ? n - 1 - i : i];
            while (size > floor_size && turn(hull[size - 2], hull[size - 1], p) <= 0)
                size--;
            if (size == 0 || compare_points(hull[size - 1], p) != 0)
                memcpy(hull[size++], p, sizeof hull[0]);
        }
        size--; /* each chain's last point begins the other */
    }
    return size;
}

double sim_world_balance_margin(const SimWorld *world) {
    static const double PINNED_MARGIN = 1;
    const SimModel *model = world->model;
    mjData *d = world->d;
    if (model->base == SIM_BASE_PINNED)
        return PINNED_MARGIN;
    double corner[SIM_MAX_FOOT_CORNERS][2], hull[2 * SIM_MAX_FOOT_CORNERS][2];
    int n = 0;
    for (int s = 0; s < NSIDE; s++) {
        const Pose sole = sim_site_pose(d, model->sole[s]);
        const double *support = model->robot->foot[s].support;
        for (int i = 0; i < 4; i++) {
            double p[3];
            pose_apply(sole, (double[3]){support[i & 1], support[2 + (i >> 1)], 0}, p);
            memcpy(corner[n++], p, sizeof corner[0]);
        }
    }
    const int nhull = convex_hull(corner, n, hull);
    mj_subtreeVel(world->m, d);
    const double *com = d->subtree_com + 3 * model->base_body,
                 *velocity = d->subtree_linvel + 3 * model->base_body;
    const double omega = sqrt(-world->m->opt.gravity[2] / (com[2] > 0.1 ? com[2] : 0.1));
    const double capture[2] = {com[0] + velocity[0] / omega, com[1] + velocity[1] / omega};
    double margin = INFINITY;
    for (int i = 0; i < nhull; i++) {
        const double *a = hull[i], *b = hull[(i + 1) % nhull];
        const double distance = turn(a, b, capture) / length2(b[0] - a[0], b[1] - a[1]);
        margin = distance < margin ? distance : margin;
    }
    return margin;
}
