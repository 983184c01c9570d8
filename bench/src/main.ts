import { benchClientWrites } from "./client-writes.ts";
import { benchCodec } from "./codec.ts";
import { machine } from "./figures.ts";
import { benchMemoryQueue } from "./memory-queue.ts";
import { benchNatsQueue } from "./nats-queue.ts";
import { benchReplay } from "./replay.ts";
import { benchSafety } from "./safety.ts";
import { benchWorker } from "./worker.ts";

const benches: Record<string, () => Promise<void>> = {
  codec: benchCodec,
  safety: benchSafety,
  "memory-queue": benchMemoryQueue,
  "nats-queue": benchNatsQueue,
  worker: benchWorker,
  "client-writes": benchClientWrites,
  replay: benchReplay,
};
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(benches);

machine();
for (const name of names) {
  const bench = benches[name];
  if (bench === undefined) {
    console.error(`There is no benchmark "${name}"; there are ${Object.keys(benches).join(", ")}`);
    process.exit(2);
  }
  await bench();
}
