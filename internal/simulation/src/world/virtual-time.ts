/** What the wall clock shows at the start. Milliseconds since 1970. */
export const START_MS = 1_764_000_000_000;

interface Timer {
  readonly dueAtMs: number;
  readonly order: number;
  readonly settles: boolean;
  callback: (() => void) | undefined;
}

/**
 * The event loop of the simulation: timers in the order of their time, and of their setting at the same
 * time. After each, every promise settles that can; real time plays no part.
 */
export class VirtualTime {
  readonly #heap: Timer[] = [];
  #nowMs = 0;
  #order = 0;

  /** Milliseconds since the start. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Calls back once after the delay; returns what cancels it. */
  schedule(callback: () => void, delayMs: number): () => void {
    return this.#schedule(callback, delayMs, true);
  }

  /** The same for what settles no promise, which is most of what goes on in a server: much cheaper. */
  scheduleQuietly(callback: () => void, delayMs: number): () => void {
    return this.#schedule(callback, delayMs, false);
  }

  /** What the promise settles with, after as much time as that takes; undefined if it has not by the limit. */
  async until<T>(promise: Promise<T>, limitMs: number): Promise<T | undefined> {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    promise.then(settle, settle);
    return (await this.runUntil(() => isSettled, limitMs)) ? promise : undefined;
  }

  #schedule(callback: () => void, delayMs: number, settles: boolean): () => void {
    const timer: Timer = {
      dueAtMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#order++,
      settles,
      callback,
    };
    this.#push(timer);
    return () => {
      timer.callback = undefined;
    };
  }

  /** Lets time pass until the condition holds, or at most so long. Whether it holds. */
  async runUntil(isOver: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.#nowMs + limitMs;
    await settle();
    while (!isOver()) {
      const next = this.#pop(endMs);
      if (next === undefined) {
        this.#nowMs = endMs;
        return isOver();
      }
      this.#nowMs = next.dueAtMs;
      next.callback?.();
      if (next.settles) await settle();
    }
    return true;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Timer;
      if (!before(timer, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  /** The next timer that was not cancelled, if it is due by then. */
  #pop(untilMs: number): Timer | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || (first.callback !== undefined && first.dueAtMs > untilMs)) return undefined;
      this.#removeFirst();
      if (first.callback !== undefined) return first;
    }
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as Timer;
    const { length } = heap;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && before(heap[child + 1] as Timer, heap[child] as Timer)) child++;
      const below = heap[child] as Timer;
      if (!before(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}

function before(left: Timer, right: Timer): boolean {
  return left.dueAtMs !== right.dueAtMs ? left.dueAtMs < right.dueAtMs : left.order < right.order;
}

/** An immediate runs when no promise that could settle is left. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
