import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { readSchema } from "@helix/safety";
import { readCorpus } from "./corpus-line.ts";
import { type Judgement, judgeLine } from "./judge-line.ts";

/** What the statements of a corpus are written for, unless its schema says otherwise. */
const KEYSPACE = "safety";

const USAGE = `pnpm corpus FILE --schema FILE [--keyspace NAME]
  FILE        statements with what is known of each, one JSON object a line
  --schema    CREATE statements
  --keyspace  that of the session; by default the last one that the schema USEs, or else \`${KEYSPACE}\`, or the first one`;

export interface Output {
  say(line: string): void;
  complain(line: string): void;
}

/** @returns The exit code: 0, 1 if an answer is too permissive, 2 if the arguments or files are of no use. */
export function runCorpus(args: readonly string[], { say, complain }: Output): number {
  try {
    const given = parse(args);
    if (given === undefined) {
      say(USAGE);
      return 0;
    }
    const judgements = judge(given);
    for (const judgement of judgements) {
      if (judgement.outcome !== "right") say(described(judgement));
    }
    const count = (outcome: Judgement["outcome"]) =>
      judgements.filter((one) => one.outcome === outcome).length;
    const permissive = count("too permissive");
    say(
      `${judgements.length} statements: ${count("right")} right, ${permissive} too permissive, ${count("too careful")} too careful`,
    );
    return permissive > 0 ? 1 : 0;
  } catch (error) {
    complain((error as Error).message);
    return 2;
  }
}

interface Given {
  readonly file: string;
  readonly schemaFile: string;
  readonly keyspace: string | undefined;
}

function parse(args: readonly string[]): Given | undefined {
  const { values, positionals } = parsed(args);
  if (values.help === true) return undefined;
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0)
    throw new Error(`Expected one file of statements.\n\n${USAGE}`);
  if (values.schema === undefined) throw new Error(`Expected --schema with a file.\n\n${USAGE}`);
  return { file, schemaFile: values.schema, keyspace: values.keyspace };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { schema: { type: "string" }, keyspace: { type: "string" }, help: { type: "boolean" } },
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function judge({ file, schemaFile, keyspace: named }: Given): Judgement[] {
  const schema = read(schemaFile, readSchema);
  const lines = read(file, readCorpus);
  const [first] = schema.keyspaces.keys();
  const keyspace = named ?? schema.current ?? (schema.keyspaces.has(KEYSPACE) ? KEYSPACE : first);
  if (keyspace === undefined || schema.keyspace(keyspace) === undefined) {
    throw new Error(`${schemaFile} has no keyspace${keyspace === undefined ? "" : ` ${keyspace}`}.`);
  }
  return lines.map((line) => judgeLine(line, schema, keyspace));
}

function read<T>(file: string, parse: (text: string) => T): T {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`Cannot read ${file}: ${(error as Error).message}`);
  }
}

function described({ line, outcome, expected, got }: Judgement): string {
  return `${line.id}  ${outcome}: expected ${expected}, got ${got}; ${line.construct ?? ""}\n    ${line.cql}`;
}
