import type { Bench } from "./bench.ts";
import { replay } from "./cassandra/replay.ts";
import { writes } from "./cassandra/writes.ts";
import { codec } from "./codec.ts";
import { memoryQueue } from "./memory/queue.ts";
import { worker } from "./memory/worker.ts";
import { drain } from "./nats/drain.ts";
import { enqueue } from "./nats/enqueue.ts";
import { million } from "./nats/million.ts";
import { waiting } from "./nats/waiting.ts";
import { safety } from "./safety.ts";

/** In the order in which they are run. */
export const benches: readonly Bench[] = [
  codec,
  safety,
  memoryQueue,
  worker,
  enqueue,
  drain,
  waiting,
  million,
  replay,
  writes,
];
