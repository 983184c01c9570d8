import { isHelixError } from "../errors.ts";
import {
  boolean,
  callback,
  clock,
  having,
  integer,
  optional,
  readOptions,
  signal,
} from "../options/index.ts";
import { type Clock, systemClock, wait } from "../policy/clock.ts";
import { RateLimiter } from "../policy/rate-limiter.ts";
import { harmlessCallback } from "../report/harmless.ts";
import type { DeadLetter, DeadLetterFilter, DeadLetterStore } from "./dead-letters.ts";
import { needsForce } from "./redriven.ts";
import { reasonOption } from "./settlement-input.ts";

/** Failures one after the other that are taken for the store's fault and not for that of the dead letters. */
const MAX_FAILURES_IN_A_ROW = 3;

export interface BulkOptions {
  /** Which dead letters. @default all */
  readonly filter?: DeadLetterFilter | undefined;
  /** At most so many are taken up, the oldest first; what is skipped does not count. At least 1. @default all */
  readonly limit?: number | undefined;
  /** Counts what would be taken up, and changes nothing. @default false */
  readonly dryRun?: boolean | undefined;
  /** At most so many per second. At least 1. @default as fast as the store takes them */
  readonly perSecond?: number | undefined;
  /** An abort ends the run between two dead letters; the report tells how far it came. */
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

export interface DiscardOptions extends BulkOptions {
  /** The person's, for the records of the queue. */
  readonly reason?: string | undefined;
}

/** How a run over dead letters went: `matched` is the sum of what was done or left, failed, skipped and vanished. */
export interface BulkReport {
  /** Found by the filter, up to the end of the run. */
  readonly matched: number;
  /** Still in the store, each for a reason in `errors`. */
  readonly failed: number;
  /** Not tried, since its bytes are no payload and cannot be executed. */
  readonly skipped: number;
  /** Redriven or discarded by somebody else meanwhile. */
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
  /** Deleted for good; in a dry run, would be. */
  readonly discarded: number;
}

/**
 * Redrives all dead letters that a filter finds, oldest first, each exactly as
 * {@link DeadLetterStore.redrive} does. Resolves with a report, also after a failure: one that cannot be
 * redriven stays and is counted, and the run goes on. HELIX_QUEUE_FULL, HELIX_QUEUE_CLOSED and the third
 * failure in a row that says nothing of the dead letter itself end it, since the next would fail as well; running
 * it again takes up what is left.
 *
 * Rejects with a TypeError or RangeError for its options, or with what the store rejects with before the first.
 */
export async function redriveDeadLetters(
  store: DeadLetterStore,
  options?: RedriveOptions,
): Promise<RedriveReport> {
  const { onProgress, force, ...bulk } = readOptions<RedriveOptions>(
    "redriveDeadLetters",
    REDRIVE_OPTIONS,
    options,
  );
  const tell = onProgress && harmlessCallback(onProgress);
  const { done: redriven, ...report } = await run(store, bulk, {
    leaves({ content, reason }) {
      if (!content.ok) return "skipped";
      return force !== true && needsForce(reason) ? "needsForce" : undefined;
    },
    take: (id) => store.redrive(id, { force }),
    onProgress: ({ matched, done, failed }) => tell?.({ matched, redriven: done, failed }),
  });
  return { ...report, redriven };
}

/**
 * Discards all dead letters that a filter finds, oldest first, for good. Its report and its failures are those of
 * {@link redriveDeadLetters}; nothing is skipped.
 */
export async function discardDeadLetters(
  store: DeadLetterStore,
  options?: DiscardOptions,
): Promise<DiscardReport> {
  const { reason, ...bulk } = readOptions<DiscardOptions>("discardDeadLetters", DISCARD_OPTIONS, options);
  const {
    done: discarded,
    needsForce: _,
    ...report
  } = await run(store, bulk, {
    leaves: () => undefined,
    take: (id) => store.discard(id, { reason }),
    onProgress() {},
  });
  return { ...report, discarded };
}

const BULK_OPTIONS = {
  // What is in it is the store's to check.
  filter: optional(having<DeadLetterFilter>("an object", [])),
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
const DISCARD_OPTIONS = {
  ...BULK_OPTIONS,
  reason: reasonOption,
};

interface Action {
  /** As what one is counted that is not tried; undefined for one that is. */
  leaves(letter: DeadLetter): "skipped" | "needsForce" | undefined;
  take(id: string): Promise<void>;
  onProgress(report: Running): void;
}

type Running = { -readonly [K in keyof BulkReport]: BulkReport[K] } & {
  errors: Record<string, number>;
  done: number;
  needsForce: number;
};

async function run(store: DeadLetterStore, options: BulkOptions, action: Action): Promise<Running> {
  const { filter, limit = Number.POSITIVE_INFINITY, dryRun, signal, clock = systemClock } = options;
  const report: Running = {
    matched: 0,
    done: 0,
    failed: 0,
    skipped: 0,
    needsForce: 0,
    vanished: 0,
    errors: {},
    ended: "done",
  };
  // Without a burst: time that was lost is not made up for.
  const limiter = new RateLimiter(clock, options.perSecond, 0);
  const letters = store.scan(filter)[Symbol.asyncIterator]();
  let inARow = 0;
  try {
    for (;;) {
      if (signal?.aborted) return { ...report, ended: "cancelled" };
      if (report.done + report.failed >= limit) return { ...report, ended: "limit" };
      const next = await letters.next();
      if (next.done === true) return report;
      const left = action.leaves(next.value);
      const isIdle = dryRun === true || left !== undefined;
      if (!isIdle) {
        if (limiter.available === 0) await wait(clock, limiter.nextInMs, signal);
        limiter.spend();
      }
      if (signal?.aborted) return { ...report, ended: "cancelled" };
      const failure = isIdle ? undefined : await failureOf(action.take(next.value.id));
      report.matched++;
      if (left !== undefined) report[left]++;
      else if (failure === undefined) report.done++;
      else if (isHelixError(failure.error, "HELIX_DEAD_LETTER_NOT_FOUND")) report.vanished++;
      else if (isHelixError(failure.error, "HELIX_REDRIVE_NEEDS_FORCE")) report.needsForce++;
      else count(report, failure.error);
      action.onProgress(report);
      if (failure !== undefined && !isItsOwn(failure.error)) inARow++;
      else if (!isIdle) inARow = 0;
      if (failure !== undefined && (isFinal(failure.error) || inARow >= MAX_FAILURES_IN_A_ROW)) {
        return { ...report, ended: "error", ...failure, ...(await remaining(letters)) };
      }
    }
  } catch (error) {
    if (report.matched === 0) throw error;
    return { ...report, ended: "error", error };
  } finally {
    // A store that fails here has done its work all the same.
    await letters.return?.().catch(() => {});
  }
}

/** What a promise rejected with, in an object, since anything can be thrown. */
function failureOf(promise: Promise<void>): Promise<{ error: unknown } | undefined> {
  return promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
}

function count(report: Running, error: unknown): void {
  report.failed++;
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  const key = typeof code === "string" ? code : typeof name === "string" ? name : "unknown";
  report.errors[key] = (report.errors[key] ?? 0) + 1;
}

/** Says something of this dead letter, and nothing of the next. */
function isItsOwn(error: unknown): boolean {
  return (
    isHelixError(error, "HELIX_DEAD_LETTER_NOT_FOUND") ||
    isHelixError(error, "HELIX_REDRIVE_NEEDS_FORCE") ||
    isHelixError(error, "HELIX_PAYLOAD_INVALID") ||
    isHelixError(error, "HELIX_PAYLOAD_TOO_LARGE")
  );
}

/** The next would fail with it as well. */
function isFinal(error: unknown): boolean {
  return isHelixError(error, "HELIX_QUEUE_FULL") || isHelixError(error, "HELIX_QUEUE_CLOSED");
}

async function remaining(letters: AsyncIterator<DeadLetter>): Promise<{ remaining?: number }> {
  let count = 0;
  try {
    while ((await letters.next()).done !== true) count++;
  } catch {
    return {};
  }
  return { remaining: count };
}
