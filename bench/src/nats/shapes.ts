import { createPayload, type ReplayPayload } from "@helix/core";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Bench } from "../bench.ts";
import { drained } from "../measure/drained.ts";
import { interleaved } from "../measure/interleaved.ts";
import { pairs, type Row } from "../report/row.ts";
import { BenchStream, connected } from "./stream.ts";

const ROUNDS = 5;
const TABLES = [1, 10, 1_000];
const FOR_TABLES = 10_000;
/** How many kilobytes, and how many messages of them. */
const SIZES = new Map([
  [1, 10_000],
  [16, 3_000],
  [256, 300],
]);

/** A worker's drain of JetStream, by how many tables the messages are for, and by how large they are. */
export const shapes: Bench = {
  name: "shapes",
  async run(run) {
    await using connection = await connected((await run.nats()).url);
    const tables = await compare(
      TABLES.map((count) => ({
        name: `tables.${count}`,
        what: `${FOR_TABLES} messages for ${count} tables`,
        messages: FOR_TABLES,
        payload: (i) => insert(i, i % count, "Alice"),
        unit: "messages/s",
        perMessage: 1,
      })),
      connection,
    );
    const sizes = await compare(
      [...SIZES].map(([kilobytes, messages]) => ({
        name: `payload.${kilobytes}kb`,
        what: `${messages} messages of ${kilobytes} KB`,
        messages,
        payload: (i) => insert(i, 0, "x".repeat(kilobytes * 1024 - 250)),
        unit: "MB/s",
        perMessage: kilobytes / 1024,
      })),
      connection,
    );
    return { rows: [...tables, ...sizes] };
  },
};

interface Shape {
  readonly name: string;
  readonly what: string;
  readonly messages: number;
  readonly unit: string;
  /** Units that one message counts. */
  readonly perMessage: number;
  readonly payload: (i: number) => ReplayPayload;
}

/** With the first. */
async function compare(shapes: readonly Shape[], connection: NatsConnection): Promise<Row[]> {
  const rates = await interleaved(
    ROUNDS,
    Object.fromEntries(
      shapes.map(({ name, messages, payload, perMessage }) => [
        name,
        async () => {
          await using stream = await BenchStream.open(connection);
          await stream.fill(messages, payload);
          return (await drained(stream.queue, messages)).perSecond * perMessage;
        },
      ]),
    ),
  );
  const [first] = shapes;
  return shapes.slice(1).map(({ name, what, unit }) => ({
    id: name,
    what: `a worker's drain of JetStream, execution without work, ${what}`,
    against: String(first?.what),
    unit,
    goal: { atLeast: 0.9 },
    samples: pairs(rates[name] ?? [], rates[first?.name ?? ""] ?? []),
  }));
}

function insert(i: number, table: number, name: string): ReplayPayload {
  return createPayload({
    targetCluster: "B",
    timestampMicros: 1_764_000_000_000_000n + BigInt(i),
    tables: [`ks.users_${table}`],
    operation: {
      kind: "statement",
      query: `INSERT INTO ks.users_${table} (id, name) VALUES (?, ?)`,
      params: [i, name],
    },
  });
}
