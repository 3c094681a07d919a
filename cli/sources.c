/* Sources of a run; see sources.h. */
#include "cli/sources.h"

#include "base/arena.h"
#include "datasets/dataset.h"
#include "sim/predicate.h"

#include <stdio.h>
#include <string.h>

static Status join(DemoSet *all, DemoSet *more) {
    Demo **demo = mem_realloc(all->demo, sizeof *demo * (size_t)(all->n + more->n));
    if (!demo)
        return STATUS_MEMORY;
    memcpy(demo + all->n, more->demo, sizeof *demo * (size_t)more->n);
    all->demo = demo;
    all->n += more->n;
    mem_free(more->demo);
    *more = (DemoSet){0};
    return STATUS_OK;
}

Status cli_sources_read(const char *const *path, int n, const Task *task, DemoSet *out, Err *err) {
    DemoSet all = {0};
    Status status = STATUS_OK;
    for (int i = 0; i < n && status == STATUS_OK; i++) {
        DemoSet set = {0};
        status = data_read_demos(path[i], task, &set, err);
        for (int d = 0; d < set.n && status == STATUS_OK; d++)
            if (!set.demo[d]->signal) {
                status = sim_annotate(task, set.demo[d], err);
                if (status != STATUS_OK)
                    err_prefix(err, status, "%s, %s", path[i], set.demo[d]->id);
            }
        if (status == STATUS_OK && set.n == 0)
            status = err_set(err, STATUS_NOT_FOUND, "%s: no demonstration in it", path[i]);
        if (status == STATUS_OK && join(&all, &set) != STATUS_OK)
            status = err_set(err, STATUS_MEMORY, "%s: out of memory", path[i]);
        demo_set_destroy(&set);
    }
    if (status == STATUS_OK)
        *out = all;
    else
        demo_set_destroy(&all);
    return status;
}

Status cli_sources_write(const char *path, const Task *task, const char *robot, const DemoSet *demos,
                         Err *err) {
    Arena *arena = arena_create(0);
    DataDemoNames names;
    Status status = arena ? data_demo_names(task, arena, &names) : STATUS_MEMORY;
    if (status == STATUS_MEMORY)
        err_set(err, status, "%s: out of memory", path);
    if (status == STATUS_OK) {
        names.robot = robot;
        status = data_write_demos(path, &names, demos, err);
    }
    arena_destroy(arena);
    return status;
}
