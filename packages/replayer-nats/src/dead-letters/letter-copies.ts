import type { DeadLetter } from "@helix/core";
import type { Bodies } from "../bodies.ts";
import type { Admin } from "../connection/admin.ts";
import { headerIn, type StoredMessage } from "../connection/stored-message.ts";
import { digestOf } from "../identity.ts";
import type { LetterStream } from "../topology/names.ts";
import { decodeEpitaph, EPITAPH_HEADER, encodeEpitaph } from "./dead-letter-format.ts";
import { MORE_HEADERS, taken } from "./dead-letter-writer.ts";
import type { Headers } from "./letter-body.ts";
import { withHeaders, withoutHeaders } from "./letter-headers.ts";
import { wholeOf } from "./letter-parts.ts";
import type { LetterPlaces, Placed } from "./letter-places.ts";
import type { Found } from "./stored-letters.ts";
import { DISCARDED_HEADER } from "./trash-format.ts";

export interface LetterCopiesOptions {
  readonly places: LetterPlaces;
  readonly admin: Admin;
  readonly bodies: Bodies;
  /** What the server takes, headers included. */
  readonly maxMessageBytes: () => number;
}

/** The copy of a letter, as it lies in the other stream. */
export interface Copy extends Placed {
  readonly subject: string;
  /** Places of what is stored beside it. */
  readonly parts: readonly number[];
}

export interface CopyOptions {
  readonly from: LetterStream;
  readonly to: LetterStream;
  /** What it says there besides; `room` is what there is for it. */
  readonly more: (room: number) => Headers;
  /** Asked before the same letter, if it lies there already, is replaced by the copy. */
  readonly replacing?: (there: StoredMessage) => Promise<void>;
}

/**
 * Copies letters from the dead letters into the trash, and back: bytes and headers as they are, under the same name. A copy always takes the
 * place of the same letter that lies there, so that nobody who deletes the original relies on what somebody else may delete.
 */
export class LetterCopies {
  readonly #options: LetterCopiesOptions;

  constructor(options: LetterCopiesOptions) {
    this.#options = options;
  }

  /** Resolves when it is stored. Rejects as {@link LetterPlaces.place}, or with HELIX_QUEUE_REFUSED if other writes have its names. */
  async make({ letter, stored, parts }: Found, options: CopyOptions): Promise<Copy> {
    const { places, admin, bodies } = this.#options;
    const { from, to, replacing } = options;
    const { lane } = letter;
    const kept = await Promise.all(
      parts.map(async (part) => {
        const headers = plainHeaders(part);
        const subject = movedSubject(part, from, to);
        const isSame = async (there: StoredMessage) => there.data.equals(part.data);
        const placed = await places.place(to, { subject, headers, data: part.data, lane }, isSame);
        if (placed === undefined) throw taken(letter.id);
        return placed.seq;
      }),
    );
    const isSame = async (there: StoredMessage) => {
      const { data } = (await wholeOf(admin, to, there)).letter;
      if (!bodies.areSame(data, letter.raw)) return false;
      await replacing?.(there);
      return true;
    };
    const headers = this.#headersOf(letter, stored, options);
    const name = movedSubject(stored, from, to);
    // The second where the first is another write's, as the writer of dead letters has it.
    for (const subject of [name, `${name}-${digestOf(letter.raw)}`]) {
      const copy = { subject, headers, data: stored.data, lane };
      const placed = await places.place(to, copy, isSame);
      if (placed !== undefined) return { ...placed, subject, parts: kept };
    }
    throw taken(letter.id);
  }

  #headersOf(letter: DeadLetter, stored: StoredMessage, { more }: CopyOptions): Buffer {
    const headers = plainHeaders(stored);
    const epitaph = epitaphOf(letter, stored);
    const used = headers.length + stored.data.length + (epitaph?.length ?? 0) + MORE_HEADERS;
    return withHeaders(headers, {
      ...more(Math.max(0, this.#options.maxMessageBytes() - used)),
      ...(epitaph !== undefined && { [EPITAPH_HEADER]: epitaph }),
    });
  }
}

/** Without what the server acts on, and without what is the trash's. */
function plainHeaders({ headers }: StoredMessage): Buffer {
  return withoutHeaders(headers, "Nats-", `${DISCARDED_HEADER}:`);
}

/** What was taken from its place is written down, since it has another one now. */
function epitaphOf({ raw: _, content: __, toldError, ...letter }: DeadLetter, stored: StoredMessage) {
  const said = decodeEpitaph(headerIn(stored, EPITAPH_HEADER));
  return said?.deadAtMs === undefined ? encodeEpitaph({ ...letter, error: toldError }) : undefined;
}

function movedSubject({ subject }: StoredMessage, from: LetterStream, to: LetterStream): string {
  return to.root + subject.slice(from.root.length);
}
