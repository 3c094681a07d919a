/* Writes seed inputs, one folder per fuzz target, made from this repository's own files and formats.
 *
 *   fuzz_seeds FOLDER */
#include "base/arena.h"
#include "datasets/journal.h"
#include "tests/shared/synthetic.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *folder;

static void stop(const char *what) {
    fprintf(stderr, "fuzz_seeds: %s: %s\n", what, strerror(errno));
    exit(1);
}

static const char *place(const char *target, const char *name) {
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, target);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        stop(path);
    snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
    unlink(path);
    return path;
}

static void put(const char *target, const char *name, const void *bytes, size_t size) {
    const char *path = place(target, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        stop(path);
}

static void put_text(const char *target, const char *name, const char *text) {
    put(target, name, text, strlen(text));
}

static void copy(const char *target, const char *pattern) {
    static int n; /* of all copies, so that no name comes twice */
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0)
        stop(pattern);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        static char bytes[1 << 20];
        char name[32];
        FILE *file = fopen(found.gl_pathv[i], "rb");
        if (!file)
            stop(found.gl_pathv[i]);
        const size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        snprintf(name, sizeof name, "own-%d", n++);
        put(target, name, bytes, size);
    }
    globfree(&found);
}

static void put_journal(void) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        stop("journal");
    for (uint64_t i = 0; i < 6; i++) {
        JournalEntry entry = {.shard = i % 2 ? 0 : -1, .demo = i % 2 ? (int)i / 2 : -1};
        entry.record = (DataRecord){.attempt = i,
                                    .outcome = synthetic_outcome(i),
                                    .failed_subtask = -1,
                                    .nrow = 40,
                                    .bin = (int)i,
                                    .sim_time = 2.5,
                                    .nsubtask = 1};
        char *line = data_journal_line(&entry);
        if (!line)
            stop("journal");
        fprintf(out, "%s\n", line);
        mem_free(line);
    }
    fclose(out);
    put("journal", "own", text, size);
    put("journal", "torn", text, size - 20);
    free(text);
}

/* Lists of edits; see hdf5_edit.c. */
static void put_edits(const char *target) {
    static const unsigned char none[1] = {0}, few[] = {1, 3, 0, 9, 0, 5, 0, 0, 0, 2, 1, 40, 3, 2, '{', '}'},
                               shapes[] = {0, 5, 0, 4, 2, 255, 6, 7, 1, 0, 6, 0, 1, 0, 4, 0, 3};
    put(target, "none", none, sizeof none);
    put(target, "few", few, sizeof few);
    put(target, "shapes", shapes, sizeof shapes);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
        return 2;
    }
    folder = argv[1];
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        stop(folder);
    copy("task", DEMOMILL_SOURCE_DIR "/tasks/*/task.yaml");
    copy("robot", DEMOMILL_SOURCE_DIR "/robots/*/robot.yaml");
    copy("map", DEMOMILL_SOURCE_DIR "/maps/*.yaml");
    copy("skeleton", DEMOMILL_SOURCE_DIR "/tasks/*/scene.xml");
    copy("skeleton", DEMOMILL_SOURCE_DIR "/robots/*/*.xml");
    put_text("skeleton", "small",
             "<mujoco><worldbody><body name='b'><joint/><site pos=\"0 0 1\"/></body></worldbody></mujoco>");
    put_text("marks", "own",
             "demos:\n  - id: demo_0\n    marks:\n      - {subtask: grasp, end: 30}\n      - {subtask: hold, "
             "end: 90}\n"
             "      - {subtask: lift, begin: 32, end: 50}\n");
    put_edits("import");
    put_edits("dataset");
    put_journal();
    return 0;
}
