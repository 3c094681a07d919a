/* demomill-frames: pictures of stored episodes, or of start scenes, for people to look at.
 *
 * A program of its own, so that demomill needs no graphics. Episodes are shown from their stored states; nothing is
 * simulated but the settling of the start scene, which brings the drawn sizes and furniture back. */
#include "base/arena.h"
#include "cli/cli.h"
#include "cli/wire.h"
#include "datasets/dataset.h"
#include "sim/view/offscreen.h"
#include "sim/view/png.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TILES = 400, MAX_CAMERAS = 6 };
enum { KEY_SIZE = 256, KEY_COLUMNS, KEY_FAILED, KEY_TASK, KEY_ROBOT, KEY_SEED, KEY_EVERY };

typedef struct Options {
    const char *path, *out, *task, *robot;
    const char *camera[MAX_CAMERAS];
    int ncamera, width, height;
    long long episode, count, every, columns, seed;
    bool failed;
} Options;

static const struct argp_option OPTION[] = {
    {"out", 'o', "FILE", 0, "Contact sheet to write, PNG (frames.png)", 0},
    {"episode", 'e', "I", 0, "Episode, counted over the dataset's shards (0); with --task: the attempt", 0},
    {"count", 'n', "N", 0, "So many frames, evenly spread (12); with --task: attempts", 0},
    {"every", KEY_EVERY, "ROWS", 0, "A frame every so many rows, instead of --count", 0},
    {"camera", 'c', "NAME", 0, "front, side, over, hands or a camera of the model (front); may be repeated",
     0},
    {"size", KEY_SIZE, "WxH", 0, "Pixels of one frame (480x360)", 0},
    {"columns", KEY_COLUMNS, "N", 0, "Frames in a row of the sheet (4)", 0},
    {"failed", KEY_FAILED, 0, 0, "Take the kept failures", 0},
    {"task", KEY_TASK, "T", 0, "Start scenes of a task, T or T:LEVEL, instead of a dataset", 0},
    {"robot", KEY_ROBOT, "R", 0, "Robot for --task (optimus)", 0},
    {"seed", KEY_SEED, "S", 0, "Seed for --task (0)", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    char rest;
    switch (key) {
    case 'o':
        o->out = arg;
        break;
    case 'e':
        o->episode = cli_integer(state, "episode", arg, 0, INT32_MAX);
        break;
    case 'n':
        o->count = cli_integer(state, "count", arg, 1, MAX_TILES);
        break;
    case KEY_EVERY:
        o->every = cli_integer(state, "every", arg, 1, INT32_MAX);
        break;
    case 'c':
        if (o->ncamera == MAX_CAMERAS)
            argp_error(state, "at most %d cameras", MAX_CAMERAS);
        o->camera[o->ncamera++] = arg;
        break;
    case KEY_SIZE:
        if (sscanf(arg, "%dx%d%c", &o->width, &o->height, &rest) != 2 || o->width < 16 || o->height < 16)
            argp_error(state, "--size %s: WxH was expected", arg);
        break;
    case KEY_COLUMNS:
        o->columns = cli_integer(state, "columns", arg, 1, MAX_TILES);
        break;
    case KEY_FAILED:
        o->failed = true;
        break;
    case KEY_TASK:
        o->task = arg;
        break;
    case KEY_ROBOT:
        o->robot = arg;
        break;
    case KEY_SEED:
        o->seed = cli_integer(state, "seed", arg, 0, INT64_MAX);
        break;
    case ARGP_KEY_ARG:
        if (o->path)
            argp_error(state, "one dataset at a time");
        o->path = arg;
        break;
    case ARGP_KEY_END:
        if (!o->path == !o->task)
            argp_error(state, "a dataset or --task?");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* ---- the sheet -------------------------------------------------------------------------------------------------- */

typedef struct Sheet {
    const Options *options;
    int ntile, columns, rows, used;
    unsigned char *rgb, *frame;
    ViewOffscreen *view;
} Sheet;

static Status sheet_open(const Options *o, const mjModel *m, int ntile, Sheet *sheet, Err *err) {
    *sheet = (Sheet){.options = o, .ntile = ntile};
    sheet->columns = ntile < o->columns ? ntile : (int)o->columns;
    sheet->rows = (ntile + sheet->columns - 1) / sheet->columns;
    const size_t frame = 3 * (size_t)o->width * (size_t)o->height;
    sheet->frame = mem_alloc(frame);
    sheet->rgb = mem_calloc((size_t)sheet->columns * (size_t)sheet->rows, frame);
    if (!sheet->frame || !sheet->rgb)
        return err_set(err, STATUS_MEMORY, "no memory for a sheet of %d frames", ntile);
    return view_offscreen_create(m, o->width, o->height, &sheet->view, err);
}

static void sheet_close(Sheet *sheet) {
    view_offscreen_destroy(sheet->view);
    mem_free(sheet->frame);
    mem_free(sheet->rgb);
}

static Status sheet_add(Sheet *sheet, SimWorld *world, const char *camera, Err *err) {
    const Options *o = sheet->options;
    const size_t width = 3 * (size_t)o->width;
    const mjModel *m;
    mjData *d;
    TRY(sim_world_picture(world, &m, &d, err));
    TRY(view_offscreen_render(sheet->view, m, d, camera, sheet->frame, err));
    const int column = sheet->used % sheet->columns, row = sheet->used / sheet->columns;
    for (int y = 0; y < o->height; y++)
        memcpy(sheet->rgb + ((size_t)(row * o->height + y) * (size_t)sheet->columns + (size_t)column) * width,
               sheet->frame + (size_t)y * width, width);
    sheet->used++;
    return STATUS_OK;
}

static Status sheet_write(const Sheet *sheet, Err *err) {
    const Options *o = sheet->options;
    return view_png_write(o->out, sheet->columns * o->width, sheet->rows * o->height, sheet->rgb, err);
}

/* ---- what is shown ---------------------------------------------------------------------------------------------- */

static Status show_starts(const Options *o, SimWorld *world, Sheet *sheet, Err *err) {
    for (long long i = 0; i < o->count; i++) {
        ResetDraw draw;
        const Outcome outcome = sim_world_reset(world, (uint64_t)o->seed, (uint64_t)(o->episode + i), &draw);
        if (outcome != OUTCOME_ok)
            return err_set(err, STATUS_CHECK, "attempt %lld: %s", o->episode + i, outcome_text(outcome));
        for (int c = 0; c < o->ncamera; c++)
            TRY(sheet_add(sheet, world, o->camera[c], err));
    }
    return STATUS_OK;
}

static Status show_rows(const Options *o, SimWorld *world, const Episode *e, int nframe, Sheet *sheet,
                        Err *err) {
    ResetDraw draw;
    sim_world_reset(world, e->seed, e->attempt, &draw);
    for (int c = 0; c < o->ncamera; c++)
        for (int i = 0; i < nframe; i++) {
            const int row = o->every ? i * (int)o->every : nframe > 1 ? i * (e->nrow - 1) / (nframe - 1) : 0;
            mj_setState(sim_world_mj(world), sim_world_data(world),
                        e->state + (size_t)row * (size_t)e->nstate, mjSTATE_INTEGRATION);
            TRY(sheet_add(sheet, world, o->camera[c], err));
        }
    return STATUS_OK;
}

static Status show(const Options *o, const CliSetupDef *def, const Episode *episode, Err *err) {
    CliSetup setup;
    SimWorld *world = NULL;
    Sheet sheet = {0};
    TRY(cli_setup_open(def, &setup, err));
    Status status = sim_world_create(setup.model, &world, err);
    if (status == STATUS_OK && episode && episode->nstate != sim_model_state_size(setup.model))
        status = err_set(err, STATUS_MISMATCH, "%s: its states are of another model than task %s makes now",
                         o->path, def->task);
    int nframe = (int)o->count;
    if (episode && o->every)
        nframe = (episode->nrow + (int)o->every - 1) / (int)o->every;
    nframe = nframe > MAX_TILES ? MAX_TILES : nframe;
    const mjModel *m = NULL;
    mjData *d = NULL;
    if (status == STATUS_OK)
        status = sim_world_picture(world, &m, &d, err);
    if (status == STATUS_OK)
        status = sheet_open(o, m, nframe * o->ncamera, &sheet, err);
    if (status == STATUS_OK)
        status =
            episode ? show_rows(o, world, episode, nframe, &sheet, err) : show_starts(o, world, &sheet, err);
    if (status == STATUS_OK)
        status = sheet_write(&sheet, err);
    sheet_close(&sheet);
    sim_world_destroy(world);
    cli_setup_close(&setup);
    return status;
}

static Status show_dataset(const Options *o, Err *err) {
    DataReader *reader = NULL;
    Episode *episode = NULL;
    TRY(data_reader_open(o->path, o->failed, &reader, err));
    Status status = STATUS_OK;
    if (o->episode >= data_reader_count(reader))
        status = err_set(err, STATUS_LIMIT, "%s: episode %lld of %d", o->path, o->episode,
                         data_reader_count(reader));
    if (status == STATUS_OK)
        status = data_reader_read(reader, (int)o->episode, &episode, NULL, err);
    if (status == STATUS_OK) {
        const DataMeta *meta = data_reader_meta(reader);
        char task[256];
        snprintf(task, sizeof task, "%s:%s", meta->task, meta->level);
        const CliSetupDef def = {
            .task = task, .robot = meta->robot, .base = meta->base, .realism = meta->realism};
        status = show(o, &def, episode, err);
    }
    data_episode_destroy(episode);
    data_reader_close(reader);
    return status;
}

int main(int argc, char **argv) {
    Options o = {
        .out = "frames.png", .robot = "optimus", .width = 480, .height = 360, .count = 12, .columns = 4};
    const struct argp argp = {
        OPTION, parse, "[DIR|FILE]", "Pictures of a stored episode or of start scenes.", 0, 0, 0};
    setenv("LP_NUM_THREADS", "0", 0); /* software rendering: one thread is quicker here */
    cli_parse(&argp, argc, argv, &o);
    if (o.ncamera == 0)
        o.camera[o.ncamera++] = "front";
    Err err = {{0}};
    const CliSetupDef def = {.task = o.task, .robot = o.robot};
    const Status status = o.path ? show_dataset(&o, &err) : show(&o, &def, NULL, &err);
    return status == STATUS_OK ? CLI_DONE : cli_fail(status, &err);
}
