import { isHelixError } from "../errors.ts";
import { integer } from "../options/index.ts";
import { type Clock, systemClock, wait } from "../policy/clock.ts";
import { harmlessCallback } from "../report/harmless.ts";
import { isolate } from "../report/isolate.ts";
import type { LaneSource, ReplayMessage } from "./queue.ts";

/**
 * Takes up to `max` messages out of a lane. Resolves with none when there are none: at once, or after a
 * wait of its own that the signal cuts short.
 */
export type Receive = (max: number, signal: AbortSignal) => Promise<readonly ReplayMessage[]>;

export interface PollingLaneSourceOptions {
  /** Pause after a receive that brought nothing or failed. Milliseconds. */
  readonly pollIntervalMs: number;
  /** Told of a receive, a listener or a hand-back that failed; the source goes on. */
  readonly onError?: ((error: unknown) => void) | undefined;
  readonly clock?: Clock | undefined;
}

const demandOption = integer({ min: 0 });

/**
 * Turns a plain `receive(max, signal)` into a {@link LaneSource}, so that a simple adapter stays simple.
 * It receives only while something is demanded, and hands back what arrives after the demand is gone.
 *
 * States: idle (nothing demanded) → receiving → pausing → receiving …; `stop` ends it from any.
 */
export class PollingLaneSource implements LaneSource {
  readonly #receive: Receive;
  readonly #onMessage: (message: ReplayMessage) => void;
  readonly #pollIntervalMs: number;
  readonly #report: (error: unknown) => void;
  readonly #clock: Clock;
  #demanded = 0;
  #bytesLeft = 0;
  #stopped = false;
  #loop: Promise<void> | undefined;
  #abort = new AbortController();

  constructor(
    receive: Receive,
    onMessage: (message: ReplayMessage) => void,
    options: PollingLaneSourceOptions,
  ) {
    this.#receive = receive;
    this.#onMessage = onMessage;
    this.#pollIntervalMs = options.pollIntervalMs;
    this.#report = harmlessCallback((error) => options.onError?.(error));
    this.#clock = options.clock ?? systemClock;
  }

  /** @throws TypeError, RangeError for what is no integer from 0. */
  demand(messages: number, maxBytes = Number.POSITIVE_INFINITY): void {
    const demanded = demandOption.check(messages, "messages");
    if (this.#stopped) return;
    this.#demanded = demanded;
    this.#bytesLeft = maxBytes;
    if (demanded === 0) this.#cut();
    else if (this.#isWanting) this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#demanded = 0;
    this.#cut();
    await this.#loop;
  }

  get #isWanting(): boolean {
    return this.#demanded > 0 && this.#bytesLeft > 0;
  }

  /** Ends the receive or pause that is under way. */
  #cut(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
  }

  async #run(): Promise<void> {
    // Never from inside `demand`: its caller is not ready for a message yet.
    await null;
    while (this.#isWanting) {
      const { signal } = this.#abort;
      const messages = await this.#receiveSome(signal);
      for (const message of messages) await this.#deliver(message);
      if (messages.length === 0 && this.#isWanting) {
        await wait(this.#clock, this.#pollIntervalMs, signal);
      }
    }
    this.#loop = undefined;
  }

  async #receiveSome(signal: AbortSignal): Promise<readonly ReplayMessage[]> {
    try {
      return await this.#receive(this.#demanded, signal);
    } catch (error) {
      if (!signal.aborted) this.#report(error);
      return [];
    }
  }

  async #deliver(message: ReplayMessage): Promise<void> {
    if (this.#demanded > 0) {
      this.#demanded--;
      this.#bytesLeft -= message.bytes ?? 0;
      isolate(
        () => this.#onMessage(message),
        (error) => {
          void this.#handBack(message);
          this.#report(error);
        },
      );
    } else {
      await this.#handBack(message);
    }
  }

  async #handBack(message: ReplayMessage): Promise<void> {
    try {
      await message.release();
    } catch (error) {
      // One that its listener had settled before it failed is not to be handed back.
      if (isHelixError(error, "HELIX_MESSAGE_SETTLED")) return;
      // Nobody else holds it: it comes again when its lease is over.
      message.forget();
      this.#report(error);
    }
  }
}
