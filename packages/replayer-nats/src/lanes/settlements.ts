import { type Clock, type HelixError, helixError } from "@helix/core";
import type { PermissionViolationError } from "@nats-io/nats-core";
import type { Link } from "../connection/link.ts";
import type { Outbox } from "../connection/outbox.ts";
import type { Lease } from "./lease.ts";

const ACK = "+ACK";
const IN_PROGRESS = "+WPI";
/** From one ping to the next, so that one round trip confirms many; sooner where so many wait. */
const PING_EVERY_MS = 10;
const PING_AFTER = 400;
/** A first one waits for those that come in the same moment. */
const GATHER_MS = 1;

class Settlement {
  readonly lease: Lease;
  readonly verb: string;
  /** Called when the server has it, or with why that is not known. Must not throw. */
  readonly done: ((refusal?: unknown) => void) | undefined;
  /** Its lease was over before a connection was there that it could be told by. */
  isUntold = false;
  /** The server has said that it does not take it. */
  refusal: HelixError | undefined;

  constructor(lease: Lease, verb: string, done?: (refusal?: unknown) => void) {
    this.lease = lease;
    this.verb = verb;
    this.done = done;
  }
}

/** What one ping confirms: all that was sent since the ping before. */
interface Batch {
  readonly settlements: Settlement[];
  extensions: { readonly lease: Lease; readonly untilMs: number }[];
  /** Who waits for all of it. */
  readonly flushed: (() => void)[];
}

/**
 * Tells the server what became of messages. The server does not answer, but it reads in order: a ping confirms all that
 * was sent before it, and nothing that comes after it delays that. One ping at a time is under way. Waiting for an answer to
 * each settlement would cost half of the throughput and promise no more.
 *
 * What is not confirmed when the connection breaks is sent again after the reconnect: settling twice changes nothing. Not
 * so for a lease that is over by then: the message may be somebody else's. An extension is not sent again: nobody knows
 * whether the server had it, so the lease has not moved.
 */
export class Settlements {
  readonly #link: Link;
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #stopListening: () => void;
  /** No ping was sent after them yet; the last one takes what comes. */
  #waiting: Batch[] = [];
  /** A ping is under way that confirms them. */
  #pinged: Batch[] | undefined;
  #isUrgent = false;
  #pingedAtMs = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;
  readonly #onDown = new Set<() => void>();

