"""Reads shards with h5py and robomimic, which know nothing of this project.

    read_shards.py SHARD...

For each demo prints one line, "shard demo rows columns sum", the sum being that of the bit patterns of `actions`
modulo 2^32; tests/js/read_shards.mjs prints the same with other readers. Exits 1, saying why, when a shard is not
what such readers expect.
"""

import json
import os
import subprocess
import sys

import h5py
import numpy as np


def require(condition, *what):
    if not condition:
        sys.exit("read_shards.py: " + " ".join(str(word) for word in what))


def check_rows(demo, n, where):
    """Every dataset below a demo has its n rows and a type that numeric loaders can batch."""

    def visit(name, item):
        if not isinstance(item, h5py.Dataset):
            return
        require(item.shape and item.shape[0] == n, where, name, "has shape", item.shape, "for", n, "steps")
        kind, size = item.dtype.kind, item.dtype.itemsize
        require(kind in "fib" or (kind == "u" and size == 1), where, name, "has type", item.dtype)
        if kind == "f":
            require(np.isfinite(item[()]).all(), where, name, "is not finite")

    demo.visititems(visit)


def read_shard(path):
    with h5py.File(path, "r") as shard:
        names = sorted(shard["data"], key=lambda name: int(name.removeprefix("demo_")))
        require(names == [f"demo_{i}" for i in range(len(names))], path, "numbers its demos", names)
        require("env_kwargs" in json.loads(shard["data"].attrs["env_args"]), path, "env_args lacks env_kwargs")
        total = 0
        for name in names:
            demo = shard["data"][name]
            n = int(demo.attrs["num_samples"])
            check_rows(demo, n, f"{path} {name}")
            require(len(demo.attrs) <= 8, path, name, "has more than 8 attributes")
            actions = demo["actions"][()]
            require(actions.dtype == np.float32 and np.abs(actions).max() <= 1, path, name, "actions leave [-1, 1]")
            total += n
            words = int(actions.view(np.uint32).sum(dtype=np.uint64)) % 2**32
            print(os.path.basename(path), name, *actions.shape, words)
        require(int(shard["data"].attrs["total"]) == total, path, "total is not the sum of num_samples")
        for key, value in shard.get("mask", {}).items():
            listed = {text.decode() for text in value[()]}
            require(listed <= set(names), path, "mask", key, "names unknown demos", listed - set(names))


def robomimic_reads(path):
    run = subprocess.run(
        [sys.executable, "-m", "robomimic.scripts.get_dataset_info", "--verbose", "--dataset", path],
        capture_output=True,
        text=True,
    )
    require(run.returncode == 0, path, "robomimic's get_dataset_info failed:\n" + run.stderr)


def main(paths):
    require(paths, "no shards given")
    for path in paths:
        read_shard(path)
        robomimic_reads(path)


main(sys.argv[1:])
