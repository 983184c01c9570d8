/** One message between a client and the server. */
export interface Packet {
  readonly subject: string;
  /** Where an answer goes; empty: nowhere. */
  readonly reply: string;
  /** A block of headers, status line included. */
  readonly header: Uint8Array | undefined;
  readonly data: Uint8Array;
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

export const NO_DATA = new Uint8Array();

export function encode(text: string): Uint8Array {
  return ENCODER.encode(text);
}

export function decode(bytes: Uint8Array): string {
  return DECODER.decode(bytes);
}

/** A block of headers; `status` such as `404 No Messages`. */
export function headerOf(
  status: string,
  fields: readonly (readonly [string, string | number])[],
): Uint8Array {
  let block = status === "" ? "NATS/1.0\r\n" : `NATS/1.0 ${status}\r\n`;
  for (const [name, value] of fields) block += `${name}: ${value}\r\n`;
  return encode(`${block}\r\n`);
}

export interface ReadHeader {
  readonly code: number;
  readonly description: string;
  /** The first value of each name, which is case-sensitive. */
  readonly fields: ReadonlyMap<string, string>;
}

const NOTHING: ReadHeader = { code: 0, description: "", fields: new Map() };

export function readHeader(block: Uint8Array | undefined): ReadHeader {
  if (block === undefined) return NOTHING;
  const [first = "", ...lines] = decode(block).split("\r\n");
  const status = first.slice("NATS/1.0".length).trim();
  const code = Number.parseInt(status, 10) || 0;
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const name = line.slice(0, colon);
    if (!fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  return { code, description: code === 0 ? "" : status.slice(String(code).length).trim(), fields };
}

/** Whether a subject is among those of a pattern with `*` and `>`. */
export function matches(pattern: string, subject: string): boolean {
  if (pattern === subject) return true;
  if (!pattern.includes("*") && !pattern.endsWith(">")) return false;
  const wanted = pattern.split(".");
  const given = subject.split(".");
  for (const [at, token] of wanted.entries()) {
    if (token === ">") return given.length > at;
    if (at >= given.length || (token !== "*" && token !== given[at])) return false;
  }
  return wanted.length === given.length;
}
