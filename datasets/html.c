/* info --html: one page about a dataset, self-contained, drawn in inline SVG without scripts.
 *
 *   figures │ outcomes │ subtasks │ where objects stood (heat maps) │ sources │ lengths │ scores
 */
#include "datasets/json_priv.h"
#include "datasets/manifest_priv.h"
#include "datasets/text_priv.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_EPISODES = 200000, BINS = 24, GRID = 14 };

/* Numbers of all episodes, one array per kind. */
typedef struct Column {
    double *x;
    size_t n, room;
} Column;

/* X(field, title, unit): scores that are drawn. */
#define DRAWN_LIST(X)                                                                                        \
    X(path_ratio, "Hand path / demonstrated path", "")                                                       \
    X(jerk, "Wrist jerk, RMS", "m/s³")                                                                       \
    X(contact_force, "Largest contact force on a hand", "N")                                                 \
    X(balance_margin, "Smallest balance margin", "m")                                                        \
    X(limit_margin, "Smallest margin to a joint limit", "rad")                                               \
    X(foot_slip, "Largest travel of a sole", "m")

enum {
#define X(field, title, unit) SCORE_##field,
    DRAWN_LIST(X)
#undef X
        NSCORE
};

static const struct {
    const char *key, *title, *unit;
} scores[NSCORE] = {
#define X(field, title, unit) {#field, title, unit},
    DRAWN_LIST(X)
#undef X
};

typedef struct Page {
    Text text;
    Column length, score[NSCORE];
    Column x[MAX_OBJECTS], y[MAX_OBJECTS];
    char object[MAX_OBJECTS][64];
    int nobject;
    bool failed;
} Page;

/* ---- gathering ---- */

static void push(Page *page, Column *column, double x) {
    if (!isfinite(x) || page->failed || column->n >= MAX_EPISODES)
        return;
    if (column->n == column->room) {
        const size_t room = column->room ? 2 * column->room : 1024;
        double *larger = mem_realloc(column->x, room * sizeof *larger);
        if (!larger) {
            page->failed = true;
            return;
        }
        column->x = larger;
        column->room = room;
    }
    column->x[column->n++] = x;
}

static void gather_objects(Page *page, const json_t *list) {
    for (size_t i = 0; i < json_array_size(list) && i < MAX_OBJECTS; i++) {
        const json_t *item = json_array_get(list, i);
        Pose pose;
        if (!data_json_get_pose(json_object_get(item, "pose"), &pose))
            continue;
        snprintf(page->object[i], sizeof page->object[i], "%s", data_json_get_text(item, "name", ""));
        push(page, &page->x[i], pose.pos[0]);
        push(page, &page->y[i], pose.pos[1]);
        page->nobject = (int)i + 1 > page->nobject ? (int)i + 1 : page->nobject;
    }
}

/* Episodes that succeeded; a line that is no JSON (torn) ends the reading. */
static Status gather(Page *page, const char *path, Err *err) {
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT ? STATUS_OK : err_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
    char *line = NULL;
    size_t room = 0;
    for (ssize_t n; (n = getline(&line, &room, file)) > 0;) {
        json_t *json = NULL;
        if (data_json_parse(path, line, (size_t)n, &json, NULL) != STATUS_OK)
            break;
        if (strcmp(data_json_get_text(json, "outcome", ""), "ok") == 0) {
            push(page, &page->length, (double)data_json_get_int(json, "length", 0));
            for (int k = 0; k < NSCORE; k++)
                push(page, &page->score[k],
                     data_json_get_real(json_object_get(json, "scores"), scores[k].key, NAN));
            gather_objects(page, json_object_get(json_object_get(json, "reset"), "objects"));
        }
        json_decref(json);
    }
    free(line); /* getline's own */
    fclose(file);
    return page->failed ? err_set(err, STATUS_MEMORY, "%s: out of memory", path) : STATUS_OK;
}

static void range(const Column *column, double *lo, double *hi) {
    *lo = *hi = column->n ? column->x[0] : 0;
    for (size_t i = 1; i < column->n; i++) {
        *lo = column->x[i] < *lo ? column->x[i] : *lo;
        *hi = column->x[i] > *hi ? column->x[i] : *hi;
    }
}

