import { setTimeout as after } from "node:timers/promises";
import { MemoryReplayer } from "@helix/replayer-memory";
import { ReplayWorker } from "@helix/worker";
import { answering } from "../measure/child.ts";
import { BenchStream, connected } from "./stream.ts";

/** How long to look, and where NATS is; without one the queue is in memory. */
export interface IdleQuestion {
  readonly forMs: number;
  readonly url?: string | undefined;
}

export interface IdleReport {
  /** Of a core. */
  readonly percent: number;
  /** Messages to the server. */
  readonly perSecond: number;
}

answering(async ({ forMs, url }: IdleQuestion): Promise<IdleReport> => {
  if (url === undefined) return await idle(new MemoryReplayer(), forMs, () => 0);
  await using connection = await connected(url);
  await using stream = await BenchStream.open(connection);
  return await idle(stream.queue, forMs, () => connection.stats().outMsgs);
});

async function idle(
  queue: ConstructorParameters<typeof ReplayWorker>[0]["queue"],
  forMs: number,
  sent: () => number,
): Promise<IdleReport> {
  await using worker = new ReplayWorker({ queue, executor: async () => {} });
  await worker.start();
  // What it does at the start is not what waiting costs.
  await after(2000);
  const before = { cpu: process.cpuUsage(), sent: sent() };
  await after(forMs);
  const { user, system } = process.cpuUsage(before.cpu);
  return { percent: (user + system) / 10 / forMs, perSecond: ((sent() - before.sent) * 1000) / forMs };
}
