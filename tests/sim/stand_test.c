/* The robot in a world: stands, keeps its feet where they are, and its read-outs are sane. */
#include "rig.h"

#include <math.h>
#include <string.h>

static void it_stands_still(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, "pick_place", NULL);
    rig_reset(&rig, 1, 0);
    Scene start, end;
    sim_world_truth(rig.world, &start);
    rig_run(&rig, 4);
    sim_world_truth(rig.world, &end);
    assert_true(fabs(end.time - 4) < 1e-6);
    assert_true(sim_world_foot_slip(rig.world) < 1e-3);
    assert_true(sim_world_balance_margin(rig.world) > 0.05);
    assert_true(sim_world_limit_margin(rig.world) > 0.05);
    assert_int_equal(sim_world_unintended(rig.world), 0);
    for (int s = 0; s < NSIDE; s++) {
        assert_true(pose_distance(start.hand[s], end.hand[s]) < 5e-3);
        assert_true(sim_world_hand_force(rig.world, s) < 1); /* its own weight is taken off */
    }
    rig_destroy(&rig);
}

static void pinned_it_hangs_where_it_would_stand(void **state) {
    (void)state;
    Rig standing, pinned;
    rig_create(&standing, "lift_cube", NULL);
    rig_create(&pinned, "lift_cube", &(SimModelDef){.base = SIM_BASE_PINNED});
    rig_reset(&standing, 1, 0);
    rig_reset(&pinned, 1, 0);
    rig_run(&standing, 1);
    rig_run(&pinned, 1);
    Scene a, b;
    sim_world_truth(standing.world, &a);
    sim_world_truth(pinned.world, &b);
    assert_true(pose_distance(a.base, b.base) < 2e-3);
    for (int s = 0; s < NSIDE; s++)
        assert_true(pose_distance(a.hand[s], b.hand[s]) < 5e-3);
    assert_int_equal(sim_world_unintended(pinned.world), 0);
    assert_true(sim_model_state_size(pinned.model) < sim_model_state_size(standing.model));
    rig_destroy(&standing);
    rig_destroy(&pinned);
}

static void a_push_moves_it_and_ends(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, NULL, NULL);
    rig_reset(&rig, 1, 0);
    const double margin = sim_world_balance_margin(rig.world);
    sim_world_push(rig.world, (double[3]){100, 0, 0}, 0.1);
    rig_run(&rig, 0.1);
    assert_true(sim_world_balance_margin(rig.world) < margin - 0.01);
    rig_run(&rig, 3);
    assert_true(fabs(sim_world_balance_margin(rig.world) - margin) < 0.01);
    rig_destroy(&rig);
}

static void columns_have_names_and_finite_numbers(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, "mug_drawer", NULL);
    rig_reset(&rig, 1, 0);
    rig_run(&rig, 0.2);
    const int n = sim_world_ncolumn(rig.model);
    for (int i = 0; i < n; i++) {
        int dim;
        float value[128];
        const char *name = sim_world_column(rig.model, i, &dim);
        assert_true(dim > 0 && dim <= 128);
        for (int j = 0; j < i; j++) {
            int other;
            assert_string_not_equal(name, sim_world_column(rig.model, j, &other));
        }
        sim_world_observe(rig.world, i, value);
        for (int k = 0; k < dim; k++)
            assert_true(isfinite(value[k]));
        assert_null(strstr(name, "object")); /* no truth about the scene among what a policy may see */
    }
    rig_destroy(&rig);
}

static void an_observation_is_of_the_present_state(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, NULL, NULL);
    rig_reset(&rig, 1, 0);
    sim_world_push(rig.world, (double[3]){150, 0, 0}, 0.05);
    rig_run(&rig, 0.05);
    float q[CTL_MAX_MOTORS];
    sim_world_observe(rig.world, 0, q);
    const mjModel *m = sim_world_mj(rig.world);
    for (int i = 0; i < rig.robot->nbody_motor; i++) {
        const int joint = mj_name2id(m, mjOBJ_JOINT, rig.robot->motor[i].name);
        assert_true(q[i] == (float)sim_world_data(rig.world)->qpos[m->jnt_qposadr[joint]]);
    }
    rig_destroy(&rig);
}

