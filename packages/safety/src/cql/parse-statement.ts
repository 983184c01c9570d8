import { parseUsing, parseWrite } from "./parse-write.ts";
import type { Reader } from "./reader.ts";
import type { Batch, WriteStatement } from "./syntax.ts";
import { Unreadable } from "./unreadable.ts";

const TRANSACTION = "It reads before it writes: in another state, or executed twice, it has another outcome.";

/** Takes a write or a batch, and the semicolons at its end; nothing else may follow. */
export function parseStatement(reader: Reader): WriteStatement | Batch {
  const statement = reader.kind === "BEGIN" ? batch(reader) : parseWrite(reader);
  while (reader.take(";"));
  if (reader.kind !== "end") reader.fail("the end");
  return statement;
}

/** Seen from BEGIN. */
export function beginsTransaction(reader: Reader): boolean {
  reader.next();
  return reader.kind === "word" && reader.word === "transaction";
}

function batch(reader: Reader): Batch {
  const { at } = reader;
  if (reader.sees(beginsTransaction)) throw new Unreadable(at, TRANSACTION, "a transaction");
  reader.next();
  const batchType = typeOf(reader);
  reader.expect("BATCH");
  const using = parseUsing(reader, true);
  const members: WriteStatement[] = [];
  while (reader.kind !== "APPLY") {
    members.push(parseWrite(reader));
    reader.take(";");
  }
  reader.next();
  reader.expect("BATCH");
  return { verb: "batch", batchType, using, members, at, end: reader.lastEnd };
}

function typeOf(reader: Reader): Batch["batchType"] {
  if (reader.take("UNLOGGED")) return "unlogged";
  if (reader.take("COUNTER")) return "counter";
  if (reader.kind === "BATCH") return "logged";
  return reader.fail("`BATCH`");
}
