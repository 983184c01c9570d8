import { setTimeout as after } from "node:timers/promises";
import { MemoryReplayer } from "@helix/replayer-memory";
import { ReplayWorker } from "@helix/worker";
import { answering } from "../measure/child.ts";
import { BenchStream, connected } from "./stream.ts";

/** How long to look, and where NATS is; without one the queue is in memory. */
export interface IdleQuestion {
  readonly forMs: number;
  readonly looks: number;
  readonly url?: string | undefined;
}

export interface IdleReport {
  /** Of a core, for each look: the collector may work during one of them. */
  readonly percent: readonly number[];
  /** Messages to the server, for each look. */
  readonly perSecond: readonly number[];
}

answering(async ({ url, ...looking }: IdleQuestion): Promise<IdleReport> => {
  if (url === undefined) return await idle(new MemoryReplayer(), looking, () => 0);
  await using connection = await connected(url);
  await using stream = await BenchStream.open(connection);
  return await idle(stream.queue, looking, () => connection.stats().outMsgs);
});

async function idle(
  queue: ConstructorParameters<typeof ReplayWorker>[0]["queue"],
  { forMs, looks }: Pick<IdleQuestion, "forMs" | "looks">,
  sent: () => number,
): Promise<IdleReport> {
  await using worker = new ReplayWorker({ queue, executor: async () => {} });
  await worker.start();
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
