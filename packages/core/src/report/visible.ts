// Nothing that somebody else has written may move a cursor, colour, turn the order of what is read, or be there unseen: what controls, what formats
// (marks of direction, zero width, tags), other lines, what most fonts draw as nothing, and halves of pairs.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * A text of somebody else's for people to look at: what they would not see stands there as JSON has it.
 *
 * @param but What stays as it is, such as the ends of lines.
 */
export function visible(text: string, but = ""): string {
  return text.replace(UNSEEN, (one) => (but.includes(one) ? one : escaped(one)));
}

/** What needs two units by both. */
function escaped(one: string): string {
  return one
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
