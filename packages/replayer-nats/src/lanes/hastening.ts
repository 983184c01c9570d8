import type { Clock, Lane } from "@helix/core";
import type { Link } from "../connection/link.ts";
import type { Outbox } from "../connection/outbox.ts";
import type { Delays } from "./delays.ts";

/** Of a lane; what was handed back first is forgotten first, and waits out its delay. */
const MOST = 10_000;
/** What is due so soon may be in somebody's hand before the server hears of it. */
const SOON_MS = 1000;

export interface HasteningOptions {
  readonly link: Link;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly delays: Delays;
}

interface HandedBack {
  readonly word: string;
  readonly dueAtMs: number;
}

/**
 * What this process has handed back with a delay, so that it can be due at once. A second hand-back of the same delivery, without a delay,
 * takes the first one's away (tried on 2.12.8): until it is delivered again the message is still owed to whom it was
 * delivered. What is lost with a connection waits out its delay.
 */
export class Hastening {
  readonly #options: HasteningOptions;
  /** By where they are settled, in the order in which they were handed back. */
  readonly #handedBack = new Map<Lane, Map<string, HandedBack>>();

  constructor(options: HasteningOptions) {
    this.#options = options;
  }

  add(lane: Lane, word: string, reply: string, dueAtMs: number): void {
    let its = this.#handedBack.get(lane);
    if (its === undefined) {
      its = new Map();
      this.#handedBack.set(lane, its);
    }
    its.set(reply, { word, dueAtMs });
    const nowMs = this.#options.clock.monotonicMs();
    for (const [first, { dueAtMs: firstDueAtMs }] of its) {
      if (its.size <= MOST && firstDueAtMs > nowMs) return;
      its.delete(first);
    }
  }

  /** Returns how many of them are due at once now. */
  hasten(lane: Lane, word: string): number {
    const { link, outbox, clock, delays } = this.#options;
    const its = this.#handedBack.get(lane);
    if (its === undefined || !link.isUp) return 0;
    const fromMs = clock.monotonicMs() + SOON_MS;
    let count = 0;
    for (const [reply, one] of its) {
      if (one.word !== word) continue;
      its.delete(reply);
      if (one.dueAtMs <= fromMs) continue;
      outbox.publish(reply, "-NAK");
      delays.takeBack(lane, one.dueAtMs);
      count++;
    }
    return count;
  }
}
