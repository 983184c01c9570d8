import { Reader } from "./cql/reader.ts";
import { Unreadable } from "./cql/unreadable.ts";

/** A statement of a file, without the semicolon behind it. */
export interface StatementInFile {
  readonly cql: string;
  /** Where it begins in the file, in UTF-16 code units. */
  readonly at: number;
}

/**
 * The statements of a file, as the server's lexer tells where they end: a semicolon in quotes, a comment or a batch is none. Never throws: after
 * what cannot be read the next semicolon ends a statement.
 */
export function statementsIn(file: string): StatementInFile[] {
  // A comment needs an end of line.
  const reader = new Reader(`${file}\n`);
  const found: StatementInFile[] = [];
  while (advance(reader)) {
    if (reader.kind === ";") continue;
    const { at } = reader;
    const end = endOf(reader);
    found.push({ cql: file.slice(at, end), at });
  }
  return found;
}

/** To the semicolon behind the statement that begins here, or the end of the file. */
function endOf(reader: Reader): number {
  let isOpen = reader.kind === "BEGIN";
  let { end } = reader;
  while (advance(reader)) {
    if (reader.kind === "APPLY" || (reader.kind === "word" && reader.word === "commit")) isOpen = false;
    if (reader.kind === ";" && !isOpen) return end;
    end = reader.end;
  }
  return end;
}

/** Whether there is a token more; of what is none, all up to the next semicolon is taken for one. */
function advance(reader: Reader): boolean {
  try {
    reader.next();
  } catch (fault) {
    if (!(fault instanceof Unreadable)) throw fault;
    const semicolon = reader.text.indexOf(";", reader.at);
    reader.kind = "word";
    reader.end = semicolon < 0 ? reader.text.trimEnd().length : semicolon;
  }
  return reader.kind !== "end";
}
