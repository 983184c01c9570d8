import { isUtf8 } from "node:buffer";
import { Decoder, Encoder, ExtData, type ExtensionCodecType } from "@msgpack/msgpack";
import { checkStructure, textAsBinary } from "./check-structure.ts";
import { NameDecoder } from "./name-decoder.ts";

/**
 * Extensions stay what they are here; the mapping to values is ours and happens before encoding and after
 * decoding. (The library's own registry asks every encoder about every object, and cannot nest: it would
 * call itself and lose its options.)
 */
const extensionCodec: ExtensionCodecType<undefined> = {
  tryToEncode: (object) => (object instanceof ExtData ? object : null),
  decode: (data, type) => new ExtData(type, data),
};

/** Deeper than any value that `assertBindable` lets through, and the envelope around it. */
const MAX_ENCODE_DEPTH = 80;

/** What the encoder's buffer may have grown to and still be kept for the next message. */
const KEPT_BUFFER_BYTES = 1024 * 1024;

const newEncoder = () => new Encoder({ extensionCodec, useBigInt64: true, maxDepth: MAX_ENCODE_DEPTH });
let encoder = newEncoder();

const decoder = new Decoder({
  extensionCodec,
  useBigInt64: true,
  rawStrings: true,
  keyDecoder: new NameDecoder(),
  // Names are strings; Go also reads names that are bin.
  mapKeyConverter: (key) => {
    const name = typeof key === "string" ? key : nameOf(key);
    if (name === "__proto__") throw new TypeError("A name that no object keeps apart");
    return name;
  },
});

function nameOf(key: unknown): string {
  if (!(key instanceof Uint8Array) || !isUtf8(key)) throw new TypeError("A name that is no string");
  return Buffer.from(key).toString("utf8");
}

/** The bytes in an allocation of their own. A bigint becomes an int64, a larger integer number a float. */
export function pack(value: unknown): Uint8Array {
  const bytes = encoder.encode(value);
  if (bytes.length > KEPT_BUFFER_BYTES) encoder = newEncoder();
  return bytes;
}

/** What was unpacked, and the bytes that it has views of. */
export interface Unpacked {
  /**
   * Arrays, plain objects, numbers, booleans, null, and for what the caller has to make into values: `ExtData`, bigint
   * (of 64-bit forms), and Uint8Array, which is a view of `source`: `textOf` tells strings and bin apart.
   */
  readonly value: unknown;
  readonly source: Buffer;
}

/**
 * @param readsAnyText Whether a string may be other than UTF-8: it is bin then. It costs a copy of `bytes`.
 * @throws whatever the damage: an Error of some kind. Bounded in depth, and by the size of `bytes` in memory.
 */
export function unpack(bytes: Uint8Array, maxDepth: number, readsAnyText: boolean): Unpacked {
  const notUtf8 = checkStructure(bytes, maxDepth);
  if (notUtf8.length === 0) return unpacked(bytes);
  if (!readsAnyText) throw new SyntaxError("A string that is not UTF-8");
  // Go strings are bytes, and its driver binds them as they are: so does ours, if they are a Buffer.
  return unpacked(textAsBinary(bytes, notUtf8));
}

function unpacked(bytes: Uint8Array): Unpacked {
  return { value: decoder.decode(bytes), source: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) };
}
