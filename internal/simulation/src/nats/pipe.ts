/** Half of a millisecond's millionth: what adding up times may be wrong by. */
const EPSILON_MS = 1e-6;

interface Batch<T> {
  readonly sentAtMs: number;
  readonly dueAtMs: number;
  readonly items: T[];
}

export interface PipeOptions<T> {
  readonly nowMs: () => number;
  readonly latencyMs: () => number;
  readonly schedule: (callback: () => void, delayMs: number) => void;
  readonly deliver: (item: T) => void;
}

/** One direction of a connection: what goes in comes out later, in its order, until it is cut. */
export class Pipe<T> {
  readonly #options: PipeOptions<T>;
  readonly #batches: Batch<T>[] = [];
  #isCut = false;

  constructor(options: PipeOptions<T>) {
    this.#options = options;
  }

  send(item: T): void {
    if (this.#isCut) return;
    const nowMs = this.#options.nowMs();
    const last = this.#batches.at(-1);
    // What is sent at one moment travels together.
    if (last?.sentAtMs === nowMs) {
      last.items.push(item);
      return;
    }
    const dueAtMs = Math.max(nowMs + this.#options.latencyMs(), last?.dueAtMs ?? 0);
    this.#batches.push({ sentAtMs: nowMs, dueAtMs, items: [item] });
    this.#options.schedule(() => this.#arrive(), dueAtMs - nowMs);
  }

  /** Takes nothing more; what is under way arrives or does not. */
  cut(arrives: boolean): void {
    this.#isCut = true;
    if (!arrives) this.#batches.length = 0;
  }

  #arrive(): void {
    const untilMs = this.#options.nowMs() + EPSILON_MS;
    for (
      let first = this.#batches[0];
      first !== undefined && first.dueAtMs <= untilMs;
      first = this.#batches[0]
    ) {
      this.#batches.shift();
      for (const item of first.items) this.#options.deliver(item);
    }
  }
}
