/* The controller's boundary: versions, memory, determinism, and what makes it let go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { COUNTS_ALLOCATIONS = 0 };
static long allocations;
#else
enum { COUNTS_ALLOCATIONS = 1 };
static long allocations;
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}
void *calloc(size_t n, size_t size) {
    allocations++;
    return __libc_calloc(n, size);
}
void *realloc(void *p, size_t size) {
    allocations++;
    return __libc_realloc(p, size);
}
#endif

static void a_foreign_abi_is_refused(void **state) {
    (void)state;
    assert_null(hc_get_api(HC_ABI + 1));
    assert_null(hc_get_api(0));
    const hc_api *api = hc_get_api(HC_ABI);
    assert_non_null(api);
    assert_int_equal(api->abi, HC_ABI);
    assert_int_equal(api->size, sizeof(hc_api));
    assert_int_equal(api->mem_size(NULL), 0);
}

static void bad_beginnings_are_errors_with_words(void **state) {
    (void)state;
    const hc_api *api = hc_get_api(HC_ABI);
    const hc_robot good = {sizeof good, DEMOMILL_SOURCE_DIR "/robots/optimus/robot.yaml", 0.002};
    const hc_robot missing = {sizeof missing, "nowhere.yaml", 0.002};
    void *mem = aligned_alloc(64, (api->mem_size(&good) + 63) / 64 * 64);
    char message[256] = "";
    assert_true(api->init(mem, &missing, NULL, message, sizeof message) < 0);
    assert_non_null(strstr(message, "nowhere.yaml"));
    assert_true(api->init(mem, &good, "bse: pinned\n", message, sizeof message) < 0);
    assert_non_null(strstr(message, "bse"));
    assert_true(api->init(mem, &good, "base: floating\n", message, sizeof message) < 0);
    api->deinit(NULL);
    free(mem);
}

static Pose waving(const Rig *rig, Pose home) {
    home.pos[0] += 0.08;
    home.pos[2] += 0.05 * sin(4 * rig->d->time);
    return home;
}

/* Run while waving a hand, keeping all commands. */
static void wave(Rig *rig, Pose home, int steps, hc_cmd *all) {
    for (int i = 0; i < steps; i++) {
        if (rig->state.seq % RIG_TASK_EVERY == 0) {
            rig_wrist(rig, 1, waving(rig, home));
            rig_command(rig);
        }
        rig_step(rig);
        all[i] = rig->cmd;
    }
}

enum { STEPS = 300 };

static void equal_runs_give_equal_bits(void **state) {
    (void)state;
    hc_cmd *all[2];
    uint64_t print[2];
    for (int k = 0; k < 2; k++) {
        Rig rig;
        rig_create(&rig, &(RigDef){.load = {0, 1}});
        all[k] = calloc(STEPS, sizeof *all[k]);
        wave(&rig, rig_wrist_command(&rig, 1), STEPS, all[k]);
        print[k] = rig.api->fingerprint(rig.mem);
        rig_destroy(&rig);
    }
    assert_memory_equal(all[0], all[1], STEPS * sizeof *all[0]);
    assert_true(print[0] == print[1]);
    free(all[0]);
    free(all[1]);
}

/* The same states, recorded, into the rewound memory: every bit again. */
static void a_log_replays_bit_for_bit(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, &(RigDef){0});
    hc_cmd *all = calloc(STEPS, sizeof *all);
    const Pose home = rig_wrist_command(&rig, 1);
    wave(&rig, home, STEPS, all);
    const hc_robot where = {sizeof where, rig.robot->path, 0.002};
    const size_t size = rig.api->mem_size(&where);
    void *saved = malloc(size);
    memcpy(saved, rig.mem, size);
    hc_state *states = calloc(STEPS, sizeof *states);
    hc_task *tasks = calloc(STEPS, sizeof *tasks);
    for (int i = 0; i < STEPS; i++) {
        wave(&rig, home, 1, all + i);
        states[i] = rig.state;
        tasks[i] = rig.task;
    }
    for (int again = 0; again < 2; again++) {
        memcpy(rig.mem, saved, size);
        for (int i = 0; i < STEPS; i++) {
            hc_cmd cmd;
            assert_int_equal(rig.api->step(rig.mem, &states[i], &tasks[i], &cmd), HC_OK);
            assert_memory_equal(&cmd, &all[i], sizeof cmd);
        }
    }
    free(tasks);
    free(states);
    free(saved);
    free(all);
    rig_destroy(&rig);
}

