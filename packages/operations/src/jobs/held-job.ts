import { type Clock, type ControlDocument, type ControlStore, isHelixError } from "@helix/core";
import { isOver, type JobCounts, type JobState } from "./job.ts";
import { jobKey, readStoredJob, type StoredJob } from "./job-document.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Somebody else works on it now, or it is gone. */
export class JobLost extends Error {
  override readonly name = "JobLost";
}

export interface HeldJobOptions {
  readonly control: ControlStore;
  readonly clock: Clock;
  readonly leaseMs: number;
}

/**
 * A job as whoever works on it has it: the one place where it changes, stored whole by compare-and-set. Counts and what is pending change
 * together, so that at any moment it may be stored as it is.
 *
 * States: held → lost (somebody else has stored it otherwise, or it is gone) or over. While held it is sure until three quarters
 * of the lease are gone since the last time that it was stored: then nothing is begun until it has been stored again. It is
 * `stopping` when it is lost, or a person has cancelled it.
 */
export class HeldJob {
  readonly job: Mutable<Omit<StoredJob, "pending" | "counts">> & { readonly counts: Mutable<JobCounts> };
  /** Ids of what is about to be done or under way, and is in no count. */
  readonly pending: Set<string>;
  readonly #options: HeldJobOptions;
  readonly #token: string | undefined;
  readonly #stopping = new AbortController();
  #revision: number;
  #sureUntilMs: number;
  #isLost = false;
  #saving: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  private constructor(options: HeldJobOptions, stored: StoredJob, revision: number, sinceMs: number) {
    const { pending, counts, ...job } = stored;
    this.#options = options;
    this.job = { ...job, counts: { ...counts } };
    this.pending = new Set(pending);
    this.#token = job.lease?.token;
    this.#revision = revision;
    this.#sureUntilMs = sinceMs + options.leaseMs * 0.75;
    if (job.state === "cancelling") this.#stopping.abort();
  }

  /** Takes it up over what was seen of it. Rejects with HELIX_CONTROL_CONFLICT where somebody was faster, and as the store does. */
  static async take(
    options: HeldJobOptions,
    seen: StoredJob,
    revision: number,
    holder: string,
  ): Promise<HeldJob> {
    const { control, clock, leaseMs } = options;
    const sinceMs = clock.monotonicMs();
    const lease = { holder, token: crypto.randomUUID(), forMs: leaseMs };
    const state: JobState = seen.state === "waiting" ? "running" : seen.state;
    const job = { ...seen, state, lease, startedAtMs: seen.startedAtMs ?? Math.floor(clock.wallMs()) };
    return new HeldJob(options, job, await control.put(jobKey(job.id), job, { revision }), sinceMs);
  }

  /** Aborted when it is lost, or cancelled. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Nobody else can have taken it up. */
  get isSure(): boolean {
    return !this.#isLost && this.#options.clock.monotonicMs() < this.#sureUntilMs;
  }

  /** Resolves when it is stored as it was at the call, or later. Rejects with JobLost, and as the store does. */
  save(): Promise<void> {
    this.#next ??= (this.#saving ?? Promise.resolve())
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        this.#saving = this.#put();
        return this.#saving;
      });
    return this.#next;
  }

  /** What a watch has found, which may be older than what was stored here. */
  seen(document: ControlDocument | undefined): void {
    if (document !== undefined && document.revision > this.#revision) this.#read(document);
  }

  async #put(): Promise<void> {
    const { control, clock, leaseMs } = this.#options;
    for (;;) {
      if (this.#isLost) throw new JobLost();
      const sinceMs = clock.monotonicMs();
      const document = { ...this.job, counts: { ...this.job.counts }, pending: [...this.pending] };
      const before = this.#revision;
      try {
        this.#revision = await control.put(jobKey(this.job.id), document, { revision: before });
        this.#sureUntilMs = sinceMs + leaseMs * 0.75;
        return;
      } catch (error) {
        if (!isHelixError(error, "HELIX_CONTROL_CONFLICT")) throw error;
        // A person's order to cancel it, or what was stored although no answer came.
        const isStored = this.#read(await control.get(jobKey(this.job.id)));
        if (isStored) return;
        if (this.#revision === before) throw error;
      }
    }
  }

  /** Whether nobody has it any more, as was to be stored. */
  #read(document: ControlDocument | undefined): boolean {
    const found = document && readStoredJob(document);
    if (document === undefined || found === undefined || found.lease?.token !== this.#token) {
      const isFree = found?.lease === undefined && this.job.lease === undefined;
      if (isFree && found?.state === this.job.state) return true;
      this.#isLost = true;
      this.#stopping.abort();
      return false;
    }
    this.#revision = document.revision;
    if (found.cancelled !== undefined) {
      this.job.cancelled = found.cancelled;
      if (!isOver(this.job)) this.job.state = "cancelling";
      this.#stopping.abort();
    }
    return false;
  }
}
