import type { DeadLetter, DeadLetterStore, DiscardOneOptions, RedriveOneOptions } from "@helix/core";
import { readDiscard, readRedrive } from "@helix/core/queue-kit";
import { deadLetterOf, ModelLetters } from "./model-letters.ts";
import type { Buried } from "./model-store.ts";
import { ModelTrash } from "./model-trash.ts";

export class ModelDeadLetters extends ModelLetters<DeadLetter> implements DeadLetterStore {
  readonly trash: ModelTrash = new ModelTrash(this.queue);

  override get storeId(): string {
    return this.queue.store.id;
  }

  override get kept(): ReadonlyMap<string, Buried> {
    return this.queue.store.buried;
  }

  redrive(id: string, options?: RedriveOneOptions): Promise<void> {
    const { store } = this.queue;
    return this.queue.reach(() => {
      const read = readRedrive(options);
      store.redrive(id, read);
      store.ordered(id, read);
    });
  }

  discard(id: string, options?: DiscardOneOptions): Promise<void> {
    const { store } = this.queue;
    return this.queue.reach(() => {
      const read = readDiscard(options);
      store.discard(id, read);
      store.ordered(id, read);
    });
  }

  orderOf(id: string): Promise<string | undefined> {
    return this.queue.reach(() => this.queue.store.orders.get(id));
  }

  override letterOf(buried: Buried): DeadLetter {
    return deadLetterOf(buried);
  }
}
