import { once } from "node:events";
import net from "node:net";
import { type Column, readColumnType } from "./column-type.ts";
import { type Frame, FrameSplitter, OPCODE, requestFrame } from "./frames.ts";
import type { RawRow } from "./reply.ts";
import { WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

/** A refusal of the server, by the protocol's code. */
export class RawError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export interface RawPrepared {
  readonly id: Buffer;
  /** Those that have markers, as `keyspace.table`. */
  readonly tables: readonly string[];
  readonly markers: readonly Column[];
  /** Of a SELECT. */
  readonly results: readonly Column[];
}

/** No rows for a write without a condition. */
export interface RawResult {
  readonly columns: readonly Column[];
  readonly rows: readonly RawRow[];
}

const NO_ROWS: RawResult = { columns: [], rows: [] };
const LOCAL_ONE = 0x0a;
const VALUES = 0x01;
const HAS_WARNINGS = 0x08;
const NO_FLAGS = 0;

/**
 * One connection that speaks the protocol and keeps nothing: values are bytes, a PREPARE is sent each time, and what a
 * server says is not interpreted. For tests that compare bytes, or ask what the driver does not tell; it has no
 * timeouts of its own.
 */
export class RawSession implements AsyncDisposable {
  readonly #socket: net.Socket;
  readonly #waiting = new Map<number, { resolve(frame: Frame): void; reject(error: Error): void }>();
  readonly #free = Array.from({ length: 1_024 }, (_, stream) => stream);

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    const splitter = new FrameSplitter();
    socket.on("data", (bytes) => {
      for (const frame of splitter.push(bytes)) this.#answered(frame);
    });
    socket.on("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("The server closed the connection"));
      this.#waiting.clear();
    });
    socket.on("error", () => {}); // "close" follows
  }

  /** Rejects where nobody listens, or the server wants a password. */
  static async connect(
    { host, port }: { readonly host: string; readonly port: number },
    keyspace?: string,
  ): Promise<RawSession> {
    const socket = net.connect({ host, port, noDelay: true });
    await once(socket, "connect");
    const session = new RawSession(socket);
    const version = new WireWriter().short(1).string("CQL_VERSION").string("3.0.0").finish();
    await session.#request(OPCODE.startup, version);
    if (keyspace !== undefined) await session.query(`USE ${keyspace}`);
    return session;
  }

  async query(cql: string): Promise<RawResult> {
    const body = new WireWriter().longString(cql).short(LOCAL_ONE).byte(NO_FLAGS).finish();
    return readResult(await this.#request(OPCODE.query, body));
  }

  async prepare(cql: string): Promise<RawPrepared> {
    const body = new WireWriter().longString(cql).finish();
    return readPrepared(await this.#request(OPCODE.prepare, body));
  }

  async execute(id: Buffer, values: readonly (Buffer | null)[], consistency = LOCAL_ONE): Promise<RawResult> {
    const to = new WireWriter().shortBytes(id).short(consistency).byte(VALUES).short(values.length);
    for (const value of values) to.bytes(value);
    return readResult(await this.#request(OPCODE.execute, to.finish()));
  }

  async close(): Promise<void> {
    if (this.#socket.closed) return;
    const closed = once(this.#socket, "close");
    this.#socket.destroy();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #request(opcode: number, body: Buffer): Promise<WireReader> {
    const stream = this.#free.pop();
    if (stream === undefined) throw new Error("More requests at once than this connection has streams");
    const frame = await new Promise<Frame>((resolve, reject) => {
      this.#waiting.set(stream, { resolve, reject });
      if (this.#socket.destroyed) reject(new Error("The connection is closed"));
      else this.#socket.write(requestFrame(stream, opcode, body));
    });
    const from = new WireReader(frame.body);
    if (frame.flags & HAS_WARNINGS) for (let left = from.short(); left > 0; left--) from.string();
    if (frame.opcode !== OPCODE.error) return from;
    throw new RawError(from.int(), from.string());
  }

  #answered(frame: Frame): void {
    const waiting = this.#waiting.get(frame.stream);
    this.#waiting.delete(frame.stream);
    this.#free.push(frame.stream);
    waiting?.resolve(frame);
  }
}

const ROWS = 2;
const PREPARED = 4;
const GLOBAL_TABLE = 1;
const HAS_MORE_PAGES = 2;
const NO_METADATA = 4;

function readResult(from: WireReader): RawResult {
  if (from.int() !== ROWS) return NO_ROWS;
  const { columns } = readColumns(from, false);
  const rows = Array.from({ length: from.int() }, () => columns.map(() => from.value() ?? null));
  return { columns, rows };
}

function readPrepared(from: WireReader): RawPrepared {
  if (from.int() !== PREPARED) throw new Error("The server did not answer that it has prepared");
  const id = Buffer.from(from.shortBytes());
  const { columns: markers, tables } = readColumns(from, true);
  return { id, tables, markers, results: readColumns(from, false).columns };
}

function readColumns(from: WireReader, hasPartitionKey: boolean): { columns: Column[]; tables: string[] } {
  const flags = from.int();
  const count = from.int();
  for (let left = hasPartitionKey ? from.int() : 0; left > 0; left--) from.short();
  if (flags & HAS_MORE_PAGES) from.value();
  const tables = new Set<string>();
  if (flags & NO_METADATA) return { columns: [], tables: [] };
  const readTable = () => tables.add(`${from.string()}.${from.string()}`);
  const isOneTable = (flags & GLOBAL_TABLE) !== 0;
  if (isOneTable) readTable();
  const columns = Array.from({ length: count }, () => {
    if (!isOneTable) readTable();
    return { name: from.string(), type: readColumnType(from) };
  });
  return { columns, tables: [...tables] };
}
