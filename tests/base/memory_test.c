/* Arena, failing allocations, error messages, log callback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/demo.h"
#include "base/episode.h"
#include "base/log.h"
#include "base/status.h"

static void an_arena_gives_zeroed_aligned_memory(void **state) {
    (void)state;
    Arena *arena = arena_create(100);
    for (int round = 0; round < 3; round++) {
        unsigned char *last = NULL;
        for (size_t size = 0; size < 500; size += 7) {
            unsigned char *p = arena_alloc(arena, size);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % 16, 0);
            assert_ptr_not_equal(p, last);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xff, size);
            last = p;
        }
        arena_reset(arena);
    }
    assert_null(arena_alloc(arena, SIZE_MAX - 3));
    assert_string_equal(arena_printf(arena, "%s-%d", "a", 42), "a-42");
    arena_destroy(arena);
    arena_destroy(NULL);
}

static void a_reset_arena_needs_no_new_memory(void **state) {
    (void)state;
    Arena *arena = arena_create(256);
    size_t high = 0;
    for (int round = 0; round < 5; round++) {
        mem_fail_after(round ? 0 : -1);
        for (int i = 0; i < 40; i++)
            assert_non_null(arena_alloc(arena, (size_t)(i * 13 % 300)));
        if (round)
            assert_int_equal(arena_high_water(arena), high);
        high = arena_high_water(arena);
        arena_reset(arena);
    }
    mem_fail_after(-1);
    arena_destroy(arena);
}

static void allocations_fail_when_told_to(void **state) {
    (void)state;
    mem_fail_after(2);
    void *a = mem_alloc(1), *b = mem_calloc(2, 2);
    assert_non_null(a);
    assert_non_null(b);
    assert_null(mem_strdup("x"));
    assert_null(mem_realloc(NULL, 5));
    assert_int_equal(mem_count(), 4);
    mem_fail_after(-1);
    mem_free(a);
    mem_free(b);
}

static void a_demo_is_whole_or_not_there(void **state) {
    (void)state;
    for (long n = 0;; n++) {
        mem_fail_after(n);
        Demo *demo = demo_create(4000, 6, 3, 3, 1, 5);
        mem_fail_after(-1);
        if (!demo) {
            assert_true(n < 100);
            continue;
        }
        assert_non_null(demo->eef[SIDE_LEFT]);
        assert_non_null(demo->closure[SIDE_RIGHT]);
        assert_string_equal(demo->lineage, "[]");
        demo_destroy(demo);
        break;
    }
    Demo *demo = demo_create(10, 6, 1u << SIDE_RIGHT, 1, 0, 0);
    assert_null(demo->eef[SIDE_LEFT]);
    demo_destroy(demo);
    demo_destroy(NULL);
}

static void messages_are_cut_and_never_overrun(void **state) {
    (void)state;
    Err err = {""};
    char lengthy[2000];
    memset(lengthy, 'x', sizeof lengthy - 1);
    lengthy[sizeof lengthy - 1] = '\0';
    assert_int_equal(err_set(&err, STATUS_IO, "%s: %d", "file", 3), STATUS_IO);
    assert_string_equal(err.message, "file: 3");
    assert_int_equal(err_prefix(&err, STATUS_IO, "while %s", "reading"), STATUS_IO);
    assert_string_equal(err.message, "while reading: file: 3");
    err_known(&err, (const char *const[]){"a", "b"}, 2);
    assert_string_equal(err.message, "while reading: file: 3 (known: a, b)");
    err_set(&err, STATUS_IO, "%s", err.message);
    assert_string_equal(err.message, "while reading: file: 3 (known: a, b)");
    err_known(&err, (const char *const[]){lengthy, lengthy, "b"}, 3);
    assert_true(strlen(err.message) < sizeof err.message);
    assert_non_null(strstr(err.message, "...)"));
    err_prefix(&err, STATUS_IO, "%s", lengthy);
    assert_true(strlen(err.message) < sizeof err.message);
    assert_int_equal(err_set(NULL, STATUS_IO, "nobody listens"), STATUS_IO);
    for (int i = -1; i <= STATUS_COUNT; i++)
        assert_non_null(status_text((Status)i));
}

static void outcome_names_go_both_ways(void **state) {
    (void)state;
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        assert_int_equal(outcome_from_name(outcome_name((Outcome)i)), i);
        assert_non_null(outcome_text((Outcome)i));
    }
    assert_int_equal(outcome_from_name("no such outcome"), -1);
}

static void collect(void *user, LogLevel level, const char *message) {
    snprintf(user, 100, "%d %s", (int)level, message);
}

static void the_log_goes_to_one_callback(void **state) {
    (void)state;
    char text[100] = "";
    log_message(LOG_ERROR, "dropped");
    log_set_handler(collect, text);
    log_message(LOG_WARNING, "%d eggs", 3);
    assert_string_equal(text, "2 3 eggs");
    log_set_handler(NULL, NULL);
    log_message(LOG_WARNING, "dropped");
    assert_string_equal(text, "2 3 eggs");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_gives_zeroed_aligned_memory),
        cmocka_unit_test(a_reset_arena_needs_no_new_memory),
        cmocka_unit_test(allocations_fail_when_told_to),
        cmocka_unit_test(a_demo_is_whole_or_not_there),
        cmocka_unit_test(messages_are_cut_and_never_overrun),
        cmocka_unit_test(outcome_names_go_both_ways),
        cmocka_unit_test(the_log_goes_to_one_callback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
