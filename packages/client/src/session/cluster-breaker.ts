import { Backoff, type Clock } from "@helix/core";
import { Breaker, type BreakerState } from "@helix/core/internal";
import { readError } from "../failure/read-error.ts";

/** So many requests in a row without an answer. */
const SILENT_LIMIT = 5;

const INTERVAL = new Backoff({ initialMs: 250, maxMs: 2_000 });

export interface ClusterBreakerOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Resolves if the cluster answers. Rejects with the driver's error. */
  readonly probe: () => Promise<void>;
  /**
   * Not even a probe was answered: a connection that has died without a word stays dead, a new one may not.
   */
  readonly onSessionInDoubt: (cause: unknown) => void;
  readonly onChange: (state: BreakerState, info: { cause?: unknown; retryInMs: number }) => void;
}

/**
 * Whether a cluster is worth sending to.
 *
 * - **closed**: five silent requests in a row, a stall, or no host → open. Any answer starts the count anew. What was silent
 *   while this process itself stood still is not counted.
 * - **open**: probes by itself, at a growing interval, so that it closes without traffic, and no caller's
 *   write is spent on finding out. Any answer, to a probe or a late one to a write → closed.
 * - **disconnected** is open without probes: whoever seeks the session says `connected`, → closed.
 */
export class ClusterBreaker {
  readonly #options: ClusterBreakerOptions;
  readonly #breaker: Breaker;
  #silent = 0;
  #connected = false;
  #cancelProbe: (() => void) | undefined;

  constructor(options: ClusterBreakerOptions) {
    const { clock, random, onChange } = options;
    this.#options = options;
    this.#breaker = new Breaker({ backoff: INTERVAL, clock, random, onChange });
  }

  get state(): BreakerState {
    return this.#breaker.state;
  }

  /** A server answered, with a refusal or not. */
  answered(): void {
    this.#silent = 0;
    if (this.#breaker.state === "closed") return;
    this.#stopProbing();
    this.#breaker.close();
  }

  /**
   * A request failed.
   *
   * @param isBlocked Whether this process stood still meanwhile.
   */
  failed(error: unknown, isBlocked = false): void {
    const { answered, scope, load } = readError(error);
    if (answered) this.answered();
    else if (scope === "cluster") this.#open(error);
    else if (load === "timeout" && !isBlocked && ++this.#silent >= SILENT_LIMIT) this.#open(error);
  }

  /** Many requests are out, and nothing comes back. */
  stalled(cause: unknown): void {
    this.#open(cause);
  }

  connected(): void {
    this.#connected = true;
    this.answered();
  }

  disconnected(cause: unknown): void {
    this.#connected = false;
    this.#stopProbing();
    this.#breaker.open(cause);
  }

  /** Leaves no timer. */
  close(): void {
    this.#connected = false;
    this.#stopProbing();
  }

  #open(cause: unknown): void {
    // Half-open: that one is the probe's to end.
    if (this.#breaker.state !== "closed" || !this.#connected) return;
    this.#breaker.open(cause);
    this.#scheduleProbe();
  }

  #scheduleProbe(): void {
    this.#stopProbing();
    this.#cancelProbe = this.#options.clock.setTimer(() => void this.#probe(), this.#breaker.trialInMs);
  }

  #stopProbing(): void {
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
  }

  async #probe(): Promise<void> {
    this.#cancelProbe = undefined;
    if (!this.#breaker.tryTrial()) return this.#connected ? this.#scheduleProbe() : undefined;
    try {
      await this.#options.probe();
      this.answered();
    } catch (error) {
      const { answered, scope } = readError(error);
      if (answered) return this.answered();
      // A late answer, or the loss of the session, has decided in the meantime.
      if (this.#breaker.state !== "half-open" || !this.#connected) return;
      this.#breaker.open(error);
      this.#scheduleProbe();
      // A probe that was not sent, for all that is in flight, says nothing of the connections.
      if (scope !== "caller") this.#options.onSessionInDoubt(error);
    }
  }
}
