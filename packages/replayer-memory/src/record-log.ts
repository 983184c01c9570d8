import type { ErrorSummary } from "@helix/core";
import type { Entry } from "./entry.ts";

/** Large enough that the chunks cost nothing, small enough that one that is kept alive costs little. */
const CHUNK_BYTES = 256 * 1024;
/** uint32 length, uint32 attempts, float64 sequence, float64 time of the write. */
const HEADER_BYTES = 24;

interface Chunk {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where the next record is read, and where the next is written. */
  read: number;
  end: number;
  /** The oldest write among all records that were ever in it. */
  oldestMs: number;
  next: Chunk | undefined;
}

class Read implements Entry {
  readonly sequence: number;
  readonly attempts: number;
  readonly writtenAtMs: number;
  readonly bytes: Uint8Array;

  constructor(sequence: number, attempts: number, writtenAtMs: number, bytes: Uint8Array) {
    this.sequence = sequence;
    this.attempts = attempts;
    this.writtenAtMs = writtenAtMs;
    this.bytes = bytes;
  }
}

/**
 * First in, first out, of encoded messages packed one after the other into chunks: a million waiting
 * messages are some hundred objects. One object and one array of bytes for each would cost more than the
 * bytes themselves. A chunk is dropped when it has been read; views of it may outlive it. What few entries have, a first
 * error, lies beside.
 */
export class RecordLog {
  #head: Chunk | undefined;
  #tail: Chunk | undefined;
  #length = 0;
  readonly #firstErrors = new Map<number, ErrorSummary>();

  get length(): number {
    return this.#length;
  }

  append(entry: Entry): void {
    const needed = HEADER_BYTES + entry.bytes.length;
    const chunk = this.#room(needed);
    chunk.view.setUint32(chunk.end, entry.bytes.length);
    chunk.view.setUint32(chunk.end + 4, entry.attempts);
    chunk.view.setFloat64(chunk.end + 8, entry.sequence);
    chunk.view.setFloat64(chunk.end + 16, entry.writtenAtMs);
    chunk.bytes.set(entry.bytes, chunk.end + HEADER_BYTES);
    chunk.end += needed;
    if (entry.firstError !== undefined) this.#firstErrors.set(entry.sequence, entry.firstError);
    if (entry.writtenAtMs < chunk.oldestMs) chunk.oldestMs = entry.writtenAtMs;
    this.#length++;
  }

  /** The oldest entry, which is then no longer here; undefined if there is none. */
  take(): Entry | undefined {
    const chunk = this.#head;
    if (chunk === undefined || this.#length === 0) return undefined;
    const entry = this.#complete(entryAt(chunk, chunk.read));
    this.#firstErrors.delete(entry.sequence);
    chunk.read += HEADER_BYTES + entry.bytes.length;
    this.#length--;
    if (chunk.read === chunk.end) this.#drop(chunk);
    return entry;
  }

  *entries(): Generator<Entry, void, void> {
    for (let chunk = this.#head; chunk !== undefined; chunk = chunk.next) {
      for (const entry of entriesOf(chunk)) yield this.#complete(entry);
    }
  }

  clear(): void {
    this.#head = undefined;
    this.#tail = undefined;
    this.#length = 0;
    this.#firstErrors.clear();
  }

  /** The oldest write; Infinity if there is none. Reads the headers of one chunk, and one figure of each other. */
  oldestMs(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (let chunk = this.#head; chunk !== undefined; chunk = chunk.next) {
      if (chunk.read === 0) oldest = Math.min(oldest, chunk.oldestMs);
      else for (const entry of entriesOf(chunk)) oldest = Math.min(oldest, entry.writtenAtMs);
    }
    return oldest;
  }

  #complete(entry: Entry): Entry {
    const firstError = this.#firstErrors.get(entry.sequence);
    return firstError === undefined ? entry : { ...entry, firstError };
  }

  #room(needed: number): Chunk {
    const tail = this.#tail;
    if (tail !== undefined && tail.end + needed <= tail.bytes.length) return tail;
    const bytes = new Uint8Array(Math.max(CHUNK_BYTES, needed));
    const chunk: Chunk = {
      bytes,
      view: new DataView(bytes.buffer),
      read: 0,
      end: 0,
      oldestMs: Number.POSITIVE_INFINITY,
      next: undefined,
    };
    if (tail === undefined || this.#length === 0) this.#head = chunk;
    else tail.next = chunk;
    this.#tail = chunk;
    return chunk;
  }

  /** A chunk that has been read but is not full is still written to: a queue that is mostly empty has one. */
  #drop(chunk: Chunk): void {
    if (chunk !== this.#tail) this.#head = chunk.next;
    else if (chunk.end > CHUNK_BYTES / 2) this.clear();
  }
}

function* entriesOf(chunk: Chunk): Generator<Entry, void, void> {
  for (let at = chunk.read; at < chunk.end; ) {
    const entry = entryAt(chunk, at);
    yield entry;
    at += HEADER_BYTES + entry.bytes.length;
  }
}

function entryAt({ bytes, view }: Chunk, at: number): Entry {
  const start = at + HEADER_BYTES;
  return new Read(
    view.getFloat64(at + 8),
    view.getUint32(at + 4),
    view.getFloat64(at + 16),
    bytes.subarray(start, start + view.getUint32(at)),
  );
}
