import type { Lane } from "../cluster.ts";
import type { Outcome } from "../error-reading.ts";
import type { HelixError } from "../errors.ts";
import type { ReplayPayload } from "../payload/payload.ts";
import type { ErrorSummary } from "../report/error-summary.ts";
import type { DeadLetterFilter } from "./dead-letter-filter.ts";
import type { CountOptions, LetterCount, LetterGroup } from "./letter-groups.ts";
import type { TrashStore } from "./trash.ts";

/**
 * Why a message left its lane without being applied.
 *
 * - `rejected`: can never work.
 * - `attempts`: failed `maxDeliver` times, each proved to be its own fault.
 * - `expired`: older than the queue's retention.
 * - `held`: written with `disposition: "hold"`.
 * - `undecodable`: its bytes are not a payload.
 * - `too-old`: older than the `gc_grace_seconds` of its table; a replay might bring back what was deleted since.
 * - `table-gone`: its table was made again, or emptied by TRUNCATE, or a column of it dropped and added again, since the write.
 */
export type DeadLetterReason = "rejected" | "attempts" | "expired" | "held" | "undecodable" | UnsafeReason;

/** Why a message that could be applied was not: a redrive of it has to be forced. */
export type UnsafeReason = "too-old" | "table-gone";

export const DEAD_LETTER_REASONS: readonly DeadLetterReason[] = Object.freeze([
  "rejected",
  "attempts",
  "expired",
  "held",
  "undecodable",
  "too-old",
  "table-gone",
]);

export interface DeadLetterCause {
  readonly reason: DeadLetterReason;
  /** What the last failure was classified as, if there was one. */
  readonly outcome?: Exclude<Outcome, "applied"> | undefined;
  /** The last failure, if there was one. */
  readonly error?: unknown;
  /**
   * What may be told of it outside of the message's body, in headers and records: a text that quotes nothing that was bound.
   *
   * @default its text where that is known to quote nothing, else its name and code
   */
  readonly errorText?: string | undefined;
  /** The count with which it died, this failure included. @default the message's own */
  readonly attempts?: number | undefined;
}

/** What a message holds: a payload, or bytes that could not be decoded and the reason. */
export type MessageContent =
  | { readonly ok: true; readonly payload: ReplayPayload }
  | { readonly ok: false; readonly raw: Uint8Array; readonly error: HelixError };

/** A message that was taken out of its lane, kept until a person redrives or discards it. */
export interface DeadLetter {
  /** Names it within its store: id and life of the message. */
  readonly id: string;
  readonly lane: Lane;
  readonly content: MessageContent;
  /** The bytes as they lay in the lane. */
  readonly raw: Uint8Array;
  readonly reason: DeadLetterReason;
  /** What the last failure was classified as. */
  readonly outcome?: Exclude<Outcome, "applied"> | undefined;
  /** The last failure; its text whole, and so perhaps with values that were bound, but cut at 2 KiB. */
  readonly error?: ErrorSummary | undefined;
  /** The same with a text that quotes no value: what filters look at, and may be shown to whoever may not see the rows. */
  readonly toldError?: ErrorSummary | undefined;
  /** The first failure that was counted, if the queue was told of it; its text quotes no value. */
  readonly firstError?: ErrorSummary | undefined;
  readonly attempts: number;
  /** Wall clock, milliseconds. */
  readonly deadAtMs: number;
  /** Where it was, in the queue's own terms, such as stream, sequence and deliveries. */
  readonly origin: Readonly<Record<string, string | number>>;
}

/** Of an order about many, whose process may die in the middle. */
export interface OrderedOptions {
  /**
   * Names it: 1 to 64 letters, digits, `_` and `-`. For two minutes from when one order has begun it, a letter is gone for any other, so that of several
   * orders one has ended it, which {@link DeadLetterReader.orderOf} tells. @default none
   */
  readonly order?: string | undefined;
}

export interface RedriveOneOptions extends OrderedOptions {
  /**
   * It is applied although it is too old, or its table is not the one that was written to: what was deleted since may come
   * back. @default false
   */
  readonly force?: boolean | undefined;
}

export interface DiscardOneOptions extends OrderedOptions {
  /** The person who has decided it: 1 to 200 characters. @default nobody is named */
  readonly by?: string | undefined;
  /** In the person's words: 1 to 2_000 characters. @default no reason is given */
  readonly why?: string | undefined;
}

export interface PageOptions {
  /** 1 to 1_000. @default 100 */
  readonly limit?: number | undefined;
  /** What the page before gave. @default from the oldest on */
  readonly cursor?: string | undefined;
}

