#!/usr/bin/env bash
# Generation success per task and level, ours beside the published method, as the table in README.md shows it.
#
#   scripts/evaluate.sh [FOLDER]    default: build/evaluate; made anew
#
# ATTEMPTS  per task and level (300)      TASKS, LEVELS  which ("lift_cube … box_lift", "D0 D1 D2")
# SEED      of the attempts (1000)        METHODS        "ours plain"
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly folder=${1:-build/evaluate} attempts=${ATTEMPTS:-300} seed=${SEED:-1000}
readonly demomill=build/release/bin/demomill
rm -rf "$folder"
mkdir -p "$folder"

# cell TASK LEVEL METHOD: "98.3 (fell 0.3)" from the run's JSON.
cell() {
    local plain=
    [ "$3" = ours ] || plain=--plain
    "$demomill" generate $plain --task "$1:$2" --source "$folder/$1.hdf5" --attempts "$attempts" --seed "$seed" --quiet --json \
        --out "$folder/$1-$2-$3" >"$folder/$1-$2-$3.json" 2>"$folder/$1-$2-$3.log" || true
    python3 - "$folder/$1-$2-$3.json" <<'END'
import json, sys
r = json.load(open(sys.argv[1]))
n = r["attempts"]
print(f'{100 * r["successes"] / n:.1f} (falls {100 * r["outcomes"].get("fell", 0) / n:.1f}, {r["cpu_s"] / max(1, r["successes"]):.2f} s CPU)')
END
}

echo "| task | level | method | success % |"
echo "|---|---|---|---|"
for task in ${TASKS:-lift_cube pick_place stack can_upright mug_drawer box_lift}; do
    "$demomill" record --task "$task" --n 10 --seed 1 --quiet --out "$folder/$task.hdf5"
    for level in ${LEVELS:-D0 D1 D2}; do
        for method in ${METHODS:-ours plain}; do
            echo "| $task | $level | $method | $(cell "$task" "$level" "$method") |"
        done
    done
done
