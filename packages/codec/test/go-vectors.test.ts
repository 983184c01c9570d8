import { readFileSync } from "node:fs";
import { isHelixError, type ReplayPayload, type Statement, statementsOf } from "@helix/core";
import { types } from "cassandra-driver";
import { describe, expect, it } from "vitest";
import { decodePayload, encodePayload } from "../src/index.ts";
import { acceptedByGo } from "./go-rules.ts";

/** A value as the vectors describe it: what stands on the wire, and what it means. */
interface GoValue {
  readonly type: string;
  readonly value?: string | boolean;
  readonly hex?: string;
  readonly bits?: string;
  readonly invalid_utf8_hex?: string;
  readonly unix_seconds?: string;
  readonly nanoseconds?: number;
  readonly items?: readonly GoValue[];
  readonly entries?: readonly (readonly [GoValue, GoValue])[];
}

interface GoStatement {
  readonly query: string;
  readonly args: readonly GoValue[] | null;
}

interface Encoded {
  readonly name: string;
  readonly hex?: string;
  readonly decoded?: GoStatement & {
    readonly target_cluster: string;
    readonly timestamp: string;
    readonly priority: number;
    readonly is_batch: boolean;
    readonly batch_type: number;
    readonly batch_statements: readonly GoStatement[];
  };
}

interface Decoder {
  readonly name: string;
  readonly hex?: string;
  readonly outcome: string;
  readonly go_result?: {
    readonly target_cluster: string;
    readonly query: string;
    readonly timestamp: string;
    readonly priority: number;
    readonly is_batch: boolean;
    readonly args: readonly GoResult[] | null;
    readonly batch_statements?: readonly { readonly query: string }[];
  };
}

/** A value as the Go decoder got it. */
interface GoResult {
  readonly go_type: string;
  readonly value?: string | boolean;
  readonly hex?: string;
}

