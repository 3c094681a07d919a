#include "control/ik.h"

#include "base/arena.h"
#include "control/linear.h"

#include <math.h>
#include <string.h>

enum { MAX_NEAR = 8, MAX_ROWS = 12 + MAX_NEAR, MAX_COLS = MAX_WAIST + NSIDE * CTL_MAX_ARM, MAX_SOLVES = 8 };

static const double gain = 40;          /* 1/s, position and orientation error of the wrists */
static const double damping = 0.03;     /* λ, m */
static const double rotation_arm = 0.3; /* m, weighs orientation against position */
static const double waist_weight[] = {0.25, 0.15, 0.15}; /* arms: 1 */
static const double posture_gain = 1;                    /* 1/s */
static const double max_rate = 2.5;                      /* rad/s */
static const double limit_margin = 0.01;                 /* rad */
static const double influence = 0.06;                    /* m, pairs farther apart are left alone */
static const double max_lin = 1.5, max_ang = 5;          /* m/s, rad/s asked of a wrist */
static const double approach_gain = 10; /* 1/s: closing speed allowed per metre beyond the margin */
static const double near_weight = 100;  /* of a self-collision row against the wrists' */

/* One linear problem: columns are the free joints, rows the wrists' rates and self-collision. */
typedef struct {
    int ncol, nrow;
    int joint[MAX_COLS];
    double weight[MAX_COLS], rest[MAX_COLS], lo[MAX_COLS], hi[MAX_COLS];
    double row[MAX_ROWS][MAX_COLS], rate[MAX_ROWS];
    double answer[MAX_COLS];
    int nclamped;
} Problem;

static void add_joint(Problem *p, int joint, double weight) {
    p->joint[p->ncol] = joint;
    p->weight[p->ncol++] = weight;
}

static void choose_joints(Problem *p, const CtlModel *model, unsigned sides) {
    for (int i = 0; i < model->nwaist; i++)
        add_joint(p, model->waist[i], waist_weight[i]);
    for (int side = 0; side < NSIDE; side++)
        if (sides >> side & 1)
            for (int i = 0; i < model->narm[side]; i++)
                add_joint(p, model->arm[side][i], 1);
}

/* Row of the velocity along `direction` of a point that rides on joint `rider`; sign ±1 adds or subtracts. */
static void add_point(const Problem *p, const CtlModel *model, const CtlKin *kin, int rider,
                      const double point[3], const double direction[3], double scale, double *row) {
    for (int c = 0; c < p->ncol; c++) {
        const int j = p->joint[c];
        if (!ctl_tree_carries(&model->tree, j, rider))
            continue;
        double arm[3], v[3];
        vec3_sub(point, kin->joint[j].pos, arm);
        vec3_cross(kin->axis[j], arm, v);
        row[c] += scale * vec3_dot(v, direction);
    }
}

/* Six rows: the wrist's twist. */
static void add_wrist(Problem *p, const CtlModel *model, const CtlKin *kin, int side, const double lin[3],
                      const double ang[3]) {
    CtlFrame wrist;
    ctl_kin_end(kin, &model->tree.wrist[side], &wrist);
    double(*row)[MAX_COLS] = p->row + p->nrow;
    double *rate = p->rate + p->nrow;
    memset(row, 0, 6 * sizeof *row);
    for (int c = 0; c < p->ncol; c++) {
        const int j = p->joint[c];
        if (!ctl_tree_carries(&model->tree, j, model->tree.wrist[side].joint))
            continue;
        double arm[3], v[3];
        vec3_sub(wrist.pos, kin->joint[j].pos, arm);
        vec3_cross(kin->axis[j], arm, v);
        for (int i = 0; i < 3; i++) {
            row[i][c] = v[i];
            row[3 + i][c] = rotation_arm * kin->axis[j][i];
        }
    }
    for (int i = 0; i < 3; i++) {
        rate[i] = lin[i];
        rate[3 + i] = rotation_arm * ang[i];
    }
    p->nrow += 6;
}

