import { Backoff, type Clock, type Lane, type Logger } from "@helix/core";
import { Moment } from "@helix/core/queue-kit";
import type { Msg, NatsConnection, Subscription } from "@nats-io/nats-core";
import { newInbox, unsubscribe } from "../connection/inbox.ts";
import type { Link } from "../connection/link.ts";
import type { Outbox } from "../connection/outbox.ts";
import {
  isCompleted,
  isMissing,
  isTooLarge,
  type MessageStatus,
  STATUS,
  statusIn,
} from "../connection/status.ts";
import { HeldLeases } from "./held-leases.ts";
import { Lease, type LeaseTerms } from "./lease.ts";
import { OpenPulls } from "./open-pulls.ts";

/** How long the server keeps a pull open, and how often it says that it does. */
const EXPIRES_MS = 30_000;
const HEARTBEAT_MS = 5000;
/** A server that has said nothing for so long has forgotten the pull. */
const WATCHDOG_MS = 2 * HEARTBEAT_MS + 1000;
/** A pull that ended sooner did not end because it had waited. */
const HASTY_MS = 1000;
/**
 * The most that one pull may bring, so that what all lanes are sent at once stays below what a server keeps for a connection
 * (64 MiB) before it calls it a slow consumer and cuts it. A lane has few pulls open, so each asks for a part of what is wanted.
 */
const MOST_PULLED_BYTES = 2 * 1024 * 1024;
const PULLS_AT_ONCE = 4;
const BACKOFF = new Backoff({ initialMs: 100, maxMs: 5000 });
/**
 * How long a close waits for what is on its way; and how long after the server has said that there is no more: in a cluster that
 * overtakes the messages, which leave the leader when a majority has them.
 */
const LAST_CALL_MS = 250;
const OVERTAKEN_MS = 50;
const MS = 1_000_000;

