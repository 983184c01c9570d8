import type { DiscardOneOptions, OrderedOptions, TrashedLetter, TrashStore } from "@helix/core";
import { readDiscard, readRestore } from "@helix/core/queue-kit";
import { deadLetterOf, ModelLetters } from "./model-letters.ts";
import type { Buried } from "./model-store.ts";

export class ModelTrash extends ModelLetters<TrashedLetter> implements TrashStore {
  override get storeId(): string {
    return `${this.queue.store.id}.trash`;
  }

  override get kept(): ReadonlyMap<string, Buried> {
    return this.queue.store.trash;
  }

  restore(id: string, options?: OrderedOptions): Promise<void> {
    const { store } = this.queue;
    return this.queue.reach(() => {
      store.restore(id);
      store.ordered(trashed(id), readRestore(options));
    });
  }

  delete(id: string, options?: DiscardOneOptions): Promise<void> {
    const { store } = this.queue;
    return this.queue.reach(() => {
      const read = readDiscard(options, "delete");
      store.delete(id);
      store.ordered(trashed(id), read);
    });
  }

  orderOf(id: string): Promise<string | undefined> {
    return this.queue.reach(() => this.queue.store.orders.get(trashed(id)));
  }

  override letterOf(buried: Buried): TrashedLetter {
    const { discarded = { atMs: Number.NaN } } = buried;
    return { ...deadLetterOf(buried), discarded };
  }
}

/** What an order in the trash is remembered by. */
function trashed(id: string): string {
  return `trash.${id}`;
}
