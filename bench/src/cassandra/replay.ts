import { HelixClient } from "@helix/client";
import { createPayload, type ReplayPayload } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { types } from "cassandra-driver";
import { type Bench, sized } from "../bench.ts";
import { drained } from "../measure/drained.ts";
import { interleaved } from "../measure/interleaved.ts";
import { type Cost, cost, inFlight } from "../measure/timing.ts";
import { pairs, type Row } from "../report/row.ts";
import { clustersWithTable, fourColumns, INSERT, KEYSPACE, rawDrivers } from "./drivers.ts";

const CONCURRENCY = 128;

/** What is queued for a real cluster is replayed, against the driver alone with the same statements. */
export const replay: Bench = {
  name: "replay",
  short: true,
  async run(run) {
    await using clusters = await clustersWithTable(run);
    const messages = sized(run, 8_000, 10_000);
    await using raw = await rawDrivers(clusters);
    await using client = new HelixClient({ clusters, replayer: new MemoryReplayer() });
    await client.connect({ waitFor: "all" });
    const executor = client.replayExecutor();
    const payloads = Array.from({ length: messages }, (_, id) => insertOf(id));
    const each = (send: (payload: ReplayPayload, id: number) => Promise<unknown>) => () =>
      cost(messages, () => inFlight(messages, CONCURRENCY, (id) => send(payloads[id] as ReplayPayload, id)));
    const measured = await interleaved(sized(run, 5, 7), {
      driver: each(({ timestampMicros }, id) =>
        raw.B.execute(INSERT, fourColumns(id), {
          prepare: true,
          timestamp: types.Long.fromString(String(timestampMicros)),
          consistency: types.consistencies.localOne,
          isIdempotent: true,
        }),
      ),
      executor: each((payload) => executor.execute(payload, { signal: new AbortController().signal })),
      worker: async () => {
        await using queue = new MemoryReplayer({ queueCapacity: messages });
        for (const payload of payloads) await queue.enqueue(payload);
        return await drained(queue, messages, { concurrency: CONCURRENCY, executor });
      },
    });
    const rows = (id: string, what: string, ours: readonly Cost[]): Row[] => {
      const both = {
        what: `${what}, ${messages} four-column inserts, ${CONCURRENCY} in flight`,
        against: "the driver alone",
      };
      const samples = (figure: (one: Cost) => number) => pairs(ours.map(figure), measured.driver.map(figure));
      return [
        {
          ...both,
          id: `${id}.rate`,
          unit: "messages/s",
          goal: { atLeast: 0.95 },
          samples: samples(({ perSecond }) => perSecond),
        },
        {
          ...both,
          id: `${id}.processor`,
          unit: "µs/message",
          goal: { atMost: 1.2 },
          samples: samples(({ processorMicros }) => processorMicros),
        },
      ];
    };
    const all = [
      ...rows(
        "replay",
        "a worker's drain of the memory queue into a real cluster, decoding included",
        measured.worker,
      ),
      // What of the difference is the worker's and the queue's.
      ...rows("replay.executor", "client.replayExecutor() without a worker", measured.executor).map(
        (row) => ({
          ...row,
          goal: undefined,
        }),
      ),
    ];
    // What a scripted server and a machine that does other things come to by the clock says nothing.
    return { rows: all.filter(({ id }) => !run.isShort || id.endsWith(".processor")) };
  },
};

function insertOf(id: number): ReplayPayload {
  return createPayload({
    targetCluster: "B",
    timestampMicros: 1_764_000_000_000_000n + BigInt(id),
    consistency: types.consistencies.localOne,
    tables: [`${KEYSPACE}.t`],
    operation: { kind: "statement", query: INSERT, params: fourColumns(id) },
  });
}
