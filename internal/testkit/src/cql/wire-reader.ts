/** Reads the notations of the native protocol (section 3 of its specification) from a body, in order. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  short(): number {
    return this.#bytes.readUInt16BE(this.#advance(2));
  }

  int(): number {
    return this.#bytes.readInt32BE(this.#advance(4));
  }

  long(): bigint {
    return this.#bytes.readBigInt64BE(this.#advance(8));
  }

  string(): string {
    return this.#take(this.short()).toString("utf8");
  }

  longString(): string {
    return this.#take(this.int()).toString("utf8");
  }

  shortBytes(): Buffer {
    return this.#take(this.short());
  }

  /** A bound value: `null`, or `undefined` where it is not set. */
  value(): Buffer | null | undefined {
    const length = this.int();
    if (length >= 0) return this.#take(length);
    return length === -1 ? null : undefined;
  }

  #take(length: number): Buffer {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  #advance(length: number): number {
    const start = this.#at;
    if (start + length > this.#bytes.length) throw new RangeError("The body of the request ends too early");
    this.#at = start + length;
    return start;
  }
}
