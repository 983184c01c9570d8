import { isHelixError } from "../errors.ts";
import { type Clock, systemClock, wait } from "../policy/clock.ts";
import { RateLimiter } from "../policy/rate-limiter.ts";
import type { BulkOptions, BulkReport } from "./bulk-dead-letters.ts";
import type { DeadLetter, DeadLetterReader } from "./dead-letters.ts";

/** Failures one after the other that are taken for the store's fault and not for that of the dead letters. */
const MAX_FAILURES_IN_A_ROW = 3;
/** What is under way at once; one dead letter of any size is always allowed. */
const MOST_AT_ONCE = 64;
const MOST_BYTES_AT_ONCE = 8 * 1024 * 1024;

/** The next would fail with it as well. */
const FINAL: ReadonlySet<string> = new Set([
  "HELIX_QUEUE_FULL",
  "HELIX_QUEUE_CLOSED",
  "HELIX_TRASH_FULL",
  "HELIX_DEAD_LETTERS_FULL",
]);

/** Why one is not tried: its bytes are no payload; or it has failed with this code before. */
export type Left = "skipped" | { readonly failed: string };

/**
 * Whether a redrive leaves a letter, by what it is to this process. What cannot be read here (it is sealed with a key that is missing) may be a payload
 * to another one.
 */
export function leftUnread({ content }: Pick<DeadLetter, "content">): Left | undefined {
  if (content.ok) return undefined;
  const { code } = content.error;
  return code === "HELIX_PAYLOAD_INVALID" ? "skipped" : { failed: code };
}

export interface BulkAction<L extends DeadLetter> {
  /** As what one is counted that is not tried; undefined for one that is. @default each is tried */
  leaves?(letter: L): Left | "needsForce" | undefined;
  take(letter: L): Promise<void>;
  onProgress?(report: RunningReport): void;
  /** Whether what is left is counted after a failure. @default true */
  readonly countsRemaining?: boolean;
}

export type RunningReport = { -readonly [K in keyof BulkReport]: BulkReport[K] } & {
  errors: Record<string, number>;
  done: number;
  needsForce: number;
};

/**
 * One run over the dead letters of a store, several of them at once.
 *
 * It begins with one, and has one more under way with each that has ended well, up to a bound; after a failure that is not the dead
 * letter's own it begins anew. So a store that refuses is not asked sixty-four times. Each is counted when it has ended, in the
 * order in which they end: three failures in a row are told from three among many that are done. Whatever ends the run,
 * it is over when nothing is under way.
 */
