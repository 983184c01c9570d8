import type { Lane } from "../cluster.ts";
import { type HelixError, helixError } from "../errors.ts";
import {
  boolean,
  expected,
  integer,
  MAX_TIMER_MS,
  object,
  optional,
  readOptions,
  text,
} from "../options/index.ts";
import { DEAD_LETTER_REASONS, type DeadLetterCause } from "./dead-letters.ts";
import type { ReleaseOptions } from "./queue.ts";

const anyText = optional(text({ pattern: /^/, expectation: "a string" }));

const RELEASE_OPTIONS = {
  delayMs: integer({ min: 0, max: MAX_TIMER_MS, fallback: 0 }),
  attempts: optional(integer({ min: 0, max: 2 ** 32 - 1 })),
  error: optional(object({ expectation: "anything" }, (value) => value)),
  errorText: anyText,
};

/** @throws TypeError, RangeError naming what was expected of `release`. */
export function readRelease(
  options: ReleaseOptions | undefined,
): ReleaseOptions & { readonly delayMs: number } {
  return readOptions("release", RELEASE_OPTIONS, options);
}

/** A person's reason, for the records of the queue. */
export const reasonOption = anyText;

/** @throws TypeError for a reason that is no text. */
export function readDiscard(options: unknown): { readonly reason?: string | undefined } {
  return readOptions<{ reason: string | undefined }>("discard", { reason: reasonOption }, options);
}

/** @throws TypeError for a `force` that is no boolean. */
export function readRedrive(options: unknown): { readonly force: boolean } {
  return readOptions<{ force: boolean }>("redrive", { force: boolean(false) }, options);
}

/** @throws TypeError for a cause whose reason is none. */
export function checkCause(cause: DeadLetterCause): void {
  if (DEAD_LETTER_REASONS.includes(cause?.reason)) return;
  throw new TypeError(expected("reason", DEAD_LETTER_REASONS.join(", "), cause?.reason));
}

/** What `redrive` and `discard` reject with for a name that there is not, whatever it is. */
export function deadLetterNotFound(id: string): HelixError {
  return helixError("HELIX_DEAD_LETTER_NOT_FOUND", `There is no dead letter \`${String(id)}\``, { id });
}

/** What a second settlement of a message rejects with. */
export function settledAlready(lane: Lane): HelixError {
  return helixError("HELIX_MESSAGE_SETTLED", "The message has been settled already", { lane });
}
