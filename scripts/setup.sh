#!/usr/bin/env bash
# Brings a Debian machine to the point where CMake can configure: compiler and libraries from Debian,
# MuJoCo from its pinned wheel. A second run finds everything in place and does nothing.
#
#   scripts/setup.sh           what building needs
#   scripts/setup.sh --test    and what scripts/test.sh needs
#
# MUJOCO_ROOT      use this MuJoCo (include/mujoco/mujoco.h, lib/libmujoco.so.*) instead of fetching one
# XDG_CACHE_HOME   downloads are kept in $XDG_CACHE_HOME/demomill (default ~/.cache/demomill)
set -euo pipefail

readonly mujoco_version=4.0.0
readonly mujoco_header=4000000 # mjVERSION_HEADER of that version
readonly wheel=mujoco_core-4.0.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl
readonly wheel_sha256=885bd9b9cc0a6b5ba1114923eb954027652a6a0c115fa46b3218b83bae72ac4f

# What must be there, and the package that brings it: "package probe", where a probe is a file, a command or
# python:<module>. What is there counts, wherever it came from (a vendor's Node.js, say).
readonly build_needs='
gcc             gcc
libc6-dev       /usr/include/argp.h
cmake           cmake
ninja-build     ninja
pkg-config      pkg-config
libhdf5-dev     /usr/include/hdf5/serial/hdf5.h
libcyaml-dev    /usr/include/cyaml/cyaml.h
libyaml-dev     /usr/include/yaml.h
libjansson-dev  /usr/include/jansson.h
libdeflate-dev  /usr/include/libdeflate.h
libcmocka-dev   /usr/include/cmocka.h
musl-dev        /usr/lib/x86_64-linux-musl/libc.a
libegl-dev      /usr/include/EGL/egl.h
libgl1-mesa-dri /usr/lib/x86_64-linux-gnu/dri/swrast_dri.so
libpng-dev      /usr/include/png.h
'
readonly test_needs='
clang-format    clang-format
clang-tidy      clang-tidy
clang-14        clang-14
libclang-rt-14-dev /usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-x86_64.a
libomp-16-dev   /usr/lib/llvm-16/lib/libarcher.so
python3-venv    python:ensurepip
nodejs          node
npm             npm
'
readonly fetch_needs='
python3-pip     python:pip
'

readonly sysroot=${DEMOMILL_SYSROOT-} # where files are looked for: tests point it at an empty folder
leftovers=() # folders to remove at the end, whatever the end
trap 'rm -rf "${leftovers[@]}"' EXIT

say() { printf 'setup: %s\n' "$*" >&2; }
die() {
    say "error: $*"
    exit 3
}

main() {
    local with_tests=no
    case "${1-}" in
    --test) with_tests=yes ;;
    '') ;;
    *) die "unknown option '$1' (known: --test)" ;;
    esac
    [ "$(uname -m)" = x86_64 ] || die "only x86-64 Linux is supported, this is $(uname -m)"

    repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    local needs=$build_needs
    [ $with_tests = no ] || needs+=$test_needs
    local mujoco=${MUJOCO_ROOT:-$repo/third_party/mujoco-$mujoco_version}
    if [ -z "${MUJOCO_ROOT-}" ] && ! [ -e "$mujoco/complete" ]; then
        needs+=$fetch_needs
    fi
    install_packages "$needs"
    if [ -n "${MUJOCO_ROOT-}" ]; then
        check_mujoco_version "$MUJOCO_ROOT"
    elif ! [ -e "$mujoco/complete" ]; then
        fetch_mujoco "$mujoco"
    fi
}