export interface PullChannelOptions {
  readonly lane: Lane;
  readonly link: Link;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}` */
  readonly requestSubject: string;
  readonly maxRequestBatch: number;
  /** What may be delivered and not settled. */
  readonly maxHeld: number;
  readonly leaseMs: number;
  /** Whether there is a consumer to pull from; `wake` tells when there is. */
  readonly isReady: () => boolean;
  /** One that was demanded: it is under way until `claim` or `withhold` is called. */
  readonly onMessage: (message: Msg, data: Uint8Array, lease: Lease) => void;
  /** One that nobody wants any more, to be handed back. */
  readonly onUnwanted: (message: Msg, lease: Lease) => void;
  /** The consumer or its stream is not there. Pulls go on when it resolves; it does not reject. */
  readonly onMissing: () => Promise<void>;
}

/**
 * Receives the messages of one consumer by parked pulls: requests that wait on the server for exactly what is demanded,
 * so that an idle lane costs nothing and a message arrives within a round trip. Nothing is polled and nothing buffered.
 *
 * A rise of the demand is a further pull. A fall cannot be told to the server, and nothing is unsubscribed while something
 * may be on its way: in a cluster the loss of interest reaches the consumer's leader later than the server's answer reaches
 * the client, and what the leader sends in between comes again only when its lease has lapsed. So the server keeps the
 * credit it has, and what nobody wants is handed back as it comes. The channel outlives the sources of its lane: the next
 * one takes over the credit.
 *
 * States: idle → (demand) pulling; backing off after a refusal; down while there is no connection. `close` ends it from any.
 */
export class PullChannel {
  readonly #options: PullChannelOptions;
  readonly #stopListening: () => void;
  readonly #terms: LeaseTerms;
  readonly #pulls = new OpenPulls();
  readonly #held: HeldLeases;
  /** Of what one read of the socket brings: too early by what is done with that, so no lease is too long. */
  readonly #arrival: Moment;
  #subscription: Subscription | undefined;
  #inbox = "";
  #demanded = 0;
  #bytesLeft = Number.POSITIVE_INFINITY;
  /** Arrived, and neither delivered nor handed back. */
  #underWay = 0;
  #bytesUnderWay = 0;
  /** The next message is larger than what was asked for: it is pulled alone, whatever its size. */
  #isNextLarge = false;
  #unboundedKey: string | undefined;
  /** Since the last look of the watchdog. */
  #hasHeard = false;
  #failures = 0;
  #isBackingOff = false;
  #isClosed = false;
  #onQuiet: (() => void) | undefined;
  #lastCallKey: string | undefined;
  #cancelWatchdog: (() => void) | undefined;
  #cancelBackoff: (() => void) | undefined;
  #cancelSweep: (() => void) | undefined;
  #cancelOvertaken: (() => void) | undefined;

  constructor(options: PullChannelOptions) {
    this.#options = options;
    const { lane, clock, leaseMs } = options;
    this.#arrival = new Moment(() => clock.wallMs());
    this.#terms = { lane, clock, leaseMs, onFree: (lease) => this.#freed(lease) };
    this.#held = new HeldLeases(clock);
    this.#stopListening = options.link.listen({
      onChange: (isUp) => {
        this.#forgetPulls();
        if (isUp) this.#topUp();
      },
    });
  }

  /** Replaces what is left of an earlier demand; what is under way counts against it. */
  demand(messages: number, maxBytes = Number.POSITIVE_INFINITY): void {
    if (this.#isClosed) return;
    this.#bytesLeft = maxBytes;
    this.#demanded = messages;
    this.#topUp();
  }

  /** One that was under way: whether it is to be delivered, which uses up one of the demand, or to be handed back. */
  claim(bytes: number): boolean {
    this.#underWay--;
    this.#bytesUnderWay -= bytes;
    if (this.#demanded === 0) return false;
    this.#demanded--;
    this.#bytesLeft -= bytes;
    return true;
  }

  /** One that was under way is handed back, whatever is demanded. */
  withhold(bytes: number): void {
    this.#underWay--;
    this.#bytesUnderWay -= bytes;
    this.#topUp();
  }

  /** The queue has become able to serve it, or a source is opened: what is demanded is pulled now. */
  wake(): void {
    this.#failures = 0;
    this.#cancelBackoff?.();
    this.#cancelBackoff = undefined;
    this.#isBackingOff = false;
    this.#topUp();
  }

  /** What was delivered is not this process's any more. Returns how many that were. */
  giveUp(): number {
    return this.#held.giveUp();
  }

  /** Hands back what is on its way, and ends the subscription. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#demanded = 0;
    this.#cancelBackoff?.();
    await this.#lastCall();
    this.#stopListening();
    this.#cancelSweep?.();
    this.#forgetPulls();
  }

  /** What the server may be owed. */
  get #wanted(): number {
    if (this.#wantedBytes <= 0) return 0;
    return Math.max(0, Math.min(this.#demanded - this.#underWay, this.#options.maxHeld - this.#held.size));
  }

  get #wantedBytes(): number {
    return this.#bytesLeft - this.#bytesUnderWay;
  }

  #topUp(): void {
    const { link, outbox, maxRequestBatch, clock, isReady } = this.#options;
    if (this.#isClosed || this.#isBackingOff || !link.isUp || !isReady()) return;
    this.#sweepIfFull();
    if (this.#wanted <= this.#pulls.credit) return;
    this.#subscribe(link.up);
    if (this.#pulls.credit === 0) this.#hasHeard = this.#cancelWatchdog !== undefined;
    const terms = `"expires":${EXPIRES_MS * MS},"idle_heartbeat":${HEARTBEAT_MS * MS}`;
    const bytes = Math.ceil(Math.min(this.#wantedBytes / PULLS_AT_ONCE, MOST_PULLED_BYTES));
    while (this.#pulls.credit < this.#wanted) {
      const batch = Math.min(this.#wanted - this.#pulls.credit, maxRequestBatch);
      if (!this.#isNextLarge) this.#pull(batch, `"max_bytes":${bytes},${terms}`);
      else if (this.#pulls.credit === 0) this.#unboundedKey = this.#pull(1, terms);
      else break;
    }
    // The server works on it while what has come is looked at.
    outbox.flush();
    this.#cancelWatchdog ??= clock.setTimer(() => this.#watch(), WATCHDOG_MS);
  }

  #pull(batch: number, terms: string): string {
    const { clock, outbox, requestSubject } = this.#options;
    const key = this.#pulls.open(batch, clock.monotonicMs());
    try {
      outbox.publish(requestSubject, `{"batch":${batch},${terms}}`, `${this.#inbox}.${key}`);
    } catch {
      // The connection broke at this moment: pulled again after the reconnect.
    }
    return key;
  }

  #subscribe(connection: NatsConnection): void {
    if (this.#subscription !== undefined && !this.#subscription.isClosed()) return;
    const inbox = newInbox(this.#options.link.inboxPrefix);
    this.#inbox = inbox;
    this.#subscription = connection.subscribe(`${inbox}.*`, {
      callback: (error, message) => {
        // Not permitted, or closed: the watchdog tries again, and the link has said why.
        if (error !== null) return;
        try {
          this.#heard(message, inbox);
        } catch (fault) {
          this.#options.logger.error({ err: fault }, "a part of the queue failed at a message");
        }
      },
    });
  }

  #heard(message: Msg, inbox: string): void {
    const isStatus = message.subject.startsWith(inbox);
    const status = isStatus ? statusIn(message) : undefined;
    // Nothing of the server's.
    if (isStatus && status === undefined) return;
    this.#hasHeard = true;
    if (status === undefined) this.#arrived(message);
    else this.#status(message.subject.slice(inbox.length + 1), status);
  }

  #arrived(message: Msg): void {
    const { onMessage, onUnwanted } = this.#options;
    this.#pulls.arrived();
    this.#isNextLarge = false;
    this.#failures = 0;
    const lease = new Lease(message.reply ?? "", this.#terms, this.#arrival.nowMs);
    this.#held.add(lease);
    if (this.#demanded > this.#underWay) {
      this.#underWay++;
      const { data } = message;
      this.#bytesUnderWay += data.length;
      onMessage(message, data, lease);
    } else {
      onUnwanted(message, lease);
    }
    this.#sweepIfFull();
    if (this.#pulls.credit === 0) {
      this.#onQuiet?.();
      // One that was large came alone.
      this.#topUp();
    } else if (this.#cancelOvertaken !== undefined) {
      this.#awaitOvertaken();
    }
  }

  #freed(lease: Lease): void {
    this.#held.delete(lease);
    // More was demanded than could be held.
    const { credit } = this.#pulls;
    if (this.#demanded > credit && credit * 2 <= this.#wanted) this.#topUp();
  }

  /** A lease that nobody frees must not hold its place for longer than it lasts. */
  #sweepIfFull(): void {
    const { clock, maxHeld } = this.#options;
    if (this.#demanded - this.#underWay <= maxHeld - this.#held.size) return;
    const nextLapseMs = this.#held.sweep();
    if (this.#held.size === 0) return;
    this.#cancelSweep ??= clock.setTimer(
      () => {
        this.#cancelSweep = undefined;
        this.#topUp();
      },
      Math.max(1, Math.ceil(nextLapseMs)),
    );
  }

  /** A pull has ended, or the server says that it has not. */
  #status(key: string, status: MessageStatus): void {
    const { code, description } = status;
    // What was completed ends with its messages, of which some may be on their way.
    if (code === STATUS.heartbeat || isCompleted(status)) return;
    const pull = this.#pulls.end(key, status.unserved);
    if (key === this.#lastCallKey) this.#awaitOvertaken();
    if (pull === undefined || this.#isClosed) return;
    const { clock, logger, requestSubject, onMissing } = this.#options;
    if (isTooLarge(status) && key !== this.#unboundedKey) {
      // Where some of its messages came, the next one is perhaps too large only for what was left.
      if ((status.unserved ?? pull.batch) >= pull.batch) this.#isNextLarge = true;
      this.#topUp();
      return;
    }
    const isPatient = clock.monotonicMs() - pull.sentAtMs >= HASTY_MS;
    if ((code === STATUS.timeout || code === STATUS.noMessages) && isPatient) {
      this.#topUp();
      return;
    }
    logger.debug({ code, description, request: requestSubject }, "a pull was refused");
    this.#backOff(isMissing(status) ? onMissing : undefined);
  }

  #backOff(before: (() => Promise<void>) | undefined): void {
    if (this.#isBackingOff) return;
    this.#isBackingOff = true;
    const again = () => {
      this.#isBackingOff = false;
      this.#cancelBackoff = undefined;
      this.#topUp();
    };
    const delayMs = BACKOFF.delayMs(++this.#failures);
    this.#cancelBackoff = this.#options.clock.setTimer(() => {
      if (before === undefined) again();
      else void before().then(again);
    }, delayMs);
  }

  /**
   * Resolves when the server owes nothing, or has said that the lane is empty and nothing more has come for a moment. What is
   * stored between that and the loss of interest may still be sent to nobody.
   */
  async #lastCall(): Promise<void> {
    const { link, clock } = this.#options;
    if (this.#pulls.credit === 0 || !link.isUp) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.setTimer(() => this.#onQuiet?.(), LAST_CALL_MS);
      this.#onQuiet = () => {
        cancel();
        this.#cancelOvertaken?.();
        resolve();
      };
      this.#lastCallKey = this.#pull(1, `"no_wait":true`);
    });
  }

  #awaitOvertaken(): void {
    this.#cancelOvertaken?.();
    this.#cancelOvertaken = this.#options.clock.setTimer(() => this.#onQuiet?.(), OVERTAKEN_MS);
  }

  /** The connection is gone: nobody receives what the server owed. */
  #forgetPulls(): void {
    this.#pulls.clear();
    this.#onQuiet?.();
    this.#cancelWatchdog?.();
    this.#cancelWatchdog = undefined;
    unsubscribe(this.#subscription);
    this.#subscription = undefined;
  }

  /** Pulls may vanish without a word: with a server's restart, or by its fault. */
  #watch(): void {
    const { clock, logger, requestSubject } = this.#options;
    this.#cancelWatchdog = undefined;
    if (this.#pulls.credit === 0) return;
    if (!this.#hasHeard) {
      logger.warn({ request: requestSubject }, "the server has forgotten a pull; pulling anew");
      this.#pulls.clear();
    } else {
      this.#hasHeard = false;
      this.#pulls.endBefore(clock.monotonicMs() - EXPIRES_MS - WATCHDOG_MS);
      this.#cancelWatchdog = clock.setTimer(() => this.#watch(), WATCHDOG_MS);
    }
    this.#topUp();
  }
}
