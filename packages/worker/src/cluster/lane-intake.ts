import type { LaneSource } from "@helix/core";
import { LinkedList, ListNode } from "@helix/core/internal";
import type { HeldMessage } from "../decide/held-message.ts";
import { type MayRetry, type Waiting, WaitingRetries } from "../decide/waiting-retries.ts";

class Fresh extends ListNode<Fresh> implements Waiting {
  readonly item: HeldMessage;
  readonly arrival: number;
  readonly failures = 0;

  constructor(item: HeldMessage, arrival: number) {
    super();
    this.item = item;
    this.arrival = arrival;
  }
}

/**
 * One lane as its runner sees it: what was asked of the queue, and what has arrived and waits for a slot.
 * Messages that failed before wait apart, so that they can be passed by the others when they have used up
 * their share; otherwise the older one goes first, among retries that of the table whose turn it is.
 */
export class LaneIntake {
  readonly #fresh = new LinkedList<Fresh>();
  readonly #retries = new WaitingRetries();
  #source: LaneSource | undefined;
  #demanded = 0;
  /** What was demanded last. */
  #asked = 0;
  #bytesLeft = 0;
  #arrivals = 0;
  #activity = 0;
  #stopping: Promise<void> | undefined;

  /** Messages waiting that never failed. */
  get fresh(): number {
    return this.#fresh.size;
  }

  /** What the queue may still deliver. */
  get demanded(): number {
    return this.#demanded;
  }

  /** Messages waiting that failed before. */
  get retries(): number {
    return this.#retries.size;
  }

  open(source: LaneSource): void {
    this.#source = source;
    this.#demanded = 0;
    this.#bytesLeft = 0;
  }

  /** Stops the source; resolves when it has handed back what was under way, also if that was asked for before. */
  async stop(): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    if (source !== undefined) this.#stopping = source.stop();
    await this.#stopping;
  }

  /** Changes with each delivery, and where nothing more is demanded; undefined while nothing is. */
  get activity(): number | undefined {
    return this.#demanded > 0 && this.#bytesLeft > 0 ? this.#activity : undefined;
  }

  /** To be called for each delivery: it has used up one of the demand. */
  delivered(bytes: number | undefined): void {
    this.#activity++;
    if (this.#demanded > 0) this.#demanded--;
    // Of one that does not tell nobody knows what is left.
    this.#bytesLeft = bytes === undefined ? 0 : Math.max(0, this.#bytesLeft - bytes);
  }

  /** Whether a quarter of what was asked for last has come. */
  get mayAskAgain(): boolean {
    return this.#demanded * 4 <= this.#asked * 3;
  }

  /**
   * Asks for so many messages, of so many bytes. More is asked for only when a quarter of the last demand is used up: on a
   * durable queue a demand is a request over the network, and one that has nothing left to send waits for it.
   */
  demand(wanted: number, maxBytes: number): void {
    const isSameDemand =
      wanted === this.#demanded || (wanted > this.#demanded && this.#demanded * 4 > wanted * 3);
    if (isSameDemand && isWithinTwice(maxBytes, this.#bytesLeft)) return;
    this.#demanded = wanted;
    this.#asked = wanted;
    this.#bytesLeft = maxBytes;
    if (wanted === 0 || maxBytes === 0) this.#activity++;
    this.#source?.demand(wanted, maxBytes);
  }

  /** What was handed back by this word is due now. Returns of how many that is known. */
  hasten(word: string): number {
    return this.#source?.hasten?.(word) ?? 0;
  }

  /** @param failures How often a retry was executed here in vain. */
  hold(item: HeldMessage, failures: number): void {
    const arrival = this.#arrivals++;
    if (item.kind === "retry") this.#retries.add({ item, arrival, failures });
    else this.#fresh.append(new Fresh(item, arrival));
  }

  /**
   * Where more retries wait than may, takes one of a crowd.
   *
   * @param executingOf How many retries of a table have a slot.
   */
  takeTooMany(allowed: number, executingOf: (table: string) => number): HeldMessage | undefined {
    return this.#retries.size > allowed ? this.#retries.takeOfCrowd(executingOf) : undefined;
  }

  /** Whether one could start now. */
  has(mayRetry: MayRetry): boolean {
    return this.#fresh.size > 0 || this.#retries.first(mayRetry) !== undefined;
  }

  take(mayRetry: MayRetry): HeldMessage | undefined {
    const fresh = this.#fresh.first;
    const retry = this.#retries.first(mayRetry);
    if (fresh !== undefined && (retry === undefined || fresh.arrival < retry.arrival)) {
      this.#fresh.delete(fresh);
      return fresh.item;
    }
    if (retry === undefined) return undefined;
    this.#retries.take(retry);
    return retry.item;
  }

  /** Takes those at the head that match, until one does not. */
  takeLeading(matches: (item: HeldMessage) => boolean, onTaken: (item: HeldMessage) => void): void {
    this.#retries.takeLeading(matches, onTaken);
    for (
      let first = this.#fresh.first;
      first !== undefined && matches(first.item);
      first = this.#fresh.first
    ) {
      this.#fresh.delete(first);
      onTaken(first.item);
    }
  }

  /** Everything that waits. */
  takeAll(): HeldMessage[] {
    const all: HeldMessage[] = [];
    for (let item = this.take(any); item !== undefined; item = this.take(any)) all.push(item);
    return all;
  }
}

const any: MayRetry = () => true;

function isWithinTwice(one: number, other: number): boolean {
  return one === other || (one < 2 * other && other < 2 * one);
}
