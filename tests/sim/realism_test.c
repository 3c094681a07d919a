/* Delays, errors and limits between controller and physics, seen by a controller that only watches. */
#include "rig.h"

#include <math.h>
#include <string.h>

/* A controller that holds no posture: it pushes one motor from one step on, and notes when it sees that. */
typedef struct Watch {
    uint32_t push_seq, seen_seq;
    float torque, most;
    int motor;
} Watch;

static size_t watch_size(const hc_robot *robot) {
    (void)robot;
    return sizeof(Watch);
}
static Watch *latest; /* the instance under test, for looking into it */

static int watch_init(void *mem, const hc_robot *robot, const char *config, char *err, size_t err_size) {
    (void)robot, (void)config, (void)err, (void)err_size;
    latest = mem;
    *latest = (Watch){.push_seq = 200, .torque = 5, .motor = 20};
    return 0;
}
static void watch_reset(void *mem, const hc_state *state, uint64_t seed) {
    (void)mem, (void)state, (void)seed;
}
static int watch_step(void *mem, const hc_state *state, const hc_task *task, hc_cmd *cmd) {
    (void)task;
    Watch *w = mem;
    const float seen = fabsf(state->motor[w->motor].tau_est);
    if (seen > 0 && w->seen_seq == 0)
        w->seen_seq = state->seq;
    w->most = seen > w->most ? seen : w->most;
    memset(cmd, 0, sizeof *cmd);
    cmd->size = sizeof *cmd;
    cmd->seq = state->seq;
    cmd->nmotor = state->nmotor;
    for (uint32_t i = 0; i < cmd->nmotor; i++)
        cmd->motor[i].mode = HC_MODE_ON;
    if (state->seq >= w->push_seq)
        cmd->motor[w->motor].tau_ff = w->torque;
    return HC_OK;
}
static int watch_probe(const void *mem, const char **names, double *values, int n) {
    (void)mem, (void)names, (void)values, (void)n;
    return 0;
}
static void watch_deinit(void *mem) {
    (void)mem;
}
static const hc_api WATCH = {.abi = HC_ABI,
                             .size = sizeof(hc_api),
                             .name = "watch",
                             .version = "1",
                             .mem_size = watch_size,
                             .init = watch_init,
                             .reset = watch_reset,
                             .step = watch_step,
                             .probe = watch_probe,
                             .deinit = watch_deinit};

typedef struct Bench {
    CtlRobot *robot;
    SimModel *model;
    SimWorld *world;
} Bench;

