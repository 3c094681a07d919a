/* README.md: the dataset card, from the manifest alone. */
#include "datasets/json_priv.h"
#include "datasets/manifest_priv.h"
#include "datasets/text_priv.h"

#include <string.h>

static void add_front_matter(Text *card, const json_t *run) {
    const char *license = data_json_get_text(run, "license", "");
    text_add(card, "---\nlicense: %s\ntask_categories: [robotics]\ntags: [demomill, %s, %s, hdf5]\n---\n\n",
             license[0] ? license : "other", data_json_get_text(run, "robot", ""),
             data_json_get_text(run, "task", ""));
}

static void add_summary(Text *card, const json_t *manifest, const json_t *run) {
    const json_t *totals = json_object_get(manifest, "totals"), *splits = json_object_get(manifest, "splits");
    const long long attempts = data_json_get_int(totals, "attempts", 0);
    const long long successes = data_json_get_int(totals, "successes", 0);
    const long long frames = data_json_get_int(totals, "frames", 0);
    const double rate = data_json_get_real(run, "rate_hz", 0);
    text_add(card, "# %s\n\n", data_json_get_text(run, "name", ""));
    text_add(card, "%lld episodes of the robot `%s` doing `%s` (%s), %lld rows at %g Hz, %.1f minutes.\n\n",
             (long long)data_json_get_int(totals, "episodes", 0), data_json_get_text(run, "robot", ""),
             data_json_get_text(run, "task", ""), data_json_get_text(run, "level", ""), frames, rate,
             rate > 0 ? (double)frames / rate / 60 : 0);
    text_add(card, "| | |\n|---|---|\n");
    text_add(card, "| made by | %s, operator %s |\n", data_json_get_text(run, "generator", ""),
             data_json_get_text(run, "operator_name", ""));
    text_add(card, "| attempts | %lld, %lld succeeded (%.1f %%) |\n", attempts, successes,
             attempts > 0 ? 100.0 * (double)successes / (double)attempts : 0);
    text_add(card, "| split | train %lld, valid %lld |\n", (long long)data_json_get_int(splits, "train", 0),
             (long long)data_json_get_int(splits, "valid", 0));
    text_add(card, "| base | %s |\n| controller | %s |\n| engine | %s |\n| seed | %lld |\n",
             data_json_get_text(run, "base", ""), data_json_get_text(run, "controller", ""),
             data_json_get_text(run, "engine", ""), (long long)data_json_get_int(run, "seed", 0));
    text_add(card, "| licence | %s |\n\n", data_json_get_text(run, "license", ""));
}

static void add_outcomes(Text *card, const json_t *manifest) {
    const char *name;
    json_t *count;
    text_add(card, "## How the attempts ended\n\n| outcome | attempts | meaning |\n|---|---|---|\n");
    json_object_foreach(json_object_get(manifest, "outcomes"), name, count) {
        const int outcome = outcome_from_name(name);
        text_add(card, "| %s | %lld | %s |\n", name, (long long)json_integer_value(count),
                 outcome >= 0 ? outcome_text((Outcome)outcome) : "");
    }
    text_add(card, "\n");
}

static void add_sources(Text *card, const json_t *manifest) {
    const json_t *sources = json_object_get(manifest, "sources");
    if (json_array_size(sources) == 0)
        return;
    text_add(card, "## Source demonstrations\n\n| id | operator | file | attempts | successes "
                   "|\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < json_array_size(sources); i++) {
        const json_t *s = json_array_get(sources, i);
        text_add(card, "| %s | %s | %s | %lld | %lld |\n", data_json_get_text(s, "id", ""),
                 data_json_get_text(s, "operator", ""), data_json_get_text(s, "file", ""),
                 (long long)data_json_get_int(s, "attempts", 0),
                 (long long)data_json_get_int(s, "successes", 0));
    }
    text_add(card, "\n");
}

static void add_use(Text *card, const json_t *manifest) {
    const json_t *first = json_array_get(json_object_get(manifest, "shards"), 0);
    text_add(
        card,
        "## Reading it\n\nEvery shard is an HDF5 file in robomimic's layout (and again, as hard links, under "
        "RLDS "
        "names):\n\n```python\nimport h5py\nwith h5py.File(\"%s\") as f:\n    demo = f[\"data/demo_0\"]\n"
        "    actions, joints = demo[\"actions\"][()], demo[\"obs/joint_pos\"][()]\n"
        "    print(demo.attrs[\"language_instruction\"], actions.shape)\n```\n\n",
        data_json_get_text(first, "file", "shards/….hdf5"));
    text_add(
        card,
        "Row t holds the observation before `actions[t]` and the reward after it. `actions` is normalised to "
        "[-1, 1] (attributes `scale`, `offset`, `names`); `actions_abs` is the same in SI units, "
        "`actions_exec` what was executed, noise included. Quaternions are w x y z; the world frame is x "
        "forward, z up. `/meta/features` describes every field with unit and frame.\n\n");
    text_add(
        card,
        "## Reproducing it\n\nAn episode is a function of seed and attempt; `ep_meta` carries a certificate "
        "with the hashes of engine, libm, model, controller, configuration, task and robot, and of the "
        "simulator's state every few rows. `demomill check --replay all` runs every episode again and "
        "compares bit by bit.\n");
}

char *card_text(const json_t *manifest) {
    Text card = {0};
    const json_t *run = json_object_get(manifest, "run");
    add_front_matter(&card, run);
    add_summary(&card, manifest, run);
    add_outcomes(&card, manifest);
    add_sources(&card, manifest);
    add_use(&card, manifest);
    return text_end(&card);
}