static int slot(double x, double lo, double hi, int n) {
    const int k = hi > lo ? (int)((x - lo) / (hi - lo) * n) : 0;
    return k < 0 ? 0 : k >= n ? n - 1 : k;
}

/* ---- drawing ---- */

static const char *const head =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>";

static const char *const style =
    "</title><style>"
    ":root{--ink:#1b2430;--soft:#5d6b7c;--line:#dfe5ec;--card:#fff;--page:#f4f6f9;--good:#1f8a5b;--bad:#"
    "c8553d;"
    "--blue:#2b62b8}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e8edf3;--soft:#93a1b3;--line:#2c3743;--card:#182029;--"
    "page:#10161d;"
    "--good:#3fb883;--bad:#e5785f;--blue:#6d9fe8}}"
    "body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}"
    "main{max-width:1080px;margin:0 auto;padding:32px 20px 60px}"
    "h1{font-size:28px;margin:0}h2{font-size:17px;margin:0 0 12px}p{color:var(--soft);margin:4px 0 12px}"
    ".figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:14px;margin:22px 0}"
    ".card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px "
    "20px;margin-bottom:16px;"
    "overflow-x:auto}"
    ".figures .card{margin:0}.figures b{display:block;font-size:25px;font-weight:650}"
    ".figures span,.note{color:var(--soft);font-size:13px}"
    ".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(310px,1fr));gap:16px}"
    "table{border-collapse:collapse;width:100%}td,th{padding:5px 10px 5px "
    "0;text-align:left;border-bottom:1px solid "
    "var(--line);font-weight:400;vertical-align:middle}th{color:var(--soft);font-size:13px}"
    ".n{text-align:right;font-variant-numeric:tabular-nums}"
    ".map svg{max-width:340px}svg{display:block;width:100%;height:auto}svg text{fill:var(--soft);font:11px "
    "system-ui,sans-serif}"
    "</style></head><body><main>";

static void escape(Page *page, const char *text) {
    text_escape(&page->text, text);
}

static void figure(Page *page, const char *value, const char *what) {
    text_add(&page->text, "<div class=\"card\"><b>%s</b><span>%s</span></div>", value, what);
}

static void draw_head(Page *page, const json_t *manifest) {
    const json_t *run = json_object_get(manifest, "run"), *totals = json_object_get(manifest, "totals");
    const double attempts = (double)data_json_get_int(totals, "attempts", 0);
    const double successes = (double)data_json_get_int(totals, "successes", 0);
    const double frames = (double)data_json_get_int(totals, "frames", 0);
    const double rate = data_json_get_real(run, "rate_hz", 0);
    char value[64];
    text_add(&page->text, "%s", head);
    escape(page, data_json_get_text(run, "name", "dataset"));
    text_add(&page->text, "%s<h1>", style);
    escape(page, data_json_get_text(run, "name", "dataset"));
    text_add(&page->text, "</h1><p>");
    escape(page, data_json_get_text(run, "task", ""));
    text_add(&page->text, " ");
    escape(page, data_json_get_text(run, "level", ""));
    text_add(&page->text, " · robot ");
    escape(page, data_json_get_text(run, "robot", ""));
    text_add(&page->text, " (");
    escape(page, data_json_get_text(run, "base", ""));
    text_add(&page->text, ") · %s · seed %lld · %s</p><div class=\"figures\">",
             data_json_get_text(run, "generator", ""), (long long)data_json_get_int(run, "seed", 0),
             data_json_get_text(manifest, "state", ""));
    snprintf(value, sizeof value, "%lld", (long long)data_json_get_int(totals, "episodes", 0));
    figure(page, value, "episodes");
    snprintf(value, sizeof value, "%.1f %%", attempts > 0 ? 100 * successes / attempts : 0);
    figure(page, value, "of attempts succeeded");
    snprintf(value, sizeof value, "%.0f", attempts);
    figure(page, value, "attempts");
    snprintf(value, sizeof value, "%.1f min", rate > 0 ? frames / rate / 60 : 0);
    figure(page, value, "recorded");
    snprintf(value, sizeof value, "%.1f min", data_json_get_real(totals, "simulated_seconds", 0) / 60);
    figure(page, value, "simulated");
    text_add(&page->text, "</div>");
}

