#!/usr/bin/env bash
# Episodes replay bit for bit from their commands and from their seed; generated episodes are sources for a second round,
# and lineage is kept; an altered command is found.
source "$(dirname "$0")/common.sh"

record_source
generate "$work/first" --successes 4 --noise 0.05
"$demomill" check "$work/first" --replay all
"$demomill" replay "$work/first" --from commands
"$demomill" replay "$work/first" --from seed
"$demomill" replay "$work/source.hdf5" --from seed
"$demomill" info "$work/first" >"$work/info"
grep -q 'lift_cube:D1 by optimus' "$work/info"
"$demomill" info "$work/first" --html "$work/report.html"
grep -q '</html>' "$work/report.html"

"$demomill" generate --task lift_cube:D2 --source "$work/first" --successes 2 --seed 6 --quiet --out "$work/second"
"$demomill" check "$work/second" --replay all
grep -q 'lineage' "$work/second/episodes.jsonl" || fail 'no lineage in the second round'

# One flipped byte of a stored chunk is noticed.
shard=$(echo "$work"/first/shards/*.hdf5)
size=$(stat -c %s "$shard")
printf '\xff\xff\xff\xff' | dd of="$shard" bs=1 seek=$((size / 2)) conv=notrunc status=none
expect 1 'manifest|readable' "$demomill" check "$work/first"
echo 'replay: ok'
