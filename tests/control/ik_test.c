/* Kinematics and inverse kinematics against MuJoCo's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "control/ik.h"
#include "control/model.h"
#include "control/robot.h"

#include <math.h>
#include <string.h>

typedef struct {
    CtlRobot *robot;
    CtlModel model;
    mjModel *full;
    mjData *data;
    CtlIk *ik;
} Bench;

static int set_up(void **state) {
    static Bench bench;
    Err err = {{0}};
    if (ctl_robot_load(DEMOMILL_SOURCE_DIR "/robots/optimus/robot.yaml", &bench.robot, &err) != STATUS_OK ||
        ctl_model_load(bench.robot, &bench.model, &bench.full, &err) != STATUS_OK ||
        ctl_ik_create(bench.robot, &bench.ik, &err) != STATUS_OK)
        return -1;
    bench.data = mj_makeData(bench.full);
    *state = &bench;
    return 0;
}

static int tear_down(void **state) {
    Bench *bench = *state;
    ctl_ik_destroy(bench->ik);
    mj_deleteData(bench->data);
    mj_deleteModel(bench->full);
    ctl_model_clear(&bench->model);
    ctl_robot_destroy(bench->robot);
    return 0;
}

/* Random joint angles and base; puts them into MuJoCo and into kin. */
static void draw(Bench *bench, Rng *rng, double *q, CtlKin *kin) {
    const CtlModel *m = &bench->model;
    double rotvec[3];
    rng_unit3(rng, rotvec);
    for (int i = 0; i < 3; i++) {
        rotvec[i] *= rng_range(rng, 0, 2);
        bench->data->qpos[i] = rng_range(rng, -1, 1);
    }
    quat_from_rotvec(rotvec, bench->data->qpos + 3);
    Pose base;
    memcpy(base.pos, bench->data->qpos, sizeof base.pos);
    memcpy(base.quat, bench->data->qpos + 3, sizeof base.quat);
    ctl_frame_from_pose(base, &kin->base);
    for (int j = 0; j < m->njoint; j++) {
        q[j] = rng_range(rng, m->lo[j], m->hi[j]);
        const int joint = mj_name2id(bench->full, mjOBJ_JOINT, bench->robot->motor[j].name);
        bench->data->qpos[bench->full->jnt_qposadr[joint]] = q[j];
    }
    mj_kinematics(bench->full, bench->data);
    ctl_kin_update(&m->tree, q, 0, m->njoint, kin);
}

static void assert_frame(const Bench *bench, const char *site, const CtlFrame *frame) {
    const int id = mj_name2id(bench->full, mjOBJ_SITE, site);
    for (int i = 0; i < 3; i++)
        assert_true(fabs(frame->pos[i] - bench->data->site_xpos[3 * id + i]) < 1e-12);
    for (int i = 0; i < 9; i++)
        assert_true(fabs(frame->rot[i] - bench->data->site_xmat[9 * id + i]) < 1e-12);
}

static void forward_kinematics_is_mujocos(void **state) {
    Bench *bench = *state;
    Rng rng = rng_make(1, 0, RNG_TEST, 0);
    for (int k = 0; k < 100; k++) {
        double q[CTL_MAX_JOINTS];
        CtlKin kin;
        CtlFrame frame;
        draw(bench, &rng, q, &kin);
        for (int side = 0; side < NSIDE; side++) {
            ctl_kin_end(&kin, &bench->model.tree.sole[side], &frame);
            assert_frame(bench, bench->robot->foot[side].sole, &frame);
            ctl_kin_end(&kin, &bench->model.tree.wrist[side], &frame);
            assert_frame(bench, bench->robot->hand[side].wrist, &frame);
            ctl_kin_end(&kin, &bench->model.tree.grasp[side], &frame);
            assert_frame(bench, bench->robot->hand[side].grasp, &frame);
        }
    }
}

static Pose wrist_pose(const CtlModel *m, const CtlKin *kin, int side) {
    CtlFrame frame;
    ctl_kin_end(kin, &m->tree.wrist[side], &frame);
    return ctl_frame_pose(&frame);
}

/* Well inside the joints' range, so that nothing clamps: the posture, a little shaken. */
static void near_posture(const Bench *bench, Rng *rng, double spread, double *q) {
    const CtlModel *m = &bench->model;
    for (int j = 0; j < m->njoint; j++)
        q[j] = fmin(fmax(m->posture[j] + rng_range(rng, -spread, spread), m->lo[j] + 0.05), m->hi[j] - 0.05);
}

