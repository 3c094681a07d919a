/* Layering: which room may include which headers, read from the #include lines of the sources.
 *
 *        cli        sees all
 *   datasets  generators  sim/view -> sim -> control
 *        base       sees the C library
 *
 * Includes name a header from the top of the tree ("sim/world.h") or, privately, a neighbour
 * ("world_priv.h"). */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* One row per room; the longest prefix of a file's path decides. Lists are separated by blanks. */
typedef struct {
    const char *folder;  /* with the closing slash */
    const char *rooms;   /* whose headers it may include, besides its own */
    const char *foreign; /* prefixes of the foreign headers it may include */
} Room;

static const Room rooms[] = {
    {"base/", "", "cyaml/ yaml.h"},
    {"control/", "base/", "mujoco/"},
    {"sim/", "base/ control/", "mujoco/"},
    {"sim/view/", "base/ sim/", "mujoco/ EGL/ GL/ GLFW/ png.h"},
    {"generators/", "base/", ""},
    {"datasets/", "base/", "hdf5.h H5 libdeflate.h jansson.h"},
    {"cli/", "base/ control/ sim/ sim/view/ generators/ datasets/", "mujoco/ jansson.h omp.h argp.h"},
    {"tests/", "base/ control/ sim/ sim/view/ generators/ datasets/ cli/",
     "mujoco/ cyaml/ yaml.h hdf5.h jansson.h libdeflate.h omp.h cmocka.h"},
    {"tests/consumer/", "", "demomill/ mujoco/"}, /* an outsider */
};

/* The C library, as far as anyone needs it. A new name belongs here only if libc has it. */
static const char *const libc_headers =
    "assert.h complex.h ctype.h dirent.h dlfcn.h errno.h fcntl.h fenv.h float.h ftw.h getopt.h glob.h "
    "inttypes.h "
    "libgen.h limits.h link.h locale.h math.h poll.h pthread.h sched.h setjmp.h signal.h spawn.h stdalign.h "
    "stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h stdnoreturn.h string.h strings.h "
    "termios.h threads.h time.h unistd.h wchar.h "
    "sys/file.h sys/ioctl.h sys/mman.h sys/prctl.h sys/resource.h sys/stat.h sys/statvfs.h sys/time.h "
    "sys/types.h sys/utsname.h sys/wait.h ";

static bool starts_with(const char *text, const char *prefix, size_t length) {
    return strncmp(text, prefix, length) == 0;
}

/* Is header, or a prefix of it ending where a list's word ends, in the list? */
static bool listed(const char *list, const char *header, bool whole) {
    for (const char *word = list; *word;) {
        size_t length = strcspn(word, " ");
        if (length && starts_with(header, word, length) && (!whole || header[length] == '\0'))
            return true;
        word += length + strspn(word + length, " ");
    }
    return false;
}

static const Room *room_of(const char *path) {
    const Room *best = NULL;
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        size_t length = strlen(rooms[i].folder);
        if (starts_with(path, rooms[i].folder, length) && (!best || length > strlen(best->folder)))
            best = &rooms[i];
    }
    return best;
}

/* May the file at path include this header, written <header> (angled) or "header"? */
static bool allowed(const char *path, const char *header, bool angled) {
    const Room *from = room_of(path);
    if (!from)
        return false;
    if (angled)
        return listed(libc_headers, header, true) || listed(from->foreign, header, false);
    if (!strchr(header, '/'))
        return true; /* a neighbour in the same folder */
    const Room *to = room_of(header);
    return to && (to == from || listed(from->rooms, to->folder, true));
}

/* Takes the header out of an #include line. */
static bool parse_include(const char *line, char header[static 256], bool *angled) {
    char open, close;
    if (sscanf(line, " # include %c%255[^>\"]%c", &open, header, &close) != 3)
        return false;
    *angled = open == '<';
    return open == '<' || open == '"';
}

static size_t n_includes, n_broken;

static void check_file(const char *path, const char *shown) {
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char line[1024], header[256];
    bool angled;
    for (int number = 1; fgets(line, sizeof line, file); number++) {
        if (!parse_include(line, header, &angled))
            continue;
        n_includes++;
        if (!allowed(shown, header, angled)) {
            print_error("%s:%d: may not include %s\n", shown, number, header);
            n_broken++;
        }
    }
    fclose(file);
}

static int visit(const char *path, const struct stat *info, int type, struct FTW *ftw) {
    (void)info;
    (void)ftw;
    const char *end = strrchr(path, '.');
    if (type == FTW_F && end && (strcmp(end, ".c") == 0 || strcmp(end, ".h") == 0))
        check_file(path, path + strlen(DEMOMILL_SOURCE_DIR "/"));
    return 0;
}

static void rooms_include_only_what_the_table_allows(void **state) {
    (void)state;
    n_includes = n_broken = 0;
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        const char *room = rooms[i].folder;
        int length = (int)strcspn(room, "/");
        if (room[length + 1] != '\0')
            continue; /* a room inside a room is walked with it */
        char folder[1024];
        snprintf(folder, sizeof folder, "%s/%.*s", DEMOMILL_SOURCE_DIR, length, room);
        assert_int_equal(nftw(folder, visit, 16, FTW_PHYS), 0);
    }
    assert_true(n_includes > 0);
    assert_int_equal(n_broken, 0);
}

static void breaches_are_seen(void **state) {
    (void)state;
    assert_false(allowed("base/pose.c", "sim/world.h", false));
    assert_false(allowed("base/pose.c", "mujoco/mujoco.h", true));
    assert_false(allowed("generators/plan.c", "sim/world.h", false));
    assert_false(allowed("generators/plan.c", "hdf5.h", true));
    assert_false(allowed("control/ik.c", "sim/world.h", false));
    assert_false(allowed("sim/world.c", "sim/view/window.h", false));
    assert_false(allowed("sim/view/window.c", "control/ik.h", false));
    assert_false(allowed("datasets/writer.c", "generators/plan.h", false));
    assert_false(allowed("datasets/writer.c", "cli/verb.h", false));
    assert_false(allowed("cli/main.c", "unheard/of.h", true));

    assert_true(allowed("sim/view/window.c", "sim/world.h", false));
    assert_true(allowed("datasets/writer.c", "H5public.h", true));
    assert_true(allowed("sim/world.c", "sys/stat.h", true));
    assert_true(allowed("sim/world.c", "world_priv.h", false));
}

static void include_lines_are_recognised(void **state) {
    (void)state;
    char header[256];
    bool angled;
    assert_true(parse_include("#include \"base/pose.h\"\n", header, &angled));
    assert_string_equal(header, "base/pose.h");
    assert_false(angled);
    assert_true(parse_include("  #  include <math.h> // why\n", header, &angled));
    assert_string_equal(header, "math.h");
    assert_true(angled);
    assert_false(parse_include("// #include <math.h>\n", header, &angled));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rooms_include_only_what_the_table_allows),
        cmocka_unit_test(breaches_are_seen),
        cmocka_unit_test(include_lines_are_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
