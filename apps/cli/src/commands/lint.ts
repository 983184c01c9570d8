import { readFileSync } from "node:fs";
import { decide, inspect, readSchema, type Schema, statementsIn, type Verdict } from "@helix/safety";
import { EXIT, UsageError } from "../failures.ts";
import { clean } from "../output/clean.ts";
import type { Paint } from "../output/paint.ts";
import { counted } from "../output/words.ts";
import type { Answer } from "../session.ts";

export interface LintFlags {
  readonly schema?: string | undefined;
  readonly keyspace?: string | undefined;
}

/** What could not be replayed; with `depends`, what could not be with some schema, or some values. */
interface LintFinding {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly verdict: "refuse" | "depends";
  readonly construct: string;
  readonly why: string;
  readonly cure?: string | undefined;
}

interface LintReport {
  readonly statements: number;
  readonly verdicts: Readonly<Partial<Record<Verdict, number>>>;
  readonly findings: readonly LintFinding[];
  /** Statements of which nothing can be said without the schema. */
  readonly withoutSchema: number;
}

/** Reads files, and connects to nobody. */
export function lint(files: readonly string[], { schema: path, keyspace }: LintFlags): Answer {
  const schema = path === undefined ? undefined : schemaIn(path);
  const report = reportOf(
    files.map((file) => ({ file, text: textIn(file) })),
    { schema, keyspace: keyspace ?? schema?.current },
  );
  return {
    data: report,
    text: (paint) => reportText(report, paint),
    exit: report.findings.some(({ verdict }) => verdict === "refuse") ? EXIT.failed : EXIT.ok,
  };
}

function reportOf(
  files: readonly { readonly file: string; readonly text: string }[],
  known: { readonly schema: Schema | undefined; readonly keyspace: string | undefined },
): LintReport {
  const verdicts: Partial<Record<Verdict, number>> = {};
  const findings: LintFinding[] = [];
  let withoutSchema = 0;
  for (const { file, text } of files) {
    const places = new Places(text);
    let { keyspace } = known;
    for (const { cql, at } of statementsIn(text)) {
      const inspection = inspect(cql);
      if (inspection.verb === "use") {
        // In a file it names the keyspace of what follows, and is no statement of the application.
        keyspace = keyspaceOf(cql);
        continue;
      }
      const { verdict, reason, on } = decide(inspection, { schema: known.schema, keyspace });
      verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
      if (verdict === "depends" && known.schema === undefined && on.includes("schema")) {
        withoutSchema++;
        continue;
      }
      if (verdict !== "refuse" && verdict !== "depends") continue;
      const { construct, why, cure, at: reasonAt } = reason ?? BY_VALUES;
      findings.push({
        file,
        ...places.of(at + reasonAt),
        verdict,
        construct,
        why,
        ...(cure !== undefined && { cure }),
      });
    }
  }
  const statements = Object.values(verdicts).reduce((sum, count) => sum + count, 0);
  return { statements, verdicts, findings, withoutSchema };
}

const BY_VALUES = {
  construct: "a value that decides",
  at: 0,
  why: "With some of the values that may be bound it can be replayed, with others it cannot.",
  cure: undefined,
} as const;

/** Lines and columns of places that are asked for in their order. */
class Places {
  readonly #text: string;
  #line = 1;
  #lineAt = 0;

  constructor(text: string) {
    this.#text = text;
  }

  of(at: number): { readonly line: number; readonly column: number } {
    for (;;) {
      const end = this.#text.indexOf("\n", this.#lineAt);
      if (end < 0 || end >= at) return { line: this.#line, column: at - this.#lineAt + 1 };
      this.#line++;
      this.#lineAt = end + 1;
    }
  }
}

function keyspaceOf(use: string): string | undefined {
  try {
    return readSchema(use).current;
  } catch {
    return undefined;
  }
}

function schemaIn(path: string) {
  const text = textIn(path);
  try {
    return readSchema(text);
  } catch (error) {
    throw new UsageError(`Expected --schema to be a file of CREATE statements: ${(error as Error).message}`);
  }
}

function textIn(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code = "" } = error as { code?: string };
    throw new UsageError(
      `Expected the path of a file that can be read, got ${JSON.stringify(path)} (${code})`,
      "helix lint statements.cql --schema schema.cql",
    );
  }
}

function reportText({ statements, verdicts, findings, withoutSchema }: LintReport, paint: Paint): string {
  const lines = findings.map(({ file, line, column, verdict, construct, why, cure }) => {
    const word = verdict === "refuse" ? paint.bad("not replayed") : paint.warning("perhaps not");
    const way = cure === undefined ? "" : `\n  ${paint.dim("cure:")} ${clean(cure)}`;
    return `${paint.bold(`${clean(file)}:${line}:${column}`)}  ${word}  ${clean(construct)}\n  ${clean(why)}${way}\n`;
  });
  const kinds = Object.entries(verdicts).map(([verdict, count]) => `${count} ${verdict}`);
  const hint =
    withoutSchema === 0
      ? ""
      : `${counted(withoutSchema, "statement")} cannot be judged without the schema: --schema FILE\n`;
  const sum = `${counted(statements, "statement")}${kinds.length === 0 ? "" : `: ${kinds.join(", ")}`}`;
  return `${lines.join("")}${hint}${paint.dim(sum)}\n`;
}
