import {
  type CountOptions,
  type DeadLetter,
  type DeadLetterFilter,
  isHelixError,
  type LetterCount,
  type LetterGroup,
} from "@helix/core";
import type { WholeFacts } from "@helix/core/queue-kit";
import { ModelDeadLetters } from "../model/model-dead-letters.ts";
import type { ModelQueue } from "../model/model-queue.ts";
import type { BrokenAdapter } from "./broken-adapter.ts";
import { reading } from "./dead-letters.ts";

/** A queue that is blind for one condition of a filter. */
function blindFor(...conditions: (keyof DeadLetterFilter)[]): typeof ModelQueue {
  return reading(
    class extends ModelDeadLetters {
      override matches(letter: DeadLetter, filter: DeadLetterFilter): boolean {
        const seen = Object.entries(filter).filter(([key]) => !conditions.includes(key as never));
        return super.matches(letter, Object.fromEntries(seen));
      }
    },
  );
}

/** A queue that finds by something else of a dead letter. */
function lookingAt(change: (letter: DeadLetter) => DeadLetter): typeof ModelQueue {
  return reading(
    class extends ModelDeadLetters {
      override matches(letter: DeadLetter, filter: DeadLetterFilter): boolean {
        return super.matches(change(letter), filter);
      }
    },
  );
}

/** A queue that groups by something else. */
function grouping(change: (facts: WholeFacts) => WholeFacts): typeof ModelQueue {
  return reading(
    class extends ModelDeadLetters {
      override groupedBy(letter: DeadLetter): WholeFacts {
        return change(super.groupedBy(letter));
      }
    },
  );
}

export const BROKEN_FILTERS: readonly BrokenAdapter[] = [
  {
    wrong: "does not filter by table",
    Queue: blindFor("table"),
    caughtBy: [
      "filters dead letters by cluster, priority, reason and table, and by all of them together",
      "gives dead letters page by page, oldest first, each once, by a filter too",
      "counts the dead letters that a filter finds",
      "groups dead letters by cluster, tables, reason and code of the failure, the largest group first",
    ],
  },
  {
    wrong: "does not filter by age",
    Queue: blindFor("olderThanMs", "youngerThanMs"),
    caughtBy: ["filters dead letters by how long they have been dead"],
  },
  {
    wrong: "takes any filter",
    Queue: reading(
      class extends ModelDeadLetters {
        override async list(filter = {}): Promise<DeadLetter[]> {
          return super.list(filter).catch((error) => {
            if (isHelixError(error, "HELIX_FILTER_INVALID")) return [];
            throw error;
          });
        }
      },
    ),
    caughtBy: [
      "refuses a filter that does not exist, cannot be or contradicts itself with HELIX_FILTER_INVALID",
    ],
  },
  {
    wrong: "does not filter by ids",
    Queue: blindFor("ids"),
    caughtBy: ["filters dead letters by their ids, and by when they died"],
  },
  {
    wrong: "does not filter by the time from which on they died",
    Queue: blindFor("diedSinceMs"),
    caughtBy: ["filters dead letters by their ids, and by when they died"],
  },
  {
    wrong: "does not filter by the time until which they died",
    Queue: blindFor("diedUntilMs"),
    caughtBy: ["filters dead letters by their ids, and by when they died"],
  },
  {
    wrong: "does not filter by the code of the failure",
    Queue: blindFor("errorCode"),
    caughtBy: [
      "filters dead letters by the code of their last failure, and by what may be told of it",
      "counts the dead letters that a filter finds",
    ],
  },
  {
    wrong: "does not filter by the text of the failure",
    Queue: blindFor("errorText"),
    caughtBy: ["filters dead letters by the code of their last failure, and by what may be told of it"],
  },
  {
    wrong: "does not filter by redrives",
    Queue: blindFor("redrivenBefore"),
    caughtBy: ["filters dead letters by whether they were redriven before"],
  },
  {
    wrong: "finds dead letters by the whole text of their failure, in which values are quoted",
    Queue: lookingAt((letter) => ({ ...letter, toldError: letter.error })),
    caughtBy: ["filters dead letters by the code of their last failure, and by what may be told of it"],
  },
  {
    wrong: "counts all whatever the filter",
    Queue: reading(
      class extends ModelDeadLetters {
        override async count(filter?: DeadLetterFilter, options?: CountOptions): Promise<LetterCount> {
          await super.count(filter, options);
          return super.count();
        }
      },
    ),
    caughtBy: ["counts the dead letters that a filter finds"],
  },
  {
    wrong: "takes any filter for a count",
    Queue: reading(
      class extends ModelDeadLetters {
        override async count(filter?: DeadLetterFilter, options?: CountOptions): Promise<LetterCount> {
          return super.count(filter, options).catch(() => ({ count: 0, isExact: true }));
        }
      },
    ),
    caughtBy: ["counts the dead letters that a filter finds"],
  },
  {
    wrong: "groups by the first of several tables",
    Queue: grouping((facts) => ({ ...facts, tables: facts.tables.slice(0, 1) })),
    caughtBy: [
      "groups dead letters by cluster, tables, reason and code of the failure, the largest group first",
    ],
  },
  {
    wrong: "groups whatever code a failure has",
    Queue: grouping((facts) => ({ ...facts, toldError: undefined })),
    caughtBy: [
      "groups dead letters by cluster, tables, reason and code of the failure, the largest group first",
    ],
  },
  {
    wrong: "takes no notice of redrives in its groups",
    Queue: grouping((facts) => ({ ...facts, life: 0 })),
    caughtBy: [
      "groups dead letters by cluster, tables, reason and code of the failure, the largest group first",
    ],
  },
  {
    wrong: "groups all whatever the filter",
    Queue: reading(
      class extends ModelDeadLetters {
        override groups(): Promise<LetterGroup[]> {
          return super.groups();
        }
      },
    ),
    caughtBy: [
      "groups dead letters by cluster, tables, reason and code of the failure, the largest group first",
    ],
  },
  {
    wrong: "gives the smallest group first",
    Queue: reading(
      class extends ModelDeadLetters {
        override async groups(filter?: DeadLetterFilter): Promise<LetterGroup[]> {
          return (await super.groups(filter)).reverse();
        }
      },
    ),
    caughtBy: [
      "groups dead letters by cluster, tables, reason and code of the failure, the largest group first",
    ],
  },
];
