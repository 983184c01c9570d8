import type { Facts } from "./option.ts";
import { ANY_TEXT } from "./values.ts";

/** What an option takes, for a table or a mistake. */
export function takes(facts: Facts<unknown>): string {
  const { kind, min, max, unit, values = [], expectation, secret, file } = facts;
  switch (kind) {
    case "integer":
    case "number": {
      const range = max === undefined ? `at least ${min}` : `${min} to ${max}`;
      return `${kind === "integer" ? "an integer" : "a number"}, ${range}${unit === undefined ? "" : ` ${unit}`}`;
    }
    case "boolean":
      return "true or false";
    case "choice":
      return `one of ${values.join(", ")}`;
    case "text":
      if (secret) return "a text (a secret)";
      if (file) return "the path of a file that can be read";
      return expectation === ANY_TEXT ? "a text" : plain(expectation);
    default:
      return plain(expectation);
  }
}

function plain(expectation: string): string {
  return expectation.replaceAll("`", "");
}

/** Its default, for a table. */
export function defaultOf({ required, fallback, byDefault }: Facts<unknown>): string {
  if (required) return "**required**";
  if (byDefault !== undefined) return byDefault;
  return fallback === undefined ? "" : `\`${String(fallback)}\``;
}
