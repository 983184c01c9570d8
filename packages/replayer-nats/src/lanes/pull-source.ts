import { Backoff, type Clock, type LaneSource, type Logger } from "@helix/core";
import { integer } from "@helix/core/internal";
import type { Msg, NatsConnection, Subscription } from "@nats-io/nats-core";
import { newInbox } from "../connection/inbox.ts";
import type { Link } from "../connection/link.ts";

/** How long the server keeps a pull open, and how often it says that it does. */
const EXPIRES_MS = 30_000;
const HEARTBEAT_MS = 5000;
/** A server that has said nothing for so long has forgotten the pull. */
const WATCHDOG_MS = 2 * HEARTBEAT_MS + 1000;
/** A pull that ended sooner did not end because it had waited. */
const HASTY_MS = 1000;
const BACKOFF = new Backoff({ initialMs: 100, maxMs: 5000 });
const MS = 1_000_000;

/** Status codes of a pull (NATS ADR-13 and ADR-37). */
const STATUS = { heartbeat: 100, noMessages: 404, timeout: 408, noResponders: 503 } as const;

export interface PullSourceOptions {
  readonly link: Link;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}` */
  readonly requestSubject: string;
  readonly maxRequestBatch: number;
  /** What may be delivered and not settled. */
  readonly maxHeld: number;
  readonly maxDemand: number;
  /** Whether there is a consumer to pull from; `wake` tells when there is. */
  readonly isReady: () => boolean;
  /** One that was demanded. */
  readonly onMessage: (message: Msg) => void;
  /** One that nobody wants any more. */
  readonly onUnwanted: (message: Msg) => void;
  /** The consumer or its stream is not there. Pulls go on when it resolves; it does not reject. */
  readonly onMissing: () => Promise<void>;
  /** Resolves when the server has been told of everything that was handed back. */
  readonly flush: () => Promise<void>;
  readonly onStop: () => void;
}

interface Pull {
  readonly batch: number;
  readonly sentAtMs: number;
}

/**
 * Receives the messages of one consumer by parked pulls: requests that wait on the server for exactly what is demanded,
 * so that an idle lane costs nothing and a message arrives within a round trip. Nothing is polled and nothing buffered.
 *
 * The server is owed nothing but the credit it was given: `#credit` is what it may still send. A rise of the demand is a
 * further pull. A fall cannot be told to the server, so the subscription is drained, after which the rest is pulled anew;
 * what arrives meanwhile is delivered if it is still wanted, and handed back otherwise.
 *
 * States: idle → (demand) pulling ⇄ draining; backing off after a refusal; down while there is no connection. `stop`
 * ends it from any.
 */
