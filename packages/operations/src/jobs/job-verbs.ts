import type { DeadLetter, DeadLetterReader, DeadLetterStore, TrashedLetter } from "@helix/core";
import { type Left, leftUnread } from "@helix/core/internal";
import type { Job } from "./job.ts";

/** One kind of long work over letters. */
interface Verb {
  /** Where the letters lie that it is about. */
  from(store: DeadLetterStore): DeadLetterReader;
  /** Why it is not tried. @default it is */
  leaves?(letter: DeadLetter): Left | undefined;
  /** Does it to a letter that was just read. @default by its id */
  take(store: DeadLetterStore, letter: DeadLetter, job: Job): Promise<void> | undefined;
  /** Does it to one of which only the id is known. Rejects with HELIX_DEAD_LETTER_NOT_FOUND where it is gone. */
  takeById(store: DeadLetterStore, id: string, job: Job): Promise<void>;
}

const VERBS = {
  redrive: {
    from: (store) => store,
    leaves: leftUnread,
    take: ({ scanned }, letter, { force, id: order }) => scanned?.redrive(letter, { force, order }),
    takeById: (store, id, { force, id: order }) => store.redrive(id, { force, order }),
  },
  discard: {
    from: (store) => store,
    take: ({ scanned }, letter, { by, why, id: order }) => scanned?.discard(letter, { by, why, order }),
    takeById: (store, id, { by, why, id: order }) => store.discard(id, { by, why, order }),
  },
  restore: {
    from: ({ trash }) => trash,
    take: ({ trash: { scanned } }, letter, { id: order }) =>
      scanned?.restore(letter as TrashedLetter, { order }),
    takeById: ({ trash }, id, { id: order }) => trash.restore(id, { order }),
  },
  /** Deletes for good what is in the trash. */
  empty: {
    from: ({ trash }) => trash,
    take: ({ trash: { scanned } }, letter, { by, why, id: order }) =>
      scanned?.delete(letter as TrashedLetter, { by, why, order }),
    takeById: ({ trash }, id, { by, why, id: order }) => trash.delete(id, { by, why, order }),
  },
} satisfies Readonly<Record<string, Verb>>;

export type JobVerb = keyof typeof VERBS;
export const JOB_VERBS = Object.freeze(Object.keys(VERBS)) as readonly JobVerb[];

export function verbOf({ verb }: Pick<Job, "verb">): Verb {
  return VERBS[verb];
}
