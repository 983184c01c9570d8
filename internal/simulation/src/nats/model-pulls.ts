import { headerOf, NO_DATA, type Packet } from "./wire.ts";

/** What a pull asks for. */
export interface PullRequest {
  readonly batch: number;
  /** 0: any number. */
  readonly maxBytes: number;
  readonly expiresMs: number;
  readonly heartbeatMs: number;
  readonly noWait: boolean;
}

/** A pull that is not served in full. */
export interface Waiting {
  readonly reply: string;
  left: number;
  /** Infinity: any number. */
  bytesLeft: number;
  served: number;
  readonly noWait: boolean;
  readonly expiresAtMs: number;
  readonly heartbeatMs: number;
  heartbeatAtMs: number;
}

/** What the pulls of a consumer need of what is around it. */
export interface PullsSurroundings {
  readonly nowMs: () => number;
  /** Calls back once; returns what cancels that. */
  readonly schedule: (callback: () => void, delayMs: number) => () => void;
  /** Whether anybody is known to listen there. */
  readonly hasInterest: (subject: string) => boolean;
  /** To whoever listens there. */
  readonly send: (to: string, packet: Packet) => void;
}

/** What has been delivered last, as a heartbeat tells it. */
export interface Delivered {
  readonly consumerSeq: number;
  readonly streamSeq: number;
}

type Fields = readonly (readonly [string, string | number])[];

/** The pulls that wait at a consumer, in turn: each is served one message before the next, and told when it ends. */
export class ModelPulls {
  readonly #around: PullsSurroundings;
  readonly #delivered: () => Delivered;
  #waiting: Waiting[] = [];
  #cancelLook: (() => void) | undefined;

  constructor(around: PullsSurroundings, delivered: () => Delivered) {
    this.#around = around;
    this.#delivered = delivered;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Messages that they wait for. */
  get owed(): number {
    return this.#waiting.reduce((sum, { left }) => sum + left, 0);
  }

  park(reply: string, { batch, maxBytes, expiresMs, heartbeatMs, noWait }: PullRequest): void {
    const nowMs = this.#around.nowMs();
    this.#waiting.push({
      reply,
      left: batch,
      bytesLeft: maxBytes > 0 ? maxBytes : Number.POSITIVE_INFINITY,
      served: 0,
      noWait,
      expiresAtMs: expiresMs > 0 ? nowMs + expiresMs : Number.POSITIVE_INFINITY,
      heartbeatMs,
      heartbeatAtMs: heartbeatMs > 0 ? nowMs + heartbeatMs : Number.POSITIVE_INFINITY,
    });
  }

  /** Takes it off one that is served next; it goes to the end. */
  next(bytes: number): Waiting | undefined {
    const nowMs = this.#around.nowMs();
    for (let first = this.#waiting.shift(); first !== undefined; first = this.#waiting.shift()) {
      if (first.expiresAtMs <= nowMs) {
        this.#timeout(first);
      } else if (bytes > first.bytesLeft) {
        this.tell(first.reply, "409 Message Size Exceeds MaxBytes", unservedOf(first));
      } else if (this.#around.hasInterest(first.reply)) {
        first.bytesLeft -= bytes;
        // Without a word.
        first.left = first.bytesLeft === 0 ? 0 : first.left - 1;
        first.served++;
        if (first.left > 0) this.#waiting.push(first);
        if (first.heartbeatMs > 0) first.heartbeatAtMs = nowMs + first.heartbeatMs;
        return first;
      }
    }
    return undefined;
  }

  /** One has been sent its message. */
  served(request: Waiting): void {
    if (request.left === 0 && request.bytesLeft > 0 && request.bytesLeft < Number.POSITIVE_INFINITY)
      this.tell(request.reply, "409 Batch Completed", unservedOf(request));
  }

  /** There is nothing more: those end that do not wait for it, and have got something. */
  endServed(): void {
    for (const request of this.#waiting.filter(({ noWait, served }) => noWait && served > 0)) {
      this.#waiting = this.#waiting.filter((one) => one !== request);
      this.tell(request.reply, "404 No Messages");
    }
  }

  /** All end, with a word or without one. */
  endAll(status: string | undefined): void {
    const all = this.#waiting;
    this.#waiting = [];
    if (status !== undefined) for (const { reply } of all) this.tell(reply, status);
  }

  /** Says to those who wait that it still does, and ends what has waited long enough. */
  watch(): void {
    this.stopWatching();
    let dueAtMs = Number.POSITIVE_INFINITY;
    for (const { expiresAtMs, heartbeatAtMs } of this.#waiting) {
      dueAtMs = Math.min(dueAtMs, expiresAtMs, heartbeatAtMs);
    }
    if (dueAtMs === Number.POSITIVE_INFINITY) return;
    this.#cancelLook = this.#around.schedule(
      () => {
        this.#cancelLook = undefined;
        this.dropOverdue();
        this.#beat();
        this.watch();
      },
      Math.max(0.001, dueAtMs - this.#around.nowMs()),
    );
  }

  stopWatching(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
  }

  /** Ends what has waited long enough, and what nobody listens for. */
  dropOverdue(): void {
    const nowMs = this.#around.nowMs();
    const isOverdue = ({ expiresAtMs }: Waiting) => expiresAtMs <= nowMs + 1e-6;
    const overdue = this.#waiting.filter(isOverdue);
    this.#waiting = this.#waiting.filter((request) => !isOverdue(request));
    for (const request of overdue) this.#timeout(request);
    this.#waiting = this.#waiting.filter(({ reply }) => this.#around.hasInterest(reply));
  }

  tell(reply: string, status: string, fields: Fields = []): void {
    if (reply === "") return;
    this.#around.send(reply, { subject: reply, reply: "", header: headerOf(status, fields), data: NO_DATA });
  }

  #beat(): void {
    const nowMs = this.#around.nowMs();
    for (const request of this.#waiting) {
      if (request.heartbeatAtMs > nowMs + 1e-6) continue;
      request.heartbeatAtMs = nowMs + request.heartbeatMs;
      const { consumerSeq, streamSeq } = this.#delivered();
      this.tell(request.reply, "100 Idle Heartbeat", [
        ["Nats-Last-Consumer", consumerSeq],
        ["Nats-Last-Stream", streamSeq],
      ]);
    }
  }

  #timeout({ reply, left }: Waiting): void {
    this.tell(reply, "408 Request Timeout", [
      ["Nats-Pending-Messages", left],
      ["Nats-Pending-Bytes", 0],
    ]);
  }
}

/** What a request that has a bound in bytes had left of both. */
function unservedOf({ left, bytesLeft }: Waiting): Fields {
  return [
    ["Nats-Pending-Messages", left],
    ["Nats-Pending-Bytes", bytesLeft],
  ];
}
