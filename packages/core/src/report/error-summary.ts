import { errorText, shapeOf } from "./error-text.ts";

const MAX_BYTES = 2048;

/** What is kept of a failure. Name and code are words; what is none is left out. */
export interface ErrorSummary {
  readonly name: string;
  /** Cut at 2 KiB. */
  readonly message: string;
  readonly code?: string | undefined;
}

/**
 * Name, code and the whole text of whatever was thrown, which may quote what was bound; undefined if there was nothing.
 * Never throws.
 */
export function errorSummary(error: unknown): ErrorSummary | undefined {
  if (error === undefined || error === null) return undefined;
  if (typeof error !== "object") return { name: typeof error, message: cut(String(error)) };
  const { message } = shapeOf(error);
  return summaryOf(error, typeof message === "string" ? message : "");
}

/**
 * The same with a text that quotes no value: for what lies outside of the body of a message. Never throws.
 *
 * @param text What its reading says, where it has one.
 */
export function toldSummary(error: unknown, text = errorText(error)): ErrorSummary | undefined {
  if (error === undefined || error === null) return undefined;
  return summaryOf(error, text);
}

function summaryOf(error: unknown, message: string): ErrorSummary {
  const { name = typeof error === "object" ? "Error" : typeof error, code } = shapeOf(error);
  return { name, message: cut(message), ...(code !== undefined && { code: String(code) }) };
}

/** Without the half of a character at the end. */
function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_BYTES) return text;
  return new TextDecoder().decode(bytes.subarray(0, MAX_BYTES), { stream: true });
}
