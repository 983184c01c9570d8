import type {
  CountOptions,
  DeadLetterFilter,
  DiscardOneOptions,
  LetterCount,
  LetterGroup,
  OrderedOptions,
  TrashedLetter,
} from "@helix/core";
import type { PlacedLetter } from "@helix/core/queue-kit";
import { wait } from "@helix/core/queue-kit";
import { ModelDeadLetters } from "../model/model-dead-letters.ts";
import type { ModelQueue } from "../model/model-queue.ts";
import { type Buried, ModelStore } from "../model/model-store.ts";
import { ModelTrash } from "../model/model-trash.ts";
import type { BrokenAdapter } from "./broken-adapter.ts";
import { reading } from "./dead-letters.ts";

/** A queue whose trash is wrong. */
function trashing(Trash: typeof ModelTrash): typeof ModelQueue {
  return reading(
    class extends ModelDeadLetters {
      override readonly trash = new Trash(this.queue);
    },
  );
}

/** What this process has discarded, and nothing else. */
class OwnTrash extends ModelTrash {
  readonly mine: ReadonlySet<string>;

  constructor(queue: ModelQueue, mine: ReadonlySet<string>) {
    super(queue);
    this.mine = mine;
  }

  override get kept(): ReadonlyMap<string, Buried> {
    return new Map([...super.kept].filter(([id]) => this.mine.has(id)));
  }

  override restore(id: string, options?: OrderedOptions): Promise<void> {
    return super.restore(this.mine.has(id) ? id : "none", options);
  }
}

class HastyTrash extends ModelTrash {
  override async restore(id: string, options?: OrderedOptions): Promise<void> {
    await this.queue.reach(() => this.queue.store.findTrashed(id));
    super.restore(id, options).catch(() => {});
  }
}

