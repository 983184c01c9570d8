import { createPayload, type Operation, type PayloadInput, type ReplayPayload } from "@helix/core";
import { types } from "cassandra-driver";

const {
  BigDecimal,
  Duration,
  InetAddress,
  Integer,
  LocalDate,
  LocalTime,
  Long,
  TimeUuid,
  Tuple,
  Uuid,
  Vector,
} = types;

const hex = (text: string) => Buffer.from(text, "hex");

/** A value of every kind that a payload can hold. */
const VALUES: Readonly<Record<string, unknown>> = {
  null: null,
  undefined: undefined,
  unset: types.unset,
  true: true,
  false: false,
  zero: 0,
  "negative zero": -0,
  "a byte": 200,
  "a negative integer": -70_000,
  "the greatest safe integer": Number.MAX_SAFE_INTEGER,
  "the least safe integer": Number.MIN_SAFE_INTEGER,
  "a fraction": 1.5,
  "a great number": 1e300,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "an empty text": "",
  "a text": "Grüße, 世界 🌍",
  "a long text": "x".repeat(300),
  "an empty blob": Buffer.alloc(0),
  "a blob": hex("00ff10"),
  "a bigint": 2n ** 70n,
  "a negative bigint": -(2n ** 63n),
  "a Long": Long.fromString("-9007199254740993"),
  "the greatest Long": Long.MAX_VALUE,
  "an Integer": Integer.fromString("-170141183460469231731687303715884105729"),
  "a BigDecimal": BigDecimal.fromString("123456789012345678901234567890.1234567"),
  "a Uuid": Uuid.fromString("550e8400-e29b-41d4-a716-446655440000"),
  "a TimeUuid": TimeUuid.fromString("02000000-0e2d-1c72-ac00-000000001320"),
  "an IPv4 address": InetAddress.fromString("10.0.0.1"),
  "an IPv6 address": InetAddress.fromString("2001:db8::1"),
  "a Date": new Date(1_764_000_000_123),
  "a Date before 1970": new Date(-1),
  "a LocalDate": new LocalDate(2025, 11, 24),
  "a LocalTime": LocalTime.fromString("23:59:59.999999999"),
  "a Duration": new Duration(-1, -2, Long.fromString("-9223372036854775808")),
  "an empty list": [],
  "a list": [1, "a", null, [Uuid.fromString("550e8400-e29b-41d4-a716-446655440000")]],
  "an object": { street: "x", no: 5, zip: undefined },
  "an empty object": {},
  "a Map": new Map<unknown, unknown>([
    ["a", Long.fromNumber(1)],
    [2, "b"],
  ]),
  "a Set": new Set([1, "a"]),
  "a Tuple": new Tuple(Long.fromNumber(1), InetAddress.fromString("1.2.3.4"), undefined),
  "a Vector": new Vector([1, -0, 2.5], "float"),
  "a Float32Array": Float32Array.of(1, -0, 2.5),
};

const statement = (params: Extract<Operation, { kind: "statement" }>["params"]): Operation => ({
  kind: "statement",
  query: "INSERT INTO ks.t (id, v) VALUES (?, ?)",
  params,
});

const batch = (batchType: "logged" | "unlogged" | "counter"): Operation => ({
  kind: "batch",
  batchType,
  statements: [
    { query: "INSERT INTO ks.t (id, v) VALUES (?, ?)", params: [1, "a"] },
    { query: "UPDATE ks.t SET v = :v WHERE id = :id", params: { v: "b", id: Long.fromNumber(2) } },
    { query: "DELETE FROM ks.t WHERE id = 3", params: [] },
  ],
});

const base: PayloadInput = {
  targetCluster: "B",
  operation: statement([]),
  tables: ["ks.t"],
  timestampMicros: 1_764_000_000_123_456n,
  id: "0a1b-B",
  writtenAtMs: 1_764_000_000_123,
  enqueuedAtMs: 1_764_000_000_125,
};

/** The one whose bytes have a key, `table_id`, that is not written any more. */
export const WITH_TABLE_ID = "every optional field";

const TABLE_ID = "5bc52802-de25-35ed-aeab-188eecebb090";

const everyOptionalField: Partial<PayloadInput> = {
  life: 3,
  keyspace: "shop",
  consistency: 6,
  disposition: "replay",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
};

/** Payloads of every shape, by name: what `fixtures/version-1.jsonl` holds the bytes of. */
export function versionOne(): ReadonlyMap<string, ReplayPayload> {
  const inputs: Record<string, Partial<PayloadInput>> = {
    "no parameters": {},
    "named parameters": { operation: statement({ id: 1, v: "a", when: new Date(0) }) },
    "a logged batch": { operation: batch("logged") },
    "an unlogged batch": { operation: batch("unlogged") },
    "a counter batch": { operation: batch("counter"), disposition: "hold" },
    "cluster A, low": { targetCluster: "A", priority: "low" },
    "the greatest timestamp": { timestampMicros: 2n ** 63n - 1n },
    "the least timestamp": { timestampMicros: -(2n ** 63n) },
    [WITH_TABLE_ID]: everyOptionalField,
    "every optional field but a table's id": everyOptionalField,
    "a write that is replayed knowingly": { disposition: "unsafe" },
    "a write that is forced": { disposition: "force" },
    "what was known of its tables": { schema: { gcGraceSeconds: 864_000, tableIds: { "ks.t": TABLE_ID } } },
    "a table that the cluster had not": { schema: { tableIds: { "ks.t": null, "ks.u": TABLE_ID } } },
    "a table without any grace": { schema: { gcGraceSeconds: 0 } },
  };
  for (const [name, value] of Object.entries(VALUES)) inputs[name] = { operation: statement([value]) };
  return new Map(
    Object.entries(inputs).map(([name, input]) => [name, createPayload({ ...base, ...input })] as const),
  );
}
