import {
  boolean,
  expected,
  group,
  integer,
  milliseconds,
  type Option,
  type OptionsOf,
  optional,
  readOptions,
  takes,
} from "@helix/core/internal";

/**
 * Facts about a queue. Each one that is declared switches on the cases that hold for such queues; a case never
 * finds out for itself whether it applies, so a queue that loses an ability fails.
 */
export interface QueueCapabilities {
  /**
   * After so long without an arrival nothing is under way any more: how long a case waits before it believes
   * that nothing comes. Below a third of the lease.
   *
   * Milliseconds, 1 to 2^31 − 1. @default 100
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
  /** Its sources `hasten` what was handed back with a delay. @default false */
  readonly hastens?: boolean | undefined;
  /** It knows by whose order a letter was ended: its dead letters and its trash have `orderOf`. @default false */
  readonly orders?: boolean | undefined;
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
  /** So many discarded ones are kept, and the next stays a dead letter. At least 6. @default none */
  readonly trashBound?: { readonly letters: number } | undefined;
  /** A payload whose encoding is longer is refused. At least 1_024. @default none */
  readonly payloadBound?: { readonly bytes: number } | undefined;
}

/** What a case may need: all facts but the times. */
export type Need = Exclude<keyof QueueCapabilities, "quietMs">;

const fact = (about: string) => boolean(false, { about });

/** Every fact that a queue can be declared to have. */
export const CAPABILITIES: OptionsOf<ReadCapabilities> = {
  quietMs: milliseconds({
    fallback: 100,
    about:
      "After so long without an arrival nothing is under way any more: how long a case waits before it believes that nothing comes. Below a third of the lease.",
  }),
  durable: fact("Survives its process. Needs `reopen()` and `crash()`."),
  shared: fact("Several queue objects drain the same storage. Needs `otherPod()`."),
  hastens: fact("Its sources `hasten` what was handed back with a delay."),
  orders: fact("It knows by whose order a letter was ended: its dead letters and its trash have `orderOf`."),
  connection: fact("It has a connection that can be lost. Needs `cut()` and `heal()`."),
  injects: fact("Bytes that are no payload can be put into a lane. Needs `inject(lane, bytes)`."),
  ordered: fact(
    "New messages keep the order of acceptance; what is handed back comes before them, what is redriven after them.",
  ),
  leases: figure<{ leaseMs: number }>(
    { leaseMs: integer({ min: 1, unit: "ms" }) },
    "A message is delivered again so long after its delivery or its last `extend()`.",
  ),
  deDuplicates: figure<{ windowMs: number }>(
    { windowMs: integer({ min: 1, unit: "ms" }) },
    "The same id and life within this time is stored once.",
  ),
  bounded: figure<{ messages: number }>(
    { messages: integer({ min: 4 }) },
    "One lane holds so many, in hand and delayed ones included, and refuses the next.",
  ),
  deadLetterBound: figure<{ deadLetters: number }>(
    { deadLetters: integer({ min: 6 }) },
    "So many dead letters are kept, and the next stays a message.",
  ),
  trashBound: figure<{ letters: number }>(
    { letters: integer({ min: 6 }) },
    "So many discarded ones are kept, and the next stays a dead letter.",
  ),
  payloadBound: figure<{ bytes: number }>(
    { bytes: integer({ min: 1024 }) },
    "A payload whose encoding is longer is refused.",
  ),
};

/** An object with a figure that it must have, or nothing. */
function figure<T extends object>(options: OptionsOf<T>, about: string): Option<T | undefined> {
  const shape = Object.entries<Option<unknown>>(options).map(([name, option]) => `${name}: ${takes(option)}`);
  return optional(group<T>(options, { expectation: `{ ${shape.join(", ")} }`, about }));
}

export type ReadCapabilities = QueueCapabilities & { readonly quietMs: number };

/** @throws TypeError, RangeError for a fact that does not exist or cannot be. */
export function readCapabilities(capabilities: QueueCapabilities | undefined): ReadCapabilities {
  const read = readOptions<ReadCapabilities>("capabilities", CAPABILITIES, capabilities);
  const leaseMs = read.leases?.leaseMs ?? Number.POSITIVE_INFINITY;
  if (read.quietMs * 3 >= leaseMs) {
    throw new RangeError(expected("quietMs", `below a third of \`leaseMs\`, ${leaseMs}`, read.quietMs));
  }
  return read;
}