static void a_step_moves_the_wrists_as_asked(void **state) {
    Bench *bench = *state;
    const CtlModel *m = &bench->model;
    Rng rng = rng_make(2, 0, RNG_TEST, 0);
    for (int k = 0; k < 50; k++) {
        double q[CTL_MAX_JOINTS], dq[CTL_MAX_JOINTS] = {0}, waist[MAX_WAIST] = {0};
        near_posture(bench, &rng, 0.1, q);
        CtlKin kin;
        ctl_model_stand(m, m->posture, &kin.base);
        ctl_kin_update(&m->tree, q, 0, m->njoint, &kin);
        CtlWristTarget target[NSIDE];
        Pose before[NSIDE];
        for (int side = 0; side < NSIDE; side++) {
            before[side] = target[side].pose = wrist_pose(m, &kin, side);
            for (int i = 0; i < 3; i++) {
                target[side].lin[i] = rng_range(&rng, -0.1, 0.1);
                target[side].ang[i] = rng_range(&rng, -0.2, 0.2);
            }
        }
        const double dt = 1e-5; /* a finite difference */
        assert_int_equal(ctl_ik_step(m, &kin.base, target, waist, dt, q, dq), 0);
        ctl_kin_update(&m->tree, q, 0, m->njoint, &kin);
        for (int side = 0; side < NSIDE; side++) {
            const Twist is = pose_twist(before[side], wrist_pose(m, &kin, side), dt);
            for (int i = 0; i < 3; i++) { /* damping takes a little */
                assert_true(fabs(is.lin[i] - target[side].lin[i]) < 0.02);
                assert_true(fabs(is.ang[i] - target[side].ang[i]) < 0.08);
            }
        }
    }
}

static void targets_are_reached_and_limits_kept(void **state) {
    Bench *bench = *state;
    const CtlModel *m = &bench->model;
    Rng rng = rng_make(3, 0, RNG_TEST, 0);
    int reached = 0;
    for (int k = 0; k < 30; k++) {
        double q[CTL_MAX_JOINTS], dq[CTL_MAX_JOINTS] = {0}, goal[CTL_MAX_JOINTS], waist[MAX_WAIST] = {0};
        near_posture(bench, &rng, 0.2, goal);
        memcpy(q, m->posture, sizeof q);
        CtlKin kin;
        CtlNear near;
        ctl_model_stand(m, m->posture, &kin.base);
        ctl_kin_update(&m->tree, goal, 0, m->njoint, &kin);
        if (ctl_capsules_near(&m->capsules, &kin, 3, 1.2 * CTL_SELF_MARGIN, &near, 1) > 0)
            continue; /* too near itself to be reached */
        reached++;
        CtlWristTarget target[NSIDE] = {{.pose = wrist_pose(m, &kin, 0)}, {.pose = wrist_pose(m, &kin, 1)}};
        for (int i = 0; i < 1000; i++) {
            ctl_ik_step(m, &kin.base, target, waist, 0.002, q, dq);
            for (int j = 0; j < m->njoint; j++) {
                assert_true(q[j] >= m->lo[j] && q[j] <= m->hi[j]);
                assert_true(fabs(dq[j]) <= 2.5 + 1e-9);
            }
        }
        ctl_kin_update(&m->tree, q, 0, m->njoint, &kin);
        for (int side = 0; side < NSIDE; side++) {
            assert_true(pose_distance(wrist_pose(m, &kin, side), target[side].pose) < 2e-3);
            assert_true(pose_angle(wrist_pose(m, &kin, side), target[side].pose) < 1e-2);
        }
    }
    assert_true(reached > 10);
}

static Pose stand_base(const CtlModel *m) {
    CtlFrame frame;
    ctl_model_stand(m, m->posture, &frame);
    return ctl_frame_pose(&frame);
}

static Pose home_of(const CtlModel *m, int side) {
    CtlKin kin;
    ctl_model_stand(m, m->posture, &kin.base);
    ctl_kin_update(&m->tree, m->posture, 0, m->njoint, &kin);
    return wrist_pose(m, &kin, side);
}

static void a_path_is_followed_pose_by_pose(void **state) {
    Bench *bench = *state;
    const CtlModel *m = ctl_ik_model(bench->ik);
    enum { N = 60 };
    for (int side = 0; side < NSIDE; side++) {
        Pose path[N];
        double q[N * CTL_MAX_JOINTS];
        for (int k = 0; k < N; k++) {
            path[k] = home_of(m, side);
            path[k].pos[0] += 0.25 * k / N;
            path[k].pos[2] += 0.1 * k / N;
        }
        int failed = -1;
        const CtlIkVerdict verdict =
            ctl_ik_solve(bench->ik, side, stand_base(m), m->posture, path, N, q, &failed);
        if (verdict != CTL_IK_OK)
            fail_msg("pose %d: %s", failed, ctl_ik_text(verdict));
        assert_int_equal(failed, N);
        for (int k = 0; k < N; k++) {
            const double *now = q + k * m->njoint;
            CtlKin kin;
            ctl_model_stand(m, m->posture, &kin.base);
            ctl_kin_update(&m->tree, now, 0, m->njoint, &kin);
            assert_true(pose_distance(wrist_pose(m, &kin, side), path[k]) < 5e-3);
            for (int i = 0; i < m->narm[1 - side]; i++) /* the other arm is held */
                assert_true(now[m->arm[1 - side][i]] == m->posture[m->arm[1 - side][i]]);
        }
    }
}

