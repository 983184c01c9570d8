import type { ClusterId, Lane, Priority } from "./cluster.ts";
import type { HelixError } from "./errors.ts";
import type { ReplayPayload } from "./payload.ts";

/**
 * Why a message left its lane without being applied.
 *
 * - `rejected`: can never work.
 * - `attempts`: failed `maxDeliver` times, each proved to be its own fault.
 * - `expired`: older than the queue's retention.
 * - `held`: written with `disposition: "hold"`.
 * - `undecodable`: its bytes are not a payload.
 */
export type DeadLetterReason = "rejected" | "attempts" | "expired" | "held" | "undecodable";

export interface DeadLetterCause {
  readonly reason: DeadLetterReason;
  /** The last failure, if there was one. */
  readonly error?: unknown;
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
  readonly reason: DeadLetterReason;
  /** Name, code and text of the last failure; the text cut at 2 KiB. */
  readonly error?:
    | { readonly name: string; readonly message: string; readonly code?: string | undefined }
    | undefined;
  readonly attempts: number;
  /** Wall clock, milliseconds. */
  readonly deadAtMs: number;
}

/** All conditions must hold; none means all dead letters. */
export interface DeadLetterFilter {
  readonly cluster?: ClusterId | undefined;
  readonly priority?: Priority | undefined;
  readonly reason?: DeadLetterReason | undefined;
  /** As `keyspace.table`. */
  readonly table?: string | undefined;
}

export interface DeadLetterStore {
  /** Oldest first. */
  list(filter?: DeadLetterFilter & { readonly limit?: number | undefined }): Promise<DeadLetter[]>;
  get(id: string): Promise<DeadLetter | undefined>;
  /**
   * Puts one back at the end of its lane, with its timestamp, `life` one higher and no attempts.
   *
   * Rejects with HELIX_DEAD_LETTER_NOT_FOUND, or with what `enqueue` rejects with (it then stays).
   */
  redrive(id: string): Promise<void>;
  /** Deletes one for good. Rejects with HELIX_DEAD_LETTER_NOT_FOUND. */
  discard(id: string): Promise<void>;
}