static void a_step_allocates_nothing(void **state) {
    (void)state;
    if (!COUNTS_ALLOCATIONS)
        skip();
    Rig rig;
    rig_create(&rig, &(RigDef){.load = {0, 1}});
    rig_run(&rig, 0.2);
    hc_cmd cmd;
    const long before = allocations;
    for (int i = 0; i < 100; i++) {
        rig.state.seq++;
        rig.task.seq++;
        rig.api->step(rig.mem, &rig.state, &rig.task, &cmd);
    }
    assert_int_equal(allocations, before);
    rig_destroy(&rig);
}

static void assert_damping(const Rig *rig) {
    assert_int_equal(rig->verdict, HC_DAMP);
    for (uint32_t i = 0; i < rig->cmd.nmotor; i++) {
        assert_true(rig->cmd.motor[i].kp == 0 && rig->cmd.motor[i].tau_ff == 0 && rig->cmd.motor[i].dq == 0);
        assert_true(rig->cmd.motor[i].kd > 0);
    }
}

/* One bad step, then good ones: damping stays until reset. */
static void spoil(void (*change)(Rig *rig)) {
    Rig rig;
    rig_create(&rig, &(RigDef){0});
    rig_run(&rig, 0.1);
    assert_int_equal(rig.verdict, HC_OK);
    const hc_state good_state = rig.state;
    const hc_task good_task = rig.task;
    rig.state.seq++;
    rig.task.seq++;
    change(&rig);
    rig.verdict = rig.api->step(rig.mem, &rig.state, &rig.task, &rig.cmd);
    assert_damping(&rig);
    rig.state = good_state;
    rig.task = good_task;
    rig.state.seq += 2;
    rig.task.seq += 2;
    rig.verdict = rig.api->step(rig.mem, &rig.state, &rig.task, &rig.cmd);
    assert_damping(&rig);
    rig.api->reset(rig.mem, &rig.state, 0);
    rig.state.seq++;
    rig.verdict = rig.api->step(rig.mem, &rig.state, &rig.task, &rig.cmd);
    assert_int_equal(rig.verdict, HC_OK);
    rig_destroy(&rig);
}

static void nan_joint(Rig *rig) {
    rig->state.motor[7].q = NAN;
}
static void inf_gyro(Rig *rig) {
    rig->state.imu_gyro[1] = INFINITY;
}
static void zero_quat(Rig *rig) {
    memset(rig->state.imu_quat, 0, sizeof rig->state.imu_quat);
}
static void nan_wrist(Rig *rig) {
    rig->task.wrist[0][1] = NAN;
}
static void far_wrist(Rig *rig) {
    rig->task.wrist[0][1] = 1e20f;
}
static void nan_hand(Rig *rig) {
    rig->task.hand[1][2] = NAN;
}
static void motor_fault(Rig *rig) {
    rig->state.motor[3].fault = 1;
}
static void runaway(Rig *rig) {
    rig->state.motor[3].dq = 500;
}
static void short_state(Rig *rig) {
    rig->state.size = 8;
}
static void other_robot(Rig *rig) {
    rig->state.nmotor = 12;
}

static void bad_numbers_end_in_damping(void **state) {
    (void)state;
    void (*const changes[])(Rig *) = {nan_joint, inf_gyro,    zero_quat, nan_wrist,   far_wrist,
                                      nan_hand,  motor_fault, runaway,   short_state, other_robot};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        spoil(changes[i]);
}

