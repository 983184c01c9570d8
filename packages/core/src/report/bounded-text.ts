/** UTF-16 units, with what is said of the length. */
const MAX_LENGTH = 1_000;
/** Kept for that, so that what was cut is not cut again. */
const LENGTH_LENGTH = 30;

/**
 * A text from outside as it may stand in a log line: itself, or its head and how long it was.
 *
 * @param left What else bounds it. @default nothing
 */
export function boundedText(text: string, left: number = MAX_LENGTH): string {
  const max = Math.min(MAX_LENGTH, left);
  if (text.length <= max) return text;
  // Without the half of a character at the end.
  const head = text.slice(0, Math.max(0, max - LENGTH_LENGTH)).replace(/[\ud800-\udbff]$/, "");
  return `${head}… (${text.length} characters)`;
}
