import type { DiscardOneOptions, TrashedLetter, TrashStore } from "@helix/core";
import { readDiscard } from "@helix/core/queue-kit";
import { deadLetterOf, ModelLetters } from "./model-letters.ts";
import type { Buried } from "./model-store.ts";

export class ModelTrash extends ModelLetters<TrashedLetter> implements TrashStore {
  override get storeId(): string {
    return `${this.queue.store.id}.trash`;
  }

  override get kept(): ReadonlyMap<string, Buried> {
    return this.queue.store.trash;
  }

  restore(id: string): Promise<void> {
    return this.queue.reach(() => this.queue.store.restore(id));
  }

  delete(id: string, options?: DiscardOneOptions): Promise<void> {
    return this.queue.reach(() => {
      readDiscard(options, "delete");
      this.queue.store.delete(id);
    });
  }

  override letterOf(buried: Buried): TrashedLetter {
    const { discarded = { atMs: Number.NaN } } = buried;
    return { ...deadLetterOf(buried), discarded };
  }
}
