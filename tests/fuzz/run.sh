#!/usr/bin/env bash
# Fuzzes a parser with libFuzzer under the address and undefined-behaviour sanitizers.
#
#   tests/fuzz/run.sh build               the targets, with clang, into build/fuzz
#   tests/fuzz/run.sh TARGET [SECONDS]    one of them (task robot map marks skeleton import dataset journal)
#   tests/fuzz/run.sh all [SECONDS]       each of them, two at a time
#
# DEMOMILL_FUZZ_SECONDS is the default of SECONDS (5). What is found is kept in build/fuzz/found; once mended it belongs into
# tests/fuzz/regress/TARGET, which every build tries again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly targets='task robot map marks skeleton import dataset journal'
readonly build=build/fuzz
readonly seconds=${2:-${DEMOMILL_FUZZ_SECONDS:-5}}

# One at a time: tests that run side by side may all want it.
build() {
    mkdir -p $build
    (
        flock 9
        # Warnings are gcc's business; no parser here uses OpenMP.
        [ -e $build/build.ninja ] ||
            cmake -S . -B $build -G Ninja -DCMAKE_C_COMPILER=clang-14 -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-w \
                -DDEMOMILL_SANITIZE=fuzzer-no-link,address,undefined \
                -DOpenMP_C_FLAGS=-fno-openmp -DOpenMP_C_LIB_NAMES= >$build/configure.log 2>&1 ||
            { cat $build/configure.log >&2; rm -f $build/build.ninja; exit 1; }
        cmake --build $build --target fuzz_targets
        $build/tests/bin/fuzz_seeds $build/seeds
    ) 9>$build/lock
}

fuzz() {
    local target=$1 dictionary=()
    case $target in
    task | robot | map | marks) dictionary=(-dict=tests/fuzz/yaml.dict) ;;
    skeleton) dictionary=(-dict=tests/fuzz/xml.dict) ;;
    journal) dictionary=(-dict=tests/fuzz/json.dict) ;;
    esac
    mkdir -p $build/corpus/"$target" $build/found $build/seeds/"$target" tests/fuzz/regress/"$target"
    # libhdf5 asks for what a damaged file says, and lives with a no.
    ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 $build/tests/bin/fuzz_"$target" -max_total_time="$seconds" -timeout=20 \
        -rss_limit_mb=3000 -print_final_stats=1 -max_len=65536 "${dictionary[@]}" \
        -artifact_prefix=$build/found/"$target"- $build/corpus/"$target" $build/seeds/"$target" \
        tests/fuzz/regress/"$target" >$build/"$target".log 2>&1 || { tail -n 60 $build/"$target".log >&2; return 1; }
    echo "$target: $(find $build/corpus/"$target" -type f | wc -l) inputs kept," \
        "$(sed -n 's/stat::number_of_executed_units: *//p' $build/"$target".log) tried, nothing found"
}

case ${1-} in
build) build ;;
all)
    build
    export -f fuzz
    export build seconds
    tr ' ' '\n' <<<"$targets" | xargs -P 2 -I{} bash -euo pipefail -c 'fuzz {}'
    ;;
*)
    [[ -n ${1-} && " $targets " == *" $1 "* ]] || { echo "usage: run.sh build|all|TARGET [SECONDS] (targets: $targets)" >&2; exit 2; }
    [ -x $build/tests/bin/fuzz_"$1" ] || build
    fuzz "$1"
    ;;
esac
