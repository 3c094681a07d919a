#include "control/robot_check.h"

#include "base/rng.h"
#include "control/model.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { REACH_SAMPLES = 20000 };
static const double figure_tolerance = 0.01; /* of published mass and height */

typedef struct {
    const CtlRobot *robot;
    CtlModel model;
    mjModel *full;
    mjData *data;
    CtlRobotReport *report;
} Check;

static void __attribute__((format(printf, 2, 3))) finding(Check *c, const char *format, ...) {
    if (c->report->nfinding == CTL_MAX_FINDINGS)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(c->report->finding[c->report->nfinding++], sizeof c->report->finding[0], format, args);
    va_end(args);
}

static void pose_joint(Check *c, const char *name, double value) {
    const int joint = mj_name2id(c->full, mjOBJ_JOINT, name);
    c->data->qpos[c->full->jnt_qposadr[joint]] = value;
}

/* All joints straight, or in the nominal posture; the soles at z = 0. */
static void stand(Check *c, bool nominal) {
    const mjModel *m = c->full;
    for (int j = 0; j < m->njnt; j++)
        if (m->jnt_type[j] != mjJNT_FREE)
            c->data->qpos[m->jnt_qposadr[j]] = 0;
    for (int i = 0; nominal && i < c->robot->nposture; i++)
        pose_joint(c, c->robot->posture[i].joint, c->robot->posture[i].value);
    mj_kinematics(m, c->data);
    const int sole = mj_name2id(m, mjOBJ_SITE, c->robot->foot[0].sole);
    c->data->qpos[2] -= c->data->site_xpos[3 * sole + 2];
    mj_kinematics(m, c->data);
    mj_comPos(m, c->data);
}

/* Highest point of a geom, from its oriented box. */
static double top_of(const mjModel *m, const mjData *d, int geom) {
    const double *box = m->geom_aabb + 6 * geom, *rot = d->geom_xmat + 9 * geom;
    double z = d->geom_xpos[3 * geom + 2];
    for (int i = 0; i < 3; i++)
        z += rot[6 + i] * box[i] + fabs(rot[6 + i]) * box[3 + i];
    return z;
}

static void check_figures(Check *c) {
    CtlRobotReport *r = c->report;
    r->mass = c->model.mass;
    if (fabs(r->mass - c->robot->mass) > figure_tolerance * c->robot->mass)
        finding(c, "mass is %.2f kg where %.2f kg are published", r->mass, c->robot->mass);
    stand(c, false);
    for (int g = 0; g < c->full->ngeom; g++)
        if (c->full->geom_bodyid[g] != 0)
            r->height = fmax(r->height, top_of(c->full, c->data, g));
    if (fabs(r->height - c->robot->height) > figure_tolerance * c->robot->height)
        finding(c, "height is %.3f m where %.3f m are published", r->height, c->robot->height);
}

static void check_motor(Check *c, const CtlMotor *motor) {
    const mjModel *m = c->full;
    const int a = mj_name2id(m, mjOBJ_ACTUATOR, motor->name);
    const double most = m->actuator_forcerange[2 * a + 1];
    if (!m->actuator_forcelimited[a] || fabs(most - motor->peak_torque) > 1e-6 ||
        fabs(m->actuator_forcerange[2 * a] + most) > 1e-6)
        finding(c, "motor '%s': peak torque %g N·m, but the actuator's range is %g … %g", motor->name,
                motor->peak_torque, m->actuator_forcerange[2 * a], most);
    const int joint = mj_name2id(m, mjOBJ_JOINT, motor->name);
    if (motor - c->robot->motor >= c->robot->nbody_motor)
        return;
    if (m->actuator_trntype[a] != mjTRN_JOINT || m->actuator_trnid[2 * a] != joint)
        finding(c, "actuator '%s' does not drive the joint of that name", motor->name);
    if (!m->jnt_limited[joint] || fabs(m->jnt_range[2 * joint] - motor->range[0]) > 1e-3 ||
        fabs(m->jnt_range[2 * joint + 1] - motor->range[1]) > 1e-3)
        finding(c, "motor '%s': range %g … %g, but the joint's is %g … %g", motor->name, motor->range[0],
                motor->range[1], m->jnt_range[2 * joint], m->jnt_range[2 * joint + 1]);
}

static void check_motors(Check *c) {
    const CtlRobot *robot = c->robot;
    if (c->full->nactuator != robot->nmotor)
        finding(c, "the MJCF has %d actuators, robot.yaml %d motors", (int)c->full->nactuator, robot->nmotor);
    for (int i = 0; i < robot->nmotor; i++) {
        check_motor(c, &robot->motor[i]);
        if (mj_name2id(c->full, mjOBJ_ACTUATOR, robot->motor[i].name) != i)
            finding(c, "motor '%s' is number %d on the wire but not among the actuators",
                    robot->motor[i].name, i);
    }
}

