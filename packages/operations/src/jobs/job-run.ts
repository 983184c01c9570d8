import { Backoff, type Clock, type DeadLetter } from "@helix/core";
import { BulkRun, wait } from "@helix/core/internal";
import { audited } from "../audited.ts";
import type { JobsOperated } from "../operated.ts";
import { type BusyWorker, givingWay } from "./giving-way.ts";
import { type HeldJob, JobLost } from "./held-job.ts";
import type { JobState } from "./job.ts";
import { codeOf, JobLetters } from "./job-letters.ts";
import { verbOf } from "./job-verbs.ts";
import { unlistJob } from "./open-jobs.ts";

/** Between tries of what the queue, or the control store, cannot do now. */
const BACKOFF = new Backoff({ initialMs: 100, maxMs: 10_000 });
/** For a look after a stage. */
const COUNT_WITHIN_MS = 30_000;

/** Waiting does not help: the letters that it began with are not there any more, or cannot be found. */
const FATAL: ReadonlySet<string> = new Set(["HELIX_CURSOR_INVALID", "HELIX_FILTER_INVALID"]);

class Unsure extends Error {
  override readonly name = "Unsure";
}

export interface JobRunOptions {
  readonly operated: JobsOperated;
  readonly clock: Clock;
  readonly held: HeldJob;
  readonly leaseMs: number;
  /** To which a job without a bound gives way. */
  readonly worker: BusyWorker | undefined;
  /** Aborted: the job is handed back as it is. */
  readonly stop: AbortSignal;
}

/** The work of one process on one job, until it is over, lost, or handed back. */
export class JobRun {
  readonly #options: JobRunOptions;
  readonly #held: HeldJob;
  readonly #letters: JobLetters;
  /** What cuts a wait short. */
  readonly #signal: AbortSignal;
  #failuresInARow = 0;
  /** When the wait after a stage is over, by the monotonic clock: one that is set meanwhile neither ends it nor makes it longer. */
  #decidesMs: number | undefined;

  constructor(options: JobRunOptions) {
    this.#options = options;
    this.#held = options.held;
    this.#letters = new JobLetters(options.held, options.operated.queue.deadLetters);
    this.#signal = AbortSignal.any([options.stop, options.held.stopping]);
  }

  /** Resolves with whether it may be taken up again here: not where the queue of this process is closed. Never rejects. */
  async run(): Promise<boolean> {
    const endBeats = this.#beat();
    try {
      return await this.#work();
    } finally {
      endBeats();
      await this.#letters.close();
    }
  }

