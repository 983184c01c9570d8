import type { EvaluatedFunction, Verdict } from "@helix/safety";

/** A statement, and what is known of it: one line of a corpus. */
export interface CorpusLine {
  readonly id: string;
  readonly cql: string;
  /** As they are written in JSON; undefined: nothing is bound. */
  readonly params?: readonly unknown[] | Readonly<Record<string, unknown>> | null | undefined;
  readonly table?: string | undefined;
  readonly verdict: Exclude<Verdict, "depends">;
  /** With `evaluate`: the verdict of what is left. */
  readonly then?: Verdict | undefined;
  /** Verdicts that do no harm either, since the server refuses the statement. */
  readonly or?: readonly Verdict[] | undefined;
  readonly construct?: string | undefined;
  readonly why?: string | undefined;
  readonly ttl?: number | "several" | undefined;
  /** Microseconds. */
  readonly timestamp?: string | number | undefined;
  readonly functions?: readonly EvaluatedFunction[] | undefined;
  /** What a server says: `accepted`, or `rejected: …`. */
  readonly server?: string | undefined;
}

const VERDICTS: readonly unknown[] = ["gc", "replay", "ttl", "evaluate", "refuse", "read"];

/** @throws Error that names the line which is not of this form. */
export function readCorpus(text: string): readonly CorpusLine[] {
  const lines = text
    .split("\n")
    .flatMap((line, index) => (line.trim() === "" ? [] : [readLine(line, index + 1)]));
  if (lines.length === 0) throw new Error("There is no statement in it.");
  return lines;
}

function readLine(text: string, number: number): CorpusLine {
  const fail = (problem: string): never => {
    throw new Error(`Line ${number}: ${problem}`);
  };
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return fail("it is no JSON.");
  }
  if (typeof line !== "object" || line === null || Array.isArray(line)) return fail("it is no object.");
  const { id, cql, params, verdict, then, or, ttl, timestamp, functions } = line as Record<string, unknown>;
  if (typeof id !== "string") fail("`id` should be a string.");
  if (typeof cql !== "string") fail("`cql` should be a string.");
  if (!VERDICTS.includes(verdict)) fail(`\`verdict\` should be one of ${VERDICTS.join(", ")}.`);
  if (then !== undefined && !VERDICTS.includes(then)) fail("`then` should be a verdict.");
  if (!isListOf(or, VERDICTS)) fail("`or` should be a list of verdicts.");
  if (params !== undefined && typeof params !== "object") fail("`params` should be a list or an object.");
  if (ttl !== undefined && typeof ttl !== "number" && ttl !== "several")
    fail("`ttl` should be a number of seconds.");
  if (timestamp !== undefined && typeof timestamp !== "string" && typeof timestamp !== "number") {
    fail("`timestamp` should be a number of microseconds.");
  }
  if (functions !== undefined && !Array.isArray(functions)) fail("`functions` should be a list.");
  return line as CorpusLine;
}

function isListOf(list: unknown, allowed: readonly unknown[]): boolean {
  return list === undefined || (Array.isArray(list) && list.every((item) => allowed.includes(item)));
}
