import {
  type DeadLetter,
  type DeadLetterStore,
  type DiscardOneOptions,
  messageId,
  type RedriveOneOptions,
  type ReplayPayload,
  type ScannedLetters,
  summarize,
} from "@helix/core";
import { deadLetterNotFound, readDiscard, readRedrive, redriven } from "@helix/core/queue-kit";
import type { PubAck } from "../connection/publisher.ts";
import type { StoredMessage } from "../connection/stored-message.ts";
import { newMessageId, redriveId, whatLies } from "../identity.ts";
import type { LetterStream } from "../topology/names.ts";
import { auditOf, type DeadLetterEnds } from "./dead-letter-ends.ts";
import { isLetterId } from "./dead-letter-format.ts";
import type { NatsTrash } from "./nats-trash.ts";
import type { OrdersLog } from "./orders-log.ts";
import { type Found, StoredLetters, type StoredLettersOptions } from "./stored-letters.ts";

export interface NatsDeadLettersOptions extends StoredLettersOptions {
  readonly trash: NatsTrash;
  readonly ends: DeadLetterEnds;
  readonly orders: OrdersLog;
  /** Of the lanes. */
  readonly stream: string;
  /** Puts a payload at the end of its lane under a message id, unless the stream had one of that id. */
  readonly readmit: (payload: ReplayPayload, id: string) => Promise<PubAck>;
}

/** Dead letters in a stream of their own. What becomes of one is decided by the leader of that, wherever it was read from. */
export class NatsDeadLetters extends StoredLetters<DeadLetter> implements DeadLetterStore {
  readonly #options: NatsDeadLettersOptions;
  readonly #at: LetterStream;

  constructor(options: NatsDeadLettersOptions) {
    super(options, () => ({}));
    this.#options = options;
    this.#at = options.at;
  }

  get trash(): NatsTrash {
    return this.#options.trash;
  }

  async redrive(id: string, options?: RedriveOneOptions): Promise<void> {
    const read = readRedrive(options);
    await this.#redrive(await this.mustFind(id), read);
  }

  async discard(id: string, options?: DiscardOneOptions): Promise<void> {
    const read = readDiscard(options);
    await this.#discard(await this.mustFind(id), read);
  }

  async orderOf(id: string): Promise<string | undefined> {
    return isLetterId(id) ? this.#options.ends.orderOf(id) : undefined;
  }

  readonly scanned: ScannedLetters = {
    redrive: async (letter, options) => {
      const read = readRedrive(options);
      await this.#redrive(await this.asScanned(letter), read);
    },
    discard: async (letter, options) => {
      const read = readDiscard(options);
      await this.#discard(await this.asScanned(letter), read);
    },
  };

  /** Written to its lane first, and deleted when it is there: a crash between the two executes it twice, not never. */
  async #redrive(found: Found, options: ReturnType<typeof readRedrive>): Promise<void> {
    const { nowMs, ends, orders, trash } = this.#options;
    const { letter, stored } = found;
    const payload = redriven(letter, options, nowMs());
    const { order } = options;
    const begun = await ends.begin(letter.id, stored.seq, "redriven", { order });
    try {
      await this.#readmit(payload, stored);
    } catch (error) {
      if ((error as { stored?: unknown }).stored !== "maybe") ends.abandon(letter.id, begun.sequence);
      throw error;
    }
    if (!(await this.remove(found))) throw deadLetterNotFound(letter.id);
    // Somebody has died between the copy and the end of the original.
    if (begun.before === "discarded") await trash.forget(found);
    if (options.force) {
      const { reason } = letter;
      const told = { ...summarize(payload), letter: letter.id, reason };
      orders.tell(told, "a dead letter was redriven by force");
    }
  }

  /** Copied into the trash first, and deleted when it is there: a crash between the two leaves it in both, and it is a dead letter still. */
  async #discard(found: Found, person: DiscardOneOptions): Promise<void> {
    const { ends, orders, trash } = this.#options;
    const { letter, stored } = found;
    const left = { ...person, ...auditOf(letter) };
    const { sequence } = await ends.begin(letter.id, stored.seq, "discarded", left);
    const copy = await trash.add(found, person).catch((error: unknown) => {
      if ((error as { stored?: unknown }).stored !== "maybe") ends.abandon(letter.id, sequence);
      throw error;
    });
    if (!(await this.remove(found))) {
      await trash.takeBack(copy, found);
      throw deadLetterNotFound(letter.id);
    }
    const payload = letter.content.ok ? letter.content.payload : undefined;
    orders.tell({ ...summarize(payload), letter: letter.id, ...person }, "a dead letter was discarded");
  }

  /**
   * What the stream calls a duplicate counts only where it is this write. Where it is another, or has gone while the dead
   * letter is still here (somebody has redriven it, and died or is about to delete it), one copy more is put into the lane:
   * it is harmless, and a loss is not.
   */
  async #readmit(payload: ReplayPayload, letter: StoredMessage): Promise<void> {
    const { admin, stream, bodies, readmit } = this.#options;
    const { seq, duplicate } = await readmit(payload, redriveId(payload, letter));
    if (duplicate !== true) return;
    const there = await whatLies(admin, stream, seq, (data) => bodies.isOf(payload, data));
    if (there === "the same") return;
    const mine = { seq: letter.seq };
    if (there === "nothing" && (await admin.message(this.#at.name, mine)) === undefined) return;
    await readmit(payload, newMessageId(messageId(payload)));
  }
}
