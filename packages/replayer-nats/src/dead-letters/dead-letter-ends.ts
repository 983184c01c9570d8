import { type Clock, type DeadLetter, helixError } from "@helix/core";
import { wait } from "@helix/core/queue-kit";
import type { Admin } from "../connection/admin.ts";
import { parsed } from "../connection/parsed.ts";
import { refusalOfPublish } from "../connection/publish-refusal.ts";
import { headerBlock, type Publisher, PublishFailure } from "../connection/publisher.ts";
import { digestOf } from "../identity.ts";
import { type Names, recordSubject } from "../topology/names.ts";

/** How a dead letter, or one in the trash, ends by a person's order. */
const ENDS = ["redriven", "discarded", "restored", "deleted"] as const;
type LetterEnd = (typeof ENDS)[number];

/** After that the one who began has ended or died, and the other end may be begun. */
const BEGUN_FOR_MS = 120_000;
const AGAIN_AFTER_MS = 50;
const TRIES = 20;
const ENCODER = new TextEncoder();
const EXPECTED = "Nats-Expected-Last-Subject-Sequence";
const PURGE = { "KV-Operation": "PURGE", "Nats-Rollup": "sub" };
const NO_DATA = new Uint8Array();

interface Begun {
  /** Undefined: nobody has begun. */
  readonly end: LetterEnd | undefined;
  /** Place of the dead letter that it was about; older versions do not write it. */
  readonly letter: number | undefined;
  /** Of a job, which may be gone on with by another process. */
  readonly order: string | undefined;
  readonly atMs: number;
  readonly sequence: number;
}

/**
 * Which way each dead letter ends, written down in the bucket of records before it is done: whoever writes first decides. A
 * redrive writes its message before it deletes the dead letter, so that a crash between the two loses nothing; a discard
 * in between would put into the trash what is executed all the same. Of several who want the same end, the one whose delete
 * finds the dead letter has done it. So it is with what lies in the trash, under names of its own.
 *
 * The records stay as long as records do, and tell afterwards who discarded or deleted what, and why.
 */
export class DeadLetterEnds {
  readonly #publisher: Publisher;
  readonly #admin: Admin;
  readonly #names: Names;
  readonly #clock: Clock;
  readonly #nowMs: () => number;

  /** @param options `nowMs` is a time that all processes agree on. */
  constructor(options: {
    publisher: Publisher;
    admin: Admin;
    names: Names;
    clock: Clock;
    nowMs: () => number;
  }) {
    this.#publisher = options.publisher;
    this.#admin = options.admin;
    this.#names = options.names;
    this.#clock = options.clock;
    this.#nowMs = options.nowMs;
  }

  /**
   * Resolves when nobody can begin another end, nor the same by another order, for two minutes, with what `abandon` needs, and with the end that was begun before.
   *
   * Rejects with HELIX_DEAD_LETTER_NOT_FOUND where somebody else has begun it, and as `refusalOfPublish` says.
   */
  async begin(
    id: string,
    letter: number,
    end: LetterEnd,
    left: { readonly order?: string | undefined } = {},
  ): Promise<{ readonly sequence: number; readonly before: LetterEnd | undefined }> {
    const data = ENCODER.encode(JSON.stringify({ ...left, end, letter, atMs: this.#nowMs() }));
    let last = 0;
    let before: LetterEnd | undefined;
    for (let tries = 1; ; tries++) {
      const header = headerBlock({ [EXPECTED]: String(last) });
      try {
        const subject = recordSubject(this.#names, "ended", id);
        return { sequence: (await this.#publisher.publish(subject, header, data)).seq, before };
      } catch (failure) {
        if (!(failure instanceof PublishFailure)) throw failure;
        if (failure.meaning !== "conflict" || tries === TRIES) {
          const what = "It could not be written down what becomes of the dead letter";
          throw refusalOfPublish(what, failure, this.#publisher.timeoutMs);
        }
      }
      const begun = await this.#begun(id);
      // What is restored is put into another place, which no discard that is under way can delete.
      const isPast = end === "restored" && begun?.end === "discarded";
      const isAnother = !isPast && (begun?.end !== end || begun.order !== left.order);
      if (begun?.end !== undefined && isAnother && this.#isUnderWay(begun, letter)) {
        const text = `The dead letter \`${id}\` is being ${begun.end} by somebody else`;
        throw helixError("HELIX_DEAD_LETTER_NOT_FOUND", text, { id });
      }
      // A new leader may not know yet what it has refused by.
      if (begun?.sequence === last) await wait(this.#clock, AGAIN_AFTER_MS);
      last = begun?.sequence ?? 0;
      before = begun?.end;
    }
  }

  /** Who has begun an end last. Rejects as {@link Admin.message}. */
  async orderOf(id: string): Promise<string | undefined> {
    return (await this.#begun(id))?.order;
  }

  /** It was not done, so that the other end may be begun. Not waited for: in two minutes it may be in any case. */
  abandon(id: string, begun: number): void {
    const header = headerBlock({ ...PURGE, [EXPECTED]: String(begun) });
    this.#publisher.publish(recordSubject(this.#names, "ended", id), header, NO_DATA).catch(() => {});
  }

  /** A time that is as far ahead is of a clock that nobody can go by. */
  #isUnderWay(begun: Begun, letter: number): boolean {
    const isAnothers = begun.letter !== undefined && begun.letter !== letter;
    return !isAnothers && Math.abs(this.#nowMs() - begun.atMs) < BEGUN_FOR_MS;
  }

  async #begun(id: string): Promise<Begun | undefined> {
    const last_by_subj = recordSubject(this.#names, "ended", id);
    const stored = await this.#admin.message(this.#names.bucketStream, { last_by_subj });
    if (stored === undefined) return undefined;
    return { ...decodeEnd(stored.data), sequence: stored.seq };
  }
}

/** What a record keeps of a letter that somebody has taken away: what it died of, and what its bytes were, but no value. */
export function auditOf({ reason, toldError, raw }: DeadLetter): object {
  return { cause: reason, errorCode: toldError?.code, digest: digestOf(raw) };
}

/** A tombstone, or bytes that are no such record, say that nobody has begun. */
export function decodeEnd(bytes: Uint8Array): Omit<Begun, "sequence"> {
  const { end, letter, order, atMs } = parsed(bytes) ?? {};
  const begun = ENDS.find((one) => one === end && Number.isFinite(atMs));
  return {
    end: begun,
    letter: Number.isSafeInteger(letter) ? (letter as number) : undefined,
    order: begun !== undefined && typeof order === "string" ? order : undefined,
    atMs: begun === undefined ? Number.NEGATIVE_INFINITY : (atMs as number),
  };
}
