#include "control/balance.h"

#include "control/distribute.h"

#include <math.h>
#include <string.h>

static const double gravity = 9.81;
static const double pi = 3.14159265358979323846;
static const double cop_hz = 1, hand_shift_hz = 1.5;
static const double trim_rate = 0.35;      /* 1/s, of the pressure point's unexplained offset */
static const double trim_limit = 0.025;    /* m */
static const double trim_calm = 0.04;      /* m: the capture point's error beyond which trims rest */
static const double reserve = 0.03;        /* m kept between pressure point and edge when hands press */
static const double lean_limit = 0.05;     /* m */
static const double height_speed = 0.25;   /* m/s */
static const double height_integral = 0.6; /* 1/s, share of the height gain */
static const double tilt_integral = 0.5;   /* 1/s, share of the tilt gain */

static double limit(double x, double bound) {
    return fmin(fmax(x, -bound), bound);
}
static double share(double hz, double dt) {
    const double w = 2 * pi * hz * dt;
    return w / (1 + w);
}

void ctl_balance_reset(CtlBalance *balance, double height) {
    memset(balance, 0, sizeof *balance);
    balance->height = height;
}

void ctl_inverse_dynamics(const CtlModel *model, const CtlEstimate *e, const double *ddq, mjData *d,
                          double *bias) {
    for (int i = 0; i < 3; i++) {
        d->qpos[i] = e->kin.base.pos[i];
        d->qvel[i] = e->lin[i];
    }
    quat_from_matrix(e->kin.base.rot, d->qpos + 3);
    ctl_rotate_inverse(e->kin.base.rot, e->ang, d->qvel + 3);
    mju_zero(d->qacc, (int)model->m->nv);
    for (int j = 0; j < model->njoint; j++) {
        d->qpos[model->qpos[j]] = e->q[j];
        d->qvel[model->dof[j]] = e->dq[j];
        d->qacc[model->dof[j]] = ddq[j];
    }
    mj_kinematics(model->m, d);
    mj_comPos(model->m, d);
    mj_comVel(model->m, d);
    mj_rne(model->m, d, 1, bias);
    for (int j = 0; j < model->njoint; j++) /* rotors, which the recursion leaves out */
        bias[model->dof[j]] += model->m->dof_armature[model->dof[j]] * ddq[j];
}

/* Velocity of the whole body's CoM, from the bodies' twists about it. */
static void com_velocity(const CtlModel *model, const mjData *d, double v[3]) {
    const mjModel *m = model->m;
    const double *com = d->subtree_com + 3 * model->base;
    v[0] = v[1] = v[2] = 0;
    for (int b = model->base; b < m->nbody; b++) {
        double arm[3], turn[3];
        vec3_sub(d->xipos + 3 * b, com, arm);
        vec3_cross(d->cvel + 6 * b, arm, turn);
        for (int i = 0; i < 3; i++)
            v[i] += m->body_mass[b] * (d->cvel[6 * b + 3 + i] + turn[i]);
    }
    for (int i = 0; i < 3; i++)
        v[i] /= model->mass;
}

/* Moment about `about` of a load at its point. */
static void add_moment(const CtlHandLoad *load, const double about[3], double sign, double moment[3]) {
    double arm[3], part[3];
    vec3_sub(load->point, about, arm);
    vec3_cross(arm, load->force, part);
    for (int i = 0; i < 3; i++)
        moment[i] += sign * (load->torque[i] + part[i]);
}

/* Middle of the support, footprint. */
static void support_middle(const CtlRobot *robot, const CtlEstimate *e, double middle[2]) {
    middle[0] = middle[1] = 0;
    for (int side = 0; side < NSIDE; side++) {
        const double *s = robot->foot[side].support;
        const double local[3] = {0.5 * (s[0] + s[1]), 0.5 * (s[2] + s[3]), 0};
        double at[3];
        ctl_rotate(e->sole[side].rot, local, at);
        for (int i = 0; i < 2; i++)
            middle[i] += 0.5 * (e->sole[side].pos[i] + at[i]);
    }
}

/* Where the CoM shall be: above the middle of the support, leaning against what the hands feel, and trimmed until
 * the pressure point agrees. */
