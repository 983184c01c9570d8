import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { helixError } from "@helix/core";
import type { Envelope } from "./envelope.ts";
import { unreadable } from "./sealing.ts";

/** Keys by their id: 1 to 32 letters, digits, `_`, `.` or `-`. */
export interface EnvelopeKeys {
  /** The id of the key that seals. */
  readonly current: string;
  /** All that open: 32 bytes each, as they are, as 64 hexadecimal digits, or in base64. */
  readonly keys: Readonly<Record<string, Uint8Array | string>>;
}

const ALGORITHM = "aes-256-gcm";
const VERSION = 1;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID = /^[A-Za-z0-9_.-]{1,32}$/;

/**
 * AES-256-GCM by `node:crypto`. Sealed bytes are version, length of the key's id, id, nonce, tag, and what is encrypted; what
 * stands before the nonce is authenticated as well. Which lane a body belongs to is said in the body: moved into
 * another lane, it is a dead letter.
 *
 * To rotate, give the new key to all who open, then make it `current` for all who seal; take the old one away when no
 * message and no dead letter is sealed with it. Nonces are random, so that one key is good for 2^32 bodies.
 *
 * @param keys What gives them is asked again when something is sealed with a key that is not among them, so that a process
 * learns of a new key without a restart; while it throws, the keys stay as they were.
 * @throws TypeError for keys that are none, and what `keys` throws.
 */
export function aesGcmEnvelope(keys: EnvelopeKeys | (() => EnvelopeKeys)): Envelope {
  const give = typeof keys === "function" ? keys : () => keys;
  let ring = readKeys(give());
  const again = (keyId: string): KeyObject => {
    let cause: unknown;
    try {
      ring = readKeys(give());
    } catch (error) {
      cause = error;
    }
    const key = ring.keys.get(keyId);
    if (key !== undefined) return key;
    const text = `It is sealed with the key \`${keyId}\`, which is not among those of this process`;
    throw helixError("HELIX_ENVELOPE_KEY_UNKNOWN", text, { keyId }, { cause });
  };
  return {
    seal: (body) => seal(body, ring.head, ring.key),
    open: (sealed) => open(sealed, (keyId) => ring.keys.get(keyId) ?? again(keyId)),
  };
}

function seal(body: Uint8Array, head: Uint8Array, key: KeyObject): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(head);
  const encrypted = cipher.update(body);
  cipher.final();
  return Buffer.concat([head, nonce, cipher.getAuthTag(), encrypted]);
}

function open(sealed: Uint8Array, keyOf: (keyId: string) => KeyObject): Uint8Array {
  const [version, idLength = 0] = sealed;
  if (version !== VERSION)
    throw unreadable(`It is sealed in a way that this version does not know (${version})`);
  const nonceAt = 2 + idLength;
  const tagAt = nonceAt + NONCE_BYTES;
  const bodyAt = tagAt + TAG_BYTES;
  const keyId = Buffer.from(sealed.subarray(2, nonceAt)).toString("latin1");
  if (!KEY_ID.test(keyId) || sealed.length < bodyAt)
    throw unreadable("It begins as if it were sealed, and is not");
  const decipher = createDecipheriv(ALGORITHM, keyOf(keyId), sealed.subarray(nonceAt, tagAt), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(sealed.subarray(0, nonceAt)).setAuthTag(sealed.subarray(tagAt, bodyAt));
  const body = decipher.update(sealed.subarray(bodyAt));
  try {
    decipher.final();
  } catch (cause) {
    const text = `It is not what was sealed with the key \`${keyId}\`: it was changed, or that is another key of this id`;
    throw unreadable(text, { keyId, cause });
  }
  return body;
}

interface KeyRing {
  readonly keys: ReadonlyMap<string, KeyObject>;
  /** The current one, and what stands in front of what it seals. */
  readonly key: KeyObject;
  readonly head: Uint8Array;
}

function readKeys(given: EnvelopeKeys): KeyRing {
  const { current, keys }: Partial<EnvelopeKeys> = given ?? {};
  if (typeof keys !== "object" || keys === null) {
    throw new TypeError("Expected the `keys` of the envelope to be an object of keys by their id");
  }
  const read = new Map(Object.entries(keys).map(([id, key]) => [id, readKey(id, key)]));
  const key = read.get(current);
  if (key === undefined) {
    throw new TypeError("Expected `current` of the envelope to be the id of one of its `keys`");
  }
  return { keys: read, key, head: Buffer.from([VERSION, current.length, ...Buffer.from(current)]) };
}

/** No error quotes it. */
function readKey(id: string, given: unknown): KeyObject {
  if (!KEY_ID.test(id)) {
    throw new TypeError("Expected the id of a key to be 1 to 32 letters, digits, `_`, `.` or `-`");
  }
  const key = given instanceof Uint8Array ? given : typeof given === "string" ? decoded(given) : undefined;
  if (key?.length === KEY_BYTES) return createSecretKey(key);
  throw new TypeError(
    `Expected the key \`${id}\` to have 32 bytes, as they are, in hexadecimal or in base64`,
  );
}

function decoded(text: string): Uint8Array {
  return Buffer.from(text, /^[0-9A-Fa-f]{64}$/.test(text) ? "hex" : "base64");
}
