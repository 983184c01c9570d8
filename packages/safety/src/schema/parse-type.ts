import { parseType as takeType } from "../cql/parse-type.ts";
import { Reader } from "../cql/reader.ts";
import { Unreadable } from "../cql/unreadable.ts";
import type { CqlType } from "./cql-type.ts";

/**
 * The type that a text such as `map<text, frozen<list<int>>>` names, as CQL has it and as `system_schema` shows it. Undefined for what is
 * no type.
 */
export function parseType(text: string): CqlType | undefined {
  try {
    const reader = new Reader(text);
    reader.next();
    const type = takeType(reader);
    return reader.kind === "end" ? type : undefined;
  } catch (fault) {
    if (!(fault instanceof Unreadable)) throw fault;
    return undefined;
  }
}
