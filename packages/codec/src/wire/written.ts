/** Bytes that are written and looked for as they are, in a view that goes on with zeros up to the next four. */
export interface Written {
  readonly words: DataView;
  readonly length: number;
}

export function written(bytes: Uint8Array): Written {
  const words = new DataView(new ArrayBuffer(Math.ceil(bytes.length / 4) * 4));
  for (const [at, byte] of bytes.entries()) words.setUint8(at, byte);
  return { words, length: bytes.length };
}