static void aim(CtlBalance *b, const CtlModel *model, const CtlRobot *robot, const CtlBalanceInput *in,
                CtlBalanceOutput *out) {
    const CtlEstimate *e = in->estimate;
    const double weight = gravity * model->mass;
    const double about[3] = {out->com[0], out->com[1], 0};
    double middle[2], moment[3] = {0}, up = weight;
    support_middle(robot, e, middle);
    for (int side = 0; side < NSIDE; side++) {
        add_moment(&in->hand[side], about, 1, moment);
        up -= in->hand[side].force[2];
    }
    up = fmax(up, 0.5 * weight);
    const double shift[2] = {moment[1] / up, -moment[0] / up}; /* how the ground answers the hands' moment */
    double off[2], lean[2];
    for (int i = 0; i < 2; i++) {
        b->hand_shift[i] += share(hand_shift_hz, in->dt) * (shift[i] - b->hand_shift[i]);
        b->cop[i] += share(cop_hz, in->dt) * (e->cop[i] - b->cop[i]);
        lean[i] = limit(robot->balance.lean * b->hand_shift[i], lean_limit);
        out->com_target[i] = middle[i] + limit(b->trim[i] - lean[i], lean_limit);
        off[i] = out->capture[i] - out->com_target[i];
    }
    if (!e->grounded || fabs(off[0]) > trim_calm || fabs(off[1]) > trim_calm)
        return;
    for (int i = 0; i < 2; i++) {
        const double unexplained = b->cop[i] - (middle[i] + b->hand_shift[i] - lean[i]);
        b->trim[i] = limit(b->trim[i] - trim_rate * in->dt * unexplained, trim_limit);
    }
}

/* Acceleration of the CoM and moment about it that bring the body back. */
static void feedback(CtlBalance *b, const CtlModel *model, const CtlRobot *robot, const CtlBalanceInput *in,
                     const CtlBalanceOutput *out, double acceleration[3], double moment[3]) {
    const CtlBalanceGains *g = &robot->balance;
    const CtlEstimate *e = in->estimate;
    const double omega = sqrt(gravity / fmax(out->com[2], 0.2));
    for (int i = 0; i < 2; i++)
        acceleration[i] = -omega * omega * g->dcm * (out->com[i] - out->com_target[i]) -
                          omega * (1 + g->dcm) * out->com_velocity[i];

    const double rise = limit(in->height - b->height, height_speed * in->dt);
    b->height += rise;
    const double low = b->height - e->kin.base.pos[2], slow = rise / in->dt - e->lin[2];
    if (e->grounded)
        b->height_trim = limit(b->height_trim + height_integral * g->height * low * in->dt, 2);
    acceleration[2] = limit(g->height * low + g->height_rate * slow + b->height_trim, 0.5 * gravity);

    const double inertia = model->mass * robot->standing_height * robot->standing_height;
    double quat[4], tilt[3];
    quat_from_matrix(e->kin.base.rot, quat);
    quat_to_rotvec(quat, tilt);
    for (int i = 0; i < 3; i++) {
        if (e->grounded)
            b->tilt_trim[i] = limit(b->tilt_trim[i] - tilt_integral * g->tilt * inertia * tilt[i] * in->dt,
                                    0.03 * gravity * inertia);
        moment[i] = -inertia * (g->tilt * tilt[i] + g->tilt_rate * e->ang[i]) + b->tilt_trim[i];
    }
}

/* Wrench wanted from the ground, about the CoM: inverse dynamics plus feedback less what the hands receive. */
static void wanted_wrench(const CtlModel *model, const CtlBalanceInput *in, const double *bias,
                          const double acceleration[3], const double moment[3], CtlBalanceOutput *out) {
    const CtlFrame *base = &in->estimate->kin.base;
    double turn[3], arm[3], part[3];
    ctl_rotate(base->rot, bias + 3, turn); /* rotational rows of the free joint are in body axes */
    vec3_sub(base->pos, out->com, arm);
    vec3_cross(arm, bias, part);
    for (int i = 0; i < 3; i++) {
        out->wanted[i] = bias[i] + model->mass * acceleration[i];
        out->wanted[3 + i] = turn[i] + part[i] + moment[i];
    }
    for (int side = 0; side < NSIDE; side++) {
        add_moment(&in->hand[side], out->com, -1, out->wanted + 3);
        for (int i = 0; i < 3; i++)
            out->wanted[i] -= in->hand[side].force[i];
    }
}

enum { CORNERS = 4, EDGES = 4, GENERATORS = NSIDE * CORNERS * EDGES };

/* Edges of the friction pyramid at the corners of the soles, as wrenches about the CoM. */
static void make_generators(const CtlRobot *robot, const CtlEstimate *e, const double com[3],
                            double generator[GENERATORS][6]) {
    const double mu = robot->balance.friction, inset = robot->balance.inset;
    int n = 0;
    for (int side = 0; side < NSIDE; side++) {
        const double *s = robot->foot[side].support, *rot = e->sole[side].rot;
        for (int corner = 0; corner < CORNERS; corner++) {
            const double local[3] = {corner & 1 ? s[1] - inset : s[0] + inset,
                                     corner & 2 ? s[3] - inset : s[2] + inset, 0};
            double arm[3];
            ctl_rotate(rot, local, arm);
            for (int i = 0; i < 3; i++)
                arm[i] += e->sole[side].pos[i] - com[i];
            for (int edge = 0; edge < EDGES; edge++, n++) {
                const double along = edge & 1 ? mu : -mu;
                const double direction[3] = {edge & 2 ? 0 : along, edge & 2 ? along : 0, 1};
                ctl_rotate(rot, direction, generator[n]);
                vec3_cross(arm, generator[n], generator[n] + 3);
            }
        }
    }
}