static void open_bench(Bench *bench, CtlRealism profile, const hc_api *controller) {
    Err err = {{0}};
    ResetDraw draw;
    assert_int_equal(ctl_robot_load(DEMOMILL_SOURCE_DIR "/robots/optimus/robot.yaml", &bench->robot, &err),
                     STATUS_OK);
    profile.name = "default";
    bench->robot->realism[0] = profile;
    const SimModelDef def = {.robot = bench->robot,
                             .base = SIM_BASE_PINNED,
                             .controller = controller,
                             .controller_config = "",
                             .trusted = true};
    if (sim_model_create(&def, &bench->model, &err) != STATUS_OK ||
        sim_world_create(bench->model, &bench->world, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    assert_int_equal(sim_world_reset(bench->world, 1, 0, &draw), OUTCOME_ok);
}

static void close_bench(Bench *bench) {
    sim_world_destroy(bench->world);
    sim_model_destroy(bench->model);
    ctl_robot_destroy(bench->robot);
}

static void run(Bench *bench, int rows) {
    TaskCommand command;
    float row[ACTION_MAX];
    sim_world_home_command(bench->world, &command);
    action_encode(sim_model_action(bench->model), &command, row);
    for (int i = 0; i < rows; i++)
        assert_int_equal(sim_world_tick(bench->world, row), OUTCOME_ok);
}

static uint32_t steps_until_seen(CtlRealism profile) {
    Bench bench;
    open_bench(&bench, profile, &WATCH);
    run(&bench, 4);
    const uint32_t steps = latest->seen_seq - latest->push_seq;
    close_bench(&bench);
    return steps;
}

static void delays_are_exact(void **state) {
    (void)state;
    assert_int_equal(steps_until_seen((CtlRealism){0}), 1);
    assert_int_equal(steps_until_seen((CtlRealism){.command_delay = 0.002}), 2);
    assert_int_equal(steps_until_seen((CtlRealism){.command_delay = 0.02}), 11);
    assert_int_equal(steps_until_seen((CtlRealism){.state_delay = 0.004}), 3);
    assert_int_equal(steps_until_seen((CtlRealism){.command_delay = 0.004, .state_delay = 0.004}), 5);
}

static void a_drive_gives_what_it_has(void **state) {
    (void)state;
    Bench bench;
    open_bench(&bench, (CtlRealism){0}, &WATCH);
    latest->torque = 1e6f;
    run(&bench, 10);
    const CtlMotor *motor = &bench.robot->motor[latest->motor];
    assert_true(fabs((double)latest->most - motor->peak_torque) < 1e-3);
    close_bench(&bench);
}

static void torque_errors_are_drawn_per_attempt(void **state) {
    (void)state;
    float seen[3];
    for (uint64_t attempt = 0; attempt < 3; attempt++) {
        Bench bench;
        open_bench(&bench, (CtlRealism){.torque_error = 0.1}, &WATCH);
        ResetDraw draw;
        assert_int_equal(sim_world_reset(bench.world, 1, attempt / 2, &draw), OUTCOME_ok);
        *latest = (Watch){.push_seq = 200, .torque = 5, .motor = 20};
        run(&bench, 3);
        seen[attempt] = latest->most;
        assert_true(seen[attempt] >= 4.5f && seen[attempt] <= 5.5f);
        close_bench(&bench);
    }
    assert_true(seen[0] == seen[1]);
    assert_true(seen[0] != seen[2]);
}

static void encoders_are_off_and_coarse(void **state) {
    (void)state;
    Bench bench;
    const double step = 0.001;
    open_bench(&bench, (CtlRealism){.encoder_offset = 0.015, .encoder_resolution = step}, NULL);
    run(&bench, 5);
    float q[CTL_MAX_MOTORS];
    sim_world_observe(bench.world, 0, q);
    const mjModel *m = sim_world_mj(bench.world);
    int off = 0;
    for (int i = 0; i < bench.robot->nbody_motor; i++) {
        const int joint = mj_name2id(m, mjOBJ_JOINT, bench.robot->motor[i].name);
        const double error = (double)q[i] - sim_world_data(bench.world)->qpos[m->jnt_qposadr[joint]];
        assert_true(fabs(error) <= 0.015 + step);
        off += fabs(error) > step;
        const double ticks = (double)q[i] / step;
        assert_true(fabs(ticks - floor(ticks + 0.5)) < 1e-2);
    }
    assert_true(off > bench.robot->nbody_motor / 2);
    close_bench(&bench);
}

static void noise_is_keyed_by_attempt_and_step(void **state) {
    (void)state;
    float velocity[3][CTL_MAX_MOTORS];
    for (int i = 0; i < 3; i++) {
        Bench bench;
        open_bench(&bench, (CtlRealism){.velocity_noise = 0.05, .gyro_noise = 0.2, .wrench_noise = 1}, NULL);
        ResetDraw draw;
        assert_int_equal(sim_world_reset(bench.world, 1, (uint64_t)(i / 2), &draw), OUTCOME_ok);
        run(&bench, 5);
        sim_world_observe(bench.world, 1, velocity[i]);
        close_bench(&bench);
    }
    assert_memory_equal(velocity[0], velocity[1], 28 * sizeof(float));
    assert_memory_not_equal(velocity[0], velocity[2], 28 * sizeof(float));
}

static void standing_bears_the_field_profile(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, NULL, &(SimModelDef){.realism = "field"});
    for (uint64_t attempt = 0; attempt < 3; attempt++) {
        rig_reset(&rig, 1, attempt);
        rig_run(&rig, 3);
        assert_true(sim_world_foot_slip(rig.world) < 0.01);
    }
    rig_destroy(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delays_are_exact),
        cmocka_unit_test(a_drive_gives_what_it_has),
        cmocka_unit_test(torque_errors_are_drawn_per_attempt),
        cmocka_unit_test(encoders_are_off_and_coarse),
        cmocka_unit_test(noise_is_keyed_by_attempt_and_step),
        cmocka_unit_test(standing_bears_the_field_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
