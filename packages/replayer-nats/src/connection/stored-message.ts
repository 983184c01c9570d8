import { helixError } from "@helix/core";
import { JetStreamApiError } from "@nats-io/jetstream";
import type { Msg } from "@nats-io/nats-core";
import { isObject, parsed } from "./parsed.ts";

/** By its sequence, or the first of a subject from a sequence on, or the last of a subject. */
export type MessageQuery =
  | { readonly seq: number; readonly next_by_subj?: string }
  | { readonly last_by_subj: string };

/**
 * A message as it lies in a stream: whatever somebody has put there who could publish. Its block of headers is only
 * searched, since the client's library refuses a message for one odd header, and takes the square of their number.
 */
export interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  /** By the server's clock, which writes nanoseconds; and the same in milliseconds since 1970. */
  readonly storedAt: string;
  readonly storedAtMs: number;
  readonly headers: Buffer;
  readonly data: Buffer;
}

/**
 * Reads an answer to `$JS.API.STREAM.MSG.GET`.
 *
 * @throws JetStreamApiError if it is one; HelixError HELIX_QUEUE_UNAVAILABLE if it is no answer at all.
 */
export function readStored(answer: Uint8Array): StoredMessage {
  const { error, message } = parsed(answer) ?? {};
  if (isObject(error)) {
    const { code, err_code, description } = error;
    const [status, errorCode] = [code, err_code].map((one) => (typeof one === "number" ? one : 0));
    throw new JetStreamApiError({
      code: status as number,
      err_code: errorCode as number,
      description: typeof description === "string" ? description : "no description",
    });
  }
  const { subject, seq, time, hdrs = "", data = "" } = isObject(message) ? message : {};
  const storedAtMs = typeof time === "string" ? Date.parse(time) : Number.NaN;
  if (
    typeof subject !== "string" ||
    !Number.isSafeInteger(seq) ||
    (seq as number) < 1 ||
    Number.isNaN(storedAtMs) ||
    typeof hdrs !== "string" ||
    typeof data !== "string"
  ) {
    throw helixError("HELIX_QUEUE_UNAVAILABLE", "JetStream's answer cannot be read", { stored: "no" });
  }
  return {
    subject,
    seq: seq as number,
    storedAt: time as string,
    storedAtMs,
    headers: withoutEmpty(Buffer.from(hdrs, "base64")),
    data: Buffer.from(data, "base64"),
  };
}

/** A block in which nothing stands. It is taken for none: a direct get does not tell the two apart. */
const NO_HEADERS = Buffer.from("NATS/1.0\r\n\r\n");
const CRLF = Buffer.from("\r\n");
/** How the server ends the headers of a message that it sends for a direct get, the last two of many alone (NATS ADR-31). */
const DIRECT =
  /^\r\nNats-Subject: ([^\r\n]+)\r\nNats-Sequence: (\d{1,15})\r\nNats-Time-Stamp: (\S+)\r\n(?:Nats-Num-Pending: \d+\r\nNats-Last-Sequence: (\d+)\r\n)?\r\n$/;

/**
 * Reads a message that came for a direct get, of many with the place of the one that was sent before it (0: none). What the
 * message says itself, the same names included, stands before what the server adds. Undefined for anything else.
 */
export function readDirect(
  stream: string,
  block: Buffer,
  data: Buffer,
): { readonly message: StoredMessage; readonly after: number } | undefined {
  const at = block.lastIndexOf("\r\nNats-Subject: ");
  const name = `Nats-Stream: ${stream}`;
  const end = at - name.length;
  if (end < 0 || block.toString("utf8", end, at) !== name) return undefined;
  const [, subject = "", seq, storedAt = "", after] = DIRECT.exec(block.toString("utf8", at)) ?? [];
  const storedAtMs = Date.parse(storedAt);
  if (seq === undefined || Number(seq) < 1 || Number.isNaN(storedAtMs)) return undefined;
  const own = block.subarray(0, end);
  const headers = withoutEmpty(Buffer.concat([own, CRLF]));
  return {
    message: { subject, seq: Number(seq), storedAt, storedAtMs, headers, data },
    after: Number(after),
  };
}

/** Headers of a delivery as they came, or, where that cannot be told, as the client's library has read them. */
export function headerBlockOf(message: Msg, data?: Uint8Array): Buffer {
  return headerBytesOf(message, data) ?? blockRead(message);
}

/**
 * Headers of a delivery, as they came: the client's library would read them, see {@link StoredMessage}. Its type does not say that it
 * knows their size; undefined for one that does not.
 *
 * @param data Its body, of which the library makes another view each time it is asked.
 */
export function headerBytesOf(message: Msg, data: Uint8Array = message.data): Buffer | undefined {
  const { subject, reply, size } = message as Msg & { size?: () => number };
  if (typeof size !== "function") return undefined;
  const length = Math.max(0, size.call(message) - data.length - subject.length - (reply?.length ?? 0));
  return Buffer.from(data.buffer, data.byteOffset - length, length);
}

/** The same memory. */
export function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

function blockRead(message: Msg): Buffer {
  try {
    const { headers } = message;
    if (headers === undefined) return Buffer.alloc(0);
    let block = headers.code > 0 ? `NATS/1.0 ${headers.code} ${headers.description}\r\n` : "NATS/1.0\r\n";
    for (const name of headers.keys()) {
      for (const value of headers.values(name)) block += `${name}: ${value}\r\n`;
    }
    return Buffer.from(`${block}\r\n`);
  } catch {
    // Of an odd block the library reads none.
    return Buffer.alloc(0);
  }
}

/** The first header of a name, which is case-sensitive; undefined if there is none. */
export function headerIn({ headers }: Pick<StoredMessage, "headers">, name: string): string | undefined {
  const start = `\r\n${name}:`;
  const at = headers.indexOf(start);
  if (at < 0) return undefined;
  const end = headers.indexOf("\r\n", at + start.length);
  return headers.toString("utf8", at + start.length, end < 0 ? headers.length : end).trim();
}

function withoutEmpty(headers: Buffer): Buffer {
  return headers.equals(NO_HEADERS) ? headers.subarray(0, 0) : headers;
}