# Prints the packages of a "package probe" table whose probe finds nothing.
missing_packages() {
    local package probe
    while read -r package probe; do
        [ -n "$package" ] || continue
        case $probe in
        /*) [ -e "$sysroot$probe" ] || printf '%s ' "$package" ;;
        python:*) python3 -c "import ${probe#python:}" 2>/dev/null || printf '%s ' "$package" ;;
        *) command -v "$probe" >/dev/null || printf '%s ' "$package" ;;
        esac
    done <<<"$1"
}

install_packages() {
    local missing
    missing=$(missing_packages "$1")
    missing=${missing% }
    [ -n "$missing" ] || return 0
    local install="apt-get install -y --no-install-recommends $missing"
    command -v apt-get >/dev/null || die "missing: $missing, and this is no Debian: install their equivalents by hand"
    [ "$(id -u)" = 0 ] || die "missing packages; as root run: $install"
    say "installing $missing"
    export DEBIAN_FRONTEND=noninteractive
    local log
    log=$(mktemp)
    if ! { apt-get update && $install; } >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        die "apt-get could not install: $missing (no network, or a package this release lacks; see above)"
    fi
    rm -f "$log"
    missing=$(missing_packages "$1")
    [ -z "$missing" ] || die "installed, and still not found: $missing"
}

# The version a MuJoCo folder's header states must be the pinned one.
check_mujoco_version() {
    local header=$1/include/mujoco/mujoco.h found
    [ -r "$header" ] || die "no MuJoCo at $1: include/mujoco/mujoco.h is missing"
    found=$(awk '$2 == "mjVERSION_HEADER" { print $3; exit }' "$header")
    [ "$found" = $mujoco_header ] ||
        die "wrong MuJoCo version at $1: mjVERSION_HEADER is ${found:-not stated}, $mujoco_header ($mujoco_version) is needed"
    compgen -G "$1/lib/libmujoco.so*" >/dev/null || compgen -G "$1/libmujoco.so*" >/dev/null ||
        die "no MuJoCo library at $1: lib/libmujoco.so.$mujoco_version is missing"
}

wheel_is_good() { echo "$wheel_sha256  $1" | sha256sum --check --status 2>/dev/null; }

# Wheel to folder: downloaded once per user, checked before every use, unpacked beside its place and renamed.
fetch_mujoco() {
    local target=$1 cache=${XDG_CACHE_HOME:-$HOME/.cache}/demomill
    mkdir -p "$cache" "$(dirname "$target")"
    if ! [ -e "$cache/$wheel" ]; then
        say "downloading MuJoCo $mujoco_version (9.6 MB)"
        download_wheel "$cache"
    fi
    wheel_is_good "$cache/$wheel" ||
        die "wrong hash: $cache/$wheel is not the pinned MuJoCo $mujoco_version; remove it and run again"

    local parts
    parts=$(mktemp -d "$target.XXXXXX")
    leftovers+=("$parts")
    python3 -m zipfile -e "$cache/$wheel" "$parts/wheel"
    mkdir -p "$parts/root/lib"
    mv "$parts"/wheel/mujoco/include "$parts/root/"
    mv "$parts"/wheel/mujoco/libmujoco.so.* "$parts/root/lib/"
    mv "$parts"/wheel/mujoco_core-*/licenses/* "$parts/root/"
    check_mujoco_version "$parts/root"
    touch "$parts/root/complete"
    rm -rf "$target"
    mv -T "$parts/root" "$target"
    say "MuJoCo $mujoco_version is at $target"
}

download_wheel() {
    local cache=$1 dir
    dir=$(mktemp -d "$cache/download.XXXXXX")
    leftovers+=("$dir")
    echo "mujoco-core==$mujoco_version --hash=sha256:$wheel_sha256" >"$dir/requirements.txt"
    if ! python3 -m pip download --quiet --require-hashes --no-deps --only-binary=:all: \
        --python-version 3.11 --implementation cp --abi cp311 --platform manylinux_2_28_x86_64 \
        --dest "$dir" --requirement "$dir/requirements.txt" >"$dir/log" 2>&1; then
        if grep -q 'DO NOT MATCH THE HASHES' "$dir/log"; then
            die "wrong hash: the registry's mujoco-core $mujoco_version is not the pinned one; nothing was installed"
        fi
        tail -n 5 "$dir/log" >&2
        die "cannot download mujoco-core $mujoco_version from PyPI (no network or registry?); put $wheel into $cache, or set MUJOCO_ROOT"
    fi
    mv "$dir/$wheel" "$cache/$wheel"
}

main "$@"