static void a_broken_world_says_so_and_can_be_reset(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, "lift_cube", NULL);
    rig_reset(&rig, 1, 0);
    const uint64_t hash = sim_world_hash(rig.world);
    sim_world_data(rig.world)->qvel[0] = NAN;
    assert_int_equal(sim_world_tick(rig.world, rig.home), OUTCOME_numeric);
    assert_int_equal(sim_world_tick(rig.world, rig.home), OUTCOME_numeric);
    rig_reset(&rig, 1, 0);
    assert_true(sim_world_hash(rig.world) == hash);
    rig_run(&rig, 0.2);
    rig_destroy(&rig);
}

static void thrown_over_it_has_fallen(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, NULL, NULL);
    rig_reset(&rig, 1, 0);
    sim_world_push(rig.world, (double[3]){-900, 0, 0}, 0.2);
    Outcome outcome = OUTCOME_ok;
    for (int i = 0; i < 60 && outcome == OUTCOME_ok; i++)
        outcome = sim_world_tick(rig.world, rig.home);
    assert_int_equal(outcome, OUTCOME_fell);
    rig_destroy(&rig);
}

static void the_models_text_and_hash_are_reproducible(void **state) {
    (void)state;
    Rig a, b;
    rig_create(&a, "stack", NULL);
    rig_create(&b, "stack", NULL);
    assert_string_equal(sim_model_hash(a.model), sim_model_hash(b.model));
    assert_string_equal(sim_model_xml(a.model), sim_model_xml(b.model));
    char error[512] = "";
    mjSpec *spec = mj_parseXMLString(sim_model_xml(a.model), NULL, error, sizeof error);
    assert_non_null(spec);
    mjModel *m = mj_compile(spec, NULL);
    assert_non_null(m);
    const mjModel *looks;
    mjData *pose;
    Err err = {{0}};
    rig_reset(&a, 1, 0);
    assert_int_equal(sim_world_picture(a.world, &looks, &pose, &err), STATUS_OK);
    assert_int_equal(m->nq, sim_model_mj(a.model)->nq);
    assert_int_equal(m->ngeom, looks->ngeom);
    for (int i = 0; i < (int)m->ngeom; i++)
        assert_int_equal(m->geom_contype[i], looks->geom_contype[i]);
    mj_deleteModel(m);
    mj_deleteSpec(spec);
    rig_destroy(&a);
    rig_destroy(&b);
}

static void a_picture_shows_the_world_as_it_is(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, "stack", &(SimModelDef){.level = "D2"});
    for (uint64_t attempt = 0; attempt < 3; attempt++) {
        ResetDraw draw;
        assert_int_equal(sim_world_reset(rig.world, 1, attempt, &draw), OUTCOME_ok);
        const mjModel *m = sim_world_mj(rig.world), *looks;
        mjData *pose;
        Err err = {{0}};
        assert_int_equal(sim_world_picture(rig.world, &looks, &pose, &err), STATUS_OK);
        assert_true(looks->ngeom > m->ngeom);
        assert_int_equal(looks->nbody, m->nbody);
        for (int i = 0; i < 3 * (int)m->nbody; i++)
            assert_true(fabs(pose->xpos[i] - sim_world_data(rig.world)->xpos[i]) < 1e-9);
        const int seen = mj_name2id(looks, mjOBJ_GEOM, "red_cube"),
                  felt = mj_name2id(m, mjOBJ_GEOM, "red_cube");
        assert_true(fabs(looks->geom_size[3 * seen] - m->geom_size[3 * felt]) < 1e-12);
    }
    rig_destroy(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_stands_still),
        cmocka_unit_test(pinned_it_hangs_where_it_would_stand),
        cmocka_unit_test(a_push_moves_it_and_ends),
        cmocka_unit_test(columns_have_names_and_finite_numbers),
        cmocka_unit_test(an_observation_is_of_the_present_state),
        cmocka_unit_test(a_broken_world_says_so_and_can_be_reset),
        cmocka_unit_test(thrown_over_it_has_fallen),
        cmocka_unit_test(a_picture_shows_the_world_as_it_is),
        cmocka_unit_test(the_models_text_and_hash_are_reproducible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
