import { type HelixErrorCode, isHelixError } from "@helix/core";
import { Mismatch, show } from "./contract-violation.ts";
import { differenceOf } from "./difference.ts";

/** `what` completes "expected …". */
export function truthy(condition: unknown, what: string, got: unknown): asserts condition {
  if (!condition) throw new Mismatch(what, show(got));
}

/** Deeply and strictly; a violation tells the first place in which they differ. */
export function equal(got: unknown, expected: unknown, what: string): void {
  const difference = differenceOf(got, expected, what);
  if (difference === undefined) return;
  throw new Mismatch(`${difference.path} to be ${show(difference.expected)}`, show(difference.got));
}

export interface ErrorKind {
  readonly name: string;
  is(error: unknown): boolean;
}

export function code(name: HelixErrorCode): ErrorKind {
  return { name, is: (error) => isHelixError(error, name) };
}

/** What a wrong argument is answered with. */
export const CALLERS_MISTAKE: ErrorKind = {
  name: "a TypeError or RangeError",
  is: (error) => error instanceof TypeError || error instanceof RangeError,
};

/** For what has no code in common to all adapters. */
export const HELIX_ERROR: ErrorKind = {
  name: "a HelixError",
  is: (error) => isHelixError(error),
};

export function exactly(reason: unknown): ErrorKind {
  return { name: `the very error ${show(reason)}`, is: (error) => error === reason };
}

export async function rejects(promise: Promise<unknown>, kind: ErrorKind, what: string): Promise<void> {
  const outcome = await promise.then(
    () => ({ failed: false, error: undefined }),
    (error: unknown) => ({ failed: true, error }),
  );
  check(outcome, kind, `${what} to reject with`);
}

export function throws(act: () => unknown, kind: ErrorKind, what: string): void {
  let outcome: { failed: boolean; error: unknown } = { failed: false, error: undefined };
  try {
    act();
  } catch (error) {
    outcome = { failed: true, error };
  }
  check(outcome, kind, `${what} to throw`);
}

function check(outcome: { failed: boolean; error: unknown }, kind: ErrorKind, what: string): void {
  if (!outcome.failed) throw new Mismatch(`${what} ${kind.name}`, "no error");
  if (!kind.is(outcome.error)) throw new Mismatch(`${what} ${kind.name}`, show(outcome.error), outcome.error);
}
