/* demomill check: hold a dataset to its contract. */
#include "datasets/check.h"
#include "cli/cli.h"
#include "cli/verify.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Options {
    const char *path;
    CliVerifyDef def;
    int replays; /* −1: all */
    long long most;
    bool fast, json;
} Options;

enum { KEY_REPLAY = 256, KEY_JSON, KEY_FAST, KEY_MOST, KEY_TASK, KEY_ROBOT, KEY_CONTROLLER };

static const struct argp_option OPTION[] = {
    {"replay", KEY_REPLAY, "N|all", 0, "Also re-run N episodes, or all, from their commands, bit for bit", 0},
    {"fast", KEY_FAST, 0, 0, "Only names, types and shapes: read no values, hash no files", 0},
    {"most", KEY_MOST, "N", 0, "Tell at most N breaks per rule and file (5)", 0},
    {"task", KEY_TASK, "T", 0, "With --replay: task instead of the recorded one", 0},
    {"robot", KEY_ROBOT, "R", 0, "With --replay: robot instead of the recorded one", 0},
    {"controller", KEY_CONTROLLER, "FILE", 0, "With --replay: controller as a shared object", 0},
    {"json", KEY_JSON, 0, 0, "One JSON object on stdout", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case KEY_REPLAY:
        o->replays = strcmp(arg, "all") == 0 ? -1 : (int)cli_integer(state, "replay", arg, 1, INT32_MAX);
        break;
    case KEY_FAST:
        o->fast = true;
        break;
    case KEY_MOST:
        o->most = cli_integer(state, "most", arg, 1, 1000000);
        break;
    case KEY_TASK:
        o->def.task = arg;
        break;
    case KEY_ROBOT:
        o->def.robot = arg;
        break;
    case KEY_CONTROLLER:
        o->def.controller = arg;
        break;
    case KEY_JSON:
        o->json = true;
        break;
    case ARGP_KEY_ARG:
        if (o->path)
            argp_error(state, "one dataset at a time");
        o->path = arg;
        break;
    case ARGP_KEY_END:
        if (!o->path)
            argp_error(state, "which dataset or file?");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

typedef struct Job {
    const Options *options;
    CliVerifier *verifier;
    json_t *findings; /* NULL: print them */
} Job;

static void tell(void *user, const DataFinding *f) {
    const Job *job = user;
    if (job->findings)
        json_array_append_new(job->findings,
                              json_pack("{s:s, s:s, s:s, s:s}", "rule", data_rule_name(f->rule), "file",
                                        f->file, "place", f->place, "text", f->text));
    else
        printf("%s%s%s: %s [%s]\n", f->file, f->place[0] ? ", " : "", f->place, f->text,
               data_rule_name(f->rule));
}

static bool replay(void *user, const char *file, int demo, const Episode *episode,
                   const DataCertificate *certificate, char *why, size_t size) {
    (void)file, (void)demo;
    const Job *job = user;
    CliDivergence divergence;
    Err err = {0};
    if (cli_verify(job->verifier, episode, &divergence, &err) != STATUS_OK) {
        snprintf(why, size, "%s", err.message);
        return false;
    }
    if (!divergence.diverged)
        return true;
    char other[200];
    cli_verifier_differences(job->verifier, certificate, other, sizeof other);
    snprintf(why, size, "differs at row %d in %s: stored %.17g, now %.17g%s%s", divergence.row,
             divergence.what, divergence.stored, divergence.again, other[0] ? "; other here: " : "", other);
    return false;
}

/* The world to replay in; a dataset without episodes needs none. */
static Status open_verifier(Job *job, Err *err) {
    DataReader *reader = NULL;
    TRY(data_reader_open(job->options->path, false, &reader, err));
    Status status = STATUS_OK;
    if (data_reader_count(reader) > 0)
        status = cli_verifier_open(data_reader_meta(reader), &job->options->def, CLI_FROM_COMMANDS,
                                   &job->verifier, err);
    data_reader_close(reader);
    return status;
}

static void report_text(const Options *o, const DataReport *r) {
    printf("%s: %d files, %d episodes", o->path, r->files, r->episodes);
    if (o->replays)
        printf(", %d replayed", r->replayed);
    if (!r->total) {
        printf(": all %d rules hold\n", DATA_NRULE - !o->replays);
        return;
    }
    printf(": %d breaks\n", r->total);
    for (int i = 0; i < DATA_NRULE; i++)
        if (r->broken[i])
            printf("  %6d  %-14s %s\n", r->broken[i], data_rule_name((DataRule)i),
                   data_rule_text((DataRule)i));
}

static void report_json(const Options *o, const DataReport *r, json_t *findings) {
    json_t *root = json_pack("{s:s, s:i, s:i, s:i, s:i, s:O}", "path", o->path, "files", r->files, "episodes",
                             r->episodes, "replayed", r->replayed, "breaks", r->total, "findings", findings);
    char *text = json_dumps(root, JSON_INDENT(1));
    puts(text ? text : "{}");
    free(text);
    json_decref(root);
}

int cli_check(int argc, char **argv) {
    Options o = {.most = 5};
    const struct argp argp = {
        OPTION, parse, "DIR|FILE", "Hold a dataset to its contract.\vExit code 1 if a rule is broken.",
        0,      0,     0};
    cli_parse(&argp, argc, argv, &o);
    Err err = {0};
    Job job = {.options = &o, .findings = o.json ? json_array() : NULL};
    DataReport report = {0};
    Status status = o.replays ? open_verifier(&job, &err) : STATUS_OK;
    if (status == STATUS_OK) {
        const DataCheckOptions options = {.most = (int)o.most,
                                          .hashes = !o.fast,
                                          .numbers = !o.fast,
                                          .sink = tell,
                                          .user = &job,
                                          .replay = job.verifier ? replay : NULL,
                                          .replays = o.replays};
        status = data_check(o.path, &options, &report, &err);
    }
    if (status == STATUS_OK && o.json)
        report_json(&o, &report, job.findings);
    else if (status == STATUS_OK)
        report_text(&o, &report);
    json_decref(job.findings);
    cli_verifier_close(job.verifier);
    if (status != STATUS_OK)
        return cli_fail(status, &err);
    return report.total ? CLI_CHECK_FAILED : CLI_DONE;
}
