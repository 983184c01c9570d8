import { Encoder, ExtData, type ExtensionCodecType } from "@msgpack/msgpack";

/**
 * Extensions stay what they are here; the mapping of values is ours and happens before encoding. (The library's own
 * registry asks every encoder about every object, and cannot nest: it would call itself and lose its options.)
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

/** The bytes in an allocation of their own. A bigint becomes an int64, a larger integer number a float. */
export function pack(value: unknown): Uint8Array {
  const bytes = encoder.encode(value);
  if (bytes.length > KEPT_BUFFER_BYTES) encoder = newEncoder();
  return bytes;
}
