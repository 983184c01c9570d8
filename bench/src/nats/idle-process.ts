import { setTimeout as after } from "node:timers/promises";
import type { ReplayQueue } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { ReplayWorker } from "@helix/worker";
import { answering } from "../measure/child.ts";
import { BenchStream, connected } from "./stream.ts";

/** How long to look, and at what: a worker over the memory queue, one over NATS at an address, or a process in which there is nothing. */
export interface IdleQuestion {
  readonly forMs: number;
  readonly looks: number;
  readonly worker: "none" | "memory" | { readonly url: string };
}

export interface IdleReport {
  /** Of a core, for each look: the collector may work during one of them. */
  readonly percent: readonly number[];
  /** Messages to the server, for each look. */
  readonly perSecond: readonly number[];
}

answering(async ({ worker, ...looking }: IdleQuestion): Promise<IdleReport> => {
  if (worker === "none") return await look(looking, () => 0);
  if (worker === "memory") return await idle(new MemoryReplayer(), looking, () => 0);
  await using connection = await connected(worker.url);
  await using stream = await BenchStream.open(connection);
  return await idle(stream.queue, looking, () => connection.stats().outMsgs);
});

type Looking = Pick<IdleQuestion, "forMs" | "looks">;

async function idle(queue: ReplayQueue, looking: Looking, sent: () => number): Promise<IdleReport> {
  await using worker = new ReplayWorker({ queue, executor: async () => {} });
  await worker.start();
  return await look(looking, sent);
}

async function look({ forMs, looks }: Looking, sent: () => number): Promise<IdleReport> {
  // What it does at the start is not what waiting costs.
  await after(2000);
  const percent: number[] = [];
  const perSecond: number[] = [];
  for (let look = 0; look < looks; look++) {
    const before = { cpu: process.cpuUsage(), sent: sent() };
    await after(forMs);
    const { user, system } = process.cpuUsage(before.cpu);
    percent.push((user + system) / 10 / forMs);
    perSecond.push(((sent() - before.sent) * 1000) / forMs);
  }
  return { percent, perSecond };
}
