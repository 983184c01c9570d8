/** A message that was delivered and is not settled. */
export interface Pending {
  /** The first delivery. */
  readonly consumerSeq: number;
  /** From here the wait for an acknowledgement counts. */
  sinceMs: number;
  /** Who had it last; undefined: it was handed back. */
  holder: string | undefined;
  /** Who had it before that, and handed it back at once. */
  before: string | undefined;
}

export interface UnacknowledgedOptions {
  readonly nowMs: () => number;
  /** Calls back once; returns what cancels that. */
  readonly schedule: (callback: () => void, delayMs: number) => () => void;
  readonly ackWaitMs: () => number;
  /** Something waits to be delivered again. */
  readonly onQueued: () => void;
}

/** How soon after a hand-back with a delay the server looks when it is due. */
const LOOK_SOON_MS = 10;

/** What a consumer has delivered and waits for, by the sequence in the stream: when the wait is over it is queued for redelivery. */
export class Unacknowledged {
  readonly #options: UnacknowledgedOptions;
  #pending = new Map<number, Pending>();
  /** Deliveries after the first, by message. */
  #redelivered = new Map<number, number>();
  /** In the order in which they are delivered again. */
  #queue: number[] = [];
  #cancelLook: (() => void) | undefined;

  constructor(options: UnacknowledgedOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#pending.size;
  }

  get redelivered(): number {
    return this.#redelivered.size;
  }

  /** Those that wait to be delivered again. */
  get queued(): number {
    return this.#queue.length;
  }

  get(seq: number): Pending | undefined {
    return this.#pending.get(seq);
  }

  /** Whether it was delivered once alone. */
  isFirst(seq: number): boolean {
    return !this.#redelivered.has(seq);
  }

  /** In the order of their first deliveries; those that wait to be delivered again are left out. */
  *held(): Generator<readonly [number, Pending]> {
    for (const one of this.#pending) if (!this.#queue.includes(one[0])) yield one;
  }

  /** Takes the next one that is to be delivered again, with the number that this delivery has. */
  takeQueued(): { readonly seq: number; readonly deliveries: number } | undefined {
    const seq = this.#queue.shift();
    if (seq === undefined) return undefined;
    const again = (this.#redelivered.get(seq) ?? 0) + 1;
    this.#redelivered.set(seq, again);
    return { seq, deliveries: again + 1 };
  }

  /** Nobody was there for what was taken. */
  putBack(seq: number, deliveries: number, isForgotten: boolean): void {
    if (isForgotten) this.#redelivered.delete(seq);
    else this.#redelivered.set(seq, deliveries - 2);
    this.#queue.unshift(seq);
  }

  delivered(seq: number, consumerSeq: number, holder: string): void {
    const sinceMs = this.#options.nowMs();
    const pending = this.#pending.get(seq);
    if (pending === undefined) this.#pending.set(seq, { consumerSeq, sinceMs, holder, before: undefined });
    else Object.assign(pending, { sinceMs, holder, before: pending.holder });
    if (this.#cancelLook === undefined) this.#lookIn(this.#options.ackWaitMs());
  }

  /** Returns what it was. */
  settle(seq: number): Pending | undefined {
    const pending = this.#pending.get(seq);
    if (pending === undefined) return undefined;
    this.#pending.delete(seq);
    this.#redelivered.delete(seq);
    this.#unqueue(seq);
    return pending;
  }

  /** Handed back, to be delivered again at once. */
  queue(seq: number): void {
    if (!this.#queue.includes(seq)) this.#queue.push(seq);
    this.#options.onQueued();
  }

  /** Handed back, to be delivered again later. */
  delay(seq: number, pending: Pending, delayMs: number): void {
    this.#unqueue(seq);
    pending.sinceMs = this.#options.nowMs() - this.#options.ackWaitMs() + delayMs;
    pending.holder = undefined;
    this.#lookIn(LOOK_SOON_MS);
  }

  /** The wait begins anew. */
  extend(seq: number): void {
    const pending = this.#pending.get(seq);
    if (pending !== undefined) pending.sinceMs = this.#options.nowMs();
  }

  /** A fault: what is chosen is delivered once more, though somebody has it. */
  queueSome(isChosen: () => boolean): void {
    for (const seq of [...this.#pending.keys()].sort((a, b) => a - b)) {
      if (isChosen() && !this.#queue.includes(seq)) this.#queue.push(seq);
    }
    this.#options.onQueued();
  }

  /** Another server looks after them: what was queued is forgotten until it looks. */
  led(lookInMs: number): void {
    this.#queue = [];
    if (this.#pending.size > 0) this.#lookIn(Math.min(lookInMs, this.#options.ackWaitMs()));
  }

  /** A copy. */
  state(): { pending: Map<number, Pending>; redelivered: Map<number, number> } {
    return {
      pending: new Map([...this.#pending].map(([seq, pending]) => [seq, { ...pending }])),
      redelivered: new Map(this.#redelivered),
    };
  }

  /** As on the disk, but what is not in the stream any more. */
  restore(
    pending: ReadonlyMap<number, Pending>,
    redelivered: ReadonlyMap<number, number>,
    isStored: (seq: number) => boolean,
  ): void {
    this.#pending = new Map([...pending].flatMap(([seq, one]) => (isStored(seq) ? [[seq, { ...one }]] : [])));
    this.#redelivered = new Map([...redelivered].filter(([seq]) => this.#pending.has(seq)));
  }

  stop(): void {
    this.#cancelLook?.();
  }

  #unqueue(seq: number): void {
    const at = this.#queue.indexOf(seq);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  #lookIn(delayMs: number): void {
    this.#cancelLook?.();
    this.#cancelLook = this.#options.schedule(() => {
      this.#cancelLook = undefined;
      this.#look();
    }, delayMs);
  }

  /** Queues what has waited too long for its acknowledgement. */
  #look(): void {
    const nowMs = this.#options.nowMs();
    const ackWaitMs = this.#options.ackWaitMs();
    let nextMs = ackWaitMs;
    const expired: number[] = [];
    for (const [seq, { sinceMs }] of this.#pending) {
      const leftMs = sinceMs + ackWaitMs - nowMs;
      if (leftMs > 1e-6) nextMs = Math.min(nextMs, leftMs);
      else if (!this.#queue.includes(seq)) expired.push(seq);
    }
    if (this.#pending.size > 0) this.#lookIn(Math.max(nextMs, 0.001));
    if (expired.length === 0) return;
    expired.sort((a, b) => a - b);
    const offMs = nowMs - (this.#pending.get(expired[0] as number)?.sinceMs ?? nowMs);
    for (const seq of expired) {
      const pending = this.#pending.get(seq);
      if (pending !== undefined) pending.sinceMs += offMs;
    }
    this.#queue.push(...expired);
    this.#options.onQueued();
  }
}