export interface ScanOptions {
  /**
   * What {@link DeadLetterReader.cutOff} gave: no further than that, and ages are counted to it. What is none, or of another store, is
   * refused with HELIX_CURSOR_INVALID. @default what there is when the scan begins
   */
  readonly until?: string | undefined;
}

export interface DeadLetterPage<L extends DeadLetter = DeadLetter> {
  readonly letters: readonly L[];
  /** For the next page, with the same filter; undefined: there are no more. Good for a day, in any process. */
  readonly cursor?: string | undefined;
}

/** Looks at dead letters, and changes nothing. Oldest first is the order in which they came here, by death or by a restore. */
export interface DeadLetterReader<L extends DeadLetter = DeadLetter> {
  /**
   * Oldest first, 1_000 unless a limit says otherwise. All of them are in memory at once, whatever their size: for more there are
   * `page` and `scan`.
   */
  list(filter?: DeadLetterFilter & { readonly limit?: number | undefined }): Promise<L[]>;
  /**
   * As many as the limit says, oldest first; fewer where they are large: a page is over when it has 8 MiB. The next goes on
   * after its last one, whatever was redriven or discarded meanwhile; what has died meanwhile comes last. Ages are counted to
   * the first page on all of them.
   *
   * Rejects with HELIX_CURSOR_INVALID for a cursor that no page of this store and filter has given within a day.
   */
  page(filter?: DeadLetterFilter, options?: PageOptions): Promise<DeadLetterPage<L>>;
  /**
   * Oldest first, as many as there were when it began, without holding them all. What is redriven or
   * discarded meanwhile may be passed over.
   */
  scan(filter?: DeadLetterFilter, options?: ScanOptions): AsyncIterable<L>;
  /**
   * Names this moment, for `until`: what has died by now is before it, and what dies from now on is not, nor what dies again. Good in
   * any process, as long as the store is the same: so that work that is interrupted goes on with what it began with.
   */
  cutOff(): Promise<string>;
  get(id: string): Promise<L | undefined>;
  /** How many there are. Takes a second at most unless told otherwise, and says whether that was enough. */
  count(filter?: DeadLetterFilter, options?: CountOptions): Promise<LetterCount>;
  /**
   * The order that has begun to end a letter, or has ended it, the last one; undefined: none, or nobody knows any more. Who goes on with what a
   * dead process had begun learns by it what that has done. @default nobody knows
   */
  orderOf?(id: string): Promise<string | undefined>;
  /** All there are, by cluster, tables, reason and code of the failure, the largest group first. No letter is kept in memory for it. */
  groups(filter?: DeadLetterFilter): Promise<LetterGroup[]>;
}

export interface DeadLetterStore extends DeadLetterReader {
  /**
   * Puts one back at the end of its lane, with its timestamp, `life` one higher and no attempts. One that was on hold is
   * executed then (`unsafe`); with `force`, whatever speaks against it.
   *
   * Rejects with HELIX_DEAD_LETTER_NOT_FOUND, with HELIX_PAYLOAD_INVALID if its bytes are not a payload, with
   * HELIX_REDRIVE_NEEDS_FORCE for one that is `too-old` or `table-gone`, or with what `enqueue` rejects with. It then stays.
   */
  redrive(id: string, options?: RedriveOneOptions): Promise<void>;
  /**
   * Moves one into the trash, from where it can be restored for seven days. Who and why go with it, and into the records of the
   * queue, where it keeps any.
   *
   * Rejects with HELIX_DEAD_LETTER_NOT_FOUND, or with HELIX_TRASH_FULL: it then stays.
   */
  discard(id: string, options?: DiscardOneOptions): Promise<void>;
  readonly trash: TrashStore;
  /** @default by their ids */
  readonly scanned?: ScannedLetters | undefined;
}

/**
 * The same verbs for dead letters that the store's own `scan` or `page` has just given: what is known of them need not be read again. They
 * do and reject with the same.
 */
export interface ScannedLetters {
  redrive(letter: DeadLetter, options?: RedriveOneOptions): Promise<void>;
  discard(letter: DeadLetter, options?: DiscardOneOptions): Promise<void>;
}

/** What a run over many needs. */
export type BulkStore = Pick<DeadLetterStore, "scan" | "redrive" | "discard" | "scanned">;

/** As the store does it, or by their ids. */
export function scannedLetters(store: Omit<BulkStore, "scan">): ScannedLetters {
  return (
    store.scanned ?? {
      redrive: ({ id }, options) => store.redrive(id, options),
      discard: ({ id }, options) => store.discard(id, options),
    }
  );
}
