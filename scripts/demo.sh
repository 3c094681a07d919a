#!/usr/bin/env bash
# The mill in a few minutes: sets up, builds, and turns demonstrations into two datasets of a standing humanoid.
#
#   scripts/demo.sh [FOLDER]    default: build/demo; must not exist yet
#
# EPISODES   verified episodes per dataset (default 200)
set -euo pipefail
folder=$(realpath -m "${1:-build/demo}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly folder episodes=${EPISODES:-200}
readonly robot=optimus
readonly demomill=build/release/bin/demomill
started=$SECONDS

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

[ ! -e "$folder" ] || { echo "demo: $folder exists; name another folder, or remove it" >&2; exit 3; }

say 'Setting up and building'
scripts/setup.sh
cmake --preset release >/dev/null
cmake --build --preset release

say 'lift_cube, from three demonstrations by people'
mkdir -p "$folder"
scripts/get_human_demos.sh "$folder/human.hdf5"
$demomill import "$folder/human.hdf5" --map maps/panda_robosuite.yaml --task lift_cube --robot $robot \
    --out "$folder/lift_cube-source.hdf5"
$demomill annotate "$folder/lift_cube-source.hdf5" --task lift_cube
$demomill generate --task lift_cube:D1 --robot $robot --source "$folder/lift_cube-source.hdf5" \
    --out "$folder/lift_cube" --successes "$episodes" --seed 1

say 'pick_place, from ten scripted demonstrations'
$demomill record --task pick_place --robot $robot --operator scripted --n 10 --seed 1 \
    --out "$folder/pick_place-source.hdf5"
$demomill generate --task pick_place:D1 --robot $robot --source "$folder/pick_place-source.hdf5" \
    --out "$folder/pick_place" --successes "$episodes" --seed 1

say 'Checking both datasets, and re-running some episodes bit for bit'
for task in lift_cube pick_place; do
    $demomill check "$folder/$task" --replay 5
    $demomill info "$folder/$task" --html "$folder/$task.html"
done

say "Done in $((SECONDS - started)) s"
cat <<END
Datasets   $folder/lift_cube  $folder/pick_place   (shards are robomimic-style HDF5; README.md in each)
Reports    $folder/lift_cube.html  $folder/pick_place.html

Try next
  $demomill replay $folder/pick_place --episode 0
  $demomill generate --task pick_place:D2 --robot $robot --source $folder/pick_place --out $folder/second --successes 100
  $demomill info robots/$robot
  $demomill --help
END
