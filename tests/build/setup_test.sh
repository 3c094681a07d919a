#!/usr/bin/env bash
# scripts/setup.sh on bad days: each failure is one clear message and exit code 3, and leaves nothing behind.
# The world is faked by commands put before the real ones in PATH and by folders of our own; nothing here
# reaches a network or needs root.
set -uo pipefail
source_dir=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
wheel=mujoco_core-4.0.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl
failed=0

# A clone of its own, without MuJoCo, with nothing cached and no faked commands.
fresh() {
    rm -rf "$work/repo" "$work/bin" "$XDG_CACHE_HOME"
    mkdir -p "$work/repo/scripts" "$work/bin" "$XDG_CACHE_HOME/demomill"
    cp "$source_dir/scripts/setup.sh" "$work/repo/scripts/"
}

# fake COMMAND SCRIPT: COMMAND does SCRIPT.
fake() {
    printf '#!/bin/bash\n%s\n' "$2" >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}

# expect NAME CODE PATTERN [ENV=VALUE…]: runs set-up, which must end with CODE and say PATTERN on its last line.
expect() {
    local name=$1 code=$2 pattern=$3 rc last
    shift 3
    env PATH="$work/bin:$PATH" "$@" bash "$work/repo/scripts/setup.sh" $options >"$work/out" 2>&1
    rc=$?
    last=$(tail -n 1 "$work/out")
    if [ $rc = "$code" ] && [[ $last =~ $pattern ]]; then
        echo "ok: $name"
    else
        echo "FAILED: $name: exit $rc (expected $code), said:"
        sed 's/^/    /' "$work/out"
        failed=1
    fi
}
options=

fresh
options=--tset expect an_unknown_option_is_refused 3 "unknown option '--tset'"

fresh
echo garbage >"$XDG_CACHE_HOME/demomill/$wheel"
expect a_damaged_cached_wheel_is_refused 3 'wrong hash: .*'"$wheel"

fresh
fake python3 'case "$*" in *download*) echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."; exit 1;; esac'
expect a_wheel_of_another_hash_is_refused 3 "wrong hash: the registry's"

fresh
fake python3 'case "$*" in *download*) echo "ERROR: No matching distribution found"; exit 1;; esac'
expect a_missing_registry_is_reported 3 'cannot download mujoco-core 4.0.0 from PyPI'
if [ -n "$(ls -A "$XDG_CACHE_HOME/demomill")" ] || [ -n "$(ls -A "$work/repo/third_party" 2>/dev/null)" ]; then
    echo 'FAILED: a failed download leaves files behind'
    failed=1
fi

fresh
mkdir -p "$work/old/include/mujoco"
echo '#define mjVERSION_HEADER 3003000' >"$work/old/include/mujoco/mujoco.h"
expect a_wrong_mujoco_is_refused 3 'wrong MuJoCo version at .*: mjVERSION_HEADER is 3003000, 4000000' MUJOCO_ROOT="$work/old"
expect an_empty_mujoco_root_is_refused 3 'no MuJoCo at .*: include/mujoco/mujoco.h is missing' MUJOCO_ROOT="$work/none"
echo '#define mjVERSION_HEADER 4000000' >"$work/old/include/mujoco/mujoco.h"
expect a_mujoco_without_library_is_refused 3 'no MuJoCo library at' MUJOCO_ROOT="$work/old"
mkdir "$work/old/lib"
touch "$work/old/lib/libmujoco.so.4.0.0"
expect a_good_mujoco_root_is_taken 0 '' MUJOCO_ROOT="$work/old"

fresh
fake id 'echo 1000'
expect without_root_the_missing_packages_are_named 3 \
    'as root run: apt-get install -y --no-install-recommends .*libhdf5-dev .*musl-dev' \
    DEMOMILL_SYSROOT="$work/none" MUJOCO_ROOT="$work/old"

fresh
fake id 'echo 0'
fake apt-get 'echo "E: Failed to fetch http://deb.example/dists/bookworm"; exit 100'
expect an_unreachable_package_mirror_is_reported 3 'apt-get could not install: .*libhdf5-dev' \
    DEMOMILL_SYSROOT="$work/none" MUJOCO_ROOT="$work/old"

fresh
fake id 'echo 0'
fake apt-get 'exit 0'
expect packages_that_install_nothing_are_noticed 3 'installed, and still not found: .*libhdf5-dev' \
    DEMOMILL_SYSROOT="$work/none" MUJOCO_ROOT="$work/old"

# All present: neither root, network, python nor a second is needed, and nothing is said.
fresh
fake id 'echo 1000'
for command in apt-get python3 curl; do
    fake $command 'echo "must not be called" >&2; exit 1'
done
mkdir -p "$work/repo/third_party/mujoco-4.0.0"
touch "$work/repo/third_party/mujoco-4.0.0/complete"
start=$(date +%s%N)
expect a_second_run_does_nothing 0 '^$'
if [ $((($(date +%s%N) - start) / 1000000)) -ge 1000 ]; then
    echo 'FAILED: a second run takes more than a second'
    failed=1
fi

exit $failed
