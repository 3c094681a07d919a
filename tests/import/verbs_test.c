/* demomill import and annotate as a user calls them: exit codes, one clear message, a file that is a source afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/shared/foreign.h"

static char output[8192];

/* Run demomill with the arguments; what it says, on either stream, is in output. */
static int demomill(const char *arguments) {
    char command[2048];
    snprintf(command, sizeof command, "%s %s 2>&1", DEMOMILL_PROGRAM, arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    output[fread(output, 1, sizeof output - 1, pipe)] = '\0';
    const int how = pclose(pipe);
    return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

static void expect(const char *arguments, int code, const char *says) {
    const int got = demomill(arguments);
    if (got != code || !strstr(output, says)) {
        print_error("demomill %s\nexpected %d, '%s'\ngot %d: %s\n", arguments, code, says, got, output);
        fail();
    }
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int set_up(void **state) {
    (void)state;
    unlink("out.hdf5");
    unlink("marked.hdf5");
    write_text("map.yaml", "device: gantry\noperator: human\nworld: {pos_m: [0.3, -0.3, 0.055]}\n"
                           "hands:\n  - {side: right, tool: tool_site, action: -1, open: -1, closed: 1,\n"
                           "     open_closure: pregrasp, closed_closure: pinch, close_time_s: 0.25}\n"
                           "objects: [{name: cube, source: cube_main}]\n");
    write_text(
        "marks.yaml",
        "demos:\n  - id: Lift/demo_2\n    marks: [{subtask: grasp, end: 20}, {subtask: lift, end: 50}]\n");
    write_text("text.hdf5", "no HDF5\n");
    assert_true(foreign_robosuite("good.hdf5", FOREIGN_GOOD));
    assert_true(foreign_robosuite("nan.hdf5", FOREIGN_NAN));
    return 0;
}

static void import_makes_a_source(void **state) {
    (void)state;
    expect("import good.hdf5 --map map.yaml --task lift_cube --robot optimus --out out.hdf5", 0,
           "2 demonstrations written to out.hdf5");
    expect("annotate out.hdf5 --task lift_cube", 0, "Lift/demo_10: 54 rows");
    assert_non_null(strstr(output, "right grasp"));
    expect("annotate out.hdf5 --task lift_cube --marks marks.yaml --out marked.hdf5", 0,
           "rows     0 to    20");
    expect("import out.hdf5 --task lift_cube --out again.hdf5", 0, "by human with gantry");
    unlink("again.hdf5");
}

static void mistakes_end_in_one_message(void **state) {
    (void)state;
    expect("import", 2, "FILE, --task and --out are needed");
    expect("import good.hdf5 --task lift_cube --out x.hdf5", 2,
           "good.hdf5 is not one of our datasets: it needs --map");
    expect("import no.hdf5 --map map.yaml --task lift_cube --out x.hdf5", 3, "no.hdf5: no such file");
    expect("import text.hdf5 --map map.yaml --task lift_cube --out x.hdf5", 3,
           "text.hdf5: not an HDF5 file, or truncated");
    expect("import nan.hdf5 --map map.yaml --task lift_cube --out x.hdf5", 3,
           "nan.hdf5: demo_10: 'states' row 7");
    expect("import good.hdf5 --map no.yaml --task lift_cube --out x.hdf5", 3, "no.yaml: No such file");
    expect("import good.hdf5 --map map.yaml --task nap --out x.hdf5", 3, "nap");
    expect("import good.hdf5 --map map.yaml --task lift_cube --out map.yaml", 3, "map.yaml exists");
    expect("import good.hdf5 --map map.yaml --task stack --out x.hdf5", 3,
           "task 'stack' has no object 'cube'");
    expect("annotate text.hdf5 --task lift_cube", 3, "text.hdf5");
    assert_int_not_equal(access("x.hdf5", F_OK), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(import_makes_a_source),
        cmocka_unit_test(mistakes_end_in_one_message),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