static CtlIkVerdict try_pose(const Bench *bench, double x, double y, double z, const double rotvec[3]) {
    const CtlModel *m = ctl_ik_model(bench->ik);
    enum { N = 40 };
    Pose path[N], goal = home_of(m, 1);
    const Pose home = goal;
    double turn[4], quat[4];
    quat_from_rotvec(rotvec, turn);
    quat_mul(turn, goal.quat, quat);
    memcpy(goal.quat, quat, sizeof quat);
    goal.pos[0] += x, goal.pos[1] += y, goal.pos[2] += z;
    for (int k = 0; k < N; k++)
        path[k] = pose_lerp(home, goal, (k + 1.0) / N);
    return ctl_ik_solve(bench->ik, 1, stand_base(m), m->posture, path, N, NULL, NULL);
}

/* Turns the hand about the forearm's axis, further and further. */
static CtlIkVerdict wind_up(const Bench *bench, double angle) {
    const CtlModel *m = ctl_ik_model(bench->ik);
    enum { N = 120 };
    Pose path[N];
    for (int k = 0; k < N; k++) {
        const double turn[3] = {angle * (k + 1) / N, 0, 0};
        Pose roll = POSE_IDENTITY;
        quat_from_rotvec(turn, roll.quat);
        path[k] = home_of(m, 1);
        path[k].pos[0] += 0.15; /* well clear of the body */
        path[k] = pose_mul(path[k], roll);
    }
    return ctl_ik_solve(bench->ik, 1, stand_base(m), m->posture, path, N, NULL, NULL);
}

static void verdicts_say_what_is_wrong(void **state) {
    Bench *bench = *state;
    const double none[3] = {0, 0, 0};
    assert_int_equal(try_pose(bench, 0.1, 0, 0, none), CTL_IK_OK);
    assert_int_equal(try_pose(bench, 1.5, 0, 0, none), CTL_IK_UNREACHABLE);
    const CtlIkVerdict wound = wind_up(bench, 6); /* the wrist's limit, or the elbow that makes up for it */
    assert_true(wound == CTL_IK_JOINT_LIMIT || wound == CTL_IK_SELF_COLLISION);
    assert_int_equal(try_pose(bench, -0.15, 0.25, 0, none), CTL_IK_SELF_COLLISION);
}

/* Commanded into each other the hands stop at the margin. */
static void hands_keep_clear_of_each_other_and_the_body(void **state) {
    Bench *bench = *state;
    const CtlModel *m = &bench->model;
    static const double into[3][3] = {{0.2, 0, 0}, {-0.1, 0, 0.05}, {0.1, 0, -0.35}};
    for (int k = 0; k < 3; k++) {
        double q[CTL_MAX_JOINTS], dq[CTL_MAX_JOINTS] = {0}, waist[MAX_WAIST] = {0};
        memcpy(q, m->posture, sizeof q);
        CtlKin kin;
        ctl_model_stand(m, m->posture, &kin.base);
        CtlWristTarget target[NSIDE] = {{.pose = home_of(m, 0)}, {.pose = home_of(m, 1)}};
        for (int side = 0; side < NSIDE; side++) {
            target[side].pose.pos[0] += into[k][0];
            target[side].pose.pos[1] = 0; /* both at the middle plane */
            target[side].pose.pos[2] += into[k][2];
        }
        for (int i = 0; i < 1500; i++)
            ctl_ik_step(m, &kin.base, target, waist, 0.002, q, dq);
        ctl_kin_update(&m->tree, q, 0, m->njoint, &kin);
        CtlNear near;
        if (ctl_capsules_near(&m->capsules, &kin, 3, 0.3, &near, 1) > 0)
            assert_true(near.distance > 0.2 * CTL_SELF_MARGIN);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_kinematics_is_mujocos),
        cmocka_unit_test(a_step_moves_the_wrists_as_asked),
        cmocka_unit_test(targets_are_reached_and_limits_kept),
        cmocka_unit_test(a_path_is_followed_pose_by_pose),
        cmocka_unit_test(verdicts_say_what_is_wrong),
        cmocka_unit_test(hands_keep_clear_of_each_other_and_the_body),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
