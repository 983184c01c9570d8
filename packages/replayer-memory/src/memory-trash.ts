import {
  type Clock,
  clusterOf,
  type Discarded,
  type DiscardOneOptions,
  helixError,
  TRASH_MAX_AGE_MS,
  type TrashedLetter,
  type TrashStore,
} from "@helix/core";
import { readDiscard } from "@helix/core/queue-kit";
import { type Kept, KeptLetters, letterOf } from "./kept-letters.ts";
import type { Ledger } from "./ledger.ts";

interface Trashed extends Kept {
  readonly discarded: Discarded;
}

export interface MemoryTrashOptions {
  readonly capacity: number;
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** Puts one back among the dead letters, or throws HELIX_DEAD_LETTERS_FULL. */
  readonly readmit: (kept: Kept) => void;
}

/** What was discarded, bounded by its number. What has become too old is dropped when somebody looks or discards next: no timer runs. */
export class MemoryTrash extends KeptLetters<Trashed, TrashedLetter> implements TrashStore {
  readonly #options: MemoryTrashOptions;

  constructor(options: MemoryTrashOptions) {
    super(options.clock, (kept) => ({ ...letterOf(kept), discarded: kept.discarded }));
    this.#options = options;
  }

  /** @throws HelixError HELIX_TRASH_FULL, and then nothing is kept. */
  add({ letter, facts }: Kept, { order: _, ...person }: DiscardOneOptions): void {
    const { capacity, clock } = this.#options;
    if (this.kept.size >= capacity) {
      const text = `The trash is full: ${capacity} are all that may be kept. Empty it, or wait until its oldest is seven days old`;
      throw helixError("HELIX_TRASH_FULL", text, { lane: letter.lane, capacity });
    }
    this.put({ letter, facts, discarded: Object.freeze({ atMs: clock.wallMs(), ...person }) });
  }

  has(id: string): boolean {
    return this.kept.has(id);
  }

  async restore(id: string): Promise<void> {
    const { letter, facts } = this.find(id);
    this.#options.readmit({ letter, facts });
    this.kept.delete(id);
    this.#options.ledger.restored(clusterOf(letter.lane));
  }

  async delete(id: string, options?: DiscardOneOptions): Promise<void> {
    readDiscard(options, "delete");
    this.find(id);
    this.kept.delete(id);
  }

  protected override get kept(): KeptLetters<Trashed, TrashedLetter>["kept"] {
    const kept = super.kept;
    const since = this.#options.clock.wallMs() - TRASH_MAX_AGE_MS;
    // The oldest are the first.
    for (const [id, { discarded }] of kept) {
      if (discarded.atMs > since) break;
      kept.delete(id);
    }
    return kept;
  }
}
