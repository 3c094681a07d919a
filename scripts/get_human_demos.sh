#!/usr/bin/env bash
# Fetches three human demonstrations of a Panda arm lifting a cube, which the package robosuite 1.4.1 (MIT licence) carries:
# 482, 510 and 392 rows at 20 Hz, with simulator states. The wheel (193 MB) is checked and dropped, the one file kept.
#
#   scripts/get_human_demos.sh [FILE]    prints the path of the cached file; copies it to FILE
#
# XDG_CACHE_HOME   the file is kept in $XDG_CACHE_HOME/demomill (default ~/.cache/demomill)
set -euo pipefail

readonly version=1.4.1
readonly wheel=robosuite-1.4.1-py3-none-any.whl
readonly wheel_sha256=62587cd5888d9d3d813f3ffcc7017f6f77efa618952527a0b9bb139ffd0a3741
readonly member=robosuite/models/assets/demonstrations/lift/demo.hdf5
readonly demo_sha256=08c060c1dcd30582a4f84cf1b9c2daa009c9c75262e78235eca1bb58d0f84e61
readonly cache=${XDG_CACHE_HOME:-$HOME/.cache}/demomill
readonly target=$cache/robosuite-lift-human.hdf5

say() { printf 'get_human_demos: %s\n' "$*" >&2; }
die() {
    say "error: $*"
    exit 3
}

is_good() { echo "$2  $1" | sha256sum --check --status 2>/dev/null; }

main() {
    if ! is_good "$target" $demo_sha256; then
        mkdir -p "$cache"
        parts=$(mktemp -d "$cache/human.XXXXXX")
        trap 'rm -rf "$parts"' EXIT
        download "$parts"
        extract "$parts"
        mv -T "$parts/demo.hdf5" "$target"
        say "three human demonstrations are at $target"
    fi
    [ $# = 0 ] || cp "$target" "$1"
    printf '%s\n' "$target"
}

download() {
    local dir=$1
    say "downloading robosuite $version (193 MB)"
    echo "robosuite==$version --hash=sha256:$wheel_sha256" >"$dir/requirements.txt"
    if ! python3 -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary=:all: \
        --dest "$dir" --requirement "$dir/requirements.txt" >"$dir/log" 2>&1; then
        if grep -q 'DO NOT MATCH THE HASHES' "$dir/log"; then
            die "wrong hash: the registry's robosuite $version is not the pinned one; nothing was kept"
        fi
        tail -n 5 "$dir/log" >&2
        die "cannot download robosuite $version from PyPI (no network, registry or python3-pip?)"
    fi
    is_good "$dir/$wheel" $wheel_sha256 || die "wrong hash: $wheel is not the pinned one; nothing was kept"
}

extract() {
    local dir=$1
    python3 - "$dir/$wheel" $member "$dir/demo.hdf5" <<'PYTHON' || die "$wheel has no readable $member"
import shutil, sys, zipfile
wheel, member, out = sys.argv[1:]
with zipfile.ZipFile(wheel).open(member) as source, open(out, "wb") as target:
    shutil.copyfileobj(source, target)
PYTHON
    is_good "$dir/demo.hdf5" $demo_sha256 || die "wrong hash: $member is not the expected file"
}

main "$@"
