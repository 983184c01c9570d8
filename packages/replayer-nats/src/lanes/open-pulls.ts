interface Pull {
  readonly batch: number;
  readonly sentAtMs: number;
}

/** The requests that wait on the server, and the credit they gave it: how many messages it may still send. */
export class OpenPulls {
  readonly #pulls = new Map<string, Pull>();
  #credit = 0;
  #last = 0;

  get credit(): number {
    return this.#credit;
  }

  /** Returns the key by which the server says how it ended. */
  open(batch: number, nowMs: number): string {
    const key = (this.#last++).toString(36);
    this.#pulls.set(key, { batch, sentAtMs: nowMs });
    this.#credit += batch;
    return key;
  }

  /** A message has come. Which pull it answers is not told. */
  arrived(): void {
    if (this.#credit > 0 && --this.#credit === 0) this.#pulls.clear();
  }

  /** A pull has ended, of which so many were not served, if the server says so. Undefined for one that is not open. */
  end(key: string, unserved: number | undefined): Pull | undefined {
    const pull = this.#pulls.get(key);
    if (pull === undefined) return undefined;
    this.#pulls.delete(key);
    const left = this.#credit - Math.min(unserved ?? pull.batch, pull.batch);
    this.#credit = this.#pulls.size === 0 ? 0 : Math.max(0, left);
    return pull;
  }

  /** Those sent before must have ended by now, which bounds what the others can be owed. */
  endBefore(sentAtMs: number): void {
    let most = 0;
    for (const [key, pull] of this.#pulls) {
      if (pull.sentAtMs <= sentAtMs) this.#pulls.delete(key);
      else most += pull.batch;
    }
    this.#credit = Math.min(this.#credit, most);
  }

  clear(): void {
    this.#pulls.clear();
    this.#credit = 0;
  }
}