export const BROKEN_TRASHES: readonly BrokenAdapter[] = [
  {
    wrong: "discards for good",
    Store: class extends ModelStore {
      override discard(id: string): void {
        this.find(id);
        this.forget(id);
      }
    },
    caughtBy: [
      "keeps what is discarded as it was, with who has discarded it, why and when",
      "restores one as it was, as the last that came among the dead letters, and nothing else",
      "discards again what was restored, by the order of the second time",
      "deletes one in the trash for good, and nothing else",
      "refuses to delete for somebody or a reason that is no text, and keeps the letter in the trash",
      "looks at the trash by the filters of the dead letters, and at nothing else",
      "gives the trash page by page, and scans it up to a cut-off of its own",
      "refuses a discard with HELIX_TRASH_FULL when no more are kept there, until one is deleted",
      "keeps in the trash what the full dead letters do not take back",
      "lets one of those who restore and delete a letter at the same time do it, and tells the others",
      "has a letter in one place, whoever discards and restores it at the same time",
      "keeps its trash when it is closed and opened, or killed",
      "has moved what is discarded, and restored, when the promise resolves: a crash loses nothing",
      "restores and deletes from any pod",
      "tells by whose order a letter was ended last, and nobody's where nobody is named",
      "tells by whose order a letter left the trash, apart from by whose it came there",
      "lets one of two orders end a letter, and tells every process which of them it was",
    ],
  },
  {
    wrong: "keeps in the trash nothing but ids and bytes",
    Queue: trashing(
      class extends ModelTrash {
        override letterOf(buried: Buried): TrashedLetter {
          return super.letterOf({ ...buried, cause: { reason: "rejected" } });
        }
      },
    ),
    caughtBy: [
      "keeps what is discarded as it was, with who has discarded it, why and when",
      "looks at the trash by the filters of the dead letters, and at nothing else",
    ],
  },
  {
    wrong: "forgets who has discarded a dead letter",
    Store: class extends ModelStore {
      override discard(id: string): void {
        super.discard(id, {});
      }
    },
    caughtBy: [
      "keeps what is discarded as it was, with who has discarded it, why and when",
      "discards again what was restored, by the order of the second time",
    ],
  },
  {
    wrong: "says that everything was discarded in 1970",
    Queue: trashing(
      class extends ModelTrash {
        override letterOf(buried: Buried): TrashedLetter {
          return { ...super.letterOf(buried), discarded: { ...buried.discarded, atMs: 1 } };
        }
      },
    ),
    caughtBy: ["keeps what is discarded as it was, with who has discarded it, why and when"],
  },
  {
    wrong: "keeps the dead letter of what it has discarded",
    Store: class extends ModelStore {
      override discard(id: string, person: DiscardOneOptions): void {
        const buried = this.find(id);
        super.discard(id, person);
        this.buried.set(id, buried);
      }
    },
    caughtBy: [
      "leaves a message in hand with HELIX_DEAD_LETTERS_FULL when no more are kept, until one is discarded",
      "discards one out of the dead letters, and nothing else",
      "goes on with the next page whatever was discarded meanwhile, to what has died meanwhile",
      "scans the same dead letters in the same order, also while each is discarded",
      "lets one of those who redrive and discard a dead letter at the same time do it, and tells the others",
      "keeps what is discarded as it was, with who has discarded it, why and when",
      "restores one as it was, as the last that came among the dead letters, and nothing else",
      "discards again what was restored, by the order of the second time",
      "deletes one in the trash for good, and nothing else",
      "refuses a discard with HELIX_TRASH_FULL when no more are kept there, until one is deleted",
      "keeps in the trash what the full dead letters do not take back",
      "lets one of those who restore and delete a letter at the same time do it, and tells the others",
      "has a letter in one place, whoever discards and restores it at the same time",
      "has moved what is discarded, and restored, when the promise resolves: a crash loses nothing",
      "restores and deletes from any pod",
      "lets one of two orders end a letter, and tells every process which of them it was",
    ],
  },
  {
    wrong: "restores with another time of death",
    Store: class extends ModelStore {
      override restore(id: string): void {
        super.restore(id);
        this.buried.set(id, { ...this.find(id), deadAtMs: this.clock.wallMs() + 1 });
      }
    },
    caughtBy: [
      "restores one as it was, as the last that came among the dead letters, and nothing else",
      "has moved what is discarded, and restored, when the promise resolves: a crash loses nothing",
      "restores and deletes from any pod",
    ],
  },
  {
    wrong: "restores into the place that a dead letter had",
    Store: class extends ModelStore {
      override restore(id: string): void {
        const others = [...this.buried];
        super.restore(id);
        const restored = this.find(id);
        this.buried.clear();
        for (const [key, value] of [[id, restored] as const, ...others]) this.buried.set(key, value);
      }
    },
    caughtBy: [
      "restores one as it was, as the last that came among the dead letters, and nothing else",
      "lets one of those who restore and delete a letter at the same time do it, and tells the others",
    ],
  },
  {
    wrong: "keeps in the trash what it has restored",
    Store: class extends ModelStore {
      override restore(id: string): void {
        const trashed = this.findTrashed(id);
        super.restore(id);
        this.trash.set(id, trashed);
      }
    },
    caughtBy: [
      "restores one as it was, as the last that came among the dead letters, and nothing else",
      "gives the trash page by page, and scans it up to a cut-off of its own",
      "lets one of those who restore and delete a letter at the same time do it, and tells the others",
      "has moved what is discarded, and restored, when the promise resolves: a crash loses nothing",
      "restores and deletes from any pod",
      "lets one of two orders end a letter, and tells every process which of them it was",
    ],
  },
  {
    wrong: "restores into the lane",
    Store: class extends ModelStore {
      override restore(id: string): void {
        super.restore(id);
        this.redrive(id, {});
      }
    },
    caughtBy: [
      "restores one as it was, as the last that came among the dead letters, and nothing else",
      "discards again what was restored, by the order of the second time",
      "lets one of those who restore and delete a letter at the same time do it, and tells the others",
      "has a letter in one place, whoever discards and restores it at the same time",
      "has moved what is discarded, and restored, when the promise resolves: a crash loses nothing",
      "restores and deletes from any pod",
      "tells by whose order a letter was ended last, and nobody's where nobody is named",
      "tells by whose order a letter left the trash, apart from by whose it came there",
      "lets one of two orders end a letter, and tells every process which of them it was",
    ],
  },
  {
    wrong: "restores what is no more in the trash from what it remembers",
    Store: class extends ModelStore {
      readonly remembered = new Map<string, Buried>();
      override discard(id: string, person: DiscardOneOptions): void {
        super.discard(id, person);
        this.remembered.set(id, this.findTrashed(id));
      }
      override findTrashed(id: string): Buried {
        return this.remembered.get(id) ?? super.findTrashed(id);
      }
    },
    caughtBy: [
      "restores one as it was, as the last that came among the dead letters, and nothing else",
      "deletes one in the trash for good, and nothing else",
      "lets one of those who restore and delete a letter at the same time do it, and tells the others",
      "lets one of two orders end a letter, and tells every process which of them it was",
    ],
  },
  {
    wrong: "says of what was discarded twice why it was the first time",
    Store: class extends ModelStore {
      readonly persons = new Map<string, DiscardOneOptions>();
      override discard(id: string, person: DiscardOneOptions): void {
        const first = this.persons.get(id) ?? person;
        super.discard(id, first);
        this.persons.set(id, first);
      }
    },
    caughtBy: ["discards again what was restored, by the order of the second time"],
  },
  {
    wrong: "deletes all that is in the trash",
    Store: class extends ModelStore {
      override delete(id: string): void {
        super.delete(id);
        this.trash.clear();
      }
    },
    caughtBy: [
      "deletes one in the trash for good, and nothing else",
      "refuses a discard with HELIX_TRASH_FULL when no more are kept there, until one is deleted",
    ],
  },
  {
    wrong: "deletes in the trash for whoever",
    Queue: trashing(
      class extends ModelTrash {
        override delete(id: string, options?: DiscardOneOptions): Promise<void> {
          return super.delete(id, { order: options?.order });
        }
      },
    ),
    caughtBy: [
      "refuses to delete for somebody or a reason that is no text, and keeps the letter in the trash",
    ],
  },
  {
    wrong: "says nothing of an id that is not in the trash",
    Store: class extends ModelStore {
      override restore(id: string): void {
        if (this.trash.has(id)) super.restore(id);
      }
      override delete(id: string): void {
        this.trash.delete(id);
      }
    },
    caughtBy: [
      "restores one as it was, as the last that came among the dead letters, and nothing else",
      "deletes one in the trash for good, and nothing else",
      "refuses in the trash what was not discarded with HELIX_DEAD_LETTER_NOT_FOUND",
      "lets one of those who restore and delete a letter at the same time do it, and tells the others",
      "lets one of two orders end a letter, and tells every process which of them it was",
    ],
  },
  {
    wrong: "does not filter the trash",
    Queue: trashing(
      class extends ModelTrash {
        override matches(): boolean {
          return true;
        }
      },
    ),
    caughtBy: ["looks at the trash by the filters of the dead letters, and at nothing else"],
  },
  {
    wrong: "counts the dead letters for the trash",
    Queue: reading(
      class extends ModelDeadLetters {
        override readonly trash: ModelTrash = this.#counting();
        #counting(): ModelTrash {
          const letters = this;
          return new (class extends ModelTrash {
            override count(filter?: DeadLetterFilter, options?: CountOptions): Promise<LetterCount> {
              return letters.count(filter, options);
            }
          })(this.queue);
        }
      },
    ),
    caughtBy: ["looks at the trash by the filters of the dead letters, and at nothing else"],
  },
  {
    wrong: "has no groups in the trash",
    Queue: trashing(
      class extends ModelTrash {
        override async groups(): Promise<LetterGroup[]> {
          return [];
        }
      },
    ),
    caughtBy: ["looks at the trash by the filters of the dead letters, and at nothing else"],
  },
  {
    wrong: "pages the trash by position",
    Queue: trashing(
      class extends ModelTrash {
        override placed(filter: DeadLetterFilter, after: number): PlacedLetter<TrashedLetter>[] {
          return super
            .placed(filter, 0)
            .map(({ letter }, at) => ({ letter, place: at + 1 }))
            .slice(after);
        }
      },
    ),
    caughtBy: ["gives the trash page by page, and scans it up to a cut-off of its own"],
  },
  {
    wrong: "takes a cursor of the trash for one of the dead letters",
    Queue: trashing(
      class extends ModelTrash {
        override get storeId(): string {
          return this.queue.store.id;
        }
      },
    ),
    caughtBy: ["gives the trash page by page, and scans it up to a cut-off of its own"],
  },
  {
    wrong: "drops the oldest when the trash is full",
    Store: class extends ModelStore {
      override trashFull(): void {
        const [oldest] = this.trash.keys();
        this.trash.delete(oldest as string);
      }
    },
    caughtBy: ["refuses a discard with HELIX_TRASH_FULL when no more are kept there, until one is deleted"],
  },
  {
    wrong: "deletes for good when the trash is full",
    Store: class extends ModelStore {
      override trashFull({ id }: Buried): void {
        this.forget(id);
      }
    },
    caughtBy: ["refuses a discard with HELIX_TRASH_FULL when no more are kept there, until one is deleted"],
  },
  {
    wrong: "forgets what the full dead letters do not take back",
    Store: class extends ModelStore {
      override restore(id: string): void {
        const { discarded: _, ...buried } = this.findTrashed(id);
        this.trash.delete(id);
        this.assertRoom(buried.stored.lane);
        this.buried.set(id, { ...buried, place: ++this.lastPlace });
      }
    },
    caughtBy: ["keeps in the trash what the full dead letters do not take back"],
  },
  {
    wrong: "restores what it has seen in the trash, whatever became of it meanwhile",
    Queue: trashing(
      class extends ModelTrash {
        override async restore(id: string): Promise<void> {
          const { store } = this.queue;
          const { discarded: _, ...seen } = store.findTrashed(id);
          await wait(store.clock, 5);
          store.buried.set(id, { ...seen, place: ++store.lastPlace });
          store.trash.delete(id);
        }
      },
    ),
    caughtBy: [
      "keeps in the trash what the full dead letters do not take back",
      "lets one of those who restore and delete a letter at the same time do it, and tells the others",
      "tells by whose order a letter left the trash, apart from by whose it came there",
      "lets one of two orders end a letter, and tells every process which of them it was",
    ],
  },
  {
    wrong: "discards what it has seen, whoever has restored it meanwhile",
    Queue: reading(
      class extends ModelDeadLetters {
        override async discard(id: string, options?: DiscardOneOptions): Promise<void> {
          const { store } = this.queue;
          const seen = store.find(id);
          const discarded = { atMs: store.clock.wallMs(), ...options };
          await wait(store.clock, 5);
          store.trash.set(id, { ...seen, place: ++store.lastPlace, discarded });
          await wait(store.clock, 5);
          store.forget(id);
        }
      },
    ),
    caughtBy: [
      "refuses to discard for somebody or a reason that is no text, and keeps the dead letter",
      "lets one of those who redrive and discard a dead letter at the same time do it, and tells the others",
      "refuses a discard with HELIX_TRASH_FULL when no more are kept there, until one is deleted",
      "tells by whose order a letter was ended last, and nobody's where nobody is named",
      "tells by whose order a letter left the trash, apart from by whose it came there",
      "lets one of two orders end a letter, and tells every process which of them it was",
      "tells by whose order a letter was ended though its process has been killed",
    ],
  },
  {
    wrong: "keeps its trash in the process",
    Queue: reading(
      class extends ModelDeadLetters {
        readonly mine = new Set<string>();
        override readonly trash: ModelTrash = new OwnTrash(this.queue, this.mine);

        override async discard(id: string, options?: DiscardOneOptions): Promise<void> {
          await super.discard(id, options);
          this.mine.add(id);
        }
      },
    ),
    caughtBy: [
      "keeps its trash when it is closed and opened, or killed",
      "has moved what is discarded, and restored, when the promise resolves: a crash loses nothing",
      "restores and deletes from any pod",
    ],
  },
  {
    wrong: "says that it has discarded and restored before it has",
    Queue: reading(
      class extends ModelDeadLetters {
        override readonly trash: ModelTrash = new HastyTrash(this.queue);

        override async discard(id: string, options?: DiscardOneOptions): Promise<void> {
          await this.queue.reach(() => this.queue.store.find(id));
          super.discard(id, options).catch(() => {});
        }
      },
    ),
    caughtBy: [
      "refuses to discard for somebody or a reason that is no text, and keeps the dead letter",
      "lets one of those who redrive and discard a dead letter at the same time do it, and tells the others",
      "refuses a discard with HELIX_TRASH_FULL when no more are kept there, until one is deleted",
      "keeps in the trash what the full dead letters do not take back",
      "lets one of those who restore and delete a letter at the same time do it, and tells the others",
      "has moved what is discarded, and restored, when the promise resolves: a crash loses nothing",
      "lets one of two orders end a letter, and tells every process which of them it was",
      "tells by whose order a letter was ended though its process has been killed",
    ],
  },
];
