import { isObject, member } from "./member.ts";

/** Of version 4 of the protocol: a result of four bytes of body, which say that there is nothing in it. */
const FRAME_BYTES = 13;
const VERSION = 4;
const RESPONSE = 0x80 | VERSION;
const RESULT = 0x08;
const VOID_BYTES = 4;
const VOID = 1;

/** What the driver has of a frame. */
interface Header {
  readonly version: number;
  readonly flags: number;
  readonly streamId: number;
  readonly opcode: number;
  readonly bodyLength: number;
}

interface Connection {
  handleResult(header: Header, error: null, result: object): void;
  freeStreamId(header: Header): void;
}

/** The first of the streams that a connection sends what it gets through: from chunks to frames. */
interface Protocol {
  readonly version: number;
  /** Of the frame of which a part has come; null between two. */
  readonly header: unknown;
  readonly headerChunks: { readonly byteLength: number };
  readonly readableLength: number;
  readItems(chunk: Buffer): void;
}

/** The second one: from frames to answers. */
interface Parser {
  /** By the number of the request: what is to be known when its answer is read. */
  readonly frames: Readonly<Record<number, unknown>>;
  readonly readableLength: number;
  readonly writableLength: number;
}

const NO_FLAGS = Object.freeze({});

/**
 * Gives the answers that say nothing but that a write is applied to their requests without the three streams that the driver sends
 * each through. All else takes those, and so does such an answer after anything that is still in them.
 */
export function spareStreams(connection: object): void {
  const bind = member(connection, "bindSocketListeners");
  const isKnown = ["handleResult", "freeStreamId"].every(
    (name) => typeof member(connection, name) === "function",
  );
  if (typeof bind !== "function" || !isKnown) return;
  Object.assign(connection, {
    /** Called for each socket, for which it makes the streams. */
    bindSocketListeners(this: Connection): void {
      bind.call(this);
      const [protocol, parser] = [member(this, "protocol"), member(this, "parser")];
      if (isProtocol(protocol) && isParser(parser)) readDirectly(this, protocol, parser);
    },
  });
}

function readDirectly(connection: Connection, protocol: Protocol, parser: Parser): void {
  const { readItems } = protocol;
  const isBetweenFrames = () =>
    protocol.version === VERSION && protocol.header === null && protocol.headerChunks.byteLength === 0;
  const areEmpty = () =>
    protocol.readableLength === 0 && parser.writableLength === 0 && parser.readableLength === 0;
  protocol.readItems = (chunk) => {
    let at = 0;
    if (isBetweenFrames() && areEmpty()) {
      for (; isVoid(chunk, at); at += FRAME_BYTES) {
        const streamId = chunk.readInt16BE(at + 2);
        // Of an event, or of a request that wants its rows one by one.
        if (streamId < 0 || parser.frames[streamId] !== undefined) break;
        const header = { version: VERSION, flags: 0, streamId, opcode: RESULT, bodyLength: VOID_BYTES };
        connection.handleResult(header, null, { header, flags: NO_FLAGS });
        connection.freeStreamId(header);
      }
    }
    if (at < chunk.length) readItems.call(protocol, at === 0 ? chunk : chunk.subarray(at));
  };
}

function isVoid(chunk: Buffer, at: number): boolean {
  return (
    chunk.length - at >= FRAME_BYTES &&
    chunk[at] === RESPONSE &&
    chunk[at + 1] === 0 &&
    chunk[at + 4] === RESULT &&
    chunk.readInt32BE(at + 5) === VOID_BYTES &&
    chunk.readInt32BE(at + 9) === VOID
  );
}

function isProtocol(value: unknown): value is Protocol {
  return (
    typeof member(value, "readItems") === "function" &&
    member(value, "header") === null &&
    typeof member(member(value, "headerChunks"), "byteLength") === "number"
  );
}

function isParser(value: unknown): value is Parser {
  return isObject(member(value, "frames")) && typeof member(value, "writableLength") === "number";
}
