import { type Frame, OPCODE } from "./frames.ts";
import { WireReader } from "./wire-reader.ts";

/** A bound value as it was sent: `null`, or `undefined` where it is not set. */
export type BoundValue = Buffer | null | undefined;

/** One statement with its values, in the order of the markers as they were sent. */
export interface BoundStatement {
  readonly query: string;
  readonly values: readonly BoundValue[];
  /** The names, where the client sent them (unprepared statements with named parameters). */
  readonly names?: readonly string[];
}

/** A QUERY, EXECUTE or BATCH. */
export interface CqlRequest {
  readonly kind: "query" | "execute" | "batch";
  /** The text; of a batch, the texts joined with `; `. */
  readonly query: string;
  /** Of a batch, its statements; otherwise the one. */
  readonly statements: readonly BoundStatement[];
  /** The values of the first statement. */
  readonly values: readonly BoundValue[];
  readonly batchType?: "logged" | "unlogged" | "counter";
  /** The protocol's default timestamp. Microseconds. */
  readonly timestamp?: bigint;
  /** The protocol's number: 10 is LOCAL_ONE. */
  readonly consistency: number;
  /** How many rows a page may have. */
  readonly pageSize?: number;
  /** Where the page before ended. */
  readonly pageState?: BoundValue;
  /** How often this server has seen this kind with this text: 1 for the first time. */
  readonly attempt: number;
}

/** An EXECUTE of a statement that this server has not prepared. */
export class UnpreparedError extends Error {
  readonly queryId: Buffer;

  constructor(queryId: Buffer) {
    super("Unprepared");
    this.queryId = queryId;
  }
}

type Decoded = Omit<CqlRequest, "attempt">;
type FindPrepared = (queryId: Buffer) => string | undefined;

const VALUES = 0x01;
const PAGE_SIZE = 0x04;
const PAGING_STATE = 0x08;
const SERIAL_CONSISTENCY = 0x10;
const TIMESTAMP = 0x20;
const NAMES = 0x40;

const BATCH_TYPES = ["logged", "unlogged", "counter"] as const;

/**
 * Decodes the body of a QUERY, EXECUTE or BATCH. Throws `UnpreparedError`, or a RangeError where it is cut
 * short.
 */
export function decodeRequest(frame: Frame, findPrepared: FindPrepared): Decoded {
  const from = new WireReader(frame.body);
  if (frame.flags & 0x04) skipCustomPayload(from);
  if (frame.opcode === OPCODE.batch) return decodeBatch(from, findPrepared);
  const kind = frame.opcode === OPCODE.execute ? "execute" : "query";
  const query = kind === "execute" ? preparedText(from, findPrepared) : from.longString();
  const consistency = from.short();
  const flags = from.byte();
  const names: string[] = [];
  const values: BoundValue[] = [];
  for (let left = flags & VALUES ? from.short() : 0; left > 0; left--) {
    if (flags & NAMES) names.push(from.string());
    values.push(from.value());
  }
  const paging = {
    ...(flags & PAGE_SIZE ? { pageSize: from.int() } : {}),
    ...(flags & PAGING_STATE ? { pageState: from.value() } : {}),
  };
  if (flags & SERIAL_CONSISTENCY) from.short();
  const statement = { query, values, ...(flags & NAMES ? { names } : {}) };
  return { kind, query, statements: [statement], values, consistency, ...paging, ...timestamp(from, flags) };
}

function decodeBatch(from: WireReader, findPrepared: FindPrepared): Decoded {
  const batchType = BATCH_TYPES[from.byte()] ?? "logged";
  const statements = Array.from({ length: from.short() }, (): BoundStatement => {
    const prepared = from.byte() === 1;
    const query = prepared ? preparedText(from, findPrepared) : from.longString();
    return { query, values: Array.from({ length: from.short() }, () => from.value()) };
  });
  const consistency = from.short();
  const flags = from.byte();
  if (flags & SERIAL_CONSISTENCY) from.short();
  const query = statements.map((statement) => statement.query).join("; ");
  const values = statements[0]?.values ?? [];
  return { kind: "batch", query, statements, values, batchType, consistency, ...timestamp(from, flags) };
}

function timestamp(from: WireReader, flags: number): { timestamp?: bigint } {
  return flags & TIMESTAMP ? { timestamp: from.long() } : {};
}

function preparedText(from: WireReader, findPrepared: FindPrepared): string {
  const queryId = from.shortBytes();
  const query = findPrepared(queryId);
  if (query === undefined) throw new UnpreparedError(queryId);
  return query;
}

function skipCustomPayload(from: WireReader): void {
  for (let left = from.short(); left > 0; left--) {
    from.string();
    from.value();
  }
}