export class BulkRun<L extends DeadLetter> {
  readonly #options: BulkOptions;
  readonly #action: BulkAction<L>;
  readonly #letters: AsyncIterator<L>;
  readonly #clock: Clock;
  readonly #limiter: RateLimiter;
  readonly #report: RunningReport = {
    matched: 0,
    done: 0,
    failed: 0,
    skipped: 0,
    needsForce: 0,
    vanished: 0,
    errors: {},
    ended: "done",
  };
  #underWay = 0;
  #bytesUnderWay = 0;
  #mostAtOnce = 1;
  #inARow = 0;
  /** What ends the run, in an object, since anything can be thrown. */
  #failure: { readonly error: unknown } | undefined;
  /** Read and not taken up, when something else had failed meanwhile. */
  #leftOver = 0;
  #onEnd: () => void = () => {};

  constructor(store: Pick<DeadLetterReader<L>, "scan">, options: BulkOptions, action: BulkAction<L>) {
    this.#options = options;
    this.#action = action;
    this.#clock = options.clock ?? systemClock;
    // Without a burst: time that was lost is not made up for.
    this.#limiter = new RateLimiter(this.#clock, options.perSecond, 0);
    this.#letters = store.scan(options.filter, { until: options.until })[Symbol.asyncIterator]();
  }

  /** Rejects with what the store rejects with before the first. */
  async report(): Promise<RunningReport> {
    const report = this.#report;
    try {
      report.ended = await this.#takeUp();
      await this.#until(() => this.#underWay === 0);
      if (this.#failure === undefined || report.ended === "cancelled") return report;
      const { countsRemaining = true } = this.#action;
      return {
        ...report,
        ended: "error",
        ...this.#failure,
        ...(countsRemaining && (await this.#remaining())),
      };
    } catch (error) {
      await this.#until(() => this.#underWay === 0);
      if (report.matched === 0) throw error;
      return { ...report, ended: "error", error };
    } finally {
      // A store that fails here has done its work all the same.
      await this.#letters.return?.().catch(() => {});
    }
  }

  /** Resolves with why no more are taken up; some may still be under way. */
  async #takeUp(): Promise<BulkReport["ended"]> {
    const { limit = Number.POSITIVE_INFINITY, dryRun, signal } = this.#options;
    const report = this.#report;
    for (;;) {
      await this.#until(
        () => this.#underWay < Math.min(this.#mostAtOnce, limit - report.done - report.failed),
      );
      if (this.#failure !== undefined) return "error";
      if (signal?.aborted) return "cancelled";
      if (report.done + report.failed >= limit) return "limit";
      const next = await this.#letters.next();
      if (next.done === true) return "done";
      const left = this.#action.leaves?.(next.value);
      const isIdle = dryRun === true || left !== undefined;
      if (!isIdle) await this.#turn(next.value);
      if (signal?.aborted) return "cancelled";
      if (isIdle) {
        if (typeof left === "object") this.#note(left.failed);
        this.#count(typeof left === "object" ? "failed" : (left ?? "done"));
      } else if (this.#failure === undefined) {
        void this.#take(next.value);
      } else {
        this.#leftOver++;
        return "error";
      }
    }
  }

  /** Resolves when it may begin, by the rate and by the bytes that are under way. */
  async #turn(letter: L): Promise<void> {
    if (this.#limiter.available === 0) {
      await wait(this.#clock, this.#limiter.nextInMs, this.#options.signal);
    }
    this.#limiter.spend();
    await this.#until(() => this.#bytesUnderWay + letter.raw.length <= MOST_BYTES_AT_ONCE);
  }

  async #take(letter: L): Promise<void> {
    this.#underWay++;
    this.#bytesUnderWay += letter.raw.length;
    try {
      await this.#action.take(letter);
      this.#served();
      this.#count("done");
    } catch (error) {
      this.#failed(error);
    }
    this.#underWay--;
    this.#bytesUnderWay -= letter.raw.length;
    this.#onEnd();
  }

  /** The store has done what it was asked for, or said why this one cannot be. */
  #served(): void {
    this.#inARow = 0;
    this.#mostAtOnce = Math.min(MOST_AT_ONCE, this.#mostAtOnce + 1);
  }

  #failed(error: unknown): void {
    if (isItsOwn(error)) {
      this.#served();
    } else {
      this.#inARow++;
      this.#mostAtOnce = 1;
      if (isFinal(error) || this.#inARow >= MAX_FAILURES_IN_A_ROW) this.#failure ??= { error };
    }
    const is = resultOf(error);
    if (is === "failed") {
      const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
      this.#note(typeof code === "string" ? code : typeof name === "string" ? name : "unknown");
    }
    this.#count(is);
  }

  #note(code: string): void {
    this.#report.errors[code] = (this.#report.errors[code] ?? 0) + 1;
  }

  #count(as: "done" | "failed" | "skipped" | "needsForce" | "vanished"): void {
    this.#report.matched++;
    this.#report[as]++;
    this.#action.onProgress?.(this.#report);
  }

  /** Resolves when the condition holds, or nothing is under way by which it could become so. */
  async #until(condition: () => boolean): Promise<void> {
    while (this.#underWay > 0 && !condition()) {
      await new Promise<void>((resolve) => {
        this.#onEnd = resolve;
      });
    }
  }

  async #remaining(): Promise<{ remaining?: number }> {
    let remaining = this.#leftOver;
    try {
      while ((await this.#letters.next()).done !== true) remaining++;
    } catch {
      return {};
    }
    return { remaining };
  }
}

/** As what one is counted that the store did not do. */
function resultOf(error: unknown): "failed" | "needsForce" | "vanished" {
  if (isHelixError(error, "HELIX_DEAD_LETTER_NOT_FOUND")) return "vanished";
  return isHelixError(error, "HELIX_REDRIVE_NEEDS_FORCE") ? "needsForce" : "failed";
}

/** Says something of this dead letter, and nothing of the next. */
function isItsOwn(error: unknown): boolean {
  return (
    resultOf(error) !== "failed" ||
    isHelixError(error, "HELIX_PAYLOAD_INVALID") ||
    isHelixError(error, "HELIX_PAYLOAD_TOO_LARGE")
  );
}

function isFinal(error: unknown): boolean {
  return isHelixError(error) && FINAL.has(error.code);
}
