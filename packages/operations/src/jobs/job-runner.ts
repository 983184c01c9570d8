import { type Clock, type ControlDocument, isHelixError, type Logger, systemClock } from "@helix/core";
import {
  having,
  logger,
  milliseconds,
  type OptionsOf,
  optional,
  readOptions,
  text,
} from "@helix/core/internal";
import type { JobsOperated } from "../operated.ts";
import type { BusyWorker } from "./giving-way.ts";
import { HeldJob } from "./held-job.ts";
import { isOver } from "./job.ts";
import { JOBS, jobKey, readStoredJob, type StoredJob } from "./job-document.ts";
import { JobRun } from "./job-run.ts";
import { OPEN_JOBS_KEY, openJobsIn, unlistJob } from "./open-jobs.ts";

export interface JobRunnerOptions {
  /** Who this is, for people who look at a job: 1 to 100 characters, such as the pod's name. @default `a pod` */
  readonly holder?: string | undefined;
  /**
   * A job whose pod has not written for so long is taken up by another one. Milliseconds, 1_000 to 600_000. @default 10_000
   */
  readonly leaseMs?: number | undefined;
  /**
   * The worker of this process. While more is in hand for a cluster than that may get at once, and it is executed, a job without `perSecond` takes up 500 letters a second at the
   * most. @default none: jobs take what the processor has
   */
  readonly worker?: BusyWorker | undefined;
  /** @default none */
  readonly logger?: Logger | undefined;
}

interface Settings {
  readonly holder: string;
  readonly leaseMs: number;
  readonly worker: BusyWorker | undefined;
  readonly logger: Logger;
}

const OPTIONS: OptionsOf<Settings> = {
  holder: text({ pattern: /^.{1,100}$/s, expectation: "a text of 1 to 100 characters", fallback: "a pod" }),
  leaseMs: milliseconds({ min: 1000, max: 600_000, fallback: 10_000 }),
  worker: optional(having<BusyWorker>("a ReplayWorker", ["figures"])),
  logger,
};

/** The others wait for another pod, or until one of these is over: each may have letters of some MiB in memory. */
const MOST_AT_ONCE = 4;
/** Between looks through all jobs, for one that the list of open ones lacks: whoever ordered it died before it stood there. */
const LOOK_MS = 600_000;

/** A job that is not over, as it was last seen. */
interface Followed {
  readonly watch: Disposable;
  job?: { readonly stored: StoredJob; readonly revision: number } | undefined;
  held?: HeldJob | undefined;
  /** It was its turn, and there was no room. */
  isWaiting?: boolean | undefined;
  cancelTimer: () => void;
}

/**
 * Takes up the jobs that nobody works on, and does them; each pod has one. Of several that want the same job one gets it. A job is
 * free when it has no holder, or its document has not changed for a lease, by this process's monotonic clock: no clocks are compared.
 *
 * States: stopped ⇄ running. A stop hands back what is under way, for others to go on with at once.
 */
export class JobRunner implements AsyncDisposable {
  readonly #operated: JobsOperated;
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #followed = new Map<string, Followed>();
  readonly #runs = new Set<Promise<void>>();
  #stop = new AbortController();
  #watch: Disposable | undefined;
  #cancelLook = () => {};
  #isRunning = false;

  /** @throws TypeError, RangeError for an option. */
  constructor(operated: JobsOperated, options: JobRunnerOptions = {}) {
    this.#operated = operated;
    this.#clock = operated.clock ?? systemClock;
    this.#settings = readOptions<Settings>("JobRunner", OPTIONS, options);
  }