export class PullSource implements LaneSource {
  readonly #options: PullSourceOptions;
  readonly #readDemand: (value: unknown, name: string) => number;
  readonly #stopListening: () => void;
  readonly #pulls = new Map<string, Pull>();
  #subscription: Subscription | undefined;
  #inbox = "";
  #nextPull = 0;
  #demanded = 0;
  /** What the last demand was, of which nothing has been delivered yet. */
  #asked = 0;
  #held = 0;
  #credit = 0;
  #heardAtMs = 0;
  #failures = 0;
  #draining: Promise<void> | undefined;
  #isBackingOff = false;
  #shrinkScheduled = false;
  #cancelWatchdog: (() => void) | undefined;
  #cancelBackoff: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: PullSourceOptions) {
    this.#options = options;
    this.#readDemand = integer({ min: 0, max: options.maxDemand }).check;
    this.#stopListening = options.link.listen({
      onChange: (isUp) => {
        this.#forgetPulls();
        if (isUp) this.#topUp();
      },
    });
  }

  /** @throws TypeError, RangeError for what is no integer from 0 to `traits.maxDemand`. */
  demand(messages: number): void {
    const demanded = this.#readDemand(messages, "messages");
    if (this.#stopping !== undefined) return;
    this.#demanded = demanded;
    this.#asked = demanded;
    this.#topUp();
    if (this.#credit > this.#wanted) this.#shrinkSoon();
  }

  /** A message that was delivered has been settled. */
  settled(): void {
    this.#held--;
    // More was demanded than could be held.
    if (this.#demanded > this.#credit && this.#credit * 2 <= this.#wanted) this.#topUp();
  }

  /** A message that was delivered has been handed back unseen: the demand that it used up stands again. */
  withheld(): void {
    this.#held--;
    if (this.#demanded < this.#asked) this.#demanded++;
    this.#topUp();
  }

  /** The queue has become able to serve it. */
  wake(): void {
    this.#failures = 0;
    this.#topUp();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#demanded = 0;
    this.#cancelBackoff?.();
    await this.#draining;
    await this.#drain();
    this.#stopListening();
    await this.#options.flush();
    this.#options.onStop();
  }

  /** What the server may be owed. */
  get #wanted(): number {
    return Math.min(this.#demanded, Math.max(0, this.#options.maxHeld - this.#held));
  }

  #topUp(): void {
    const { link, maxRequestBatch, clock, isReady } = this.#options;
    if (
      !link.isUp ||
      !isReady() ||
      this.#isBackingOff ||
      this.#draining !== undefined ||
      this.#stopping !== undefined
    )
      return;
    if (this.#wanted <= this.#credit) return;
    const connection = link.up;
    this.#subscribe(connection);
    if (this.#credit === 0) this.#heardAtMs = clock.monotonicMs();
    while (this.#credit < this.#wanted) {
      this.#pull(connection, Math.min(this.#wanted - this.#credit, maxRequestBatch));
    }
    this.#cancelWatchdog ??= clock.setTimer(() => this.#watch(), WATCHDOG_MS);
  }

  #pull(connection: NatsConnection, batch: number): void {
    const key = (this.#nextPull++).toString(36);
    this.#pulls.set(key, { batch, sentAtMs: this.#options.clock.monotonicMs() });
    this.#credit += batch;
    const request = `{"batch":${batch},"expires":${EXPIRES_MS * MS},"idle_heartbeat":${HEARTBEAT_MS * MS}}`;
    try {
      connection.publish(this.#options.requestSubject, request, { reply: `${this.#inbox}.${key}` });
    } catch {
      // The connection broke at this moment: pulled again after the reconnect.
    }
  }

  #subscribe(connection: NatsConnection): void {
    if (this.#subscription !== undefined && !this.#subscription.isClosed()) return;
    const inbox = newInbox(this.#options.link.inboxPrefix);
    this.#inbox = inbox;
    this.#subscription = connection.subscribe(`${inbox}.*`, {
      callback: (error, message) => {
        // Not permitted, or closed: the watchdog tries again, and the link has said why.
        if (error !== null) return;
        this.#heardAtMs = this.#options.clock.monotonicMs();
        if (message.subject.startsWith(inbox)) this.#status(message.subject.slice(inbox.length + 1), message);
        else this.#arrived(message);
      },
    });
  }

  #arrived(message: Msg): void {
    if (this.#credit > 0 && --this.#credit === 0) this.#pulls.clear();
    if (this.#demanded === 0) {
      this.#options.onUnwanted(message);
      return;
    }
    this.#demanded--;
    this.#held++;
    this.#failures = 0;
    this.#options.onMessage(message);
  }

  /** A pull has ended, or the server says that it has not. */
  #status(key: string, message: Msg): void {
    const code = message.headers?.code ?? 0;
    if (code === STATUS.heartbeat) return;
    const pull = this.#pulls.get(key);
    if (pull === undefined) return;
    this.#pulls.delete(key);
    const unserved = Number(message.headers?.get("Nats-Pending-Messages") || pull.batch);
    this.#credit = this.#pulls.size === 0 ? 0 : Math.max(0, this.#credit - unserved);
    const { clock, logger, requestSubject, onMissing } = this.#options;
    const isPatient = clock.monotonicMs() - pull.sentAtMs >= HASTY_MS;
    if ((code === STATUS.timeout || code === STATUS.noMessages) && isPatient) {
      this.#topUp();
      return;
    }
    const description = message.headers?.description ?? "";
    logger.debug({ code, description, request: requestSubject }, "a pull was refused");
    const isMissing = code === STATUS.noResponders || /deleted|no responders/i.test(description);
    this.#backOff(isMissing ? onMissing : undefined);
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

  /** In the next turn, since a worker that is busy lowers its demand and raises it again within one. */
  #shrinkSoon(): void {
    if (this.#shrinkScheduled) return;
    this.#shrinkScheduled = true;
    setImmediate(() => {
      this.#shrinkScheduled = false;
      if (this.#stopping === undefined && this.#credit > this.#wanted) void this.#drain();
    });
  }

  /** Takes back the credit: resolves when nothing more can arrive. */
  #drain(): Promise<void> {
    this.#draining ??= this.#takeBack().finally(() => {
      this.#draining = undefined;
      this.#topUp();
    });
    return this.#draining;
  }

  async #takeBack(): Promise<void> {
    const subscription = this.#subscription;
    if (subscription === undefined || subscription.isClosed()) return this.#forgetPulls();
    // Deliveries that are on their way arrive before the server's answer to the unsubscription.
    const gone = new Promise<void>((resolve) => {
      const stop = this.#options.link.listen({ onChange: () => resolve() });
      subscription.drain().then(
        () => resolve(),
        () => resolve(),
      );
      if (!this.#options.link.isUp) resolve();
      void subscription.closed.then(stop, stop);
    });
    await gone;
    if (this.#subscription === subscription) this.#forgetPulls();
  }

  /** The server owes nothing any more, or nobody could receive it. */
  #forgetPulls(): void {
    this.#credit = 0;
    this.#pulls.clear();
    this.#cancelWatchdog?.();
    this.#cancelWatchdog = undefined;
    if (this.#subscription?.isClosed() === false) {
      try {
        this.#subscription.unsubscribe();
      } catch {
        // The connection is closed.
      }
    }
    this.#subscription = undefined;
  }

  /** Pulls may vanish without a word: with a server's restart, or by its fault. */
  #watch(): void {
    const { clock, logger, requestSubject } = this.#options;
    this.#cancelWatchdog = undefined;
    if (this.#credit === 0) return;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#heardAtMs >= WATCHDOG_MS) {
      logger.warn({ request: requestSubject }, "the server has forgotten a pull; pulling anew");
      void this.#drain();
      return;
    }
    this.#cancelWatchdog = clock.setTimer(() => this.#watch(), WATCHDOG_MS);
    this.#correctCredit(nowMs);
    this.#topUp();
  }

  /** What a pull was served is not told, so one that must have ended by now bounds what the others can be owed. */
  #correctCredit(nowMs: number): void {
    let most = 0;
    for (const [key, { batch, sentAtMs }] of this.#pulls) {
      if (nowMs - sentAtMs >= EXPIRES_MS + WATCHDOG_MS) this.#pulls.delete(key);
      else most += batch;
    }
    this.#credit = Math.min(this.#credit, most);
  }
}
