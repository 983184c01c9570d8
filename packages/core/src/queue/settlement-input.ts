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
import {
  DEAD_LETTER_REASONS,
  type DeadLetterCause,
  type DiscardOneOptions,
  type OrderedOptions,
} from "./dead-letters.ts";
import type { ReleaseOptions } from "./queue.ts";

const anyText = optional(text({ pattern: /^/, expectation: "a string" }));

const RELEASE_OPTIONS = {
  delayMs: integer({ min: 0, max: MAX_TIMER_MS, fallback: 0 }),
  hastenedBy: optional(text({ pattern: /^.{1,256}$/s, expectation: "a string of 1 to 256 characters" })),
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

/** Who orders something, and why. */
export const personOptions = {
  by: optional(text({ pattern: /^.{1,200}$/s, expectation: "a string of 1 to 200 characters" })),
  why: optional(text({ pattern: /^.{1,2000}$/s, expectation: "a string of 1 to 2000 characters" })),
};

const orderOption = {
  order: optional(text({ pattern: /^[\w-]{1,64}$/, expectation: "1 to 64 letters, digits, `_` and `-`" })),
};

/** @throws TypeError, RangeError for who or why that is no text, or too long. */
export function readDiscard(options: unknown, verb: "discard" | "delete" = "discard"): DiscardOneOptions {
  return readOptions<DiscardOneOptions>(verb, { ...personOptions, ...orderOption }, options);
}

/** @throws TypeError, RangeError for an `order` that is none. */
export function readRestore(options: unknown): OrderedOptions {
  return readOptions<OrderedOptions>("restore", orderOption, options);
}

/** @throws TypeError, RangeError for a `force` that is no boolean, or an `order` that is none. */
export function readRedrive(options: unknown): OrderedOptions & { readonly force: boolean } {
  return readOptions("redrive", { force: boolean(false), ...orderOption }, options);
}

/** @throws TypeError for a cause whose reason is none. */
export function checkCause(cause: DeadLetterCause): void {
  if (DEAD_LETTER_REASONS.includes(cause?.reason)) return;
  throw new TypeError(expected("reason", DEAD_LETTER_REASONS.join(", "), cause?.reason));
}

/** What is ordered of a dead letter is rejected with, for a name that there is not, whatever it is. */
export function deadLetterNotFound(id: string, where = ""): HelixError {
  return helixError("HELIX_DEAD_LETTER_NOT_FOUND", `There is no dead letter \`${String(id)}\`${where}`, {
    id,
  });
}

/** What a second settlement of a message rejects with. */
export function settledAlready(lane: Lane): HelixError {
  return helixError("HELIX_MESSAGE_SETTLED", "The message has been settled already", { lane });
}