static void silence_is_held_then_damped(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, &(RigDef){.config = "command_timeout_s: 0.1\n"});
    rig_run(&rig, 0.2);
    const int last = (int)rig.task.seq;
    int held = 0;
    while (rig.verdict == HC_OK && held < 500) {
        rig_step(&rig);
        held++;
    }
    assert_int_equal(rig.task.seq, last);
    assert_true(held > 20 && held < 60);
    assert_damping(&rig);
    rig_destroy(&rig);

    rig_create(&rig, &(RigDef){0});
    rig_run(&rig, 0.2);
    int frozen = 0;
    while (rig.verdict == HC_OK && frozen < 500) { /* the same state over and over */
        rig.task.seq++;
        rig.verdict = rig.api->step(rig.mem, &rig.state, &rig.task, &rig.cmd);
        frozen++;
    }
    assert_true(frozen > 20 && frozen < 35);
    assert_damping(&rig);
    rig_destroy(&rig);
}

static void without_a_task_it_stands(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, &(RigDef){0});
    rig.task.valid = 0;
    rig_run(&rig, 2);
    assert_false(rig_fell(&rig));
    rig_destroy(&rig);
}

static void fallen_it_lets_go(void **state) {
    (void)state;
    Rig rig;
    rig_create(&rig, &(RigDef){0});
    rig.push[0] = 600;
    for (int i = 0; i < 2000 && rig.verdict == HC_OK; i++) {
        if (i % RIG_TASK_EVERY == 0)
            rig_command(&rig);
        if (i == 100)
            rig.push[0] = 0;
        rig_step(&rig);
    }
    assert_damping(&rig);
    rig_destroy(&rig);
}

static void the_shared_object_is_the_same_controller(void **state) {
    (void)state;
    void *library = dlopen(DEMOMILL_WHOLEBODY, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fail_msg("%s", dlerror());
    const hc_api *(*get)(uint32_t) = NULL;
    *(void **)&get = dlsym(library, "hc_get_api");
    assert_non_null(get);
    const hc_api *other = get(HC_ABI);
    assert_non_null(other);
    assert_true(other != hc_get_api(HC_ABI)); /* its own copy, not ours */
    assert_null(dlsym(library, "ctl_ik_solve"));

    Rig rig;
    rig_create(&rig, &(RigDef){0});
    const hc_robot where = {sizeof where, rig.robot->path, 0.002};
    assert_int_equal(other->mem_size(&where), rig.api->mem_size(&where));
    void *mem = aligned_alloc(64, (other->mem_size(&where) + 63) / 64 * 64);
    char message[256];
    assert_int_equal(other->init(mem, &where, NULL, message, sizeof message), 0);
    other->reset(mem, &rig.state, 0);
    for (int i = 0; i < 200; i++) {
        if (i % RIG_TASK_EVERY == 0)
            rig_command(&rig);
        rig_step(&rig);
        hc_cmd cmd;
        assert_int_equal(other->step(mem, &rig.state, &rig.task, &cmd), HC_OK);
        assert_memory_equal(&cmd, &rig.cmd, sizeof cmd);
    }
    other->deinit(mem);
    free(mem);
    rig_destroy(&rig);
    dlclose(library);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_foreign_abi_is_refused),
        cmocka_unit_test(bad_beginnings_are_errors_with_words),
        cmocka_unit_test(equal_runs_give_equal_bits),
        cmocka_unit_test(a_log_replays_bit_for_bit),
        cmocka_unit_test(a_step_allocates_nothing),
        cmocka_unit_test(bad_numbers_end_in_damping),
        cmocka_unit_test(silence_is_held_then_damped),
        cmocka_unit_test(without_a_task_it_stands),
        cmocka_unit_test(fallen_it_lets_go),
        cmocka_unit_test(the_shared_object_is_the_same_controller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
