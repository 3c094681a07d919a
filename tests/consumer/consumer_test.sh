#!/usr/bin/env bash
# Installs a build, moves the tree, builds a program against it and runs it.
#
#   consumer_test.sh BUILD_FOLDER
set -euo pipefail
build=$1
consumer=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $*"
    exit 1
}

cmake --install "$build" --prefix "$work/first" >"$work/log" || fail "cmake --install"
mv "$work/first" "$work/moved" # nothing may remember where it was put
prefix=$work/moved

for path in bin/demomill lib/libdemomill.a lib/libmujoco.so.4.0.0 include/demomill/base/pose.h \
    share/demomill/robots share/demomill/tasks share/demomill/maps share/doc/demomill/THIRD_PARTY.md; do
    [ -e "$prefix/$path" ] || fail "not installed: $path"
done

LD_BIND_NOW=1 LD_DEBUG=bindings "$prefix/bin/demomill" --help >"$work/out" 2>"$work/bindings" ||
    fail "the installed demomill does not start: $(tail -n 3 "$work/bindings")"
grep -q "libmujoco.so.4.0.0 .*to .*bin/demomill .*symbol \`sin'" "$work/bindings" ||
    fail "the installed demomill does not give libmujoco its libm"
grep -q "$prefix/lib/libmujoco.so\|bin/../lib/libmujoco.so" "$work/bindings" ||
    fail "the installed demomill runs with a MuJoCo from elsewhere"

cmake -S "$consumer" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" 2>&1 ||
    fail "find_package(demomill): $(cat "$work/log")"
cmake --build "$work/build" >"$work/log" 2>&1 || fail "building the consumer: $(cat "$work/log")"
LD_BIND_NOW=1 LD_DEBUG=bindings "$work/build/consumer" >"$work/out" 2>"$work/bindings" || fail "the consumer's own check"
grep -q "libmujoco.so.4.0.0 .*to .*/consumer .*symbol \`sin'" "$work/bindings" ||
    fail "a consumer's libmujoco does not compute with the portable libm"

for wrong in 0.0 0.2 1.0; do
    if cmake -S "$consumer" -B "$work/wrong" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DDEMOMILL_WANTED=$wrong \
        >"$work/log" 2>&1; then
        fail "version $wrong was accepted"
    fi
    grep -q 'compatible with requested' "$work/log" || fail "version $wrong failed for another reason: $(cat "$work/log")"
done
echo "ok: install, move, find, build, run; wrong versions refused"
