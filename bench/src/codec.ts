import { decodePayload, encodePayload } from "@helix/codec";
import { createPayload, type ReplayPayload } from "@helix/core";
import { Decoder, Encoder } from "@msgpack/msgpack";
import { types } from "cassandra-driver";
import { heading, line, median } from "./figures.ts";

const CALLS = 50_000;
const ROUNDS = 9;

const QUERY =
  "INSERT INTO ks.orders (id, customer, placed_at, amount, address, document) VALUES (?, ?, ?, ?, ?, ?)";
const ID = types.Uuid.fromString("550e8400-e29b-41d4-a716-446655440000");
const DOCUMENT = Buffer.alloc(100, 7);

/** The six-parameter insert that the figures are about. */
export function sixParameters(i: number): ReplayPayload {
  return createPayload({
    targetCluster: "B",
    priority: i % 11 === 0 ? "low" : "high",
    timestampMicros: 1_764_000_000_000_000n + BigInt(i),
    operation: {
      kind: "statement",
      query: QUERY,
      params: [ID, "hello world", new Date(1_764_000_000_000 + i), i, { street: "x", no: 5 }, DOCUMENT],
    },
  });
}

/** The same, in what MessagePack has by itself: what an application would write that needs no more. */
function plain(payload: ReplayPayload): object {
  return {
    ...envelope(payload),
    args: [ID.getBuffer(), "hello world", 1_764_000_000_000, 5, { street: "x", no: 5 }, DOCUMENT],
    timestamp: payload.timestampMicros,
  };
}

/** And in what JSON has: bytes in base64, the timestamp as a text. */
function forJson(payload: ReplayPayload): object {
  return {
    ...envelope(payload),
    args: [
      String(ID),
      "hello world",
      1_764_000_000_000,
      5,
      { street: "x", no: 5 },
      DOCUMENT.toString("base64"),
    ],
    timestamp: String(payload.timestampMicros),
  };
}

function envelope(payload: ReplayPayload): object {
  return {
    target_cluster: payload.targetCluster,
    query: QUERY,
    args: null,
    timestamp: null,
    priority: 0,
    is_batch: false,
    batch_type: 0,
    batch_statements: [],
    v: 1,
    id: payload.id,
    life: payload.life,
    written_at: payload.writtenAtMs,
    enqueued_at: payload.enqueuedAtMs,
  };
}

/** Ours, the MessagePack library alone, and JSON, in turn round by round. */
export async function benchCodec(): Promise<void> {
  heading(
    `Codec: a six-parameter insert, ${ROUNDS} rounds of ${CALLS.toLocaleString("en-US")} calls in turn`,
  );
  const payload = sixParameters(1);
  const [object, json] = [plain(payload), forJson(payload)];
  const encoder = new Encoder({ useBigInt64: true });
  const decoder = new Decoder({ useBigInt64: true });
  const [bytes, plainBytes, text] = [encodePayload(payload), encoder.encode(object), JSON.stringify(json)];
  line(
    "size: ours, the library's, JSON's",
    `${bytes.length}, ${plainBytes.length}, ${Buffer.byteLength(text)} bytes`,
  );
  compare("encode", {
    ours: () => encodePayload(payload),
    library: () => encoder.encode(object),
    json: () => Buffer.from(JSON.stringify(json)),
  });
  compare("decode", {
    ours: () => decodePayload(bytes),
    library: () => decoder.decode(plainBytes),
    json: () => JSON.parse(text),
  });
}

type Ways = Readonly<Record<"ours" | "library" | "json", () => unknown>>;

function compare(name: string, ways: Ways): void {
  const times: Record<keyof Ways, number[]> = { ours: [], library: [], json: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const way of ["ours", "library", "json"] as const) {
      const startedAt = performance.now();
      for (let i = 0; i < CALLS; i++) ways[way]();
      // The first round warms up.
      if (round > 0) times[way].push(((performance.now() - startedAt) * 1000) / CALLS);
    }
  }
  const micros = (way: keyof Ways) => `${median(times[way]).toFixed(2)} µs`;
  line(`${name}: ours, the library's, JSON's`, `${micros("ours")}, ${micros("library")}, ${micros("json")}`);
  const ratios = times.library.map((time, round) => time / (times.ours[round] ?? Number.NaN));
  line(`${name}: our speed by the library's (goal: at least 0.7)`, median(ratios).toFixed(2));
}
