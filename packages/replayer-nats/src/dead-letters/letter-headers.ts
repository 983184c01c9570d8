import type { Headers } from "./letter-body.ts";

const NOTHING = Buffer.from("NATS/1.0\r\n\r\n");

/** A block of headers with more of them, which come first: of two of one name that counts. What is no block is one without a header. */
export function withHeaders(block: Buffer, headers: Headers): Buffer {
  const whole = block.includes("\r\n\r\n") ? block : NOTHING;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const start = whole.indexOf("\r\n") + 2;
  return Buffer.concat([whole.subarray(0, start), Buffer.from(lines.join("")), whole.subarray(start)]);
}

/** The same block without the headers of which a name begins so, in whatever letters; all else byte by byte. */
export function withoutHeaders(block: Buffer, ...beginnings: readonly string[]): Buffer {
  const [status = "", ...lines] = block.toString("latin1").split("\r\n");
  const kept = lines.filter((line) => {
    const name = line.toLowerCase();
    return !beginnings.some((beginning) => name.startsWith(beginning.toLowerCase()));
  });
  return Buffer.from([status, ...kept].join("\r\n"), "latin1");
}
