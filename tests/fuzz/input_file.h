/* For parsers that take a path: the input as a file in memory. */
#ifndef DEMOMILL_TESTS_FUZZ_INPUT_FILE_H
#define DEMOMILL_TESTS_FUZZ_INPUT_FILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of this process; static storage. */
static inline const char *input_folder(void) {
    static char folder[64];
    if (!folder[0]) {
        snprintf(folder, sizeof folder, "%s/demomill-fuzz-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        if (!mkdtemp(folder))
            abort();
    }
    return folder;
}

/* A file of this process with that name holding the input; static storage, the same path for the same name. */
static inline const char *input_file(const char *name, const uint8_t *data, size_t size) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", input_folder(), name);
    FILE *file = fopen(path, "wb");
    if (!file || (size && fwrite(data, 1, size, file) != size) || fclose(file) != 0)
        abort();
    return path;
}

/* The bytes of a file, malloc'ed. */
static inline uint8_t *file_bytes(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        abort();
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size);
    if (!bytes || fread(bytes, 1, *size, file) != *size)
        abort();
    fclose(file);
    return bytes;
}

#endif