/* Translation and rotation vector from where a wrist is to a pose. */
static void wrist_error(const CtlModel *model, const CtlKin *kin, int side, Pose pose, double lin[3],
                        double ang[3]) {
    CtlFrame wrist;
    ctl_kin_end(kin, &model->tree.wrist[side], &wrist);
    const Pose now = ctl_frame_pose(&wrist);
    double inverse[4], turn[4];
    quat_conj(now.quat, inverse);
    quat_mul(pose.quat, inverse, turn);
    quat_to_rotvec(turn, ang);
    vec3_sub(pose.pos, now.pos, lin);
}

/* Damped least squares over the joints that are not clamped. */
static void solve_once(Problem *p, const bool clamped[MAX_COLS]) {
    double left[MAX_ROWS], normal[MAX_ROWS * MAX_ROWS];
    const int n = p->nrow;
    double weighted[MAX_ROWS][MAX_COLS];
    for (int r = 0; r < n; r++) {
        left[r] = p->rate[r];
        for (int c = 0; c < p->ncol; c++) {
            left[r] -= p->row[r][c] * (clamped[c] ? p->answer[c] : p->rest[c]);
            weighted[r][c] = clamped[c] ? 0 : p->row[r][c] * p->weight[c];
        }
    }
    for (int r = 0; r < n; r++) {
        for (int s = 0; s <= r; s++) {
            double sum = 0;
            for (int c = 0; c < p->ncol; c++)
                sum += weighted[r][c] * p->row[s][c];
            normal[r * n + s] = sum;
        }
        normal[r * n + r] += damping * damping;
    }
    if (!ctl_cholesky(normal, n))
        memset(left, 0, sizeof left);
    else
        ctl_cholesky_solve(normal, n, left);
    for (int c = 0; c < p->ncol; c++) {
        if (clamped[c])
            continue;
        double sum = p->rest[c];
        for (int r = 0; r < n; r++)
            sum += weighted[r][c] * left[r];
        p->answer[c] = sum;
    }
}

/* Bring back what exceeds its bounds; true if anything did. */
static bool clamp(Problem *p, bool clamped[MAX_COLS]) {
    bool any = false;
    for (int c = 0; c < p->ncol; c++) {
        const double inside = fmin(fmax(p->answer[c], p->lo[c]), p->hi[c]);
        if (inside != p->answer[c]) {
            p->answer[c] = inside;
            if (!clamped[c])
                p->nclamped++;
            clamped[c] = any = true;
        }
    }
    return any;
}

/* Speed at which a pair opens with the present answer; row (ncol): its derivative, or NULL. */
static double opening_speed(const Problem *p, const CtlModel *model, const CtlKin *kin, const CtlNear *near,
                            double *row) {
    const CtlCapsule *a = &model->capsules.capsule[near->a], *b = &model->capsules.capsule[near->b];
    double own[MAX_COLS] = {0}, opening = 0;
    add_point(p, model, kin, b->joint, near->point_b, near->normal, 1, own);
    add_point(p, model, kin, a->joint, near->point_a, near->normal, -1, own);
    for (int c = 0; c < p->ncol; c++)
        opening += own[c] * p->answer[c];
    if (row)
        memcpy(row, own, sizeof own);
    return opening;
}

/* Pairs that would close faster than allowed become rows; true if one was added. */
static bool resist(Problem *p, const CtlModel *model, const CtlKin *kin, const CtlNear *near, int n,
                   double speed, bool resisted[MAX_NEAR]) {
    bool any = false;
    for (int k = 0; k < n; k++) {
        double row[MAX_COLS];
        const double least = -speed * (near[k].distance - CTL_SELF_MARGIN);
        if (resisted[k] || opening_speed(p, model, kin, &near[k], row) >= least - 1e-9)
            continue;
        for (int c = 0; c < p->ncol; c++)
            p->row[p->nrow][c] = near_weight * row[c];
        p->rate[p->nrow++] = near_weight * least;
        resisted[k] = any = true;
    }
    return any;
}

/* Rather stand still than close a pair that is near enough already. */
static void refuse(Problem *p, const CtlModel *model, const CtlKin *kin, const CtlNear *near, int n) {
    for (int k = 0; k < n; k++) {
        if (near[k].distance > CTL_SELF_MARGIN || opening_speed(p, model, kin, &near[k], NULL) > -5e-3)
            continue;
        memset(p->answer, 0, sizeof p->answer);
        return;
    }
}

