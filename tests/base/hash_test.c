/* Hashes against the published examples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

/* FIPS 180-4 examples, and the million a's of the older validation suite. */
static void sha256_gives_the_published_digests(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    char hex[65];
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        sha256_hex(pairs[i][0], strlen(pairs[i][0]), hex);
        assert_string_equal(hex, pairs[i][1]);
    }
    FILE *file = fopen("million", "wb");
    for (int i = 0; i < 1000000; i++)
        fputc('a', file);
    fclose(file);
    assert_int_equal(sha256_file("million", hex, NULL), STATUS_OK);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    remove("million");
}

static void pieces_hash_like_the_whole(void **state) {
    (void)state;
    unsigned char data[300], whole[32], parts[32];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 7);
    for (size_t cut = 0; cut <= sizeof data; cut += 13) {
        Sha256 a, b;
        sha256_begin(&a);
        sha256_add(&a, data, sizeof data);
        sha256_end(&a, whole);
        sha256_begin(&b);
        sha256_add(&b, data, cut);
        sha256_add(&b, data + cut, sizeof data - cut);
        sha256_end(&b, parts);
        assert_memory_equal(whole, parts, 32);
        assert_int_equal(hash64(hash64(HASH64_SEED, data, cut), data + cut, sizeof data - cut),
                         hash64(HASH64_SEED, data, sizeof data));
    }
    assert_true(hash64(HASH64_SEED, "a", 1) == 0xaf63dc4c8601ec8cull);
    assert_true(hash64(HASH64_SEED, "foobar", 6) == 0x85944171f73967e8ull);
}

static void a_missing_file_is_named(void **state) {
    (void)state;
    Err err = {""};
    char hex[65];
    assert_int_equal(sha256_file("no/such/file", hex, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.message, "no/such/file"));
    assert_int_equal(sha256_file(".", hex, &err), STATUS_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_digests),
        cmocka_unit_test(pieces_hash_like_the_whole),
        cmocka_unit_test(a_missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
