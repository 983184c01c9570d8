/**
 * The text of a string, or undefined for bin. The library leaves both as views (its own way from bytes to text is slow
 * for short strings, and loses the byte order mark at the beginning of long ones), so the header just before tells them
 * apart. It does so without doubt: every form of header ends with the length that the view has, and no two forms write the
 * same length in bytes that could be taken for each other's.
 *
 * @param view Of a string that is UTF-8, or of bin.
 * @param source What the view was decoded from.
 */
export function textOf(view: Uint8Array, source: Buffer): string | undefined {
  const start = view.byteOffset - source.byteOffset;
  const { length } = view;
  return hasTextHeader(source, start, length) ? source.toString("utf8", start, start + length) : undefined;
}

function hasTextHeader(source: Buffer, start: number, length: number): boolean {
  if (length < 32 && source[start - 1] === 0xa0 + length) return true;
  if (length < 2 ** 8 && source[start - 2] === 0xd9 && source[start - 1] === length) return true;
  if (length < 2 ** 16 && source[start - 3] === 0xda && source.readUInt16BE(start - 2) === length)
    return true;
  return source[start - 5] === 0xdb && source.readUInt32BE(start - 4) === length;
}
