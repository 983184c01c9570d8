import {
  type DeadLetter,
  type DiscardOneOptions,
  isHelixError,
  type OrderedOptions,
  type ScannedTrash,
  summarize,
  type TrashedLetter,
  type TrashStore,
} from "@helix/core";
import { deadLetterNotFound, readDiscard, readRestore } from "@helix/core/queue-kit";
import type { StoredMessage } from "../connection/stored-message.ts";
import type { LetterStream } from "../topology/names.ts";
import { auditOf, type DeadLetterEnds } from "./dead-letter-ends.ts";
import { isLetterId } from "./dead-letter-format.ts";
import type { Copy, LetterCopies } from "./letter-copies.ts";
import { wholeOf } from "./letter-parts.ts";
import { noTrash } from "./letter-places.ts";
import type { OrdersLog } from "./orders-log.ts";
import { type Found, StoredLetters, type StoredLettersOptions } from "./stored-letters.ts";
import { DISCARDED_HEADER, discardedIn, encodeDiscarded } from "./trash-format.ts";

export interface NatsTrashOptions extends StoredLettersOptions {
  /** Where the dead letters lie. */
  readonly dead: LetterStream;
  readonly copies: LetterCopies;
  readonly ends: DeadLetterEnds;
  readonly orders: OrdersLog;
}

/**
 * What was discarded, in a stream of its own, in which the server lets it grow no older than seven days. Whoever moves a letter copies it
 * first and deletes the original then: who dies in between leaves it in both, and whatever is done with it next ends that.
 */
export class NatsTrash extends StoredLetters<TrashedLetter> implements TrashStore {
  readonly #options: NatsTrashOptions;

  constructor(options: NatsTrashOptions) {
    super({ ...options, absent: (cause) => noTrash(options.at, cause) }, (stored) => ({
      discarded: discardedIn(stored),
    }));
    this.#options = options;
  }

  async restore(id: string, options?: OrderedOptions): Promise<void> {
    const read = readRestore(options);
    await this.#restore(await this.mustFind(id), read);
  }

  async delete(id: string, options?: DiscardOneOptions): Promise<void> {
    const read = readDiscard(options, "delete");
    await this.#delete(await this.mustFind(id), read);
  }

  async orderOf(id: string): Promise<string | undefined> {
    return isLetterId(id) ? this.#options.ends.orderOf(nameOf({ id })) : undefined;
  }

  readonly scanned: ScannedTrash = {
    restore: async (letter, options) => {
      const read = readRestore(options);
      await this.#restore(await this.asScanned(letter), read);
    },
    delete: async (letter, options) => {
      const read = readDiscard(options, "delete");
      await this.#delete(await this.asScanned(letter), read);
    },
  };

  /** Resolves when a copy of a dead letter is here, for seven days from now. */
  add(found: Found, person: DiscardOneOptions): Promise<Copy> {
    const { copies, dead, at, nowMs } = this.#options;
    const discarded = { atMs: nowMs(), ...person };
    const more = (room: number) => ({ [DISCARDED_HEADER]: encodeDiscarded(discarded, room) });
    return copies.make(found, { from: dead, to: at, more });
  }

  /**
   * Somebody else has ended the dead letter of this copy. It goes again where nobody can count on it: nothing lay here before, or the
   * letter is a dead letter again.
   */
  async takeBack(copy: Copy, { letter, stored }: Found): Promise<void> {
    const { dead, at } = this.#options;
    if (copy.before !== undefined && !(await this.#lies(dead, stored.subject, letter))) return;
    await this.#deleteAt(at, [copy.seq, ...copy.parts]);
  }

  /** Deletes the copy of a letter that has gone another way, if there is one. */
  async forget({ letter, stored: { subject } }: Found): Promise<void> {
    const { dead, at } = this.#options;
    const copy = await this.#lies(at, at.root + subject.slice(dead.root.length), letter).catch((error) => {
      if (isHelixError(error, "HELIX_QUEUE_REFUSED")) return undefined;
      throw error;
    });
    if (copy !== undefined) await this.#deleteAt(at, [copy.seq]);
  }

  async #restore(found: Found<TrashedLetter>, { order }: OrderedOptions): Promise<void> {
    const { copies, dead, at, ends } = this.#options;
    const { letter, stored } = found;
    const { sequence } = await ends.begin(nameOf(letter), stored.seq, "restored", { order });
    const replacing = async ({ seq }: StoredMessage) => void (await ends.begin(letter.id, seq, "restored"));
    const copy = await copies
      .make(found, { from: at, to: dead, more: () => ({}), replacing })
      .catch((error: unknown) => {
        if ((error as { stored?: unknown }).stored !== "maybe") ends.abandon(nameOf(letter), sequence);
        throw error;
      });
    if (copy.before !== undefined) await this.#deleteOlder(copy);
    if (await this.remove(found)) return;
    if (copy.before === undefined) await this.#deleteAt(dead, [copy.seq, ...copy.parts]);
    throw deadLetterNotFound(letter.id, " in the trash");
  }

  async #delete(found: Found<TrashedLetter>, person: DiscardOneOptions): Promise<void> {
    const { ends, orders } = this.#options;
    const { letter, stored } = found;
    await ends.begin(nameOf(letter), stored.seq, "deleted", { ...person, ...auditOf(letter) });
    if (!(await this.remove(found))) throw deadLetterNotFound(letter.id, " in the trash");
    const payload = letter.content.ok ? letter.content.payload : undefined;
    const told = { ...summarize(payload), letter: letter.id, ...person };
    orders.tell(told, "a dead letter was deleted for good");
  }

  /** What the copy has replaced: the dead letters keep all that is stored under a subject. */
  async #deleteOlder({ subject, seq }: Copy): Promise<void> {
    const { admin, dead } = this.#options;
    for (;;) {
      const first = await admin.message(dead.name, { seq: 1, next_by_subj: subject });
      if (first === undefined || first.seq >= seq) return;
      await this.#deleteAt(dead, [first.seq]);
    }
  }

  async #lies(at: LetterStream, subject: string, { raw }: DeadLetter): Promise<StoredMessage | undefined> {
    const { admin, bodies } = this.#options;
    const there = await admin.message(at.name, { last_by_subj: subject });
    if (there === undefined) return undefined;
    return bodies.areSame((await wholeOf(admin, at, there)).letter.data, raw) ? there : undefined;
  }

  /** What is gone already is. */
  async #deleteAt({ name }: LetterStream, sequences: readonly number[]): Promise<void> {
    const { admin } = this.#options;
    await Promise.all(
      sequences.map((seq) => admin.find((api) => api.streams.deleteMessage(name, seq, false))),
    );
  }
}

/** In the records, where the dead letter of the same id has a record of its own. */
function nameOf({ id }: Pick<TrashedLetter, "id">): string {
  return `trash.${id}`;
}
