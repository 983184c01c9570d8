import { Backoff, type Clock, isHelixError, type Logger } from "@helix/core";
import { wait } from "@helix/core/queue-kit";

/** Each run is itself made of some tries, which take 5 to 10 s. */
const BACKOFF = new Backoff({ initialMs: 500, maxMs: 10_000 });

export interface ProvisioningOptions {
  /** Makes or checks what the queue needs, once. It must begin nothing more when the signal is aborted. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly isConnected: () => boolean;
  /** Everything is there. Must not throw. */
  readonly onDone: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Whether what the queue needs on the server is there, and the one who sees to it: everybody who asks at the same time
 * shares one run.
 *
 * States: unknown → ready ⇄ faulty → closed. `faulty` is left by the next run that succeeds; while there is a connection,
 * runs are repeated until then. A queue that has been ready keeps working while it is faulty: only a part may be missing.
 */
export class Provisioning {
  readonly #options: ProvisioningOptions;
  readonly #closing = new AbortController();
  #hasBeenReady = false;
  #fault: unknown;
  #run: Promise<void> | undefined;
  #loop: Promise<void> | undefined;
  #pause = new AbortController();

  constructor(options: ProvisioningOptions) {
    this.#options = options;
  }

  /** Whether everything was there once. */
  get hasBeenReady(): boolean {
    return this.#hasBeenReady;
  }

  /** Why it is not there; undefined if it is, or if nobody has looked. */
  get fault(): unknown {
    return this.#fault;
  }

  /** One run; what may pass is seen to in the background. Rejects with what waiting does not help. */
  async first(): Promise<void> {
    try {
      await this.#once();
    } catch (error) {
      if (!isHelixError(error, "HELIX_QUEUE_UNAVAILABLE") && !isHelixError(error, "HELIX_QUEUE_TIMEOUT")) {
        throw error;
      }
      this.#tell(error);
      void this.again();
    }
  }

  /** Something is missing. Resolves when everything is there, or the connection or the queue is not. Never rejects. */
  again(): Promise<void> {
    this.#loop ??= this.#repeat().finally(() => {
      this.#loop = undefined;
    });
    return this.#loop;
  }

  /**
   * Something is missing, which may be there again although not everything is. Resolves when a run has ended, however; it is
   * seen to in the background from then on. Never rejects.
   */
  async oneRun(): Promise<void> {
    void this.again();
    await this.#once().catch(() => {});
  }

  /** There is a new connection: whatever is not there yet, or was not, is looked at now. */
  connected(): void {
    if (this.#hasBeenReady && this.#fault === undefined) return;
    this.#pause.abort();
    void this.again();
  }

  /** Begins no run from now on, and tells nobody of one that is under way. */
  close(): void {
    this.#closing.abort();
    this.#pause.abort();
  }

  async #repeat(): Promise<void> {
    const { clock, isConnected } = this.#options;
    const { signal } = this.#closing;
    for (let failures = 1; !signal.aborted && isConnected(); failures++) {
      try {
        await this.#once();
        return;
      } catch (error) {
        this.#tell(error);
      }
      if (signal.aborted) return;
      this.#pause = new AbortController();
      await wait(clock, BACKOFF.delayMs(failures), this.#pause.signal);
    }
  }

  #tell(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    this.#options.logger.warn({ err: error }, "the queue is not ready; it is looked at again");
  }

  #once(): Promise<void> {
    this.#run ??= this.#begin().finally(() => {
      this.#run = undefined;
    });
    return this.#run;
  }

  async #begin(): Promise<void> {
    const { signal } = this.#closing;
    try {
      await this.#options.run(signal);
    } catch (error) {
      this.#fault = error;
      throw error;
    }
    if (signal.aborted) return;
    this.#hasBeenReady = true;
    this.#fault = undefined;
    this.#options.onDone();
  }
}
