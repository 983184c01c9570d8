import type { DeadLetter, DeadLetterReader, DiscardOneOptions, OrderedOptions } from "./dead-letters.ts";

/** For so long what was discarded is kept. Milliseconds. */
export const TRASH_MAX_AGE_MS = 7 * 86_400_000;

/** By whose order a dead letter came into the trash, as far as it was said. */
export interface Discarded extends Omit<DiscardOneOptions, "order"> {
  /** Wall clock, milliseconds. */
  readonly atMs: number;
}

/** A dead letter that was discarded: as it was, with how it came to that. */
export interface TrashedLetter extends DeadLetter {
  readonly discarded: Discarded;
}

/**
 * What was discarded, for seven days from then on, in the order in which it was. Looked at as the dead letters are, by the same
 * filters: their times are those of the death. What is deleted here, or grows too old, is gone for good.
 */
export interface TrashStore extends DeadLetterReader<TrashedLetter> {
  /**
   * Puts one back among the dead letters, as the last that came there and otherwise as it was: its id, its time of death, its cause
   * and its bytes.
   *
   * Rejects with HELIX_DEAD_LETTER_NOT_FOUND, or HELIX_DEAD_LETTERS_FULL: it then stays in the trash.
   */
  restore(id: string, options?: OrderedOptions): Promise<void>;
  /**
   * Deletes one for good. Who and why are for the records of the queue, where it keeps any.
   *
   * Rejects with HELIX_DEAD_LETTER_NOT_FOUND.
   */
  delete(id: string, options?: DiscardOneOptions): Promise<void>;
  /** @default by their ids */
  readonly scanned?: ScannedTrash | undefined;
}

/** The same verbs for what the trash's own `scan` or `page` has just given, as {@link ScannedLetters}. */
export interface ScannedTrash {
  restore(letter: TrashedLetter, options?: OrderedOptions): Promise<void>;
  delete(letter: TrashedLetter, options?: DiscardOneOptions): Promise<void>;
}

/** What a run over many in the trash needs. */
export type BulkTrash = Pick<TrashStore, "scan" | "restore" | "delete" | "scanned">;

/** As the trash does it, or by their ids. */
export function scannedTrash(trash: Omit<BulkTrash, "scan">): ScannedTrash {
  return (
    trash.scanned ?? {
      restore: ({ id }, options) => trash.restore(id, options),
      delete: ({ id }, options) => trash.delete(id, options),
    }
  );
}