static void solve(Problem *p, const CtlModel *model, const CtlKin *kin, unsigned sides, double speed) {
    CtlNear near[MAX_NEAR];
    const int nnear = ctl_capsules_near(&model->capsules, kin, sides, influence, near, MAX_NEAR);
    bool clamped[MAX_COLS] = {false}, resisted[MAX_NEAR] = {false};
    p->nclamped = 0;
    for (int i = 0; i < MAX_SOLVES; i++) {
        solve_once(p, clamped);
        if (resist(p, model, kin, near, nnear, speed, resisted)) {
            memset(clamped, 0, sizeof clamped); /* with more rows, other joints may do */
            p->nclamped = 0;
        } else if (!clamp(p, clamped)) {
            break;
        }
    }
    clamp(p, clamped);
    refuse(p, model, kin, near, nnear);
}

/* Bounds on the answer: speed, and what is left to the joints' limits within dt. */
static void bound(Problem *p, const CtlModel *model, const double *q, double rate, double dt) {
    for (int c = 0; c < p->ncol; c++) {
        const int j = p->joint[c];
        p->lo[c] = fmin(fmax(-rate, (model->lo[j] + limit_margin - q[j]) / dt), rate);
        p->hi[c] = fmax(fmin(rate, (model->hi[j] - limit_margin - q[j]) / dt), -rate);
    }
}

static void update_joints(const Problem *p, const CtlModel *model, const double *q, CtlKin *kin) {
    for (int c = 0; c < p->ncol; c++)
        ctl_kin_update(&model->tree, q, p->joint[c], p->joint[c] + 1, kin);
}

static void shorten(double v[3], double longest) {
    const double norm = vec3_norm(v);
    if (norm > longest)
        for (int i = 0; i < 3; i++)
            v[i] *= longest / norm;
}

int ctl_ik_step(const CtlModel *model, const CtlFrame *base, const CtlWristTarget target[NSIDE],
                const double *waist, double dt, double *q, double *dq) {
    CtlKin kin = {.base = *base};
    ctl_kin_update(&model->tree, q, 0, model->njoint, &kin);
    Problem p = {.ncol = 0};
    choose_joints(&p, model, 3);
    bound(&p, model, q, max_rate, dt);
    for (int c = 0; c < p.ncol; c++) {
        const int j = p.joint[c];
        const double wanted = c < model->nwaist ? waist[c] : model->posture[j];
        p.rest[c] = posture_gain * (wanted - q[j]);
    }
    for (int side = 0; side < NSIDE; side++) {
        double lin[3], ang[3];
        wrist_error(model, &kin, side, target[side].pose, lin, ang);
        for (int i = 0; i < 3; i++) {
            lin[i] = target[side].lin[i] + gain * lin[i];
            ang[i] = target[side].ang[i] + gain * ang[i];
        }
        shorten(lin, max_lin);
        shorten(ang, max_ang);
        add_wrist(&p, model, &kin, side, lin, ang);
    }
    solve(&p, model, &kin, 3, approach_gain);
    for (int c = 0; c < p.ncol; c++) {
        dq[p.joint[c]] = p.answer[c];
        q[p.joint[c]] += dt * p.answer[c];
    }
    return p.nclamped;
}

/* ---- along a path, without a robot ---------------------------------------------------------------- */

struct CtlIk {
    CtlModel model;
    double reach[NSIDE]; /* m, shoulder to wrist with the arm stretched */
};

enum { MAX_ITERATIONS = 40 };
static const double pos_tolerance = 1e-3, rot_tolerance = 5e-3;       /* m, rad: reached */
static const double pos_enough = 5e-3, rot_enough = 0.05;             /* m, rad: as good as reached */
static const double step_lin = 0.1, step_ang = 0.5, step_joint = 0.4; /* largest move in one iteration */

const char *ctl_ik_text(CtlIkVerdict verdict) {
    static const char *const texts[] = {
#define X(name, text) text,
        CTL_IK_LIST(X)
#undef X
    };
    return texts[verdict];
}

