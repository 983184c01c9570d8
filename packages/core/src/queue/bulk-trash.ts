import { readOptions } from "../options/index.ts";
import {
  BULK_OPTIONS,
  type BulkOptions,
  type BulkReport,
  DISCARD_OPTIONS,
  type DiscardOptions,
  takeAll,
} from "./bulk-dead-letters.ts";
import { type BulkTrash, scannedTrash } from "./trash.ts";

export interface RestoreReport extends BulkReport {
  /** Put back among the dead letters; in a dry run, would be. */
  readonly restored: number;
}

export interface EmptyTrashReport extends BulkReport {
  /** Deleted for good; in a dry run, would be. */
  readonly deleted: number;
}

/**
 * Restores all that a filter finds in the trash, what was discarded first first. Its report and its failures are those of
 * {@link redriveDeadLetters}, and HELIX_DEAD_LETTERS_FULL ends it; nothing is skipped.
 */
export async function restoreDeadLetters(trash: BulkTrash, options?: BulkOptions): Promise<RestoreReport> {
  const bulk = readOptions<BulkOptions>("restoreDeadLetters", BULK_OPTIONS, options);
  const scanned = scannedTrash(trash);
  const { done: restored, ...report } = await takeAll(trash, bulk, (letter) => scanned.restore(letter));
  return { ...report, restored };
}

/** Deletes all that a filter finds in the trash, for good. Its report and its failures are those of {@link restoreDeadLetters}. */
export async function emptyTrash(trash: BulkTrash, options?: DiscardOptions): Promise<EmptyTrashReport> {
  const { by, why, ...bulk } = readOptions<DiscardOptions>("emptyTrash", DISCARD_OPTIONS, options);
  const scanned = scannedTrash(trash);
  const { done: deleted, ...report } = await takeAll(trash, bulk, (letter) =>
    scanned.delete(letter, { by, why }),
  );
  return { ...report, deleted };
}