static void check_posture(Check *c) {
    CtlRobotReport *r = c->report;
    stand(c, true);
    r->standing_height = c->data->xpos[3 * mj_name2id(c->full, mjOBJ_BODY, c->robot->base_body) + 2];
    if (fabs(r->standing_height - c->robot->standing_height) > 2e-3)
        finding(c, "standing height is %.4f m in the nominal posture, not %.4f m", r->standing_height,
                c->robot->standing_height);
    double middle[3], level = 0;
    const int left = mj_name2id(c->full, mjOBJ_SITE, c->robot->foot[0].sole);
    const int right = mj_name2id(c->full, mjOBJ_SITE, c->robot->foot[1].sole);
    for (int i = 0; i < 3; i++)
        middle[i] = 0.5 * (c->data->site_xpos[3 * left + i] + c->data->site_xpos[3 * right + i]);
    level = fmin(c->data->site_xmat[9 * left + 8], c->data->site_xmat[9 * right + 8]);
    if (level < 0.9999)
        finding(c, "the soles are not level in the nominal posture");
    const int base = mj_name2id(c->full, mjOBJ_BODY, c->robot->base_body);
    vec3_sub(c->data->subtree_com + 3 * base, middle, r->com);
    const double *s = c->robot->foot[0].support;
    r->com_margin = fmin(s[1] - r->com[0], r->com[0] - s[0]);
    if (r->com_margin < 0)
        finding(c, "the centre of mass is not above the feet in the nominal posture");
    mj_fwdPosition(c->full, c->data);
    r->self_contacts = c->data->ncon;
    if (r->self_contacts)
        finding(c, "%d contacts of the robot with itself in the nominal posture", r->self_contacts);
}

static void sample_reach(Check *c) {
    const CtlModel *m = &c->model;
    Rng rng = rng_make(0, 0, RNG_TEST, 0);
    CtlKin kin;
    double q[CTL_MAX_JOINTS];
    memcpy(q, m->posture, sizeof q);
    ctl_model_stand(m, q, &kin.base);
    ctl_kin_update(&m->tree, q, 0, m->njoint, &kin);
    for (int side = 0; side < NSIDE; side++) {
        CtlReach *reach = &c->report->reach[side];
        const int *arm = m->arm[side], n = m->narm[side];
        for (int k = 0; k < REACH_SAMPLES; k++) {
            for (int i = 0; i < n; i++) {
                q[arm[i]] = rng_range(&rng, m->lo[arm[i]], m->hi[arm[i]]);
                ctl_kin_update(&m->tree, q, arm[i], arm[i] + 1, &kin);
            }
            CtlFrame wrist;
            ctl_kin_end(&kin, &m->tree.wrist[side], &wrist);
            for (int i = 0; i < 3; i++) {
                reach->lo[i] = k ? fmin(reach->lo[i], wrist.pos[i]) : wrist.pos[i];
                reach->hi[i] = k ? fmax(reach->hi[i], wrist.pos[i]) : wrist.pos[i];
            }
            double away[3];
            vec3_sub(wrist.pos, kin.joint[arm[0]].pos, away);
            reach->radius = fmax(reach->radius, vec3_norm(away));
        }
    }
}

static void count_joints(Check *c) {
    CtlRobotReport *r = c->report;
    for (int j = 0; j < c->full->njnt; j++)
        r->njoint += c->full->jnt_type[j] != mjJNT_FREE;
    r->nbody_joint = c->model.njoint;
    r->nhand_joint = r->njoint - r->nbody_joint;
    r->nmotor = c->robot->nmotor;
}

Status ctl_robot_check(const CtlRobot *robot, CtlRobotReport *report, Err *err) {
    memset(report, 0, sizeof *report);
    Check c = {.robot = robot, .report = report};
    Status status = ctl_model_load(robot, &c.model, &c.full, err);
    if (status == STATUS_OK) {
        c.data = mj_makeData(c.full);
        if (!c.data)
            status = err_set(err, STATUS_MEMORY, "%s: out of memory", robot->mjcf);
    }
    if (status == STATUS_OK) {
        count_joints(&c);
        check_figures(&c);
        check_motors(&c);
        check_posture(&c);
        sample_reach(&c);
        if (report->nfinding)
            status = err_set(err, STATUS_CHECK, "%s: %s", robot->path, report->finding[0]);
    }
    mj_deleteData(c.data);
    mj_deleteModel(c.full);
    ctl_model_clear(&c.model);
    return status;
}