/* A row of a table with a bar of share (0 … 1). */
static void bar_cell(Page *page, double share, const char *colour) {
    text_add(&page->text,
             "<td style=\"width:45%%\"><svg viewBox=\"0 0 300 12\" preserveAspectRatio=\"none\" "
             "style=\"height:12px\"><rect "
             "width=\"%.1f\" height=\"12\" rx=\"2\" fill=\"var(--%s)\"/></svg></td>",
             share * 300, colour);
}

static void draw_outcomes(Page *page, const json_t *manifest) {
    const json_t *outcomes = json_object_get(manifest, "outcomes");
    const double attempts = (double)data_json_get_int(json_object_get(manifest, "totals"), "attempts", 0);
    text_add(&page->text, "<div class=\"card\"><h2>How the attempts ended</h2><table>");
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const double n = (double)data_json_get_int(outcomes, outcome_name((Outcome)i), 0);
        if (n == 0)
            continue;
        text_add(&page->text, "<tr><td>%s<div class=\"note\">%s</div></td>", outcome_name((Outcome)i),
                 outcome_text((Outcome)i));
        bar_cell(page, attempts > 0 ? n / attempts : 0, i == OUTCOME_ok ? "good" : "bad");
        text_add(&page->text, "<td class=\"n\">%.0f</td><td class=\"n\">%.1f %%</td></tr>", n,
                 attempts > 0 ? 100 * n / attempts : 0);
    }
    text_add(&page->text, "</table></div>");
}

static void draw_subtasks(Page *page, const json_t *manifest) {
    const json_t *list = json_object_get(manifest, "subtasks");
    text_add(&page->text, "<div class=\"card\"><h2>Subtasks</h2><table><tr><th>subtask</th><th>hand</th><th "
                          "class=\"n\">begun</th>"
                          "<th class=\"n\">succeeded</th><th class=\"n\">retries</th><th>why not</th></tr>");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i), *outcomes = json_object_get(item, "outcomes");
        const char *name;
        json_t *count;
        double begun = 0;
        json_object_foreach((json_t *)outcomes, name, count) begun += json_number_value(count);
        const double ok = (double)data_json_get_int(outcomes, "ok", 0);
        text_add(&page->text, "<tr><td>");
        escape(page, data_json_get_text(item, "name", ""));
        text_add(&page->text,
                 "</td><td>%s</td><td class=\"n\">%.0f</td><td class=\"n\">%.1f %%</td><td "
                 "class=\"n\">%lld</td><td>",
                 data_json_get_text(item, "hand", ""), begun, begun > 0 ? 100 * ok / begun : 0,
                 (long long)data_json_get_int(item, "retries", 0));
        json_object_foreach((json_t *)outcomes, name, count) {
            if (strcmp(name, "ok") != 0)
                text_add(&page->text, "%s %lld ", name, (long long)json_integer_value(count));
        }
        text_add(&page->text, "</td></tr>");
    }
    text_add(&page->text, "</table></div>");
}

static void draw_sources(Page *page, const json_t *manifest) {
    const json_t *list = json_object_get(manifest, "sources");
    double most = 1;
    if (json_array_size(list) == 0)
        return;
    for (size_t i = 0; i < json_array_size(list); i++)
        most = fmax(most, (double)data_json_get_int(json_array_get(list, i), "attempts", 0));
    text_add(&page->text, "<div class=\"card\"><h2>Use of source demonstrations</h2><table>");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const double used = (double)data_json_get_int(item, "attempts", 0);
        const double good = (double)data_json_get_int(item, "successes", 0);
        text_add(&page->text, "<tr><td>");
        escape(page, data_json_get_text(item, "id", ""));
        text_add(&page->text, "<div class=\"note\">");
        escape(page, data_json_get_text(item, "operator", ""));
        text_add(&page->text, "</div></td>");
        bar_cell(page, used / most, "blue");
        text_add(&page->text, "<td class=\"n\">%.0f attempts</td><td class=\"n\">%.1f %% good</td></tr>",
                 used, used > 0 ? 100 * good / used : 0);
    }
    text_add(&page->text, "</table></div>");
}

