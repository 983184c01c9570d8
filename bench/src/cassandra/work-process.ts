import { HelixClient } from "@helix/client";
import { createPayload, nextTimestampMicros, type ReplayPayload } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { types } from "cassandra-driver";
import { answering } from "../measure/child.ts";
import { drainOf } from "../measure/drained.ts";
import { quantile } from "../measure/spread.ts";
import { type Cost, cost, inFlight } from "../measure/timing.ts";
import { type Clusters, fourColumns, INSERT, KEYSPACE, rawDrivers } from "./drivers.ts";

/** What a process is told: its work, and then to do it once more. */
export type WorkQuestion = WorkToDo | "again";

export interface WorkToDo {
  readonly work: Work;
  readonly clusters: Clusters;
  readonly pieces: number;
  readonly atOnce: number;
}

export interface Measured extends Cost {
  /** Absent where a piece is not waited for by itself. */
  readonly p99Ms?: number | undefined;
}

export type Work = keyof typeof works;

type Begin = (toDo: WorkToDo) => Promise<() => Promise<Measured>>;

const works = {
  async "our writes"(toDo) {
    const client = await connected(toDo.clusters);
    return () => timed(toDo, (id) => client.execute(INSERT, fourColumns(id)));
  },
  async "two drivers' writes"(toDo) {
    const { A, B } = await rawDrivers(toDo.clusters);
    return () =>
      timed(toDo, (id) => {
        const values = fourColumns(id);
        const options = { prepare: true, timestamp: long(nextTimestampMicros()) };
        return Promise.all([A.execute(INSERT, values, options), B.execute(INSERT, values, options)]);
      });
  },
  async "a worker's replays"({ clusters, pieces, atOnce }) {
    const executor = (await connected(clusters)).replayExecutor();
    const payloads = inserts(pieces);
    const queue = new MemoryReplayer({ queueCapacity: pieces });
    // One for all rounds: the code that was compiled for a worker is thrown away with it.
    const drain = drainOf(queue, { concurrency: atOnce, executor });
    return async () => {
      for (const payload of payloads) await queue.enqueue(payload);
      return await drain(pieces);
    };
  },
  async "an executor's replays"(toDo) {
    const executor = (await connected(toDo.clusters)).replayExecutor();
    const payloads = inserts(toDo.pieces);
    return () =>
      timed(toDo, (id) =>
        executor.execute(payloads[id] as ReplayPayload, { signal: new AbortController().signal }),
      );
  },
  async "a driver's replays"(toDo) {
    const { B } = await rawDrivers(toDo.clusters);
    return () =>
      timed(toDo, (id) =>
        B.execute(INSERT, fourColumns(id), {
          prepare: true,
          timestamp: long(timestampOf(id)),
          consistency: types.consistencies.localOne,
          isIdempotent: true,
        }),
      );
  },
} satisfies Record<string, Begin>;

let again: Awaited<ReturnType<Begin>>;

answering(async (question: WorkQuestion) => {
  if (question === "again") return await again();
  again = await works[question.work](question);
});

async function connected(clusters: Clusters): Promise<HelixClient> {
  const client = new HelixClient({ clusters, replayer: new MemoryReplayer() });
  await client.connect({ waitFor: "all" });
  return client;
}

async function timed({ pieces, atOnce }: WorkToDo, one: (id: number) => Promise<unknown>): Promise<Measured> {
  const durations: number[] = [];
  const all = await cost(pieces, () =>
    inFlight(pieces, atOnce, async (id) => {
      const startedAt = performance.now();
      await one(id);
      durations.push(performance.now() - startedAt);
    }),
  );
  return { ...all, p99Ms: quantile(durations, 0.99) };
}

function inserts(count: number): ReplayPayload[] {
  return Array.from({ length: count }, (_, id) =>
    createPayload({
      targetCluster: "B",
      timestampMicros: timestampOf(id),
      consistency: types.consistencies.localOne,
      tables: [`${KEYSPACE}.t`],
      operation: { kind: "statement", query: INSERT, params: fourColumns(id) },
    }),
  );
}

function timestampOf(id: number): bigint {
  return 1_764_000_000_000_000n + BigInt(id);
}

function long(micros: bigint): types.Long {
  return types.Long.fromString(String(micros));
}