/* The longest the arm can be: the sum of its links. */
static double stretched(const CtlModel *model, int side) {
    const int *arm = model->arm[side];
    double sum = vec3_norm(model->tree.wrist[side].fixed.pos);
    for (int i = 1; i < model->narm[side]; i++)
        sum += vec3_norm(model->tree.joint[arm[i]].fixed.pos);
    return sum;
}

Status ctl_ik_create(const CtlRobot *robot, CtlIk **out, Err *err) {
    CtlIk *ik = mem_calloc(1, sizeof *ik);
    if (!ik)
        return err_set(err, STATUS_MEMORY, "%s: out of memory", robot->path);
    const Status status = ctl_model_load(robot, &ik->model, NULL, err);
    if (status != STATUS_OK) {
        ctl_ik_destroy(ik);
        return status;
    }
    for (int side = 0; side < NSIDE; side++)
        ik->reach[side] = stretched(&ik->model, side);
    *out = ik;
    return STATUS_OK;
}

void ctl_ik_destroy(CtlIk *ik) {
    if (!ik)
        return;
    ctl_model_clear(&ik->model);
    mem_free(ik);
}

const CtlModel *ctl_ik_model(const CtlIk *ik) {
    return &ik->model;
}

/* Why a pose was not reached. */
static CtlIkVerdict blame(const CtlIk *ik, const Problem *p, const CtlKin *kin, int side, Pose pose) {
    double away[3];
    vec3_sub(pose.pos, kin->joint[ik->model.arm[side][0]].pos, away);
    if (vec3_norm(away) > 0.99 * ik->reach[side])
        return CTL_IK_UNREACHABLE;
    return p->nclamped ? CTL_IK_JOINT_LIMIT : CTL_IK_DIVERGED;
}

static CtlIkVerdict reach_pose(const CtlIk *ik, int side, Pose pose, double *q, CtlKin *kin) {
    const CtlModel *model = &ik->model;
    Problem p = {.ncol = 0};
    choose_joints(&p, model, 1u << side);
    double lin[3], ang[3], far = 0, turned = 0;
    for (int iteration = 0;; iteration++) {
        wrist_error(model, kin, side, pose, lin, ang);
        far = vec3_norm(lin);
        turned = vec3_norm(ang);
        if ((far < pos_tolerance && turned < rot_tolerance) || iteration == MAX_ITERATIONS)
            break;
        shorten(lin, step_lin);
        shorten(ang, step_ang);
        bound(&p, model, q, step_joint, 1);
        for (int c = 0; c < p.ncol; c++)
            p.rest[c] = 0.01 * (model->posture[p.joint[c]] - q[p.joint[c]]);
        p.nrow = 0;
        add_wrist(&p, model, kin, side, lin, ang);
        solve(&p, model, kin, 1u << side, 0.5);
        for (int c = 0; c < p.ncol; c++)
            q[p.joint[c]] += p.answer[c];
        update_joints(&p, model, q, kin);
    }
    CtlNear near;
    const bool close =
        ctl_capsules_near(&model->capsules, kin, 1u << side, 1.5 * CTL_SELF_MARGIN, &near, 1) > 0;
    if (far < pos_enough && turned < rot_enough)
        return close && near.distance < 0 ? CTL_IK_SELF_COLLISION : CTL_IK_OK;
    return close ? CTL_IK_SELF_COLLISION : blame(ik, &p, kin, side, pose);
}

CtlIkVerdict ctl_ik_solve(const CtlIk *ik, int side, Pose base, const double *q0, const Pose *wrist, int n,
                          double *q, int *failed) {
    const int njoint = ik->model.njoint;
    double now[CTL_MAX_JOINTS];
    memcpy(now, q0, (size_t)njoint * sizeof *now);
    CtlKin kin;
    ctl_frame_from_pose(base, &kin.base);
    ctl_kin_update(&ik->model.tree, now, 0, njoint, &kin);
    CtlIkVerdict verdict = CTL_IK_OK;
    int k = 0;
    for (; k < n && verdict == CTL_IK_OK; k++) {
        verdict = reach_pose(ik, side, wrist[k], now, &kin);
        if (q)
            memcpy(q + (ptrdiff_t)k * njoint, now, (size_t)njoint * sizeof *now);
    }
    if (failed)
        *failed = verdict == CTL_IK_OK ? n : k - 1;
    return verdict;
}
