// Of what comes from a queue nothing may move the cursor, colour, or turn the order of what is read: C0, C1, and the marks of direction.
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A text of somebody else's on one line of a terminal. */
export function clean(text: string): string {
  return text.replace(UNSEEN, escaped);
}

/** JSON that is safe to look at as well. */
export function jsonText(data: unknown, indent?: number): string {
  return JSON.stringify(data, null, indent).replace(UNSEEN, (one) => (one === "\n" ? one : escaped(one)));
}

function escaped(one: string): string {
  return `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