/* A heat map of where an object stood at reset, seen from above: x forward is up, y left is left. */
static void draw_map(Page *page, int object) {
    double lo[2], hi[2];
    int count[GRID][GRID] = {{0}}, most = 1, filled = 0;
    const Column *x = &page->x[object], *y = &page->y[object];
    if (x->n == 0)
        return;
    range(x, &lo[0], &hi[0]);
    range(y, &lo[1], &hi[1]);
    if (hi[0] - lo[0] < 1e-6 && hi[1] - lo[1] < 1e-6)
        return; /* it always stands at one place */
    for (size_t i = 0; i < x->n && i < y->n; i++) {
        int *cell = &count[slot(x->x[i], lo[0], hi[0], GRID)][slot(y->x[i], lo[1], hi[1], GRID)];
        filled += *cell == 0;
        most = ++*cell > most ? *cell : most;
    }
    text_add(&page->text,
             "<div class=\"map\"><svg viewBox=\"0 0 330 300\" role=\"img\"><text x=\"40\" y=\"12\">");
    escape(page, page->object[object]);
    text_add(&page->text, ": %d of %d cells, at most %d</text>", filled, GRID * GRID, most);
    for (int r = 0; r < GRID; r++)
        for (int c = 0; c < GRID; c++)
            text_add(&page->text,
                     "<rect x=\"%d\" y=\"%d\" width=\"17\" height=\"17\" rx=\"2\" fill=\"var(--%s)\" "
                     "fill-opacity=\"%.2f\">"
                     "<title>%d</title></rect>",
                     40 + (GRID - 1 - c) * 18, 20 + (GRID - 1 - r) * 18, count[r][c] ? "blue" : "line",
                     count[r][c] ? 0.18 + 0.82 * count[r][c] / most : 0.6, count[r][c]);
    text_add(
        &page->text,
        "<text x=\"36\" y=\"30\" text-anchor=\"end\">%.2f</text><text x=\"36\" y=\"270\" "
        "text-anchor=\"end\">%.2f</text>"
        "<text x=\"40\" y=\"288\">y %.2f m</text><text x=\"292\" y=\"288\" text-anchor=\"end\">%.2f m</text>"
        "<text x=\"10\" y=\"150\">x, m</text></svg></div>",
        hi[0], lo[0], hi[1], lo[1]);
}

static void draw_bins(Page *page, const json_t *bins) {
    const size_t n = json_array_size(bins);
    double most = 1;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, (double)data_json_get_int(json_array_get(bins, i), "attempts", 0));
    if (n < 2)
        return;
    const double width = 620.0 / (double)n;
    text_add(&page->text,
             "<p>Attempts (pale) and successes per cell of the reset grid</p><svg viewBox=\"0 0 640 90\">");
    for (size_t i = 0; i < n; i++) {
        const json_t *bin = json_array_get(bins, i);
        const double all = (double)data_json_get_int(bin, "attempts", 0) / most * 70;
        const double good = (double)data_json_get_int(bin, "successes", 0) / most * 70;
        const double left = 10 + (double)i * width;
        text_add(&page->text,
                 "<g><title>cell %lld: %lld attempts, %lld successes</title><rect x=\"%.1f\" y=\"%.1f\" "
                 "width=\"%.2f\" "
                 "height=\"%.1f\" fill=\"var(--blue)\" fill-opacity=\".3\"/><rect x=\"%.1f\" y=\"%.1f\" "
                 "width=\"%.2f\" "
                 "height=\"%.1f\" fill=\"var(--good)\"/></g>",
                 (long long)data_json_get_int(bin, "bin", 0),
                 (long long)data_json_get_int(bin, "attempts", 0),
                 (long long)data_json_get_int(bin, "successes", 0), left, 75 - all, width * 0.85, all, left,
                 75 - good, width * 0.85, good);
    }
    text_add(&page->text, "<text x=\"10\" y=\"88\">%zu cells, at most %.0f attempts in one</text></svg>", n,
             most);
}

