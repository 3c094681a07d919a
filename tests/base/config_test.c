/* Configuration: every complaint has its file, its line and what is known there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/config.h"

typedef struct Wheel {
    char *name;
    double size;
    int spokes;
    bool spare;
    int colour;
} Wheel;

typedef struct Cart {
    Wheel *wheels;
    unsigned wheels_count;
    double box[2];
    char *note;
} Cart;

static const cyaml_strval_t colours[] = {{"red", 0}, {"blue", 1}};
static const cyaml_schema_field_t wheel_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, Wheel, name, 1, 20),
    CYAML_FIELD_FLOAT("size", CYAML_FLAG_DEFAULT, Wheel, size),
    CYAML_FIELD_INT("spokes", CYAML_FLAG_OPTIONAL, Wheel, spokes),
    CYAML_FIELD_BOOL("spare", CYAML_FLAG_OPTIONAL, Wheel, spare),
    CYAML_FIELD_ENUM("colour", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, Wheel, colour, colours, 2),
    CYAML_FIELD_END};
static const cyaml_schema_value_t wheel = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, Wheel, wheel_fields)};
static const cyaml_schema_value_t number = {CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, double)};
static const cyaml_schema_field_t cart_fields[] = {
    CYAML_FIELD_SEQUENCE("wheels", CYAML_FLAG_POINTER, Cart, wheels, &wheel, 1, 4),
    CYAML_FIELD_SEQUENCE_FIXED("box", CYAML_FLAG_DEFAULT, Cart, box, &number, 2),
    CYAML_FIELD_STRING_PTR("note", CYAML_FLAG_POINTER_NULL_STR | CYAML_FLAG_OPTIONAL, Cart, note, 1, 20),
    CYAML_FIELD_END};
static const cyaml_schema_value_t cart = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, Cart, cart_fields)};

static const char good[] = "wheels:\n"
                           "  - {name: left, size: 0.4, spokes: 12, colour: blue}\n"
                           "  - name: right\n"
                           "    size: 4e-1\n"
                           "    spare: yes\n"
                           "box: [1, 2.5]\n"
                           "note: null\n";

static void a_good_file_is_loaded(void **state) {
    (void)state;
    void *data = NULL;
    Err err = {""};
    assert_int_equal(config_parse("cart.yaml", good, strlen(good), &cart, &data, &err), STATUS_OK);
    const Cart *c = data;
    assert_int_equal(c->wheels_count, 2);
    assert_string_equal(c->wheels[1].name, "right");
    assert_true(c->wheels[1].spare && !c->wheels[0].spare);
    assert_int_equal(c->wheels[0].colour, 1);
    assert_true(c->box[1] == 2.5);
    assert_null(c->note);
    config_free(&cart, data);
    config_free(&cart, NULL);
}

static void complaints_have_line_and_what_is_known(void **state) {
    (void)state;
    static const struct {
        const char *text;
        Status status;
        const char *says;
    } bad[] = {
        {"", STATUS_FORMAT, "c:1: the file is empty"},
        {"# only a comment\n", STATUS_FORMAT, "the file is empty"},
        {"- 1\n", STATUS_FORMAT, "c:1: 'the file' must be a mapping, not a list"},
        {"box: [1, 2]\nwheels:\n  - {name: a, size: 1}\ncolor: red\n", STATUS_UNKNOWN_NAME,
         "c:4: unknown key 'color' (known: wheels, box, note)"},
        {"box: [1, 2]\nwheels:\n  - name: a\n    sise: 1\n", STATUS_UNKNOWN_NAME,
         "c:4: unknown key 'sise' (known: name, size, spokes, spare, colour)"},
        {"box: [1, 2]\nwheels:\n  - name: a\n", STATUS_FORMAT, "c:3: missing key 'size'"},
        {"wheels:\n  - {name: a, size: 1}\n", STATUS_FORMAT, "c:1: missing key 'box'"},
        {"box: [1, 2]\nbox: [1, 2]\n", STATUS_FORMAT, "c:2: key 'box' is given twice"},
        {"box: [1, 2, 3]\n", STATUS_FORMAT, "c:1: 'box' must have exactly 2 entries"},
        {"box: [1]\n", STATUS_FORMAT, "exactly 2 entries"},
        {"wheels: []\n", STATUS_FORMAT, "c:1: 'wheels' must have at least 1 entries"},
        {"wheels: 3\n", STATUS_FORMAT, "c:1: 'wheels' must be a list, not '3'"},
        {"wheels:\n  - 3\n", STATUS_FORMAT, "c:2: 'wheels' must be a mapping, not '3'"},
        {"wheels:\n  - size: 1x\n", STATUS_FORMAT, "c:2: 'size' must be a finite number, not '1x'"},
        {"wheels:\n  - size: .nan\n", STATUS_FORMAT, "'size' must be a finite number"},
        {"wheels:\n  - size: nan\n", STATUS_FORMAT, "'size' must be a finite number"},
        {"wheels:\n  - size: 1e999\n", STATUS_FORMAT, "'size' must be a finite number"},
        {"wheels:\n  - size: ''\n", STATUS_FORMAT, "'size' must be a finite number"},
        {"wheels:\n  - size: [1]\n", STATUS_FORMAT, "'size' must be a finite number, not a list"},
        {"wheels:\n  - spokes: 1.5\n", STATUS_FORMAT, "'spokes' must be a whole number"},
        {"wheels:\n  - spokes: 99999999999999999999\n", STATUS_FORMAT, "'spokes' must be a whole number"},
        {"wheels:\n  - spare: maybe\n", STATUS_FORMAT, "'spare' must be true or false, not 'maybe'"},
        {"wheels:\n  - colour: green\n", STATUS_UNKNOWN_NAME,
         "c:2: unknown colour 'green' (known: red, blue)"},
        {"wheels:\n  - name: ''\n", STATUS_FORMAT, "c:2: 'name' is empty"},
        {"wheels:\n  - name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", STATUS_FORMAT,
         "'name' is longer than 20 bytes"},
        {"wheels:\n  - name: \"a\\0b\"\n", STATUS_FORMAT, "NUL"},
        {"wheels: {\n", STATUS_FORMAT, "must be a list"},
        {"wheels:\n  - {name: a\n", STATUS_FORMAT, "not YAML"},
        {"wheels:\n\t- a\n", STATUS_FORMAT, "c:2: not YAML"},
        {"wheels:\n  - &a {name: x, size: 1}\n  - *a\n", STATUS_FORMAT,
         "c:3: aliases (*a) are not supported"},
        {"[a, b]: 1\n", STATUS_FORMAT, "c:1: a key must be a text, not a list"},
        {"\xff\xfe\xff", STATUS_FORMAT, "not YAML"},
        {"box: [1, 2]\nwheels:\n  - {name: a, size: 1}\n---\nbox: [1, 2]\n", STATUS_FORMAT,
         "c:4: a second document"},
        {"wheels:\n  - {name: a, size: 1, spokes: 9999999999}\nbox: [1, 2]\n", STATUS_FORMAT,
         "c: Invalid value"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        void *data = (void *)1;
        Err err = {""};
        const Status status = config_parse("c", bad[i].text, strlen(bad[i].text), &cart, &data, &err);
        if (status != bad[i].status || !strstr(err.message, bad[i].says)) {
            print_error("%s\n-> %s: %s\n", bad[i].text, status_text(status), err.message);
            fail();
        }
        assert_ptr_equal(data, (void *)1);
    }
}

static void places_have_lines(void **state) {
    (void)state;
    static const struct {
        const char *path;
        int line;
    } places[] = {{"", 1},         {"wheels", 1},        {"wheels/0", 2},
                  {"wheels/1", 3}, {"wheels/1/size", 4}, {"wheels/1/spare", 5},
                  {"box/1", 6},    {"note", 7},          {"wheels/2", 0},
                  {"none", 0},     {"note/deeper", 0}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        assert_int_equal(config_line(good, strlen(good), places[i].path), places[i].line);
    assert_int_equal(config_line("", 0, "a"), 0);
    assert_int_equal(config_line("a: {", 4, "a/b"), 0);
}

static void files_are_read_whole_or_named(void **state) {
    (void)state;
    char *text;
    size_t size;
    Err err = {""};
    void *data;
    assert_int_equal(config_load("no/such.yaml", &cart, &data, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.message, "no/such.yaml"));
    assert_int_equal(config_load(".", &cart, &data, &err), STATUS_IO);
    FILE *file = fopen("large.yaml", "wb");
    for (int i = 0; i < 30000; i++)
        fputs("# ten byte\n", file);
    fclose(file);
    assert_int_equal(config_read("large.yaml", &text, &size, &err), STATUS_LIMIT);
    file = fopen("cart.yaml", "wb");
    fputs(good, file);
    fclose(file);
    assert_int_equal(config_read("cart.yaml", &text, &size, &err), STATUS_OK);
    assert_int_equal(size, strlen(good));
    assert_string_equal(text, good);
    mem_free(text);
    assert_int_equal(config_load("cart.yaml", &cart, &data, &err), STATUS_OK);
    config_free(&cart, data);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    for (long n = 0;; n++) {
        void *data = NULL;
        Err err = {""};
        mem_fail_after(n);
        const Status status = config_load("cart.yaml", &cart, &data, &err);
        mem_fail_after(-1);
        if (status == STATUS_OK) {
            config_free(&cart, data);
            assert_true(n > 5);
            break;
        }
        assert_int_equal(status, STATUS_MEMORY);
        assert_null(data);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_file_is_loaded),     cmocka_unit_test(complaints_have_line_and_what_is_known),
        cmocka_unit_test(places_have_lines),         cmocka_unit_test(files_are_read_whole_or_named),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
