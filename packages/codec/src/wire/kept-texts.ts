/** A power of two: the names and queries of a few dozen statements, and names of ours. */
const SLOTS = 256;

/** Longer ones are rare, and not worth keeping. Bytes. */
const MAX_KEPT_BYTES = 256;

/** What is in each slot: the text, and its bytes in a place of its own. */
const texts: string[] = new Array(SLOTS).fill("");
const store = Buffer.alloc(SLOTS * MAX_KEPT_BYTES);
const storeView = new DataView(store.buffer, store.byteOffset, store.length);

/**
 * The text of ASCII bytes, for names and queries, which are the same few again and again. Keeps one per slot, the latest:
 * to see that it is the same is faster than to make another one, and its hash is computed once.
 *
 * @returns undefined if it is not kept, and too long or not ASCII.
 */
export function keptText(bytes: Buffer, view: DataView, at: number, length: number): string | undefined {
  if (length === 0 || length > MAX_KEPT_BYTES) return undefined;
  const slot = slotOf(bytes, at, length);
  const place = slot * MAX_KEPT_BYTES;
  const known = texts[slot] as string;
  if (known.length === length && isSame(view, at, storeView, place, length)) return known;
  if (!isAscii(view, at, length)) return undefined;
  bytes.copy(store, place, at, at + length);
  const text = bytes.toString("latin1", at, at + length);
  texts[slot] = text;
  return text;
}

export const UUID_BYTES = 16;

const uuids: string[] = new Array(SLOTS).fill("");
const uuidStore = Buffer.alloc(SLOTS * UUID_BYTES);
const uuidView = new DataView(uuidStore.buffer, uuidStore.byteOffset, uuidStore.length);

/** As {@link keptText}, the text of a UUID: those of tables, which are few. */
export function keptUuid(bytes: Buffer, view: DataView, at: number): string {
  // The low bits of its time: what differs first between two that were made one after the other.
  const slot = bytes[at + 3] as number;
  const place = slot * UUID_BYTES;
  const known = uuids[slot] as string;
  if (known !== "" && isSame(view, at, uuidView, place, UUID_BYTES)) return known;
  bytes.copy(uuidStore, place, at, at + UUID_BYTES);
  const hex = bytes.toString("hex", at, at + UUID_BYTES);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  const text = parts.join("-");
  uuids[slot] = text;
  return text;
}

function slotOf(bytes: Uint8Array, at: number, length: number): number {
  const first = bytes[at] as number;
  const middle = bytes[at + (length >> 1)] as number;
  const last = bytes[at + length - 1] as number;
  return (length * 31 + first * 7 + middle + last * 3) % SLOTS;
}

/** Four bytes at a time, which the engine makes one load each; the last four may have been among those before. */
export function isSame(a: DataView, aAt: number, b: DataView, bAt: number, length: number): boolean {
  const last = length - 4;
  for (let index = 0; index < last; index += 4)
    if (a.getInt32(aAt + index, true) !== b.getInt32(bAt + index, true)) return false;
  if (last >= 0) return a.getInt32(aAt + last, true) === b.getInt32(bAt + last, true);
  for (let index = 0; index < length; index++)
    if (a.getUint8(aAt + index) !== b.getUint8(bAt + index)) return false;
  return true;
}

/** As {@link isSame} goes. */
export function isAscii(view: DataView, at: number, length: number): boolean {
  const last = length - 4;
  let bits = last >= 0 ? view.getInt32(at + last, true) : 0;
  for (let index = 0; index < last; index += 4) bits |= view.getInt32(at + index, true);
  for (let index = 0; last < 0 && index < length; index++) bits |= view.getUint8(at + index);
  return (bits & 0x80808080) === 0;
}
