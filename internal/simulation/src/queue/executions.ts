/** What one process has written down that it is executing: a message, and whether it is its turn as a suspect. */
export type Executing = ReadonlyMap<string, boolean>;

/**
 * The records of what processes are executing, as the NATS queue has them: a process is gone when its record was not written
 * for a lease, and lives when it was within half of one.
 */
export class Executions {
  readonly #leaseMs: number;
  readonly #records = new Map<string, { readonly executing: Executing; readonly writtenAtMs: number }>();

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  write(process: string, executing: Executing, nowMs: number): void {
    if (executing.size === 0) this.#records.delete(process);
    else this.#records.set(process, { executing: new Map(executing), writtenAtMs: nowMs });
  }

  /** What the records of others say: who is gone and was executing it, and how long it takes until that is known of all. */
  about(message: string, reader: string, nowMs: number) {
    const deaths: {
      readonly process: string;
      readonly wasItsTurn: boolean;
      readonly isDoubtful: boolean;
    }[] = [];
    let undecidedForMs = 0;
    for (const [process, { executing, writtenAtMs }] of this.#records) {
      const wasItsTurn = executing.get(message);
      const ageMs = nowMs - writtenAtMs;
      if (wasItsTurn === undefined || process === reader || ageMs < this.#leaseMs / 2) continue;
      const isDoubtful = [...executing.values()].includes(false);
      if (ageMs >= this.#leaseMs) deaths.push({ process, wasItsTurn, isDoubtful });
      else undecidedForMs = Math.max(undecidedForMs, this.#leaseMs - ageMs);
    }
    return { deaths, undecidedForMs };
  }
}