  constructor(link: Link, outbox: Outbox, clock: Clock, leaseMs: number) {
    this.#link = link;
    this.#outbox = outbox;
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.#stopListening = link.listen({
      onChange: (isUp) => (isUp ? this.#resend() : this.#interrupt()),
      onViolation: (violation) => this.#refused(violation),
    });
  }

  /**
   * It was applied, or is a dead letter. `done` is called when the server has it; with HELIX_LEASE_LAPSED where the lease was over
   * before it could be told, with HELIX_QUEUE_UNAUTHORIZED where the user may not, and with HELIX_QUEUE_CLOSED. It must not throw.
   */
  ack(lease: Lease, done: (refusal?: unknown) => void): void {
    this.#settle(new Settlement(lease, ACK, done));
  }

  /** Delivered again after the delay. */
  release(lease: Lease, delayMs: number): void {
    const verb = delayMs > 0 ? `-NAK {"delay":${Math.round(delayMs * 1_000_000)}}` : "-NAK";
    this.#settle(new Settlement(lease, verb));
  }

  /** The server waits for it anew. Lost with the connection: then the message is delivered again. */
  extend(lease: Lease): void {
    if (!this.#link.isUp) return;
    const untilMs = this.#clock.wallMs() + this.#leaseMs;
    this.#publish(lease.reply, IN_PROGRESS);
    this.#batch().extensions.push({ lease, untilMs });
    this.#pingInTime();
  }

  /** Resolves when the server has all that was sent so far, or when the connection is down. */
  async flush(): Promise<void> {
    const last = this.#waiting.at(-1) ?? this.#pinged?.at(-1);
    if (last === undefined || !this.#link.isUp) return;
    this.hurry();
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#onDown.delete(done);
        resolve();
      };
      this.#onDown.add(done);
      last.flushed.push(done);
    });
  }

  /** Somebody waits for what was sent so far: it is confirmed as soon as it can be. */
  hurry(): void {
    if (this.#waiting.length === 0) return;
    this.#isUrgent = true;
    this.#ping();
  }

  /** What is not confirmed is rejected. Twice is safe. */
  close(): void {
    this.#stopListening();
    this.#interrupt();
    const error = helixError("HELIX_QUEUE_CLOSED", "The queue was closed before the server had it", {});
    for (const { settlements, flushed } of this.#waiting.splice(0)) {
      for (const { done } of settlements) done?.(error);
      for (const done of flushed) done();
    }
  }

  #settle(settlement: Settlement): void {
    const { lease, verb } = settlement;
    this.#batch().settlements.push(settlement);
    if (this.#link.isUp) {
      this.#publish(lease.reply, verb);
      this.#pingInTime();
    }
    // The server reads in order: what is pulled from now on comes after it.
    lease.free();
  }

  #batch(): Batch {
    let batch = this.#waiting.at(-1);
    if (batch === undefined) {
      batch = { settlements: [], extensions: [], flushed: [] };
      this.#waiting.push(batch);
    }
    return batch;
  }

  #publish(reply: string, verb: string): void {
    try {
      this.#outbox.publish(reply, verb);
    } catch {
      // It broke at this moment: sent again after the reconnect.
    }
  }

  #pingInTime(): void {
    if (this.#pinged !== undefined || !this.#link.isUp || this.#waiting.length === 0) return;
    if (this.#isUrgent || this.#unpinged >= PING_AFTER) this.#ping();
    else this.#pingLater();
  }

  #pingLater(): void {
    if (this.#cancelTimer !== undefined) return;
    const dueMs = this.#pingedAtMs + PING_EVERY_MS - this.#clock.monotonicMs();
    this.#cancelTimer = this.#clock.setTimer(() => this.#ping(), Math.max(GATHER_MS, dueMs));
  }

  get #unpinged(): number {
    let count = 0;
    for (const { settlements, extensions } of this.#waiting) count += settlements.length + extensions.length;
    return count;
  }

  #ping(): void {
    if (this.#pinged !== undefined || !this.#link.isUp) return;
    this.#stopTimer();
    this.#isUrgent = false;
    this.#pingedAtMs = this.#clock.monotonicMs();
    this.#outbox.flush();
    const pinged = this.#waiting;
    this.#waiting = [];
    this.#pinged = pinged;
    const answered = (isConfirmed: boolean) => {
      // Its connection is gone.
      if (this.#pinged !== pinged) return;
      this.#pinged = undefined;
      if (isConfirmed) {
        for (const batch of pinged) confirm(batch);
        this.#pingInTime();
      } else {
        // The connection is about to be gone, or else it is asked again.
        this.#waiting.unshift(...pinged);
        this.#pingLater();
      }
    };
    pong(this.#link).then(
      () => answered(true),
      () => answered(false),
    );
  }

  /** Said before the ping is answered: the subject is that of one delivery. */
  #refused(violation: PermissionViolationError): void {
    const { operation, subject, message } = violation;
    if (operation !== "publish" || !subject.startsWith("$JS.ACK.")) return;
    const fields = { operation, subject, stored: "no" } as const;
    const error = helixError("HELIX_QUEUE_UNAUTHORIZED", message, fields, { cause: violation });
    for (const batch of [...(this.#pinged ?? []), ...this.#waiting]) {
      for (const settlement of batch.settlements) {
        if (settlement.lease.reply === subject) settlement.refusal = error;
      }
      batch.extensions = batch.extensions.filter(({ lease }) => lease.reply !== subject);
    }
  }

  /** The connection is gone, and with it whatever was under way. */
  #interrupt(): void {
    this.#stopTimer();
    this.#waiting.unshift(...(this.#pinged ?? []));
    this.#pinged = undefined;
    for (const batch of this.#waiting) batch.extensions = [];
    for (const done of [...this.#onDown]) done();
  }

  #resend(): void {
    for (const batch of this.#waiting) {
      for (const settlement of batch.settlements) {
        const { lease, verb } = settlement;
        if (lease.isOver) settlement.isUntold = true;
        else this.#publish(lease.reply, verb);
      }
    }
    this.hurry();
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}

async function pong(link: Link): Promise<void> {
  await link.up.flush();
}

function confirm({ settlements, extensions, flushed }: Batch): void {
  for (const { lease, untilMs } of extensions) lease.moveTo(untilMs);
  // What was told in time has ended, however late that is heard: nobody else may get it, and so tell of it.
  for (const { lease, done, isUntold, refusal } of settlements) {
    done?.(refusal ?? (isUntold ? lease.lapsed() : undefined));
  }
  // What has become old by now would keep them, and what comes after them, until the next full collection.
  settlements.length = 0;
  for (const done of flushed) done();
}
