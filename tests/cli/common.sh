# What the tests of the program share: demomill, a scratch folder $work that is removed at the end, small sources.
set -euo pipefail
readonly source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly demomill=${1:?the program}
readonly work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset DEMOMILL_DATA

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# expect CODE PATTERN COMMAND…: the exit code, and one message that matches the extended regular expression.
expect() {
    local code=$1 pattern=$2 got=0
    shift 2
    timeout 300 "$@" >"$work/out" 2>&1 || got=$?
    if [ $got != "$code" ] || ! grep -qE -- "$pattern" "$work/out"; then
        sed 's/^/    /' "$work/out" >&2
        fail "'$*' ended with $got, expected $code and a message like '$pattern'"
    fi
}

# Three scripted demonstrations of lift_cube, the cheapest task, in $work/source.hdf5.
record_source() { "$demomill" record --task lift_cube --n 3 --seed 3 --quiet --out "$work/source.hdf5" >/dev/null; }

# generate FOLDER ARGUMENTS…: the same small run wherever it is called. start: in the background, its process being $!.
generate() { (start_in_place "$@"); }
start() { start_in_place "$@" & }
start_in_place() {
    local folder=$1
    shift
    exec "$demomill" generate --task lift_cube:D1 --source "$work/source.hdf5" --seed 5 --shard-size 4 --quiet --out "$folder" "$@"
}

# The bytes that a dataset promises: shards, episodes, statistics; not the manifest, which tells dates and hosts.
digest() { (cd "$1" && find shards episodes.jsonl journal.jsonl stats.json -type f | LC_ALL=C sort | xargs sha256sum); }

same() { [ "$(digest "$1")" = "$(digest "$2")" ] || { diff <(digest "$1") <(digest "$2") >&2; fail "$1 and $2 differ"; }; }
