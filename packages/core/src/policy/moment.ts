/**
 * What a clock says, for whoever looks at it for each of many messages: it is read once, and again when all that was ready to
 * run at that moment has run. To read the machine's takes 0.1 µs. What must not be too early reads the clock itself.
 */
export class Moment {
  readonly #read: () => number;
  #nowMs: number | undefined;
  readonly #forget = () => {
    this.#nowMs = undefined;
  };

  constructor(read: () => number) {
    this.#read = read;
  }

  /** Milliseconds; never later than the clock's. */
  get nowMs(): number {
    if (this.#nowMs === undefined) {
      this.#nowMs = this.#read();
      queueMicrotask(this.#forget);
    }
    return this.#nowMs;
  }
}
