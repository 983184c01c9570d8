import { isLetter } from "./cql/characters.ts";
import { nativeCall } from "./cql/functions.ts";
import { beginsTransaction, parseStatement } from "./cql/parse-statement.ts";
import { Reader, type TokenKind } from "./cql/reader.ts";
import type { Call } from "./cql/syntax.ts";
import { Unreadable } from "./cql/unreadable.ts";
import { inspectOther } from "./inspect-other.ts";
import type { EvaluatedCall, Inspection } from "./inspection.ts";
import { refusal } from "./refusal.ts";
import { TextCache } from "./text-cache.ts";

const cache = new TextCache(inspectText);

const NOTHING: Inspection["on"] = [];
const SCHEMA: Inspection["on"] = ["schema"];
const SCHEMA_AND_VALUES: Inspection["on"] = ["schema", "values"];

/**
 * What a text says by itself. It never throws: what is not understood is refused. The answer is kept, for a thousand texts or a million
 * characters, and shared: the same text gives the same object.
 */
export function inspect(cql: string): Inspection {
  return cache.get(cql);
}

function inspectText(cql: string): Inspection {
  const reader = new Reader(cql);
  let verb = "";
  try {
    reader.next();
    verb = verbOf(reader);
    return isWrite(reader.kind) ? inspectWrite(reader, verb) : inspectOther(reader, verb);
  } catch (fault) {
    if (!(fault instanceof Unreadable)) throw fault;
    return notUnderstood(reader, verb, fault);
  }
}

function isWrite(kind: TokenKind): boolean {
  return kind === "INSERT" || kind === "UPDATE" || kind === "DELETE" || kind === "BEGIN";
}

/** The first word; `batch` where it is BEGIN, unless of a transaction. */
function verbOf(reader: Reader): string {
  if (reader.kind === "INSERT") return "insert";
  if (reader.kind === "UPDATE") return "update";
  if (reader.kind === "DELETE") return "delete";
  if (reader.kind === "BEGIN") return reader.sees(beginsTransaction) ? "begin" : "batch";
  return isLetter(reader.text.charCodeAt(reader.at)) ? reader.word : "";
}

function inspectWrite(reader: Reader, verb: string): Inspection {
  const statement = parseStatement(reader);
  const members = statement.verb === "batch" ? statement.members : [statement];
  const reason = refusal(statement, members, reader.calls);
  const [verdict, on] =
    reason !== undefined
      ? (["refuse", NOTHING] as const)
      : members.length === 0
        ? (["gc", NOTHING] as const)
        : (["depends", reader.markers.length === 0 ? SCHEMA : SCHEMA_AND_VALUES] as const);
  return {
    cql: reader.text,
    verb,
    verdict,
    on,
    reason,
    tables: reader.tables,
    markers: reader.markers,
    calls: reader.calls.length === 0 ? NO_CALLS : evaluated(reader.calls),
    statement,
  };
}

const NO_CALLS: readonly EvaluatedCall[] = [];

function evaluated(calls: readonly Call[]): EvaluatedCall[] {
  const found: EvaluatedCall[] = [];
  for (const call of calls) {
    const native = nativeCall(call);
    if (native !== undefined && native !== "pure") found.push({ function: native, call });
  }
  return found.sort((a, b) => a.call.at - b.call.at);
}

function notUnderstood(reader: Reader, verb: string, { at, construct, why }: Unreadable): Inspection {
  return {
    cql: reader.text,
    verb,
    verdict: "refuse",
    on: NOTHING,
    reason: { construct, at, why, cure: undefined },
    tables: reader.tables,
    markers: reader.markers,
    calls: NO_CALLS,
    statement: undefined,
  };
}
