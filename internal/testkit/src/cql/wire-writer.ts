/** Writes the notations of the native protocol (section 3 of its specification), in order. */
export class WireWriter {
  readonly #parts: Buffer[] = [];

  byte(value: number): this {
    return this.raw(Buffer.of(value));
  }

  short(value: number): this {
    const bytes = Buffer.allocUnsafe(2);
    bytes.writeUInt16BE(value);
    return this.raw(bytes);
  }

  int(value: number): this {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeInt32BE(value);
    return this.raw(bytes);
  }

  string(value: string): this {
    return this.shortBytes(Buffer.from(value, "utf8"));
  }

  longString(value: string): this {
    return this.bytes(Buffer.from(value, "utf8"));
  }

  stringList(values: readonly string[]): this {
    this.short(values.length);
    for (const value of values) this.string(value);
    return this;
  }

  shortBytes(value: Buffer): this {
    return this.short(value.length).raw(value);
  }

  /** A cell: `null` has the length −1 and no bytes. */
  bytes(value: Buffer | null): this {
    return value === null ? this.int(-1) : this.int(value.length).raw(value);
  }

  raw(bytes: Buffer): this {
    this.#parts.push(bytes);
    return this;
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