  async #work(): Promise<boolean> {
    const { stop } = this.#options;
    const { job } = this.#held;
    for (;;) {
      if (this.#held.isLost) return true;
      try {
        if (stop.aborted) {
          await this.#handBack();
          return true;
        }
        if (job.state === "cancelling") {
          if (await this.#isCancelled()) return await this.#end("cancelled");
        } else if (job.state === "paused") {
          if (await this.#hasDiedAgain()) return await this.#end("failed", "died-again");
        } else if (await this.#isDone()) {
          return await this.#end("done");
        }
      } catch (error) {
        const code = codeOf(error);
        if (error instanceof JobLost) return true;
        if (FATAL.has(code)) return await this.#end("failed", code);
        if (code === "HELIX_QUEUE_CLOSED") {
          await this.#handBack();
          return false;
        }
        await this.#stall(code);
      }
    }
  }

  /** Takes what there is, up to the end of a stage. Resolves with whether that was all. Rejects with what may pass. */
  async #isDone(): Promise<boolean> {
    const { clock } = this.#options;
    const { job } = this.#held;
    // Nothing is begun of which the store does not know.
    await this.#held.save();
    let failure: unknown;
    const take = async (letter: DeadLetter) => {
      // Somebody else may have taken it over: stored again, it is known whether.
      if (!this.#held.isSure) throw new Unsure();
      await this.#letters.take(letter).catch((error: unknown) => {
        failure = error;
        throw error;
      });
    };
    const { perSecond } = job;
    const run = new BulkRun(
      { scan: () => this.#toTake() },
      { perSecond, clock, signal: this.#signal },
      { take, countsRemaining: false },
    );
    const before = this.#letters.counted;
    const { error = failure } = await run.report();
    if (this.#letters.counted !== before) this.#failuresInARow = 0;
    if (this.#signal.aborted || error instanceof Unsure) return false;
    if (error !== undefined) throw error;
    if (this.#letters.open > 0) return false;
    delete job.stalled;
    if (!(await this.#letters.hasMore())) return true;
    if (!this.#isStageOver()) return false;
    job.stage = { index: 0, done: 0, ...job.stage, decidesAtMs: this.#nowMs() + job.stageWaitMs };
    job.state = "paused";
    return false;
  }

  #toTake(): AsyncIterable<DeadLetter> {
    const { worker, clock } = this.#options;
    const letters = this.#letters.toTake();
    if (worker === undefined || this.#held.job.perSecond !== undefined) return letters;
    return givingWay(letters, { worker, clock, signal: this.#signal });
  }

  async #hasDiedAgain(): Promise<boolean> {
    const { operated, clock } = this.#options;
    const { job } = this.#held;
    const { stageWaitMs, stageMaxDiedAgain, watched, stage = { index: 0, done: 0 } } = job;
    const leftMs = Math.min((stage.decidesAtMs ?? 0) - this.#nowMs(), stageWaitMs);
    this.#decidesMs ??= clock.monotonicMs() + leftMs;
    await this.#held.save();
    await wait(clock, Math.max(1, this.#decidesMs - clock.monotonicMs()), this.#signal);
    if (this.#signal.aborted) return false;
    const store = verbOf(job).from(operated.queue.deadLetters);
    const filter = { ids: watched, redrivenBefore: true };
    const { count, isExact } = await store.count(filter, { withinMs: COUNT_WITHIN_MS });
    if (!isExact) throw new Error("not counted in time");
    const looked = { diedAgain: count, lookedFor: watched.length };
    if (count > 0 && count >= stageMaxDiedAgain * watched.length) {
      job.stage = { ...stage, ...looked };
      return true;
    }
    this.#decidesMs = undefined;
    Object.assign(job, {
      state: "running",
      watched: [],
      stalled: undefined,
      stage: { index: stage.index + 1, done: 0, ...looked },
    });
    return false;
  }

  /** What was begun is finished, as far as it is known. */
  async #isCancelled(): Promise<boolean> {
    await this.#held.save();
    await this.#letters.forgetUnbegun();
    await this.#letters.takePending();
    return true;
  }

  /** Written until it is stored, since nobody else knows. */
  async #end(state: JobState, failedFor?: string): Promise<boolean> {
    const { operated, clock, stop } = this.#options;
    const { job } = this.#held;
    Object.assign(job, { state, failedFor, endedAtMs: this.#nowMs(), lease: undefined, stalled: undefined });
    for (let failures = 1; ; failures++) {
      try {
        await this.#held.save();
        break;
      } catch (error) {
        if (error instanceof JobLost || stop.aborted) return true;
        await wait(clock, BACKOFF.delayMs(failures), stop);
      }
    }
    const { id, verb, counts, cancelled } = job;
    const { by, why } = cancelled ?? job;
    const subject = { job: id, verb, state, ...counts, ...(failedFor !== undefined && { failedFor }) };
    const record = audited({ ...operated, clock }, { verb: "endJob", subject, by, why }, async () => {});
    // Of a document that somebody else has written, nobody may be named.
    await record.catch(() => {});
    await unlistJob(operated.control, id).catch(() => {});
    return true;
  }

  /** So that another process goes on at once. */
  async #handBack(): Promise<void> {
    await this.#letters.forgetUnbegun().catch(() => {});
    this.#held.job.lease = undefined;
    await this.#held.save().catch(() => {});
  }

  async #stall(code: string): Promise<void> {
    const { clock, stop } = this.#options;
    const { job, stopping } = this.#held;
    job.stalled = { code, sinceMs: job.stalled?.sinceMs ?? this.#nowMs() };
    const signal = stopping.aborted ? stop : this.#signal;
    await wait(clock, BACKOFF.delayMs(++this.#failuresInARow), signal);
  }

  #isStageOver(): boolean {
    const { stages, stage } = this.#held.job;
    return (stage?.done ?? 0) >= (stages?.[stage?.index ?? 0] ?? Number.POSITIVE_INFINITY);
  }

  #nowMs(): number {
    return Math.floor(this.#options.clock.wallMs());
  }

  /** Keeps the lease, and what others see of the counts. */
  #beat(): () => void {
    const { clock, leaseMs } = this.#options;
    let cancel = () => {};
    const next = () => {
      cancel = clock.setTimer(() => {
        void this.#held.save().catch(() => {});
        next();
      }, leaseMs / 4);
    };
    next();
    return () => cancel();
  }
}
