import {
  boolean,
  callback,
  clock,
  having,
  integer,
  optional,
  readOptions,
  signal,
  text,
} from "../options/index.ts";
import type { Clock } from "../policy/clock.ts";
import { harmlessCallback } from "../report/harmless.ts";
import { BulkRun, leftUnread } from "./bulk-run.ts";
import type { DeadLetterFilter } from "./dead-letter-filter.ts";
import {
  type BulkStore,
  type DeadLetter,
  type DeadLetterReader,
  type DiscardOneOptions,
  scannedLetters,
} from "./dead-letters.ts";
import { needsForce } from "./redriven.ts";
import { personOptions } from "./settlement-input.ts";

export interface BulkOptions {
  /** Which dead letters. @default all */
  readonly filter?: DeadLetterFilter | undefined;
  /**
   * What the store's `cutOff` gave: no further than that. @default what there is when the run begins, and none that dies later
   */
  readonly until?: string | undefined;
  /** At most so many are taken up, the oldest first; what is skipped does not count. At least 1. @default all */
  readonly limit?: number | undefined;
  /** Counts what would be taken up, and changes nothing. @default false */
  readonly dryRun?: boolean | undefined;
  /** At most so many per second. At least 1. @default as fast as the store takes them */
  readonly perSecond?: number | undefined;
  /** After an abort none is taken up; what is under way ends first, and the report tells how far it came. */
  readonly signal?: AbortSignal | undefined;
  /** For `perSecond`. @default the machine's */
  readonly clock?: Clock | undefined;
}

export interface RedriveOptions extends BulkOptions {
  /** All that the filter finds are applied whatever speaks against it, as by {@link RedriveOneOptions}. @default false */
  readonly force?: boolean | undefined;
  /** Called after each. What it throws is ignored, and it is not waited for. */
  readonly onProgress?: ((progress: RedriveProgress) => unknown) | undefined;
}

export interface RedriveProgress {
  /** Found so far. */
  readonly matched: number;
  readonly redriven: number;
  readonly failed: number;
}

export interface DiscardOptions extends BulkOptions, Omit<DiscardOneOptions, "order"> {}

/** How a run over dead letters went: `matched` is the sum of what was done or left, failed, skipped and vanished. */
export interface BulkReport {
  /** Found by the filter, up to the end of the run. */
  readonly matched: number;
  /** Still in the store, each for a reason in `errors`: what this process cannot open among them. */
  readonly failed: number;
  /** Not tried, since its bytes are no payload and cannot be executed. */
  readonly skipped: number;
  /** Somebody else has ended them meanwhile. */
  readonly vanished: number;
  /** How often each error came, by its code, or by its name if it has none. */
  readonly errors: Readonly<Record<string, number>>;
  /** Why the run is over: all were taken up, the limit was reached, the signal was aborted, or `error`. */
  readonly ended: "done" | "limit" | "cancelled" | "error";
  /** What ended the run. */
  readonly error?: unknown;
  /** After an `error`, how many more the filter finds; absent if they could not be counted. */
  readonly remaining?: number | undefined;
}

export interface RedriveReport extends BulkReport {
  /** Put back into their lanes; in a dry run, would be. */
  readonly redriven: number;
  /** Not tried without `force`: to apply them may bring back what was deleted since. */
  readonly needsForce: number;
}

export interface DiscardReport extends BulkReport {
  /** Moved into the trash; in a dry run, would be. */
  readonly discarded: number;
}

/**
 * Redrives all dead letters that a filter finds, oldest first, each exactly as {@link DeadLetterStore.redrive} does; up to 64
 * at once, of 8 MiB together, so that their order in the lane is about that of their deaths. Resolves with a report, also
 * after a failure: one that cannot be redriven stays and is counted, and the run goes on. HELIX_QUEUE_FULL, HELIX_QUEUE_CLOSED
 * and the third failure in a row that says nothing of the dead letter itself end it, since the next would fail as well: what is
 * under way then ends, and is counted. Running it again takes up what is left.
 *
 * Rejects with a TypeError or RangeError for its options, or with what the store rejects with before the first.
 */
export async function redriveDeadLetters(store: BulkStore, options?: RedriveOptions): Promise<RedriveReport> {
  const { onProgress, force, ...bulk } = readOptions<RedriveOptions>(
    "redriveDeadLetters",
    REDRIVE_OPTIONS,
    options,
  );
  const scanned = scannedLetters(store);
  const tell = onProgress && harmlessCallback(onProgress);
  const { done: redriven, ...report } = await new BulkRun(store, bulk, {
    leaves(letter) {
      const isUnforced = force !== true && needsForce(letter.reason);
      return leftUnread(letter) ?? (isUnforced ? "needsForce" : undefined);
    },
    take: (letter) => scanned.redrive(letter, { force }),
    onProgress: ({ matched, done, failed }) => tell?.({ matched, redriven: done, failed }),
  }).report();
  return { ...report, redriven };
}

/**
 * Discards all dead letters that a filter finds, oldest first, into the trash. Its report and its failures are those of
 * {@link redriveDeadLetters}, and HELIX_TRASH_FULL ends it; nothing is skipped.
 */
export async function discardDeadLetters(store: BulkStore, options?: DiscardOptions): Promise<DiscardReport> {
  const { by, why, ...bulk } = readOptions<DiscardOptions>("discardDeadLetters", DISCARD_OPTIONS, options);
  const scanned = scannedLetters(store);
  const { done: discarded, ...report } = await takeAll(store, bulk, (letter) =>
    scanned.discard(letter, { by, why }),
  );
  return { ...report, discarded };
}

/** One run in which everything that is found is tried. */
export async function takeAll<L extends DeadLetter>(
  store: Pick<DeadLetterReader<L>, "scan">,
  options: BulkOptions,
  take: (letter: L) => Promise<void>,
): Promise<BulkReport & { readonly done: number }> {
  const { needsForce: _, ...report } = await new BulkRun(store, options, { take }).report();
  return report;
}

export const BULK_OPTIONS = {
  // What is in it is the store's to check.
  filter: optional(having<DeadLetterFilter>("an object", [])),
  until: optional(text({ expectation: "what `cutOff` gave" })),
  limit: optional(integer({ min: 1 })),
  dryRun: boolean(false),
  perSecond: optional(integer({ min: 1 })),
  signal: optional(signal),
  clock,
};
const REDRIVE_OPTIONS = {
  ...BULK_OPTIONS,
  force: boolean(false),
  onProgress: callback<(progress: RedriveProgress) => unknown>(),
};
/** Of a run that takes away, by whom and why. */
export const DISCARD_OPTIONS = { ...BULK_OPTIONS, ...personOptions };