static void draw_coverage(Page *page, const json_t *manifest) {
    text_add(&page->text,
             "<div class=\"card\"><h2>Coverage of resets</h2><p>Where objects stood at the start of the "
             "episodes that succeeded, seen from above</p><div class=\"pair\">");
    for (int i = 0; i < page->nobject; i++)
        draw_map(page, i);
    text_add(&page->text, "</div>");
    draw_bins(page, json_object_get(manifest, "bins"));
    text_add(&page->text, "</div>");
}

static void draw_histogram(Page *page, const Column *column, const char *title, const char *unit) {
    double lo, hi, sum = 0;
    int count[BINS] = {0}, most = 1;
    if (column->n == 0)
        return;
    range(column, &lo, &hi);
    for (size_t i = 0; i < column->n; i++) {
        int *bin = &count[slot(column->x[i], lo, hi, BINS)];
        most = ++*bin > most ? *bin : most;
        sum += column->x[i];
    }
    text_add(&page->text, "<div class=\"card\"><h2>%s</h2><svg viewBox=\"0 0 330 130\">", title);
    for (int k = 0; k < BINS; k++) {
        const double height = 100.0 * count[k] / most;
        text_add(&page->text,
                 "<rect x=\"%.1f\" y=\"%.1f\" width=\"11.5\" height=\"%.1f\" rx=\"1\" "
                 "fill=\"var(--blue)\"><title>%d"
                 "</title></rect>",
                 10 + k * 13.0, 108 - height, height, count[k]);
    }
    text_add(&page->text,
             "<line x1=\"8\" x2=\"322\" y1=\"109\" y2=\"109\" stroke=\"var(--line)\"/><text x=\"10\" "
             "y=\"124\">%.3g</text>"
             "<text x=\"166\" y=\"124\" text-anchor=\"middle\">mean %.3g %s</text><text x=\"322\" y=\"124\" "
             "text-anchor=\"end\">%.3g</text></svg></div>",
             lo, sum / (double)column->n, unit, hi);
}

static char *draw(Page *page, const json_t *manifest) {
    draw_head(page, manifest);
    draw_outcomes(page, manifest);
    draw_subtasks(page, manifest);
    draw_coverage(page, manifest);
    draw_sources(page, manifest);
    text_add(&page->text, "<div class=\"pair\">");
    draw_histogram(page, &page->length, "Episode length", "rows");
    for (int k = 0; k < NSCORE; k++)
        draw_histogram(page, &page->score[k], scores[k].title, scores[k].unit);
    text_add(&page->text, "</div></main></body></html>\n");
    return text_end(&page->text);
}

static void free_page(Page *page) {
    mem_free(page->length.x);
    for (int k = 0; k < NSCORE; k++)
        mem_free(page->score[k].x);
    for (int k = 0; k < MAX_OBJECTS; k++) {
        mem_free(page->x[k].x);
        mem_free(page->y[k].x);
    }
    mem_free(page);
}

Status data_html(const char *path, const char *out_file, Err *err) {
    char lines[PATH_MAX], *text = NULL, *html = NULL;
    json_t *manifest = NULL;
    TRY(data_manifest(path, &text, err));
    Status status = data_json_parse(path, text, strlen(text), &manifest, err);
    mem_free(text);
    TRY(status);
    Page *page = mem_calloc(1, sizeof *page);
    if (!page) {
        json_decref(manifest);
        return err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    }
    snprintf(lines, sizeof lines, "%s/episodes.jsonl", path);
    status = gather(page, lines, err);
    if (status == STATUS_OK && !(html = draw(page, manifest)))
        status = err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    if (status == STATUS_OK)
        status = data_file_replace(out_file, html, strlen(html), err);
    mem_free(html);
    json_decref(manifest);
    free_page(page);
    return status;
}
