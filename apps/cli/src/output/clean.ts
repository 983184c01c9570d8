// Of what comes from a queue nothing may move the cursor, colour, turn the order of what is read, or be there unseen: what controls, what formats
// (marks of direction, zero width, tags), other lines, what most fonts draw as nothing, and halves of pairs.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** A text of somebody else's on one line of a terminal. */
export function clean(text: string): string {
  return text.replace(UNSEEN, escaped);
}

/** JSON that is safe to look at as well. */
export function jsonText(data: unknown, indent?: number): string {
  return JSON.stringify(data, null, indent).replace(UNSEEN, (one) => (one === "\n" ? one : escaped(one)));
}

/** As JSON has it: what needs two units by both. */
function escaped(one: string): string {
  return one
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
