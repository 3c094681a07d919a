#!/usr/bin/env bash
# Bad input ends in one clear message and exit code 1, 2 or 3, and nothing that was there is lost.
source "$(dirname "$0")/common.sh"

record_source
gen=("$demomill" generate --task lift_cube:D0 --source "$work/source.hdf5" --attempts 2 --quiet)

# Usage.
expect 2 'not a verb.*generate' "$demomill" genrate
expect 2 'needed' "$demomill" generate --task lift_cube
expect 2 'whole number' "${gen[@]}" --out "$work/x" --seed -1
expect 3 "no task named 'lift_cub'.*known: .*lift_cube" "$demomill" generate --task lift_cub --source a --attempts 1 --out "$work/x"
expect 3 'D9.*D0' "$demomill" generate --task lift_cube:D9 --source a --attempts 1 --out "$work/x"
expect 3 "no robot named 'atlas'.*optimus" "${gen[@]}" --robot atlas --out "$work/x"
expect 3 'strategy.*nearest_object' "${gen[@]}" --strategy best --out "$work/x"
expect 2 'standing or pinned' "${gen[@]}" --base floating --out "$work/x"

# Sources that are missing, foreign, truncated, of another task.
expect 3 'absent.hdf5' "$demomill" generate --task lift_cube --source "$work/absent.hdf5" --attempts 1 --out "$work/x"
echo 'no HDF5 at all' >"$work/foreign.hdf5"
expect 3 'foreign.hdf5' "$demomill" generate --task lift_cube --source "$work/foreign.hdf5" --attempts 1 --out "$work/x"
head -c 40000 "$work/source.hdf5" >"$work/short.hdf5"
expect 3 'short.hdf5' "$demomill" generate --task lift_cube --source "$work/short.hdf5" --attempts 1 --out "$work/x"
expect 3 'source.hdf5' "$demomill" generate --task mug_drawer --source "$work/source.hdf5" --attempts 1 --out "$work/x"
[ ! -e "$work/x" ] || fail 'a failed run left its folder behind'

# Tasks: an unknown key, predicate, object; a region where nothing fits; a success that can never hold.
mutate() { # mutate NAME SED-EXPRESSION: a copy of lift_cube, changed
    rm -rf "$work/tasks"
    mkdir -p "$work/tasks"
    cp -r "$source_dir/tasks/lift_cube" "$source_dir/tasks/common" "$work/tasks/"
    sed -i -E "$1" "$work/tasks/lift_cube/task.yaml"
}
task=("$demomill" generate --task "$work/tasks/lift_cube" --source "$work/source.hdf5" --quiet --out "$work/y")
mutate 's/^hold_s:/holds_s:/'
expect 3 'task.yaml:[0-9]+.*holds_s.*hold_s' "${task[@]}" --attempts 1
mutate 's/grasped:/gripped:/'
expect 3 'task.yaml:[0-9]+.*gripped.*grasped' "${task[@]}" --attempts 1
mutate 's/^rate_hz: .*/rate_hz: often/'
expect 3 'task.yaml:[0-9]+.*rate_hz|often' "${task[@]}" --attempts 1
mutate 's/grasped: \[right, cube\]/grasped: [right, sphere]/'
expect 3 'sphere.*cube' "${task[@]}" --attempts 1
mutate 's/^time_limit_s: .*/time_limit_s: 1/'
expect 1 'timeout' "$demomill" generate --task "$work/tasks/lift_cube" --source "$work/source.hdf5" --out "$work/y" --attempts 2
rm -rf "$work/y"

# Hostile scenes.
mutate 's/^mjcf:.*/mjcf: hostile.xml/'
for body in '<replicate count="1000000000"><geom size="0.1"/></replicate>' '<body><geom type="box" size="nan 1 1"/></body>' \
    '<body><geom type="box" size="1e300 1 1"/></body>' '<body><geom/></wrong>'; do
    echo "<mujoco><worldbody>$body</worldbody></mujoco>" >"$work/tasks/lift_cube/hostile.xml"
    expect 3 'hostile.xml' "${task[@]}" --attempts 1
done

# A robot without a named joint.
mkdir -p "$work/robots"
cp -r "$source_dir/robots/optimus" "$work/robots/"
sed -i 's/name: left_elbow,/name: left_elbo,/' "$work/robots/optimus/robot.yaml"
expect 3 'left_elbo' "${gen[@]}" --robot "$work/robots/optimus" --out "$work/x"
expect 3 'left_elbo' "$demomill" info "$work/robots/optimus"
cp "$source_dir/robots/optimus/robot.yaml" "$work/robots/optimus/"
sed -i 's/^mass_kg: .*/mass_kg: 60/' "$work/robots/optimus/robot.yaml"
expect 1 'mass' "$demomill" info "$work/robots/optimus"

# Output: there already, in use, not writable, full.
"${gen[@]}" --out "$work/data"
digest "$work/data" >"$work/before"
expect 3 'there already|exists' "${gen[@]}" --out "$work/data"
expect 3 'another|configuration|seed' "${gen[@]}" --seed 99 --resume --out "$work/data"
digest "$work/data" | cmp - "$work/before" || fail 'a refused run changed the dataset'
start "$work/locked" --attempts 40
running=$!
while [ ! -e "$work/locked/journal.jsonl" ]; do sleep 0.1; done
expect 3 'in use|another|writes there|lock' "$demomill" generate --task lift_cube:D1 --source "$work/source.hdf5" --seed 5 --shard-size 4 \
    --quiet --attempts 40 --resume --out "$work/locked"
kill -INT $running
wait $running || true
if mkdir "$work/small" && mount -t tmpfs -o size=200k tmpfs "$work/small" 2>/dev/null; then
    expect 3 '[Nn]o space|full' "${gen[@]}" --attempts 10 --out "$work/small/data"
    mount -o remount,size=40m "$work/small"
    "${gen[@]}" --attempts 10 --out "$work/small/data" --resume
    "$demomill" check "$work/small/data"
    mount -o remount,ro "$work/small"
    expect 3 'small|[Rr]ead-only' "${gen[@]}" --out "$work/small/other"
    umount "$work/small"
fi
echo 'bad input: ok'
