import { helixError } from "../errors.ts";
import { isObject } from "../is-object.ts";
import { expected } from "../options/expected.ts";
import type { ControlDocument } from "./control-store.ts";

/** Of the JSON of a document. */
const MAX_DOCUMENT_BYTES = 65_536;
const KEY = /^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,3}$/;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** @throws TypeError for what is no key, nor the first parts of one. */
export function checkKey(key: string): void {
  if (typeof key === "string" && KEY.test(key)) return;
  throw new TypeError(
    expected("key", "one to four parts of letters, digits, `_` and `-`, joined by dots", key),
  );
}

/** @throws TypeError for what is no revision. */
export function checkRevision(revision: number | undefined): void {
  if (revision === undefined || (Number.isSafeInteger(revision) && revision >= 0)) return;
  throw new TypeError(expected("revision", "an integer of at least 0", revision));
}

/** @throws TypeError for what is no object of JSON, RangeError for one that is too large. */
export function encodeDocument(key: string, value: object): Uint8Array {
  if (!isObject(value)) throw new TypeError(expected(key, "an object", value));
  const json: string | undefined = JSON.stringify(value);
  // What has a `toJSON` may be anything.
  if (json?.startsWith("{") !== true) throw new TypeError(expected(key, "an object of JSON", value));
  const bytes = ENCODER.encode(json);
  if (bytes.length <= MAX_DOCUMENT_BYTES) return bytes;
  throw new RangeError(
    `Expected \`${key}\` to be ${MAX_DOCUMENT_BYTES} bytes of JSON at most, got ${bytes.length}`,
  );
}

/** Undefined for bytes that are no JSON. */
export function decodeDocument(bytes: Uint8Array): unknown {
  // Nobody could have stored it here.
  if (bytes.length > MAX_DOCUMENT_BYTES) return undefined;
  try {
    return JSON.parse(DECODER.decode(bytes));
  } catch {
    return undefined;
  }
}

/** Whether the key begins with these parts, and has more. */
export function isUnder(prefix: string, key: string): boolean {
  return key.startsWith(`${prefix}.`);
}

/** Somebody else has changed it. @param found What lies there now, where that is known. */
export function controlConflict(key: string, revision: number, found?: ControlDocument): Error {
  const change =
    revision === 0
      ? `There is a document \`${key}\` already: somebody has made it`
      : `The document \`${key}\` is not at revision ${revision} any more: somebody has changed it`;
  const text = `${change}. Read it again`;
  return helixError("HELIX_CONTROL_CONFLICT", text, { key, revision, ...(found !== undefined && { found }) });
}
