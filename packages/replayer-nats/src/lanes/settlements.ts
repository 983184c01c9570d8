import type { Clock } from "@helix/core";
import type { Link } from "../connection/link.ts";

const ENCODER = new TextEncoder();
const ACK = ENCODER.encode("+ACK");
const IN_PROGRESS = ENCODER.encode("+WPI");
/** So that one round trip confirms many. */
const CONFIRM_AFTER_MS = 50;

/**
 * Tells the server what became of messages. It does not answer, so each settlement is kept until the server has
 * answered a ping that was sent after it, and is sent again after a reconnect: settling twice changes nothing.
 * Waiting for an answer to each would cost half of the throughput and promise no more.
 */
export class Settlements {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #stopListening: () => void;
  #unconfirmed: { readonly reply: string; readonly verb: Uint8Array }[] = [];
  #cancelTimer: (() => void) | undefined;
  #confirming: Promise<boolean> | undefined;

  constructor(link: Link, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
    this.#stopListening = link.listen({
      onChange: (isUp) => {
        if (isUp) this.#resend();
      },
    });
  }

  /** It was applied, or is a dead letter. */
  ack(reply: string): void {
    this.#settle(reply, ACK);
  }

  /** Delivered again after the delay. */
  release(reply: string, delayMs: number): void {
    const verb = delayMs > 0 ? `-NAK {"delay":${Math.round(delayMs * 1_000_000)}}` : "-NAK";
    this.#settle(reply, ENCODER.encode(verb));
  }

  /** The server waits for it anew. Lost with the connection: then the message is delivered again. */
  extend(reply: string): void {
    if (this.#link.isUp) this.#publish(reply, IN_PROGRESS);
  }

  /** Resolves when the server has everything, or when the connection is down. */
  async flush(): Promise<void> {
    // A ping that fails is the end of the connection, or of this wait.
    while (this.#unconfirmed.length > 0 && this.#link.isUp) if (!(await this.#confirm())) return;
  }

  /** Twice is safe. */
  close(): void {
    this.#stopListening();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#unconfirmed = [];
  }

  #settle(reply: string, verb: Uint8Array): void {
    this.#unconfirmed.push({ reply, verb });
    if (!this.#link.isUp) return;
    this.#publish(reply, verb);
    this.#confirmSoon();
  }

  #resend(): void {
    for (const { reply, verb } of this.#unconfirmed) this.#publish(reply, verb);
    if (this.#unconfirmed.length > 0) this.#confirmSoon();
  }

  #publish(reply: string, verb: Uint8Array): void {
    try {
      this.#link.up.publish(reply, verb);
    } catch {
      // It broke at this moment: sent again after the reconnect.
    }
  }

  #confirmSoon(): void {
    this.#cancelTimer ??= this.#clock.setTimer(() => {
      this.#cancelTimer = undefined;
      void this.#confirm();
    }, CONFIRM_AFTER_MS);
  }

  /** Resolves with whether the server has everything that was sent before. */
  #confirm(): Promise<boolean> {
    this.#confirming ??= this.#ping().finally(() => {
      this.#confirming = undefined;
      if (this.#unconfirmed.length > 0 && this.#link.isUp) this.#confirmSoon();
    });
    return this.#confirming;
  }

  async #ping(): Promise<boolean> {
    const sent = this.#unconfirmed.length;
    try {
      await this.#link.up.flush();
    } catch {
      // The connection broke: all of them are sent again.
      return false;
    }
    this.#unconfirmed.splice(0, sent);
    return true;
  }
}
