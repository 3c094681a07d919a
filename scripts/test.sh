#!/usr/bin/env bash
# Everything that has to hold, in one go: builds, tests, sanitizers, style, and the readers nobody here wrote. Ends
# with one line, "N passed, N failed"; exit code 0 only if none failed.
#
#   scripts/test.sh            everything
#   scripts/test.sh STEP…      these steps only (see `steps` below)
#
# Logs are kept in build/test-logs. What the labels of tests mean is said in tests/CMakeLists.txt.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$(nproc)}
# A minute for each parser in CI, the test's own few seconds elsewhere.
export DEMOMILL_FUZZ_SECONDS=${DEMOMILL_FUZZ_SECONDS:-${CI:+60}}
readonly steps='format release dev tsan tidy readers'
readonly logs=build/test-logs
declare -rx demomill=build/release/bin/demomill # exported for `strict`
passed=0
failed=0
without_aslr= # a command prefix, for the thread sanitizer

main() {
    local step
    for step in "$@"; do
        [[ " $steps " == *" $step "* ]] || { echo "test: unknown step '$step' (known: $steps)" >&2; exit 2; }
    done
    scripts/setup.sh --test || { echo '0 passed, 1 failed'; exit 1; }
    mkdir -p "$logs"
    for step in ${*:-$steps}; do
        printf '\n== %s (%s)\n' "$step" "$(date +%T)"
        "step_$step"
    done
    printf '\n'
    echo "$passed passed, $failed failed"
    [ $failed = 0 ]
}

# check NAME COMMAND…: one thing that passes or fails; its output is shown when it fails.
check() {
    local name=$1 log
    shift
    log=$logs/${name//[^a-zA-Z0-9_.-]/_}.log
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
        echo "ok: $name"
    else
        failed=$((failed + 1))
        echo "FAILED: $name (whole output in $log)"
        tail -n 60 "$log" | sed 's/^/    /'
        return 1
    fi
}

build() { cmake --preset "$1" && cmake --build --preset "$1"; }

# Runs CTest on a preset and counts its tests; further arguments choose which.
run_ctest() {
    local preset=$1 log summary
    shift
    log=$logs/ctest-$preset.log
    $without_aslr ctest --preset "$preset" --no-tests=error "$@" 2>&1 | tee "$log"
    summary=$(sed -nE 's/.*tests passed, ([0-9]+) tests failed out of ([0-9]+).*/\1 \2/p' "$log")
    if [ -z "$summary" ]; then
        echo "FAILED: no tests were run on $preset"
        failed=$((failed + 1))
        return 1
    fi
    failed=$((failed + ${summary% *}))
    passed=$((passed + ${summary#* } - ${summary% *}))
    [ "${summary% *}" = 0 ]
}

step_release() { check build-release build release && run_ctest release -LE fuzz; }
step_dev() { check build-dev build dev && run_ctest dev -LE slow; }

# The thread sanitizer of gcc 12 does not start where the kernel randomises more address bits than it expects.
step_tsan() {
    local without_aslr=
    setarch "$(uname -m)" -R true 2>/dev/null && without_aslr="setarch $(uname -m) -R"
    check build-tsan build tsan && run_ctest tsan -L threads &&
        check generate-under-tsan strict generate_under_tsan
}

# The main job itself, on more threads than cores; a data race ends it with exit code 66. LLVM's OpenMP runtime stands
# in for gcc's as in tests/CMakeLists.txt.
generate_under_tsan() {
    local folder=build/test-data/tsan llvm=/usr/lib/llvm-16/lib
    rm -rf $folder
    mkdir -p $folder
    [ -x "$demomill" ] || { cmake --preset release && cmake --build --preset release; }
    "$demomill" record --task pick_place --robot optimus --operator scripted --n 1 --seed 11 --out $folder/source.hdf5
    env LD_PRELOAD=$llvm/libomp.so OMP_TOOL_LIBRARIES=$llvm/libarcher.so TSAN_OPTIONS=ignore_noninstrumented_modules=1 \
        setarch "$(uname -m)" -R build/tsan/bin/demomill generate --task pick_place:D0 --robot optimus \
        --source $folder/source.hdf5 --out $folder/data --attempts 4 --threads 4 --seed 3
}

sources() { git ls-files -z -- '*.c' '*.h'; }

step_format() { check format bash -c "$(declare -f sources); sources | xargs -0 clang-format --dry-run -Werror"; }

# clang-tidy reads how a file is compiled from the release build.
tidy() {
    cmake --preset release
    git ls-files -z -- '*.c' ':!tests' | xargs -0 -n 4 -P "$(nproc)" clang-tidy --quiet -p build/release
}
step_tidy() { check clang-tidy tidy; }

# Python packages in a folder of their own, made anew when the pins change.
python_readers() {
    local folder=build/tools/python pins=tests/python
    if ! cmp -s <(cat $pins/requirements.txt $pins/robomimic.txt) $folder/pins; then
        rm -rf $folder
        python3 -m venv $folder
        local pip="$folder/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --require-hashes"
        $pip --only-binary=:all: -r $pins/requirements.txt
        $pip --no-build-isolation -r $pins/robomimic.txt
        cat $pins/requirements.txt $pins/robomimic.txt >$folder/pins
    fi
}

js_readers() {
    local folder=build/tools/js
    if ! cmp -s tests/js/package-lock.json $folder/pins; then
        rm -rf $folder
        mkdir -p $folder
        cp tests/js/package.json tests/js/package-lock.json $folder
        npm ci --prefix $folder --no-audit --no-fund --ignore-scripts
        cp tests/js/package-lock.json $folder/pins
    fi
    cp tests/js/read_shards.mjs $folder # modules are looked for beside the script
}

# A small dataset, made as a user would make it.
small_dataset() {
    local folder=$1 task=pick_place
    rm -rf "$folder"
    mkdir -p "$folder"
    "$demomill" record --task $task --robot optimus --operator scripted --n 2 --seed 11 --out "$folder/source.hdf5"
    "$demomill" generate --task $task:D0 --robot optimus --source "$folder/source.hdf5" --out "$folder/data" \
        --successes 4 --attempts 20 --seed 12
}

readers_agree() {
    local folder=$1
    shift
    build/tools/python/bin/python tests/python/read_shards.py "$@" >"$folder/h5py"
    node build/tools/js/read_shards.mjs h5wasm "$@" >"$folder/h5wasm"
    node build/tools/js/read_shards.mjs jsfive "$@" >"$folder/jsfive"
    [ -s "$folder/h5py" ]
    diff "$folder/h5py" "$folder/h5wasm"
    diff "$folder/h5py" "$folder/jsfive"
}

step_readers() {
    local folder=build/test-data
    check install-python-readers strict python_readers
    check install-js-readers strict js_readers
    [ -x "$demomill" ] || check build-release build release || return
    check make-a-small-dataset strict small_dataset $folder || return
    check demomill-check $demomill check $folder/data --replay all
    check h5py-robomimic-h5wasm-jsfive-agree strict readers_agree $folder $folder/source.hdf5 $folder/data/shards/*.hdf5
}

# The function in a subshell that stops at its first failing command, which a function under `if` would not.
strict() {
    export -f "$1"
    bash -euo pipefail -c '"$@"' strict "$@"
}

main "$@"