  /** Twice is safe. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#stop = new AbortController();
    this.#watch = this.#operated.control.watch(OPEN_JOBS_KEY, {
      onDocument: (document) => {
        for (const id of openJobsIn(document?.value)) this.#follow(id);
      },
      onFailure: (err, lasts) => {
        // That the store is away others tell.
        if (lasts)
          this.#settings.logger.warn({ err }, "this process does no jobs: it may not see which there are");
      },
    });
    this.#look();
  }

  /** Resolves when nothing is under way any more: what was begun is ended or counted, and its jobs are free. Twice is safe. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#cancelLook();
    this.#watch?.[Symbol.dispose]();
    for (const id of [...this.#followed.keys()]) this.#leave(id);
    this.#stop.abort();
    await Promise.all(this.#runs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #look(): void {
    this.#cancelLook = this.#clock.setTimer(() => this.#look(), LOOK_MS);
    void this.#operated.control
      .list(JOBS)
      .then(({ documents }) => {
        for (const document of documents) {
          const job = readStoredJob(document);
          if (job !== undefined && !isOver(job)) this.#follow(job.id);
        }
      })
      // What the list of open jobs has is found without.
      .catch(() => {});
  }

  #follow(id: string): void {
    if (!this.#isRunning || this.#followed.has(id)) return;
    const key = jobKey(id);
    const followed: Followed = {
      watch: this.#operated.control.watch(key, {
        onDocument: (document) => this.#seen(id, document),
      }),
      cancelTimer: () => {},
    };
    this.#followed.set(id, followed);
  }

  #leave(id: string): void {
    const followed = this.#followed.get(id);
    followed?.cancelTimer();
    followed?.watch[Symbol.dispose]();
    this.#followed.delete(id);
  }

  #seen(id: string, document: ControlDocument | undefined): void {
    const followed = this.#followed.get(id);
    if (followed === undefined) return;
    followed.held?.seen(document);
    followed.cancelTimer();
    const job = document && readStoredJob(document);
    if (document !== undefined && job === undefined) {
      followed.job = undefined;
      const { key, revision } = document;
      const text = "what lies in the store as a job is none, or of another version: it is left alone";
      this.#settings.logger.warn({ key, revision }, text);
    } else if (document === undefined || job === undefined || isOver(job)) {
      this.#leave(id);
      void this.#unlist(id).catch(() => {});
    } else {
      followed.job = { stored: job, revision: document.revision };
      if (followed.held === undefined) this.#await(id, followed, job.lease?.forMs ?? 0);
    }
  }

  /** Whoever ended it may have died before it was taken off the list. */
  async #unlist(id: string): Promise<void> {
    const { control } = this.#operated;
    const document = await control.get(jobKey(id));
    const job = document && readStoredJob(document);
    if (document === undefined || (job !== undefined && isOver(job))) await unlistJob(control, id);
    // A watch may ask a replica that is behind.
    else this.#follow(id);
  }

  #await(id: string, followed: Followed, delayMs: number): void {
    followed.cancelTimer();
    followed.cancelTimer = this.#clock.setTimer(() => void this.#take(id, followed), delayMs);
  }

  async #take(id: string, followed: Followed): Promise<void> {
    const { job } = followed;
    if (!this.#isRunning || job === undefined || followed.held !== undefined) return;
    followed.isWaiting = this.#runs.size >= MOST_AT_ONCE;
    if (followed.isWaiting) return;
    const { control } = this.#operated;
    const { leaseMs, holder } = this.#settings;
    const options = { control, clock: this.#clock, leaseMs };
    const run = HeldJob.take(options, job.stored, job.revision, holder).then(
      (held) => this.#work(followed, held),
      // Who was faster is seen by the watch.
      (error: unknown) => {
        if (!isHelixError(error, "HELIX_CONTROL_CONFLICT")) this.#await(id, followed, leaseMs);
      },
    );
    this.#runs.add(run);
    await run;
    this.#runs.delete(run);
    for (const [other, its] of this.#followed) if (its.isWaiting) this.#await(other, its, 0);
  }

  async #work(followed: Followed, held: HeldJob): Promise<void> {
    followed.held = held;
    const { leaseMs, worker, logger } = this.#settings;
    const { id, verb } = held.job;
    logger.info({ job: id, verb, ...held.job.counts }, "a job was taken up");
    const { signal: stop } = this.#stop;
    const options = { operated: this.#operated, clock: this.#clock, held, leaseMs, worker, stop };
    const mayGoOn = await new JobRun(options).run();
    followed.held = undefined;
    const { state, counts, stalled } = held.job;
    logger.info(
      { job: id, verb, state, ...counts, stalled },
      held.isLost ? "a job is another's now" : "a job was left",
    );
    // Its queue is closed: others go on.
    if (!mayGoOn) void this.stop();
    // It is another's now, who may die as well.
    else if (this.#followed.get(id) === followed) this.#await(id, followed, leaseMs);
  }
}
