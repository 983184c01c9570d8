import { boolean, expected, integer, milliseconds, type Rule, readOptions } from "@helix/core/internal";

/**
 * Facts about a queue. Each one that is declared switches on the cases that hold for such queues; a case never
 * finds out for itself whether it applies, so a queue that loses an ability fails.
 */
export interface QueueCapabilities {
  /**
   * After so long without an arrival nothing is under way any more: how long a case waits before it believes
   * that nothing comes. Below a third of the lease.
   *
   * Milliseconds, at least 1. @default 100
   */
  readonly quietMs?: number | undefined;
  /** Survives its process. Needs `reopen` and `crash`. @default false */
  readonly durable?: boolean | undefined;
  /** Several queue objects drain the same storage. Needs `otherPod`. @default false */
  readonly shared?: boolean | undefined;
  /**
   * Whether a lane keeps the order of acceptance: of what is new, of what is handed back at once (which comes
   * before what was never delivered), and of what is redriven (which comes last). @default false
   */
  readonly ordered?: boolean | undefined;
  /** `create().inject` puts bytes that are no payload into a lane. @default false */
  readonly injects?: boolean | undefined;
  /** It has a connection that can be lost. Needs `cut` and `heal`. @default false */
  readonly connection?: boolean | undefined;
  /** A message is delivered again so long after its delivery or its last `extend`. At least 1 ms. @default none */
  readonly leases?: { readonly leaseMs: number } | undefined;
  /** The same message enqueued twice within this time is stored once. At least 1 ms. @default none */
  readonly deDuplicates?: { readonly windowMs: number } | undefined;
  /** One lane holds so many messages and refuses the next. At least 4. @default none */
  readonly bounded?: { readonly messages: number } | undefined;
  /** So many dead letters are kept, and the next stays a message. At least 6. @default none */
  readonly deadLetterBound?: { readonly deadLetters: number } | undefined;
  /** A payload whose encoding is longer is refused. At least 1_024. @default none */
  readonly payloadBound?: { readonly bytes: number } | undefined;
}

/** What a case may need: all facts but the times. */
export type Need = Exclude<keyof QueueCapabilities, "quietMs">;

/** An object with one integer, which it must have; or nothing. */
function figure<K extends string>(key: K, min: number): Rule<{ readonly [P in K]: number } | undefined> {
  const integerOf = integer({ min, fallback: min });
  const required: Rule<number> = (value, name) => {
    if (value === undefined) throw new TypeError(expected(name, "an integer", value));
    return integerOf(value, name);
  };
  const rules = { [key]: required } as { readonly [P in K]: Rule<number> };
  return (value, name) =>
    value === undefined ? undefined : readOptions<{ [P in K]: number }>(name, rules as never, value);
}

const RULES = {
  quietMs: milliseconds({ fallback: 100 }),
  durable: boolean(false),
  shared: boolean(false),
  ordered: boolean(false),
  injects: boolean(false),
  connection: boolean(false),
  leases: figure("leaseMs", 1),
  deDuplicates: figure("windowMs", 1),
  bounded: figure("messages", 4),
  deadLetterBound: figure("deadLetters", 6),
  payloadBound: figure("bytes", 1024),
};

export type ReadCapabilities = QueueCapabilities & { readonly quietMs: number };

/** @throws TypeError, RangeError for a fact that does not exist or cannot be. */
export function readCapabilities(capabilities: QueueCapabilities | undefined): ReadCapabilities {
  const read = readOptions<ReadCapabilities>("capabilities", RULES, capabilities);
  const leaseMs = read.leases?.leaseMs ?? Number.POSITIVE_INFINITY;
  if (read.quietMs * 3 >= leaseMs) {
    throw new RangeError(expected("quietMs", `below a third of \`leaseMs\`, ${leaseMs}`, read.quietMs));
  }
  return read;
}
