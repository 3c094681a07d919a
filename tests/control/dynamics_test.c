/* Gravity, dynamics, contact forces and estimates against MuJoCo's own numbers and closed forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "control/balance.h"
#include "control/distribute.h"
#include "control/estimate.h"
#include "control/model.h"
#include "rig.h"

#include <math.h>
#include <string.h>

static void load_model(const Rig *rig, CtlModel *model) {
    Err err = {{0}};
    memset(model, 0, sizeof *model);
    assert_int_equal(ctl_model_load(rig->robot, model, NULL, &err), STATUS_OK);
}

/* The light model's inverse dynamics against mj_inverse of the full one, fingers at rest and straight. */
static void inverse_dynamics_is_mujocos(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, &(RigDef){0});
    CtlModel model;
    load_model(&rig, &model);
    mjData *light = mj_makeData(model.m), *full = rig.d;
    Rng rng = rng_make(4, 0, RNG_TEST, 0);
    rig.m->opt.disableflags |= mjDSBL_CONTACT | mjDSBL_EQUALITY | mjDSBL_LIMIT | mjDSBL_FRICTIONLOSS;
    for (int k = 0; k < 20; k++) {
        CtlEstimate e = {.grounded = true};
        double ddq[CTL_MAX_JOINTS], bias[6 + CTL_MAX_JOINTS];
        mju_eye(e.kin.base.rot, 3);
        e.kin.base.pos[2] = 0.93;
        mju_zero(full->qpos, (int)rig.m->nq);
        mju_zero(full->qvel, (int)rig.m->nv);
        mju_zero(full->qacc, (int)rig.m->nv);
        full->qpos[2] = 0.93;
        full->qpos[3] = 1;
        for (int j = 0; j < model.njoint; j++) {
            const int joint = mj_name2id(rig.m, mjOBJ_JOINT, rig.robot->motor[j].name);
            e.q[j] = full->qpos[rig.m->jnt_qposadr[joint]] = rng_range(&rng, model.lo[j], model.hi[j]);
            e.dq[j] = full->qvel[rig.m->jnt_dofadr[joint]] = rng_range(&rng, -1, 1);
            ddq[j] = full->qacc[rig.m->jnt_dofadr[joint]] = rng_range(&rng, -2, 2);
        }
        ctl_inverse_dynamics(&model, &e, ddq, light, bias);
        mj_inverse(rig.m, full);
        for (int j = 0; j < model.njoint; j++) {
            const int dof = rig.m->jnt_dofadr[mj_name2id(rig.m, mjOBJ_JOINT, rig.robot->motor[j].name)];
            const double wanted = full->qfrc_inverse[dof] - model.damping[j] * e.dq[j];
            assert_true(fabs(bias[model.dof[j]] - wanted) < 1e-6 * (1 + fabs(wanted)));
        }
        for (int i = 0; i < 6; i++)
            assert_true(fabs(bias[i] - full->qfrc_inverse[i]) < 1e-6 * (1 + fabs(bias[i])));
    }
    mj_deleteData(light);
    ctl_model_clear(&model);
    rig_destroy(&rig);
}

static void the_estimate_finds_the_base(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, &(RigDef){0});
    rig_run(&rig, 2);
    CtlModel model;
    load_model(&rig, &model);
    CtlEstimator estimator = {.started = false};
    CtlEstimate e;
    ctl_estimate(&estimator, &model, &rig.state, false, 0.002, &e);
    mj_kinematics(rig.m, rig.d);
    Pose base;
    memcpy(base.pos, rig.d->xpos + 3 * rig.base, sizeof base.pos);
    memcpy(base.quat, rig.d->xquat + 4 * rig.base, sizeof base.quat);
    const Pose truth = pose_rel(rig_footprint(&rig), base), found = ctl_frame_pose(&e.kin.base);
    assert_true(pose_distance(truth, found) < 2e-3);
    assert_true(pose_angle(truth, found) < 2e-3);
    assert_true(e.grounded);
    double weight = 0;
    for (int b = 1; b < rig.m->nbody; b++)
        weight += 9.81 * rig.m->body_mass[b];
    assert_true(fabs(e.load[0] + e.load[1] - weight) < 0.01 * weight);
    for (int side = 0; side < NSIDE; side++) { /* nothing in the hands */
        double force[3], torque[3], point[3];
        ctl_external_wrench(&model.hand[side], &e.kin, rig.state.wrist_wrench[side], force, torque, point);
        assert_true(vec3_norm(force) < 0.2);
        assert_true(vec3_norm(torque) < 0.1);
    }
    ctl_model_clear(&model);
    rig_destroy(&rig);
}