function linesOf<T>(file: string): T[] {
  const text = readFileSync(new URL(`../fixtures/${file}`, import.meta.url), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}

/** The value in the words of the vectors, so that it can be compared whatever class it has here. */
function meaningOf(value: unknown): unknown {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number")
    return Number.isInteger(value) && !Object.is(value, -0) ? BigInt(value) : value;
  if (value instanceof types.Long || value instanceof types.Integer) return BigInt(value.toString());
  if (value instanceof types.Uuid) return `uuid ${value}`;
  if (value instanceof Date) return `time ${value.getTime()}`;
  if (Buffer.isBuffer(value)) return `bytes ${value.toString("hex")}`;
  if (Array.isArray(value)) return value.map(meaningOf);
  return Object.fromEntries(Object.entries(value as object).map(([name, field]) => [name, meaningOf(field)]));
}

function expectedOf(value: GoValue): unknown {
  switch (value.type) {
    case "nil":
      return null;
    case "int":
    case "uint":
      return BigInt(value.value as string);
    case "float32":
    case "float64": {
      const bits = Buffer.from(value.bits as string, "hex");
      return meaningOf(bits.length === 4 ? bits.readFloatBE() : bits.readDoubleBE());
    }
    case "str":
      return value.invalid_utf8_hex === undefined ? value.value : `bytes ${value.invalid_utf8_hex}`;
    case "bin":
      return `bytes ${value.hex}`;
    case "uuid":
      return `uuid ${value.value}`;
    case "time":
      // CQL's timestamp has milliseconds; gocql cuts the rest off as well.
      return `time ${Number(value.unix_seconds) * 1000 + Math.floor((value.nanoseconds as number) / 1e6)}`;
    case "array":
      return (value.items ?? []).map(expectedOf);
    case "map":
      return Object.fromEntries(
        (value.entries ?? []).map(([name, field]) => [name.value, expectedOf(field)]),
      );
    default:
      return value.value;
  }
}

const statementMeaning = ({ query, params }: Statement) => ({ query, args: meaningOf(params) });
const statementExpected = ({ query, args }: GoStatement) => ({ query, args: (args ?? []).map(expectedOf) });

function expectRefusal(bytes: Uint8Array): void {
  let refusal: unknown;
  try {
    decodePayload(bytes);
  } catch (error) {
    refusal = error;
  }
  expect(isHelixError(refusal, "HELIX_PAYLOAD_INVALID"), String(refusal)).toBe(true);
}

/** Go executes these: a statement of no text, a batch of no statements. They say nothing that could be replayed. */
const EMPTY = ["query_empty", "batch_empty"];

describe("a body of the Go encoder", () => {
  const encoded = linesOf<Encoded>("go-encoded.jsonl").filter(({ hex }) => hex !== undefined);
  const sound = encoded.filter(({ name }) => !EMPTY.includes(name));

  it("comes in 71 kinds, of which 69 are sound", () => {
    expect([encoded.length, sound.length]).toEqual([71, 69]);
  });

  it.each(sound)(
    "$name decodes to its meaning, and is written again in Go's own terms",
    ({ name, hex, decoded }) => {
      const bytes = Buffer.from(hex as string, "hex");
      const payload = decodePayload(bytes);
      expect(payload).toMatchObject({
        targetCluster: decoded?.target_cluster,
        timestampMicros: BigInt(decoded?.timestamp as string),
        priority: decoded?.priority === 1 ? "low" : "high",
        life: 0,
      });
      const { operation } = payload;
      const isBatch = decoded?.is_batch === true;
      expect(operation.kind).toBe(isBatch ? "batch" : "statement");
      if (operation.kind === "batch") {
        expect(operation.batchType).toBe(["logged", "unlogged", "counter"][decoded?.batch_type as number]);
      }
      const expected = isBatch ? decoded.batch_statements : [decoded as GoStatement];
      expect(statementsOf(payload).map(statementMeaning)).toEqual(expected.map(statementExpected));
      // A hundred lists inside each other are more than we write.
      if (name !== "nested_100") expectSameMeaning(payload);
    },
  );

  it.each(EMPTY)("%s is refused", (name) => {
    expectRefusal(Buffer.from(encoded.find((one) => one.name === name)?.hex as string, "hex"));
  });
});

/** A Go body that is queued again here still means the same, to us and to Go. */
function expectSameMeaning(payload: ReplayPayload): void {
  const again = encodePayload(payload);
  expect(acceptedByGo(again)).toBe(true);
  expect(statementsOf(decodePayload(again)).map(statementMeaning)).toEqual(
    statementsOf(payload).map(statementMeaning),
  );
}

/**
 * What the Go decoder delivers though it is damaged or lacks something. It would execute them: at timestamp
 * 0, on no cluster, with a statement cut short, with a UUID of the wrong length.
 */
const DAMAGED = [
  "missing_batch_keys",
  "missing_target_cluster",
  "missing_timestamp",
  "missing_priority",
  "wrong_case_key",
  "query_invalid_utf8",
  "trailing_bytes",
  "trailing_garbage",
  "arg_msgpack_timestamp_8",
  "arg_msgp_time_8_bytes",
  "arg_uuid_short",
];

describe("a body that the Go decoder was tried with", () => {
  const bodies = linesOf<Decoder>("go-decoder.jsonl").filter(({ hex }) => hex !== undefined);
  const delivered = bodies.filter(({ outcome }) => outcome === "delivered");
  const isRefused = ({ name }: Decoder) =>
    DAMAGED.includes(name) || name.startsWith("bitflip") || name.startsWith("map_header");

  it("is delivered in 42 cases and not in 32", () => {
    expect([delivered.length, bodies.length - delivered.length]).toEqual([42, 32]);
  });

  // The control of the rules by which our own bodies are judged.
  it.each(bodies)("$name: the rules written down here say what the Go decoder did", ({ hex, outcome }) => {
    expect(acceptedByGo(Buffer.from(hex as string, "hex"))).toBe(outcome === "delivered");
  });

  it.each(bodies.filter((body) => body.outcome !== "delivered"))("$name is refused here too", ({ hex }) => {
    expectRefusal(Buffer.from(hex as string, "hex"));
  });

  it.each(delivered.filter(isRefused))(
    "$name is damaged, and is refused though Go would execute it",
    ({ hex }) => {
      expectRefusal(Buffer.from(hex as string, "hex"));
    },
  );

  it.each(delivered.filter((body) => !isRefused(body)))("$name decodes to what Go has delivered", (body) => {
    const payload = decodePayload(Buffer.from(body.hex as string, "hex"));
    const result = body.go_result;
    expect(payload).toMatchObject({
      targetCluster: result?.target_cluster,
      timestampMicros: BigInt(result?.timestamp as string),
      priority: result?.priority === 1 ? "low" : "high",
    });
    const statements = statementsOf(payload);
    if (result?.is_batch) {
      expect(statements.map(({ query }) => query)).toEqual(
        result.batch_statements?.map(({ query }) => query),
      );
      return;
    }
    const [statement] = statements;
    expect(statement?.query).toBe(result?.query);
    const args = (result?.args ?? []).map(plainOf);
    const params = (meaningOf(statement?.params) as unknown[]).map((value, i) =>
      args[i] === undefined ? undefined : value,
    );
    expect(params).toEqual(args);
  });
});

/** What can be compared without knowing more of Go; undefined for the rest, which the other file covers. */
function plainOf({ go_type, value, hex }: GoResult): unknown {
  if (go_type === "nil") return null;
  if (go_type === "string" || go_type === "bool") return value;
  if (go_type === "int64" || go_type === "uint64") return BigInt(value as string);
  if (go_type === "[]uint8" && hex?.length !== 32) return `bytes ${hex}`;
  return undefined;
}
