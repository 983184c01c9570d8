import { inspect } from "node:util";

/** A queue does not do what the contract says. Its text names the case, what it promises and what came instead. */
export class ContractViolation extends Error {
  /** The case. */
  readonly title: string;
  readonly expected: string;
  readonly got: string;

  constructor(
    title: string,
    { expected, got, cause }: { readonly expected: string; readonly got: string; readonly cause?: unknown },
  ) {
    super(`${title}: expected ${expected}, got ${got}`, { cause });
    this.name = "ContractViolation";
    this.title = title;
    this.expected = expected;
    this.got = got;
  }
}

/** What an assertion throws: a violation that does not know its case yet. */
export class Mismatch extends Error {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string, cause?: unknown) {
    super(`expected ${expected}, got ${got}`, { cause });
    this.expected = expected;
    this.got = got;
  }
}

const MAX_LENGTH = 500;

/** Anything, in one line. */
export function show(value: unknown): string {
  if (value instanceof Error) return `${(value as { code?: string }).code ?? value.name}: ${value.message}`;
  const text = inspect(value, { depth: 6, compact: true, breakLength: Number.POSITIVE_INFINITY });
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
