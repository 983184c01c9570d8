const MAX_BYTES = 2048;
/** Of a name or a code, which are words: an error may come from anywhere. */
const MAX_WORD_LENGTH = 256;

/** What a dead letter keeps of a failure. */
export interface ErrorSummary {
  readonly name: string;
  /** Cut at 2 KiB. */
  readonly message: string;
  readonly code?: string | undefined;
}

/** Name, text and code of whatever was thrown; undefined if there was nothing. */
export function errorSummary(error: unknown): ErrorSummary | undefined {
  if (error === undefined || error === null) return undefined;
  if (typeof error !== "object") return { name: typeof error, message: cut(String(error)) };
  const { name, message, code } = error as { name?: unknown; message?: unknown; code?: unknown };
  return {
    name: typeof name === "string" ? name.slice(0, MAX_WORD_LENGTH) : "Error",
    message: cut(typeof message === "string" ? message : ""),
    ...(typeof code === "string" || typeof code === "number"
      ? { code: String(code).slice(0, MAX_WORD_LENGTH) }
      : {}),
  };
}

/** Without the half of a character at the end. */
function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_BYTES) return text;
  return new TextDecoder().decode(bytes.subarray(0, MAX_BYTES), { stream: true });
}
