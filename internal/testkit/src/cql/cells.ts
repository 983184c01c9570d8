/** Cells of a result as the server sends them, for the types that scripts and the simulation need. */
export const cell = {
  text: (value: string): Buffer => Buffer.from(value, "utf8"),
  boolean: (value: boolean): Buffer => Buffer.of(value ? 1 : 0),
  int(value: number): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  },
  bigint(value: bigint): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    return bytes;
  },
  uuid: (value: string): Buffer => Buffer.from(value.replaceAll("-", ""), "hex"),
  /** Version 4 only. */
  inet: (address: string): Buffer => Buffer.from(address.split(".").map(Number)),
  /** Of a list or a set. */
  collection: (items: readonly Buffer[]): Buffer => counted(items.length, items),
  /** Keys and values in turn. */
  map: (items: readonly Buffer[]): Buffer => counted(items.length / 2, items),
} as const;

function counted(count: number, items: readonly Buffer[]): Buffer {
  return Buffer.concat([cell.int(count), ...items.flatMap((item) => [cell.int(item.length), item])]);
}
