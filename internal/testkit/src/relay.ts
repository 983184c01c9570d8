import type net from "node:net";

/** What has arrived and is not forwarded yet: bytes, the end of the stream, or the loss of the connection. */
type Item = { readonly dueMs: number; readonly what: Buffer | "end" | "close" };

/**
 * One direction of a proxied connection: forwards what `from` sends to `to`, in order, after `delayMs`. Once
 * told to swallow, it does so for ever, and `to` never learns what becomes of `from`.
 */
export class Relay {
  delayMs = 0;
  /** How many bytes come through before both ends are closed; undefined for no such end. */
  bytesLeft: number | undefined;
  readonly #from: net.Socket;
  readonly #to: net.Socket;
  readonly #waiting: Item[] = [];
  #timer: NodeJS.Timeout | undefined;
  #swallowing = false;

  constructor(from: net.Socket, to: net.Socket) {
    this.#from = from;
    this.#to = to;
    from
      .on("data", (bytes) => this.#forward(bytes))
      .on("end", () => this.#forward("end"))
      .on("error", () => {}) // "close" follows
      .on("close", () => this.#forward("close"));
    to.on("drain", () => from.resume());
  }

  /** From now on everything is lost, what is waiting included. */
  swallow(): void {
    this.#swallowing = true;
    this.stop();
    this.#from.resume();
  }

  /** Forgets what is waiting and leaves no timer. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.length = 0;
  }

  #forward(what: Item["what"]): void {
    if (this.#swallowing || this.#to.destroyed) return;
    if (this.delayMs === 0 && this.#waiting.length === 0) {
      this.#deliver(what);
      return;
    }
    // Never before what came earlier, though the delay may have become shorter since.
    const dueMs = Math.max(performance.now() + this.delayMs, this.#waiting.at(-1)?.dueMs ?? 0);
    this.#waiting.push({ dueMs, what });
    this.#timer ??= setTimeout(() => this.#deliverDue(), dueMs - performance.now());
  }

  #deliverDue(): void {
    this.#timer = undefined;
    for (let head = this.#waiting[0]; head !== undefined; head = this.#waiting[0]) {
      const inMs = head.dueMs - performance.now();
      if (inMs > 0) {
        this.#timer = setTimeout(() => this.#deliverDue(), inMs);
        return;
      }
      this.#waiting.shift();
      this.#deliver(head.what);
    }
  }

  get #left(): number {
    return this.bytesLeft ?? Number.POSITIVE_INFINITY;
  }

  #cut(last: Buffer): void {
    this.swallow();
    this.#to.end(last);
    this.#from.destroy();
  }

  #deliver(what: Item["what"]): void {
    if (what === "close") this.#to.destroy();
    else if (what === "end") this.#to.end();
    else if (what.length > this.#left) this.#cut(what.subarray(0, this.#left));
    else {
      if (this.bytesLeft !== undefined) this.bytesLeft -= what.length;
      if (!this.#to.write(what)) this.#from.pause();
    }
  }
}
