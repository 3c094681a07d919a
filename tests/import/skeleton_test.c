/* The skeleton of an MJCF text: frames stay, everything that could need a file or run away is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "sim/skeleton.h"

static void check(const char *xml, const char *expected) {
    char *out = NULL;
    Err err = {""};
    if (sim_skeleton("m", xml, &out, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    /* the masses come right after the root */
    char *masses = strstr(out, "<compiler boundmass");
    assert_non_null(masses);
    char *end = strchr(masses, '>') + 1;
    memmove(masses, end, strlen(end) + 1);
    assert_string_equal(out, expected);
    mem_free(out);
}

static void frames_stay(void **state) {
    (void)state;
    check("<mujoco model='a'><worldbody><body name=\"b\" pos=\"1 2 3\" euler=\"0 0 1\">"
          "<joint type='hinge' axis=\"0 0 1\" range=\"-1 1\" damping=\"3\" ref=\"0.1\"/><site name=\"s\" "
          "rgba=\"1 0 0 1\"/>"
          "</body></worldbody></mujoco>",
          "<mujoco model='a'><worldbody><body name=\"b\" pos=\"1 2 3\" euler=\"0 0 1\">"
          "<joint type='hinge' axis=\"0 0 1\" ref=\"0.1\"/><site name=\"s\"/></body></worldbody></mujoco>");
}

static void defaults_and_angles_stay(void **state) {
    (void)state;
    check("<mujoco>\n<compiler angle=\"radian\" meshdir=\"x\" eulerseq='xyz'/>"
          "<default><default class=\"c\"><joint axis=\"1 0 0\"/><geom "
          "type=\"mesh\"/></default></default></mujoco>",
          "<mujoco><compiler angle=\"radian\" eulerseq='xyz'/>"
          "<default><default class=\"c\"><joint axis=\"1 0 0\"/></default></default></mujoco>");
}

static void files_and_copies_go_with_what_is_in_them(void **state) {
    (void)state;
    check(
        "<?xml version=\"1.0\"?><!DOCTYPE x><mujoco><!-- <body> -->"
        "<asset><mesh file=\"a>b.stl\"/><material name=\"m\"/></asset><include file=\"/etc/passwd\"/>"
        "<worldbody><replicate count=\"1000000000\"><body name=\"gone\"><body/></body></replicate>"
        "<attach model=\"self\"/><frame pos='0 0 1'><body name=\"kept\"><inertial mass=\"1\"/></body></frame>"
        "<composite><body name=\"gone\"/></composite></worldbody>"
        "<keyframe><key qpos=\"1\"/></keyframe></mujoco>",
        "<mujoco><worldbody><frame pos='0 0 1'><body name=\"kept\"></body></frame></worldbody></mujoco>");
}

static void attributes_may_stand_without_blanks(void **state) {
    (void)state;
    check("<mujoco><worldbody><body name=\"b\"pos=\"1 2 3\"quat=\"1 0 0 "
          "0\"mocap=\"true\"></body></worldbody></mujoco>",
          "<mujoco><worldbody><body name=\"b\" pos=\"1 2 3\" quat=\"1 0 0 0\" "
          "mocap=\"true\"></body></worldbody></mujoco>");
}

static void what_is_not_mjcf_is_refused_with_its_line(void **state) {
    (void)state;
    static const struct {
        const char *xml, *says;
    } bad[] = {
        {"", "m:1: no <mujoco>"},
        {"hello", "no <mujoco>"},
        {"<html><body/></html>", "no <mujoco>"},
        {"<mujoco>", "ends with an element open"},
        {"<mujoco>\n<worldbody>\n</body></mujoco>", "m:3: not XML: a closing tag"},
        {"</mujoco>", "a closing tag without its opening one"},
        {"<mujoco/><mujoco/>", "a second <mujoco>"},
        {"<mujoco model=\"a></mujoco>", "an attribute without an end"},
        {"<mujoco model></mujoco>", "an attribute without a value"},
        {"<mujoco model=a></mujoco>", "an attribute without a value"},
        {"<mujoco", "a tag without name or end"},
        {"<mujoco><!-- ", "markup without an end"},
        {"<", "a tag without name or end"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *out = NULL;
        Err err = {""};
        assert_int_equal(sim_skeleton("m", bad[i].xml, &out, &err), STATUS_FORMAT);
        if (!strstr(err.message, bad[i].says))
            fail_msg("%s: %s", bad[i].xml, err.message);
        assert_null(out);
    }
}

static void depth_has_a_limit(void **state) {
    (void)state;
    enum { DEPTH = 300 };
    char xml[32 + 6 * DEPTH] = "<mujoco><worldbody>", *out = NULL;
    for (int i = 0; i < DEPTH; i++)
        strcat(xml, "<body>");
    Err err = {""};
    assert_int_equal(sim_skeleton("m", xml, &out, &err), STATUS_LIMIT);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    for (long n = 0; n < 2; n++) {
        char *out = NULL;
        mem_fail_after(n);
        const Status status = sim_skeleton("m", "<mujoco/>", &out, NULL);
        mem_fail_after(-1);
        assert_int_equal(status, STATUS_MEMORY);
        assert_null(out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_stay),
        cmocka_unit_test(defaults_and_angles_stay),
        cmocka_unit_test(files_and_copies_go_with_what_is_in_them),
        cmocka_unit_test(attributes_may_stand_without_blanks),
        cmocka_unit_test(what_is_not_mjcf_is_refused_with_its_line),
        cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
