import { headerIn, type StoredMessage } from "../connection/stored-message.ts";

/** How many bytes at the beginning of the body lay in the lane; without it all of them did. */
const RAW_LENGTH_HEADER = "Helix-Raw-Length";
const LENGTH = /^\d{1,9}$/;

export type Headers = Readonly<Record<string, string>>;

export interface LetterBody {
  readonly headers: Headers;
  readonly data: Uint8Array;
}

/**
 * A dead letter's own bytes and, behind them, the text of its last failure where that may quote what was bound to the
 * statement: it is kept where the values are, and goes wherever they go, sealed as they are. An older version takes the whole for the bytes of
 * a payload, which it cannot decode, and keeps it.
 */
export function bodyOf(headers: Headers, raw: Uint8Array, text: Uint8Array): LetterBody {
  if (text.length === 0) return { headers, data: raw };
  const length = { [RAW_LENGTH_HEADER]: String(raw.length) };
  return { headers: { ...headers, ...length }, data: Buffer.concat([raw, text]) };
}

/** What {@link bodyOf} put together. A length that is none, or beyond the end, is as good as absent. */
export function bodyIn({ headers, data }: StoredMessage): { readonly raw: Buffer; readonly text?: Buffer } {
  const length = headerIn({ headers }, RAW_LENGTH_HEADER) ?? "";
  if (!LENGTH.test(length) || Number(length) >= data.length) return { raw: data };
  return { raw: data.subarray(0, Number(length)), text: data.subarray(Number(length)) };
}
