// Reads shards with one of two JavaScript readers, which know nothing of this project.
//
//     node read_shards.mjs h5wasm|jsfive SHARD...
//
// For each demo prints one line, "shard demo rows columns sum", as tests/python/read_shards.py does.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import h5wasm from "h5wasm/node";
import * as jsfive from "jsfive";

const readers = {
  async h5wasm(path) {
    await h5wasm.ready;
    const file = new h5wasm.File(path, "r");
    return {
      demos: file.get("data").keys(),
      samples: (demo) => Number(file.get(`data/${demo}`).attrs.num_samples.value),
      actions: (demo) => file.get(`data/${demo}/actions`),
    };
  },
  async jsfive(path) {
    const bytes = readFileSync(path);
    const file = new jsfive.File(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), path);
    return {
      demos: file.get("data").keys,
      samples: (demo) => Number(file.get(`data/${demo}`).attrs.num_samples),
      actions: (demo) => file.get(`data/${demo}/actions`),
    };
  },
};

function sumOfBits(values) {
  return new Uint32Array(Float32Array.from(values).buffer).reduce((sum, word) => (sum + word) >>> 0, 0);
}

const [name, ...paths] = process.argv.slice(2);
if (!(name in readers) || paths.length === 0) {
  console.error(`usage: read_shards.mjs ${Object.keys(readers).join("|")} SHARD...`);
  process.exit(2);
}
for (const path of paths) {
  const shard = await readers[name](path);
  const number = (demo) => Number(demo.replace("demo_", ""));
  for (const demo of [...shard.demos].sort((a, b) => number(a) - number(b))) {
    const actions = shard.actions(demo);
    if (actions.shape[0] !== shard.samples(demo)) {
      console.error(`${path} ${demo}: ${actions.shape[0]} rows for ${shard.samples(demo)} samples`);
      process.exit(1);
    }
    console.log(basename(path), demo, ...actions.shape, sumOfBits(actions.value));
  }
}
