/**
 * Whether the decoder of the Go implementation takes a body, by its measured rules: a strict reader of
 * MessagePack of its own, so that what we write is not judged by the library that wrote it.
 */
export function acceptedByGo(bytes: Uint8Array): boolean {
  try {
    new GoReader(bytes).envelope();
    return true;
  } catch (error) {
    if (error instanceof Refused || error instanceof RangeError) return false;
    throw error;
  }
}

class Refused extends Error {}

const MAX_INT64 = 2n ** 63n - 1n;
/** Its recursion limit; how it counts does not matter here. */
const MAX_DEPTH = 100_000;

class GoReader {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Missing keys are zero values, unknown ones are skipped, what comes behind the map is ignored. */
  envelope(): void {
    this.#fields({
      target_cluster: () => this.#text(),
      query: () => this.#text(),
      args: () => this.#args(),
      timestamp: () => void this.#int64(),
      priority: () => void this.#int64(),
      is_batch: () => this.#boolean(),
      batch_type: () => this.#uint8(),
      batch_statements: () => this.#statements(),
    });
  }

  #fields(known: Readonly<Record<string, () => void>>): void {
    for (let left = this.#mapLength(); left > 0; left--) {
      const name = this.#name();
      if (Object.hasOwn(known, name)) known[name]?.();
      else this.#value(0);
    }
  }

  #statements(): void {
    const count = this.#arrayLength();
    // The Go decoder allocates for what is declared; a body cannot hold more statements than bytes.
    if (count > this.#view.byteLength) throw new Refused();
    for (let left = count; left > 0; left--) {
      this.#fields({ query: () => this.#text(), args: () => this.#args() });
    }
  }

  #args(): void {
    if (this.#peek() === 0xc0) this.#byte();
    else for (let left = this.#arrayLength(); left > 0; left--) this.#value(0);
  }

  /** Anything; the keys of maps must be strings (or bin). */
  #value(depth: number): void {
    if (depth > MAX_DEPTH) throw new Refused();
    const head = this.#peek();
    if (isArray(head)) {
      for (let left = this.#arrayLength(); left > 0; left--) this.#value(depth + 1);
    } else if (isMap(head)) {
      for (let left = this.#mapLength(); left > 0; left--) {
        this.#name();
        this.#value(depth + 1);
      }
    } else {
      this.#skip(this.#scalarLength(this.#byte()));
    }
  }

  /** Bytes behind the first byte of what is neither array nor map. */
  #scalarLength(head: number): number {
    if (head < 0x80 || head >= 0xe0 || head === 0xc0 || head === 0xc2 || head === 0xc3) return 0;
    if (head >= 0xa0 && head < 0xc0) return head - 0xa0;
    if (head >= 0xc4 && head <= 0xc6) return this.#length(2 ** (head - 0xc4));
    if (head >= 0xc7 && head <= 0xc9) return this.#length(2 ** (head - 0xc7)) + 1;
    if (head === 0xca || head === 0xcb) return 4 * 2 ** (head - 0xca);
    if (head >= 0xcc && head <= 0xcf) return 2 ** (head - 0xcc);
    if (head >= 0xd0 && head <= 0xd3) return 2 ** (head - 0xd0);
    if (head >= 0xd4 && head <= 0xd8) return 2 ** (head - 0xd4) + 1;
    if (head >= 0xd9 && head <= 0xdb) return this.#length(2 ** (head - 0xd9));
    throw new Refused();
  }

  #name(): string {
    const head = this.#byte();
    const isName =
      (head >= 0xa0 && head < 0xc0) || (head >= 0xd9 && head <= 0xdb) || (head >= 0xc4 && head <= 0xc6);
    if (!isName) throw new Refused();
    const start = this.#skip(this.#scalarLength(head));
    return Buffer.from(this.#view.buffer, this.#view.byteOffset + start, this.#at - start).toString("latin1");
  }

  #text(): void {
    const head = this.#byte();
    if (!((head >= 0xa0 && head < 0xc0) || (head >= 0xd9 && head <= 0xdb))) throw new Refused();
    this.#skip(this.#scalarLength(head));
  }

  #boolean(): void {
    const head = this.#byte();
    if (head !== 0xc2 && head !== 0xc3) throw new Refused();
  }

  #uint8(): void {
    const value = this.#int64();
    if (value < 0n || value > 255n) throw new Refused();
  }

  /** Any integer form; never a float. */
  #int64(): bigint {
    const head = this.#byte();
    if (head < 0x80) return BigInt(head);
    if (head >= 0xe0) return BigInt(head - 0x100);
    const isUnsigned = head >= 0xcc && head <= 0xcf;
    if (!isUnsigned && !(head >= 0xd0 && head <= 0xd3)) throw new Refused();
    const size = this.#scalarLength(head);
    const start = this.#skip(size);
    let bits = 0n;
    for (let at = start; at < this.#at; at++) bits = (bits << 8n) | BigInt(this.#view.getUint8(at));
    const value = isUnsigned ? bits : BigInt.asIntN(size * 8, bits);
    if (value > MAX_INT64) throw new Refused();
    return value;
  }

  #arrayLength(): number {
    const head = this.#byte();
    if (head >= 0x90 && head < 0xa0) return head - 0x90;
    if (head === 0xdc || head === 0xdd) return this.#length(head === 0xdc ? 2 : 4);
    throw new Refused();
  }

  #mapLength(): number {
    const head = this.#byte();
    if (head >= 0x80 && head < 0x90) return head - 0x80;
    if (head === 0xde || head === 0xdf) return this.#length(head === 0xde ? 2 : 4);
    throw new Refused();
  }

  #length(size: number): number {
    const start = this.#skip(size);
    if (size === 1) return this.#view.getUint8(start);
    return size === 2 ? this.#view.getUint16(start) : this.#view.getUint32(start);
  }

  #peek(): number {
    return this.#view.getUint8(this.#at);
  }

  #byte(): number {
    return this.#view.getUint8(this.#at++);
  }

  #skip(length: number): number {
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#view.byteLength) throw new Refused();
    return start;
  }
}

function isArray(head: number): boolean {
  return (head >= 0x90 && head < 0xa0) || head === 0xdc || head === 0xdd;
}

function isMap(head: number): boolean {
  return (head >= 0x80 && head < 0x90) || head === 0xde || head === 0xdf;
}
