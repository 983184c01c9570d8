import type { NatsConnection } from "@nats-io/nats-core";
import type { Bench } from "../bench.ts";
import { drained } from "../measure/drained.ts";
import { inFlight, mebibytesInUse } from "../measure/timing.ts";
import { alone } from "../report/row.ts";
import { highForB } from "./enqueue.ts";
import { BenchStream, connected, IN_FLIGHT } from "./stream.ts";

const MILLION = 1_000_000;

/** A million written and drained at the same time, by one process. */
export const million: Bench = {
  name: "million",
  async run(run) {
    await using connection = await connected((await run.nats()).url);
    const perSecond = await writtenAndDrained(connection, () => {});
    // Another million: whoever calls the collector makes what comes after it slower.
    const inUse: number[] = [];
    await writtenAndDrained(connection, (i) => {
      if (i % (MILLION / 10) === 0) inUse.push(mebibytesInUse());
    });
    const [, second = Number.NaN] = inUse;
    return {
      rows: [
        {
          id: "million.rate",
          what: "1,000,000 inserts written and drained at the same time, one process",
          unit: "messages/s",
          goal: { atLeast: 40_000 },
          samples: alone([perSecond]),
        },
        {
          id: "million.memory",
          what: "heap and buffers in use, in each tenth of another million",
          against: "in the second tenth",
          unit: "MiB",
          goal: { atMost: 1.2 },
          samples: inUse.slice(2).map((ours) => ({ ours, theirs: second })),
        },
      ],
    };
  },
};

/** Resolves with how many a second. */
async function writtenAndDrained(connection: NatsConnection, before: (i: number) => void): Promise<number> {
  await using stream = await BenchStream.open(connection);
  const all = drained(stream.queue, MILLION);
  await inFlight(MILLION, IN_FLIGHT, async (i) => {
    before(i);
    await stream.queue.enqueue(highForB(i));
  });
  return (await all).perSecond;
}
