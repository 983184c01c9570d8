import {
  type DeadLetter,
  type DeadLetterCause,
  type DeadLetterFilter,
  type DeadLetterPage,
  isHelixError,
  type OrderedOptions,
  type PageOptions,
  type ReplayMessage,
  type ScanOptions,
} from "@helix/core";
import type { PlacedLetter, ReadPage } from "@helix/core/queue-kit";
import { ModelDeadLetters } from "../model/model-dead-letters.ts";
import { ModelMessage } from "../model/model-message.ts";
import { ModelQueue } from "../model/model-queue.ts";
import { type Buried, ModelStore, type Stored } from "../model/model-store.ts";
import type { BrokenAdapter } from "./broken-adapter.ts";

/** A queue whose dead letters are read in a wrong way. */
export function reading(Letters: typeof ModelDeadLetters): typeof ModelQueue {
  return class extends ModelQueue {
    override readonly deadLetters = new Letters(this);
  };
}

/** A queue that keeps dead letters with something wrong in them. */
function keeping(change: (letter: DeadLetter) => DeadLetter): typeof ModelQueue {
  return reading(
    class extends ModelDeadLetters {
      override letterOf(buried: Buried): DeadLetter {
        return change(super.letterOf(buried));
      }
    },
  );
}

export const BROKEN_DEAD_LETTERS: readonly BrokenAdapter[] = [
  {
    wrong: "loses the bytes of a dead letter",
    Queue: keeping((letter) => ({ ...letter, raw: new Uint8Array() })),
    caughtBy: [
      "keeps a dead message with its content, lane, cause and time",
      "keeps the bytes of what cannot be decoded",
      "keeps what is discarded as it was, with who has discarded it, why and when",
      "keeps its trash when it is closed and opened, or killed",
      "has moved what is discarded, and restored, when the promise resolves: a crash loses nothing",
    ],
  },
  {
    wrong: "loses the cause of a death",
    Queue: keeping(({ error: _, outcome: __, ...letter }) => ({ ...letter, reason: "rejected" })),
    caughtBy: [
      "keeps a dead message with its content, lane, cause and time",
      "keeps the first failure that was counted beside the last one",
      "keeps the whole text of the last failure, and of the first only what quotes no value",
      "cuts the text of a failure at 2 KiB",
      "keeps the bytes of what cannot be decoded",
      "filters dead letters by cluster, priority, reason and table, and by all of them together",
      "gives dead letters page by page, oldest first, each once, by a filter too",
      "counts the dead letters that a filter finds",
      "scans the same dead letters in the same order, also while each is discarded",
      "refuses what is too old, or whose table is gone, with HELIX_REDRIVE_NEEDS_FORCE, and keeps it",
      "keeps what is discarded as it was, with who has discarded it, why and when",
    ],
  },
  {
    wrong: "keeps the last failure for the first",
    Queue: keeping(({ firstError: _, ...letter }) =>
      letter.error === undefined ? letter : { ...letter, firstError: letter.error },
    ),
    caughtBy: [
      "keeps a dead message with its content, lane, cause and time",
      "keeps the first failure that was counted beside the last one",
      "keeps the whole text of the last failure, and of the first only what quotes no value",
      "keeps the first failure that was counted over every delay and hand-back",
      "has kept a dead letter when its promise resolves: a crash right after that loses nothing",
      "keeps what is discarded as it was, with who has discarded it, why and when",
    ],
  },
  {
    wrong: "keeps the whole text of the first failure",
    Queue: keeping((letter) =>
      letter.error === undefined || letter.firstError === undefined
        ? letter
        : { ...letter, firstError: { ...letter.firstError, message: letter.error.message } },
    ),
    caughtBy: [
      "keeps the first failure that was counted beside the last one",
      "keeps the whole text of the last failure, and of the first only what quotes no value",
      "keeps the first failure that was counted over every delay and hand-back",
    ],
  },
  {
    wrong: "keeps texts of any length",
    Queue: reading(
      class extends ModelDeadLetters {
        override letterOf(buried: Buried): DeadLetter {
          const letter = super.letterOf(buried);
          const { error } = buried.cause;
          if (!(error instanceof Error) || letter.error === undefined) return letter;
          return { ...letter, error: { ...letter.error, message: error.message } };
        }
      },
    ),
    caughtBy: ["cuts the text of a failure at 2 KiB"],
  },
  {
    wrong: "leaves a dead message in its lane",
    Store: class extends ModelStore {
      override bury(delivered: Stored, cause: DeadLetterCause): void {
        const stored = this.held(delivered);
        super.bury(delivered, cause);
        this.messages.push({ ...stored, inHand: false });
      }
    },
    caughtBy: [
      "takes a dead message out of its lane for good, also when its lease is over",
      "has kept a dead letter when its promise resolves: a crash right after that loses nothing",
      "keeps a dead letter that the full queue does not take",
      "reports in time what is ready, and all that is not settled, by lane",
    ],
  },
  {
    wrong: "removes a message and then keeps its dead letter, in the background",
    Queue: class extends ModelQueue {
      override messageOf(stored: Stored): ReplayMessage {
        const message = super.messageOf(stored);
        const { deadLetter } = message;
        return Object.assign(message, {
          deadLetter: async (cause: DeadLetterCause) => {
            deadLetter.call(message, cause).catch(() => {});
          },
        });
      }
    },
    caughtBy: [
      "rejects all that comes after ack with HELIX_MESSAGE_SETTLED",
      "rejects all that comes after release with HELIX_MESSAGE_SETTLED",
      "rejects all that comes after deadLetter with HELIX_MESSAGE_SETTLED",
      "may hold as much as before after a dead letter that is refused, again and again",
      "leaves a message to the pod that got it when the first one's lease was over, whatever that one says",
      "refuses a cause that is none, and leaves the message in hand",
      "has kept a dead letter when its promise resolves: a crash right after that loses nothing",
      "leaves a message in hand with HELIX_DEAD_LETTERS_FULL when no more are kept, until one is discarded",
    ],
  },
  {
    wrong: "takes any cause",
    Queue: class extends ModelQueue {
      override messageOf(stored: Stored): ReplayMessage {
        const message = new ModelMessage(this, stored);
        const deadLetter = message.deadLetter.bind(message);
        return Object.assign(message, {
          deadLetter: (cause: DeadLetterCause) =>
            deadLetter({
              ...cause,
              reason: (cause.reason as string) === "boredom" ? "rejected" : cause.reason,
            }),
        });
      }
    },
    caughtBy: ["refuses a cause that is none, and leaves the message in hand"],
  },
  {
    wrong: "drops the oldest dead letter when they are full",
    Store: class extends ModelStore {
      override bury(delivered: Stored, cause: DeadLetterCause): void {
        const [oldest] = this.buried.keys();
        if (this.buried.size >= 12 && oldest !== undefined) this.forget(oldest);
        super.bury(delivered, cause);
      }
    },
    caughtBy: [
      "may hold as much as before after a dead letter that is refused, again and again",
      "leaves a message in hand with HELIX_DEAD_LETTERS_FULL when no more are kept, until one is discarded",
    ],
  },
  {
    wrong: "keeps its dead letters in its process",
    Queue: class extends ModelQueue {
      override async close(): Promise<void> {
        if (!this.isClosed) this.store.buried.clear();
        await super.close();
      }
    },
    caughtBy: [
      "keeps its dead letters when it is closed and opened, or killed",
      "has all that it had when it is opened again: ready, delayed, in hand and dead",
    ],
  },
  {
    wrong: "finds some dead letter by any id",
    Queue: reading(
      class extends ModelDeadLetters {
        override async get(): Promise<DeadLetter | undefined> {
          return (await this.list())[0];
        }
      },
    ),
    caughtBy: [
      "finds one by its id, and nothing by another",
      "discards one out of the dead letters, and nothing else",
      "lists dead letters oldest first, up to a limit",
      "filters dead letters by cluster, priority, reason and table, and by all of them together",
      "filters dead letters by how long they have been dead",
      "filters dead letters by their ids, and by when they died",
      "filters dead letters by whether they were redriven before",
      "gives dead letters page by page, oldest first, each once, by a filter too",
      "goes on with the next page whatever was discarded meanwhile, to what has died meanwhile",
      "scans up to a cut-off, and nothing that has died or died again after it",
      "groups dead letters by cluster, tables, reason and code of the failure, the largest group first",
      "scans the same dead letters in the same order, also while each is discarded",
      "refuses what is too old, or whose table is gone, with HELIX_REDRIVE_NEEDS_FORCE, and keeps it",
      "keeps what is discarded as it was, with who has discarded it, why and when",
      "looks at the trash by the filters of the dead letters, and at nothing else",
      "lets one of those who restore and delete a letter at the same time do it, and tells the others",
      "tells by whose order a letter was ended last, and nobody's where nobody is named",
    ],
  },
  {
    wrong: "lists the newest dead letter first",
    Queue: reading(
      class extends ModelDeadLetters {
        override async list(filter = {}): Promise<DeadLetter[]> {
          return (await super.list(filter)).reverse();
        }
      },
    ),
    caughtBy: [
      "lists dead letters oldest first, up to a limit",
      "filters dead letters by cluster, priority, reason and table, and by all of them together",
      "filters dead letters by how long they have been dead",
      "filters dead letters by their ids, and by when they died",
      "restores one as it was, as the last that came among the dead letters, and nothing else",
      "lets one of those who restore and delete a letter at the same time do it, and tells the others",
    ],
  },
  {
    wrong: "lists all whatever the limit",
    Queue: reading(
      class extends ModelDeadLetters {
        override list({ limit, ...filter }: { limit?: number } = {}): Promise<DeadLetter[]> {
          return super.list(limit === 0 ? { limit } : filter);
        }
      },
    ),
    caughtBy: [
      "lists dead letters oldest first, up to a limit",
      "filters dead letters by cluster, priority, reason and table, and by all of them together",
    ],
  },
  {
    wrong: "scans what is there at each step",
    Queue: reading(
      class extends ModelDeadLetters {
        override async *scan(filter?: DeadLetterFilter): AsyncGenerator<DeadLetter, void, void> {
          const seen = new Set<string>();
          for (;;) {
            const next = (await this.list(filter)).find(({ id }) => !seen.has(id));
            if (next === undefined) return;
            seen.add(next.id);
            yield next;
          }
        }
      },
    ),
    caughtBy: [
      "scans up to a cut-off, and nothing that has died or died again after it",
      "scans no more dead letters than there were when it began",
    ],
  },
  {
    wrong: "scans by position, and so passes over what follows one that is gone",
    Queue: reading(
      class extends ModelDeadLetters {
        override async *scan(filter?: DeadLetterFilter): AsyncGenerator<DeadLetter, void, void> {
          const { length } = await this.list(filter);
          for (let index = 0; index < length; index++) {
            const letter = (await this.list(filter))[index];
            if (letter !== undefined) yield letter;
          }
        }
      },
    ),
    caughtBy: [
      "scans up to a cut-off, and nothing that has died or died again after it",
      "scans the same dead letters in the same order, also while each is discarded",
    ],
  },
  {
    wrong: "pages by position, and so passes over what follows one that is gone",
    Queue: reading(
      class extends ModelDeadLetters {
        override placed(filter: DeadLetterFilter, after: number): PlacedLetter[] {
          return super
            .placed(filter, 0)
            .map(({ letter }, at) => ({ letter, place: at + 1 }))
            .slice(after);
        }
      },
    ),
    caughtBy: [
      "goes on with the next page whatever was discarded meanwhile, to what has died meanwhile",
      "scans up to a cut-off, and nothing that has died or died again after it",
    ],
  },
  {
    wrong: "gives one dead letter on two pages",
    Queue: reading(
      class extends ModelDeadLetters {
        override placed(filter: DeadLetterFilter, after: number): PlacedLetter[] {
          return super.placed(filter, Math.max(0, after - 1));
        }
      },
    ),
    caughtBy: [
      "gives dead letters page by page, oldest first, each once, by a filter too",
      "refuses a cursor that no page has given, or a page of another filter, with HELIX_CURSOR_INVALID",
    ],
  },
  {
    wrong: "forgets the filter on the second page",
    Queue: reading(
      class extends ModelDeadLetters {
        override placed(filter: DeadLetterFilter, after: number): PlacedLetter[] {
          return super.placed(after === 0 ? filter : {}, after);
        }
      },
    ),
    caughtBy: [
      "gives dead letters page by page, oldest first, each once, by a filter too",
      "refuses a cursor that no page has given, or a page of another filter, with HELIX_CURSOR_INVALID",
    ],
  },
  {
    wrong: "takes a cursor that it does not know for none",
    Queue: reading(
      class extends ModelDeadLetters {
        override readPage(filter?: DeadLetterFilter, options?: PageOptions): ReadPage {
          try {
            return super.readPage(filter, options);
          } catch (error) {
            if (isHelixError(error, "HELIX_CURSOR_INVALID")) return super.readPage(filter, {});
            throw error;
          }
        }
      },
    ),
    caughtBy: [
      "refuses a cursor that no page has given, or a page of another filter, with HELIX_CURSOR_INVALID",
    ],
  },
  {
    wrong: "takes any options for a page",
    Queue: reading(
      class extends ModelDeadLetters {
        override async page(filter?: DeadLetterFilter, options?: PageOptions): Promise<DeadLetterPage> {
          return super.page(filter, options).catch((error) => {
            if (error instanceof TypeError || error instanceof RangeError) return super.page(filter);
            throw error;
          });
        }
      },
    ),
    caughtBy: ["refuses a page that cannot be"],
  },
  {
    wrong: "takes no notice of a cut-off",
    Queue: reading(
      class extends ModelDeadLetters {
        override scan(filter?: DeadLetterFilter): AsyncGenerator<DeadLetter, void, void> {
          return super.scan(filter);
        }
      },
    ),
    caughtBy: ["scans up to a cut-off, and nothing that has died or died again after it"],
  },
  {
    wrong: "cuts off by a life that has ended, and not by when it died",
    Queue: reading(
      class extends ModelDeadLetters {
        override async *scan(
          filter?: DeadLetterFilter,
          options?: ScanOptions,
        ): AsyncGenerator<DeadLetter, void, void> {
          for await (const letter of super.scan(filter, options)) yield letter;
          if (options?.until === undefined) return;
          for await (const letter of super.scan({ ...filter, redrivenBefore: true })) yield letter;
        }
      },
    ),
    caughtBy: ["scans up to a cut-off, and nothing that has died or died again after it"],
  },
  {
    wrong: "discards for whoever",
    Queue: reading(
      class extends ModelDeadLetters {
        override discard(id: string, options?: OrderedOptions): Promise<void> {
          return super.discard(id, { order: options?.order });
        }
      },
    ),
    caughtBy: [
      "refuses to discard for somebody or a reason that is no text, and keeps the dead letter",
      "keeps what is discarded as it was, with who has discarded it, why and when",
      "discards again what was restored, by the order of the second time",
    ],
  },
  {
    wrong: "discards all there are",
    Store: class extends ModelStore {
      override discard(id: string): void {
        this.find(id);
        this.buried.clear();
      }
    },
    caughtBy: [
      "leaves a message in hand with HELIX_DEAD_LETTERS_FULL when no more are kept, until one is discarded",
      "discards one out of the dead letters, and nothing else",
      "goes on with the next page whatever was discarded meanwhile, to what has died meanwhile",
      "scans the same dead letters in the same order, also while each is discarded",
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
];
