import type { ErrorSummary } from "@helix/core";

/** One stored message, outside of the log: in hand, delayed, or handed back. */
export interface Entry {
  /** Order of acceptance in this queue; unique. */
  readonly sequence: number;
  readonly attempts: number;
  /** The first failure that was counted. */
  readonly firstError?: ErrorSummary | undefined;
  /** Wall clock of the write, milliseconds. */
  readonly writtenAtMs: number;
  /** The encoded payload. May be a view of a chunk of the log, which it then keeps alive. */
  readonly bytes: Uint8Array;
}

/** The same entry with bytes of its own, for what stays for long: a view would keep a whole chunk alive. */
export function detached(entry: Entry): Entry {
  return entry.bytes.byteLength === entry.bytes.buffer.byteLength
    ? entry
    : { ...entry, bytes: entry.bytes.slice() };
}