/* How strong today's forces on the hands may become: as much as the pressure point's way to the support's edge allows,
 * both hands growing alike. */
static void bearable_forces(const CtlRobot *robot, const CtlBalanceInput *in, CtlBalanceOutput *out) {
    const double *l = robot->foot[0].support, *r = robot->foot[1].support;
    const CtlFrame *sole = in->estimate->sole;
    const double middle = 0.5 * (sole[0].pos[0] + sole[1].pos[0]);
    const double hi[2] = {middle + fmin(l[1], r[1]), sole[0].pos[1] + l[3]};
    const double lo[2] = {middle + fmax(l[0], r[0]), sole[1].pos[1] + r[2]};
    const double about[3] = {out->capture[0], out->capture[1], 0}, weight = fmax(out->wanted[2], 1);
    double moment[3] = {0}, growth = 100;
    for (int side = 0; side < NSIDE; side++)
        add_moment(&in->hand[side], about, 1, moment);
    const double shift[2] = {moment[1] / weight, -moment[0] / weight};
    for (int i = 0; i < 2; i++) {
        const double room =
            shift[i] > 0 ? hi[i] - reserve - out->capture[i] : out->capture[i] - lo[i] - reserve;
        if (fabs(shift[i]) > 1e-6)
            growth = fmin(growth, fmax(room, 0) / fabs(shift[i]));
    }
    for (int side = 0; side < NSIDE; side++)
        out->bearable[side] = growth * vec3_norm(in->hand[side].force);
}

static void ground_forces(CtlBalance *b, const CtlRobot *robot, const CtlEstimate *e, CtlBalanceOutput *out) {
    const double hardness = 1e-3;
    const double hip = robot->balance.hip * hardness;
    const double soft[6] = {hardness, hardness, hardness, hip, hip, hip};
    double generator[GENERATORS][6], rho[GENERATORS];
    make_generators(robot, e, out->com, generator);
    out->newton =
        ctl_distribute((const double(*)[6])generator, GENERATORS, out->wanted, soft, b->lambda, rho);
    memset(out->foot, 0, sizeof out->foot);
    memset(out->given, 0, sizeof out->given);
    for (int n = 0; n < GENERATORS; n++) {
        double *foot = out->foot[n / (CORNERS * EDGES)];
        for (int i = 0; i < 6; i++) {
            foot[i] += rho[n] * generator[n][i];
            out->given[i] += rho[n] * generator[n][i];
        }
    }
    for (int side = 0; side < NSIDE; side++) {
        double arm[3], part[3];
        vec3_sub(out->com, e->sole[side].pos, arm);
        vec3_cross(arm, out->foot[side], part);
        for (int i = 0; i < 3; i++)
            out->foot[side][3 + i] += part[i];
    }
}

/* Torques: inverse dynamics less Jᵀ · ground forces. */
static void leg_torques(const CtlModel *model, const CtlEstimate *e, const double *bias,
                        CtlBalanceOutput *out) {
    for (int j = 0; j < model->njoint; j++)
        out->torque[j] = bias[model->dof[j]];
    for (int side = 0; side < NSIDE; side++) {
        for (int i = 0; i < model->nleg[side]; i++) {
            const int j = model->leg[side][i];
            double arm[3], moment[3];
            vec3_sub(e->sole[side].pos, e->kin.joint[j].pos, arm);
            vec3_cross(arm, out->foot[side], moment);
            for (int k = 0; k < 3; k++)
                moment[k] += out->foot[side][3 + k];
            out->torque[j] -= vec3_dot(e->kin.axis[j], moment);
        }
    }
}

static void distribute(CtlBalance *b, const CtlModel *model, const CtlRobot *robot, mjData *scratch,
                       const CtlBalanceInput *in, CtlBalanceOutput *out) {
    double bias[6 + CTL_MAX_JOINTS], acceleration[3], moment[3];
    ctl_inverse_dynamics(model, in->estimate, in->ddq, scratch, bias);
    memcpy(out->com, scratch->subtree_com + 3 * model->base, sizeof out->com);
    com_velocity(model, scratch, out->com_velocity);
    const double omega = sqrt(gravity / fmax(out->com[2], 0.2));
    for (int i = 0; i < 2; i++)
        out->capture[i] = out->com[i] + out->com_velocity[i] / omega;
    aim(b, model, robot, in, out);
    feedback(b, model, robot, in, out, acceleration, moment);
    wanted_wrench(model, in, bias, acceleration, moment, out);
    bearable_forces(robot, in, out);
    ground_forces(b, robot, in->estimate, out);
    leg_torques(model, in->estimate, bias, out);
}

CtlBalanceLaw *ctl_balance_law(const char *name) {
    static const struct {
        const char *name;
        CtlBalanceLaw *law;
    } laws[] = {{"distribute", distribute}};
    for (size_t i = 0; i < sizeof laws / sizeof *laws; i++)
        if (strcmp(laws[i].name, name) == 0)
            return laws[i].law;
    return NULL;
}