static void a_crooked_imu_is_found_out(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, &(RigDef){0});
    rig_run(&rig, 1);
    CtlModel model;
    load_model(&rig, &model);
    const double mount[3] = {0.04, -0.03, 0.5};
    double turn[4], quat[4];
    quat_from_rotvec(mount, turn);
    const double is[4] = {rig.state.imu_quat[0], rig.state.imu_quat[1], rig.state.imu_quat[2],
                          rig.state.imu_quat[3]};
    quat_mul(is, turn, quat);
    for (int i = 0; i < 4; i++)
        rig.state.imu_quat[i] = (float)quat[i];
    CtlEstimator estimator = {.started = false};
    CtlEstimate e;
    for (int i = 0; i < 10; i++)
        ctl_estimate(&estimator, &model, &rig.state, false, 0.002, &e);
    assert_true(e.tilt < 5e-3);
    ctl_model_clear(&model);
    rig_destroy(&rig);
}

/* What a hand holds is felt as its weight. */
static void a_load_is_weighed(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, &(RigDef){.load = {0.5, 2}});
    rig_run(&rig, 4);
    assert_true(fabs(rig_probe(&rig, "payload_left") - 0.5) < 0.1);
    assert_true(fabs(rig_probe(&rig, "payload_right") - 2) < 0.2);
    assert_true(rig_probe(&rig, "wrist_error_right") < 5e-3);
    assert_true(fabs(rig_probe(&rig, "cop_x")) < 0.02 && fabs(rig_probe(&rig, "cop_y")) < 0.02);
    rig_destroy(&rig);
    rig_create(&rig, &(RigDef){.load = {0, 2}, .config = "payload: off\n"});
    rig_run(&rig, 4);
    assert_true(rig_probe(&rig, "payload_right") == 0);
    rig_destroy(&rig);
}

enum { NGEN = 32 };

static void make_feet(double generator[NGEN][6]) {
    int n = 0;
    for (int side = 0; side < 2; side++)
        for (int corner = 0; corner < 4; corner++)
            for (int edge = 0; edge < 4; edge++, n++) {
                const double p[3] = {corner & 1 ? 0.11 : -0.11,
                                     (side ? -0.1 : 0.1) + (corner & 2 ? 0.04 : -0.04), -0.93};
                const double mu = edge & 1 ? 0.55 : -0.55;
                const double f[3] = {edge & 2 ? 0 : mu, edge & 2 ? mu : 0, 1};
                memcpy(generator[n], f, sizeof f);
                vec3_cross(p, f, generator[n] + 3);
            }
}

static void forces_add_up_where_they_can(void **state) {
    (void)state;
    double generator[NGEN][6], rho[NGEN], lambda[6] = {0};
    const double soft[6] = {1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3};
    make_feet(generator);
    Rng rng = rng_make(5, 0, RNG_TEST, 0);
    for (int k = 0; k < 200; k++) {
        /* a wrench that the feet can give: from random forces at their corners */
        double wrench[6] = {0}, sum[6] = {0};
        for (int i = 0; i < NGEN; i++) {
            const double magnitude = rng_range(&rng, 0, 50);
            for (int j = 0; j < 6; j++)
                wrench[j] += magnitude * generator[i][j];
        }
        assert_true(ctl_distribute((const double(*)[6])generator, NGEN, wrench, soft, lambda, rho) >= 0);
        for (int i = 0; i < NGEN; i++) {
            assert_true(rho[i] >= 0);
            for (int j = 0; j < 6; j++)
                sum[j] += rho[i] * generator[i][j];
        }
        for (int j = 0; j < 6; j++)
            assert_true(fabs(sum[j] - wrench[j]) < 1);
    }
}

/* Optimality: no feasible change of any ρ lowers the cost, whatever is asked. */
static void what_cannot_be_had_is_given_up_optimally(void **state) {
    (void)state;
    double generator[NGEN][6], rho[NGEN], lambda[6] = {0};
    const double soft[6] = {1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3};
    make_feet(generator);
    Rng rng = rng_make(6, 0, RNG_TEST, 0);
    for (int k = 0; k < 200; k++) {
        const double wrench[6] = {rng_range(&rng, -900, 900),  rng_range(&rng, -900, 900),
                                  rng_range(&rng, -200, 1200), rng_range(&rng, -300, 300),
                                  rng_range(&rng, -300, 300),  rng_range(&rng, -100, 100)};
        assert_true(ctl_distribute((const double(*)[6])generator, NGEN, wrench, soft, lambda, rho) >= 0);
        double left[6];
        memcpy(left, wrench, sizeof left);
        for (int i = 0; i < NGEN; i++)
            for (int j = 0; j < 6; j++)
                left[j] -= rho[i] * generator[i][j];
        for (int i = 0; i < NGEN; i++) {
            double slope = rho[i];
            for (int j = 0; j < 6; j++)
                slope -= generator[i][j] * left[j] / soft[j];
            /* KKT: zero where the force is positive, not negative where it is zero; in units of left/soft */
            if (rho[i] > 0)
                assert_true(fabs(slope) < 10);
            else
                assert_true(slope > -10);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inverse_dynamics_is_mujocos),
        cmocka_unit_test(the_estimate_finds_the_base),
        cmocka_unit_test(a_crooked_imu_is_found_out),
        cmocka_unit_test(a_load_is_weighed),
        cmocka_unit_test(forces_add_up_where_they_can),
        cmocka_unit_test(what_cannot_be_had_is_given_up_optimally),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
