import { parseTerm } from "./parse-term.ts";
import { comparison, contains, inValues } from "./parse-where.ts";
import type { Reader } from "./reader.ts";
import type { Span } from "./syntax.ts";

/** Takes `IF NOT EXISTS`, if IF stands there. */
export function parseIfNotExists(reader: Reader): Span | undefined {
  const { at } = reader;
  if (!reader.take("IF")) return undefined;
  reader.expect("NOT");
  reader.expect("EXISTS");
  return reader.since(at);
}

/** Takes `IF EXISTS` or `IF column = value AND …`, if IF stands there. */
export function parseIf(reader: Reader): Span | undefined {
  const { at } = reader;
  if (!reader.take("IF")) return undefined;
  if (!(reader.kind === "EXISTS" && reader.sees(endsHere) && reader.take("EXISTS"))) {
    do condition(reader);
    while (reader.take("AND"));
  }
  return reader.since(at);
}

/** Seen from EXISTS, which may be the name of a column as well. */
function endsHere(reader: Reader): boolean {
  reader.next();
  return !["=", "<", "<=", ">", ">=", "!=", "IN", "CONTAINS", "[", "."].includes(reader.kind);
}

function condition(reader: Reader): void {
  reader.takeColumn();
  const isPart = reader.kind === "[" || reader.kind === ".";
  if (reader.take("[")) {
    parseTerm(reader);
    reader.expect("]");
  } else if (reader.take(".")) {
    reader.takeName("a field");
  }
  if (reader.take("IN")) {
    inValues(reader);
    return;
  }
  if (isPart || contains(reader) === undefined) comparison(reader);
  parseTerm(reader);
}
