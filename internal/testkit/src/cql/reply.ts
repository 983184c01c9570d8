import { type Column, writeColumnType } from "./column-type.ts";
import { OPCODE } from "./frames.ts";
import { encodeServerError, type ServerError } from "./server-error.ts";
import { WireWriter } from "./wire-writer.ts";

/** A row of cells as the server sends them; see `cell`. */
export type RawRow = readonly (Buffer | null)[];

/** What a request is answered with, `delayMs` (0) after the handler has decided it. */
export type Reply = { readonly delayMs?: number } & (
  | { readonly kind: "void" }
  | {
      readonly kind: "rows";
      readonly columns: readonly Column[];
      readonly rows: readonly RawRow[];
      /** Where the page ends. None: it is the last. */
      readonly pageState?: Buffer | undefined;
    }
  | { readonly kind: "error"; readonly error: ServerError }
  /** Never answered; the connection stays. */
  | { readonly kind: "silence" }
  /** The connection is closed instead: what the handler did is done, and the client never hears of it. */
  | { readonly kind: "close" }
);

/** Replies, for scripts that read well. */
export const reply = {
  void: { kind: "void" },
  silence: { kind: "silence" },
  close: { kind: "close" },
  rows: (columns: readonly Column[], rows: readonly RawRow[], pageState?: Buffer): Reply => ({
    kind: "rows",
    columns,
    rows,
    pageState,
  }),
  error: (error: ServerError): Extract<Reply, { kind: "error" }> => ({ kind: "error", error }),
  /** The same, later. */
  after: (delayMs: number, later: Reply): Reply => ({ ...later, delayMs }),
} as const;

/** Opcode and body of a reply that is a frame. */
export function encodeReply(
  answer: Extract<Reply, { kind: "void" | "rows" | "error" }>,
): [opcode: number, body: Buffer] {
  if (answer.kind === "error") return [OPCODE.error, encodeServerError(answer.error)];
  if (answer.kind === "void") return [OPCODE.result, new WireWriter().int(1).finish()];
  const to = new WireWriter().int(2);
  writeColumns(to, answer.columns, { pageState: answer.pageState }).int(answer.rows.length);
  for (const row of answer.rows) for (const value of row) to.bytes(value);
  return [OPCODE.result, to.finish()];
}

/** The body of the RESULT for a PREPARE. The columns of its own result come with the rows. */
export function prepared(queryId: Buffer, markers: readonly Column[]): WireWriter {
  const to = new WireWriter().int(4).shortBytes(queryId);
  return writeColumns(to, markers, { forPrepared: true }).int(NO_METADATA).int(0);
}

/** The body of the RESULT for a USE. */
export function usedKeyspace(keyspace: string): WireWriter {
  return new WireWriter().int(3).string(keyspace);
}

const GLOBAL_TABLE = 1;
const HAS_MORE_PAGES = 2;
const NO_METADATA = 4;

function writeColumns(
  to: WireWriter,
  columns: readonly Column[],
  { pageState, forPrepared }: { readonly pageState?: Buffer | undefined; readonly forPrepared?: boolean },
): WireWriter {
  to.int(pageState === undefined ? GLOBAL_TABLE : GLOBAL_TABLE | HAS_MORE_PAGES).int(columns.length);
  if (pageState !== undefined) to.bytes(pageState);
  if (forPrepared) to.int(0); // no partition key known: the driver then routes to any node
  to.string("scripted").string("scripted");
  for (const { name, type } of columns) writeColumnType(to.string(name), type);
  return to;
}
