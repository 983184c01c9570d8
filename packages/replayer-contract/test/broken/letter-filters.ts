import { type DeadLetter, type DeadLetterFilter, isHelixError } from "@helix/core";
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

export const BROKEN_FILTERS: readonly BrokenAdapter[] = [
  {
    wrong: "does not filter by table",
    Queue: blindFor("table"),
    caughtBy: [
      "filters dead letters by cluster, priority, reason and table, and by all of them together",
      "gives dead letters page by page, oldest first, each once, by a filter too",
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
    caughtBy: ["filters dead letters by the code of their last failure, and by what may be told of it"],
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
];
