/* Feeds files, and all files in folders, to a fuzz target: what was found once is tried again by every build. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int tried;

static void feed_file(const char *path) {
    FILE *file = fopen(path, "rb");
    struct stat info;
    if (!file || stat(path, &info) != 0) {
        perror(path);
        exit(1);
    }
    const size_t size = (size_t)info.st_size;
    uint8_t *data = malloc(size ? size : 1); /* exactly as large as it is: reading beyond is seen */
    if (!data || fread(data, 1, size, file) != size) {
        perror(path);
        exit(1);
    }
    fclose(file);
    printf("%s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    tried++;
}

static void feed(const char *path) {
    DIR *folder = opendir(path);
    if (!folder) {
        struct stat info;
        if (stat(path, &info) == 0) /* no inputs of that kind is fine */
            feed_file(path);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder));) {
        char inside[4096];
        snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            feed_file(inside);
    }
    closedir(folder);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        feed(argv[i]);
    printf("%d inputs\n", tried);
    return tried > 0 ? 0 : 1;
}
