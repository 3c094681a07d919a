/* The same bits on every x86-64 machine: libmujoco's sin, exp, pow … come from this executable, and what it
 * computes does not depend on what the CPU can do. The program runs itself, as a child, in other
 * circumstances. */
#include <dlfcn.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <mujoco/mujoco.h>

static const char *const model_xml =
    "<mujoco><option timestep='0.002' integrator='implicitfast' cone='elliptic'/>"
    "<worldbody><geom type='plane' size='2 2 .1'/>"
    "<body pos='0 0 .6' euler='20 30 10'><freejoint/><geom type='capsule' size='.05' fromto='0 0 0 .3 0 0'/>"
    "<body pos='.3 0 0'><joint name='elbow' axis='0 1 0' damping='.1'/>"
    "<geom type='ellipsoid' size='.04 .06 .15' pos='0 0 -.15'/></body></body>"
    "<body pos='.1 .05 .2'><freejoint/><geom type='box' size='.05 .06 .07' euler='5 0 40'/></body>"
    "</worldbody><actuator><position joint='elbow' kp='20'/></actuator></mujoco>";

/* The trajectory's hash on the machine where it was first computed; every other machine has to agree. */
static const char *const golden = "e4d9b3d6087cf2ce-a3ae148fba3a6295";

static uint64_t fnv1a(uint64_t hash, const void *bytes, size_t n) {
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Two bodies fall and roll for 2 s while the elbow follows a sine; every state goes into the hash. */
static uint64_t trajectory_hash(void) {
    char error[256] = "";
    mjSpec *spec = mj_parseXMLString(model_xml, NULL, error, sizeof error);
    assert_non_null(spec);
    mjModel *model = mj_compile(spec, NULL);
    assert_non_null(model);
    mjData *data = mj_makeData(model);
    assert_non_null(data);

    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < 1000; i++) {
        data->ctrl[0] = sin(3.0 * data->time) * exp(-0.3 * data->time);
        mj_step(model, data);
        hash = fnv1a(hash, data->qpos, (size_t)model->nq * sizeof(mjtNum));
        hash = fnv1a(hash, data->qvel, (size_t)model->nv * sizeof(mjtNum));
    }
    assert_true(data->ncon > 0);
    mj_deleteData(data);
    mj_deleteModel(model);
    mj_deleteSpec(spec);
    return hash;
}

/* The functions themselves, over arguments from tiny to huge. */
static uint64_t functions_hash(void) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < 4000; i++) {
        double x = ldexp(1.0 + i * 0.000173, i % 40 - 25), unit = (i - 2000) / 2000.0;
        double y[] = {sin(x),           cos(x),     tan(x),         exp(unit * 20), log(x),
                      pow(x, unit * 3), asin(unit), acos(unit),     atan(x),        atan2(unit, x),
                      cbrt(x),          tanh(unit), hypot(x, unit), log1p(x),       expm1(unit)};
        float f[] = {sinf((float)x), cosf((float)x), powf((float)x, (float)unit), expf((float)unit)};
        hash = fnv1a(fnv1a(hash, y, sizeof y), f, sizeof f);
    }
    return hash;
}

/* Runs this program with the argument and the environment setting; its output, stderr included, to read. */
static FILE *run_self(const char *setting, const char *argument) {
    char self[512], command[1024];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = '\0';
    snprintf(command, sizeof command, "%s '%s' %s 2>&1", setting, self, argument);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    return pipe;
}

static void hash_under(const char *setting, char hash[static 64]) {
    FILE *pipe = run_self(setting, "--hash");
    assert_non_null(fgets(hash, 64, pipe));
    hash[strcspn(hash, "\n")] = '\0';
    assert_int_equal(pclose(pipe), 0);
}

static void libmujoco_computes_with_our_functions(void **state) {
    (void)state;
    static const char *const needed[] = {"sin", "cos", "tan", "asin", "acos", "atan2", "exp", "log", "pow"};
    enum { N_NEEDED = sizeof needed / sizeof *needed };
    bool bound[N_NEEDED] = {false};

    FILE *pipe = run_self("LD_BIND_NOW=1 LD_DEBUG=bindings", "--hash");
    char line[2048];
    while (fgets(line, sizeof line, pipe)) {
        const char *to = strstr(line, "] to ");
        const char *from = strstr(line, "libmujoco.so");
        const char *symbol = strstr(line, "symbol `");
        if (!to || !from || from > to || !symbol)
            continue;
        for (int i = 0; i < N_NEEDED; i++) {
            size_t length = strlen(needed[i]);
            if (strncmp(symbol + 8, needed[i], length) == 0 && symbol[8 + length] == '\'')
                bound[i] = strstr(to, "libm_test [") != NULL;
        }
    }
    assert_int_equal(pclose(pipe), 0);
    for (int i = 0; i < N_NEEDED; i++) {
        if (!bound[i])
            print_error("libmujoco's %s is not this executable's\n", needed[i]);
        assert_true(bound[i]);
    }
}

static void a_controller_loaded_later_computes_with_our_functions(void **state) {
    (void)state;
    void *module = dlopen(LIBM_PROBE, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(module);
    double (*(*probe)(void))(double);
    *(void **)&probe = dlsym(module, "libm_probe_sin");
    assert_non_null(probe);
    double (*found)(double) = probe();
    assert_true(found == sin);
    void *glibcs = dlsym(RTLD_NEXT, "sin");
    assert_non_null(glibcs);
    assert_ptr_not_equal(*(void **)&found, glibcs);
    dlclose(module);
}

static void cpu_features_do_not_change_the_bits(void **state) {
    (void)state;
    char here[64], less[64];
    hash_under("", here);
    hash_under("GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA", less);
    assert_string_equal(here, less);
}

static void all_machines_agree(void **state) {
    (void)state;
    char here[64];
    hash_under("", here);
    assert_string_equal(here, golden);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--hash") == 0) {
        printf("%016llx-%016llx\n", (unsigned long long)trajectory_hash(),
               (unsigned long long)functions_hash());
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libmujoco_computes_with_our_functions),
        cmocka_unit_test(a_controller_loaded_later_computes_with_our_functions),
        cmocka_unit_test(cpu_features_do_not_change_the_bits),
        cmocka_unit_test(all_machines_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
