import { isHelixError } from "./errors.ts";
import type { UnsafeReason } from "./queue/dead-letters.ts";
import { errorText } from "./report/error-text.ts";

/**
 * What an execution came to.
 *
 * - `applied`: the cluster has it.
 * - `unavailable`: surely not applied, and surely no fault of the message. Costs it nothing.
 * - `uncertain`: perhaps applied, or refused for a reason that may pass (schema, rights, guardrails).
 * - `rejected`: can never work, whatever the cluster's state.
 */
export type Outcome = "applied" | "unavailable" | "uncertain" | "rejected";

/** What a failed execution means: read once, where it happened. */
export interface ErrorReading {
  /** `no` is proof for the tries that the error speaks of; `maybe` whenever an answer may have been lost. */
  readonly applied: "no" | "maybe";
  /** Whether to try again. `elsewhere`: another host or session would do, at once. */
  readonly retry: "never" | "later" | "elsewhere";
  /**
   * What it is about. Only `cluster` says that the cluster is away, and so opens a breaker by itself.
   *
   * - `session`: this connection or session; others may work.
   * - `replicas`: those of this data; other data may be served.
   * - `statement`: its text, or what of the schema and the rights it needs.
   * - `value`: what is bound to it.
   * - `caller`: its options, or that it asks for too much at once.
   */
  readonly scope: "cluster" | "session" | "replicas" | "statement" | "value" | "caller";
  /** Whether a server has answered at all, be it with a refusal. */
  readonly answered: boolean;
  /**
   * - `overload`: there is too much to do, and that is said.
   * - `timeout`: no answer in time.
   * - `connection-lost`: the connection went before there was an answer. Surely no fault of the message, whatever
   *   is applied on the next connection.
   */
  readonly load?: "overload" | "timeout" | "connection-lost" | undefined;
  /** With `never`: what its dead letter is kept for. @default "rejected" */
  readonly reason?: UnsafeReason | undefined;
  /** For log lines: quotes nothing that was bound. */
  readonly text: string;
}

/** What a reading comes to for the message that was executed. Pure. */
export function outcomeOf({
  applied,
  retry,
  scope,
}: Pick<ErrorReading, "applied" | "retry" | "scope">): Exclude<Outcome, "applied"> {
  if (retry === "never") return "rejected";
  // A schema or a right may cure a refusal of the statement, or nothing ever will: the message has to answer for that.
  return applied === "no" && scope !== "statement" && scope !== "value" ? "unavailable" : "uncertain";
}

/**
 * What an error means that nobody else can read: as its `outcome` says where it is one, else `uncertain`. An
 * executor without `read` is taken to say so. Never throws.
 */
export function readingOf(error: unknown): ErrorReading {
  const text = errorText(error);
  try {
    return { ...meaningOf(error), text };
  } catch {
    // A getter or a proxy that throws.
    return { ...UNCERTAIN, text };
  }
}

/** Nothing was sent. */
const UNSAFE = { applied: "no", retry: "never", scope: "statement", answered: false } as const;
const UNCERTAIN = { applied: "maybe", retry: "later", scope: "statement", answered: false } as const;

function meaningOf(error: unknown): Omit<ErrorReading, "text"> {
  if (isHelixError(error, "HELIX_EXECUTE_TIMEOUT"))
    return { ...UNCERTAIN, scope: "replicas", load: "timeout" };
  if (isHelixError(error, "HELIX_REPLAY_TOO_OLD")) return { ...UNSAFE, reason: "too-old" };
  if (isHelixError(error, "HELIX_TABLE_GONE")) return { ...UNSAFE, reason: "table-gone" };
  const { outcome } = Object(error) as { outcome?: unknown };
  if (outcome === "unavailable") return { applied: "no", retry: "later", scope: "cluster", answered: false };
  if (outcome === "rejected") return { applied: "no", retry: "never", scope: "statement", answered: true };
  return UNCERTAIN;
}
