import type { Clock, ClusterId, ReplayExecutor } from "@helix/core";
import { toldError } from "@helix/core/internal";

/** At most so old may an answer be to be used again, so that a storm of failures is not one of probes. */
const FRESH_MS = 1000;
const MAX_TIMEOUT_MS = 5000;

export interface ProberOptions {
  readonly cluster: ClusterId;
  readonly executor: ReplayExecutor;
  readonly clock: Clock;
  /** How long a probe may take, at most 5 s. Milliseconds. */
  readonly timeoutMs: number;
}

/** Asks the executor whether its cluster is there at all: one probe at a time, for all who want to know. */
export class Prober {
  readonly #options: ProberOptions;
  #running: Promise<boolean> | undefined;
  #last: { alive: boolean; atMs: number } | undefined;
  #failure: unknown;
  #abort: (() => void) | undefined;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** Whether the executor can be asked; if not, the answer is always no. */
  get exists(): boolean {
    return this.#options.executor.probe !== undefined;
  }

  /** Why the last probe that failed did. */
  get failure(): unknown {
    return this.#failure;
  }

  /** An answer not older than a second. Never rejects. */
  recent(): Promise<boolean> {
    const last = this.#last;
    if (last !== undefined && this.#options.clock.monotonicMs() - last.atMs < FRESH_MS) {
      return Promise.resolve(last.alive);
    }
    return this.now();
  }

  /** An answer given from now on. Never rejects. */
  now(): Promise<boolean> {
    this.#running ??= this.#probe().then((alive) => {
      this.#running = undefined;
      this.#last = { alive, atMs: this.#options.clock.monotonicMs() };
      return alive;
    });
    return this.#running;
  }

  /** Ends a probe that is under way: no. */
  abort(): void {
    this.#abort?.();
  }

  #probe(): Promise<boolean> {
    const { cluster, executor, clock, timeoutMs } = this.#options;
    const controller = new AbortController();
    return new Promise<boolean>((resolve) => {
      const end = (alive: boolean, failure?: unknown) => {
        cancel();
        this.#abort = undefined;
        this.#failure = failure;
        resolve(alive);
      };
      const giveUp = () => {
        end(false, toldError("The probe of the cluster was not answered in time"));
        controller.abort();
      };
      const cancel = clock.setTimer(giveUp, Math.min(timeoutMs, MAX_TIMEOUT_MS));
      this.#abort = giveUp;
      // In a function of its own, since a probe may throw before it returns a promise.
      const ask = async () => {
        if (executor.probe === undefined) throw new TypeError("This executor has no `probe`");
        await executor.probe(cluster, { signal: controller.signal });
      };
      ask().then(
        () => end(true),
        (error: unknown) => end(false, error),
      );
    });
  }
}
