import type { Bench } from "./bench.ts";
import { outage } from "./cassandra/outage.ts";
import { replay } from "./cassandra/replay.ts";
import { writes } from "./cassandra/writes.ts";
import { codec } from "./codec.ts";
import { goOriginal } from "./go-original.ts";
import { memoryQueue } from "./memory/queue.ts";
import { worker } from "./memory/worker.ts";
import { concurrency } from "./nats/concurrency.ts";
import { drain } from "./nats/drain.ts";
import { enqueue } from "./nats/enqueue.ts";
import { million } from "./nats/million.ts";
import { scale } from "./nats/scale.ts";
import { shapes } from "./nats/shapes.ts";
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
  concurrency,
  waiting,
  million,
  scale,
  shapes,
  replay,
  writes,
  outage,
  goOriginal,
];
