import { type DeadLetterCause, type HelixError, helixError, type Lane } from "@helix/core";
import { deathOf } from "@helix/core/queue-kit";
import type { Bodies } from "../bodies.ts";
import type { Admin } from "../connection/admin.ts";
import { headerBlock } from "../connection/publisher.ts";
import { DEAD_LETTER_RESERVE } from "../enqueuer.ts";
import { digestOf } from "../identity.ts";
import type { NatsMessage } from "../lanes/nats-message.ts";
import { letterSubject, type Names } from "../topology/names.ts";
import { EPITAPH_HEADER, encodeEpitaph } from "./dead-letter-format.ts";
import { bodyOf, type Headers, type LetterBody } from "./letter-body.ts";
import { PART_OF_HEADER, PARTS_HEADER, partSubject, partsOf, wholeOf } from "./letter-parts.ts";
import type { LetterPlaces } from "./letter-places.ts";

/** JetStream's code for what is not where it should be. */
const WRONG_LAST_SEQUENCE = 10071;

/** What is added to the headers of a dead letter: names of streams, and of parts. */
export const MORE_HEADERS = 512;

export interface DeadLetterWriterOptions {
  readonly places: LetterPlaces;
  readonly admin: Admin;
  readonly names: Names;
  readonly bodies: Bodies;
  readonly nowMs: () => number;
  /** What the server takes, headers included. */
  readonly maxMessageBytes: () => number;
}

/**
 * Writes dead letters, each under a subject of its own that may hold one message: written twice, by a crash between the
 * dead letter and the acknowledgement of the original, it is still one. Where another write has the same id and life, the
 * second gets a name with its bytes in it, so that both are kept.
 */
export class DeadLetterWriter {
  readonly #options: DeadLetterWriterOptions;

  constructor(options: DeadLetterWriterOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the dead letter is stored, now or by an earlier try.
   *
   * Rejects as {@link LetterPlaces.put} does.
   */
  async write(message: NatsMessage, cause: DeadLetterCause): Promise<void> {
    for (const name of namesFor(message)) {
      if (await this.#writeAs(name, message, cause)) return;
    }
    throw taken(message.id);
  }

  /** Resolves with whether it lies under that name: not so if something else does. */
  async #writeAs(id: string, message: NatsMessage, cause: DeadLetterCause): Promise<boolean> {
    const { admin, names, bodies, nowMs } = this.#options;
    const { lane, raw, content, delivery } = message.delivered;
    const { "Nats-Msg-Id": _, ...headers } = content.ok ? bodies.headersOf(content.payload) : {};
    const { error: whole, toldError: error, ...death } = deathOf(cause, message.record);
    const text = whole?.message === error?.message ? "" : (whole?.message ?? "");
    const epitaph = encodeEpitaph({
      id,
      lane,
      ...death,
      error,
      deadAtMs: nowMs(),
      origin: {
        stream: names.stream,
        sequence: delivery.streamSequence,
        deliveries: delivery.deliveries,
        storedAtMs: delivery.storedAtMs,
      },
    });
    const all = { ...headers, [EPITAPH_HEADER]: epitaph };
    const split = await this.#split(all, message, bodies.encodeText(text));
    const subject = letterSubject(names.dead, lane, id);
    for (;;) {
      if (await this.#put(subject, split.headers, split.data, lane)) return true;
      // Already there counts only if it is: it may have been redriven at this very moment.
      const there = await admin.message(names.dead.name, { last_by_subj: subject });
      if (there !== undefined) {
        return bodies.areSame((await wholeOf(admin, names.dead, there)).letter.data, raw);
      }
    }
  }

  /** Header and body of the dead letter itself. What of the bytes does not fit beside the header is stored before it. */
  async #split(headers: Headers, message: NatsMessage, text: Uint8Array): Promise<LetterBody> {
    const { admin, names, maxMessageBytes } = this.#options;
    const { lane, raw } = message.delivered;
    const room = maxMessageBytes() - DEAD_LETTER_RESERVE;
    const whole = bodyOf(headers, raw, text);
    const isSmall = headerBlock(whole.headers).length + MORE_HEADERS + whole.data.length <= maxMessageBytes();
    // A server that takes so little takes no dead letter of any size.
    if (isSmall || room < DEAD_LETTER_RESERVE) return whole;
    const { name, parts } = partsOf(raw, room);
    for (const [at, part] of parts.entries()) {
      const subject = partSubject(names.dead, lane, name, at + 1);
      const of = { [PART_OF_HEADER]: namesFor(message).join(" ") };
      while (!(await this.#put(subject, of, part, lane))) {
        const there = await admin.message(names.dead.name, { last_by_subj: subject });
        if (there === undefined) continue;
        if (Buffer.compare(there.data, part) !== 0) throw taken(message.id);
        break;
      }
    }
    return bodyOf({ ...headers, [PARTS_HEADER]: `${name} ${parts.length}` }, raw.subarray(0, room), text);
  }

  /** Resolves with whether it was stored: not so if something lies under that subject. */
  async #put(subject: string, headers: Headers, data: Uint8Array, lane: Lane): Promise<boolean> {
    const { places, names } = this.#options;
    const letter = { subject, headers: headerBlock(headers), data, lane };
    return (await places.put(names.dead, letter)) !== undefined;
  }
}

/** What its dead letter may be called: the second where the first is another write's. */
function namesFor({ id, delivered }: NatsMessage): [string, string] {
  return [id, `${id}-${digestOf(delivered.raw)}`];
}

/** Its two names are other writes' already. */
export function taken(id: string): HelixError {
  const text = `Something else lies where the dead letter \`${id}\` should be`;
  return helixError("HELIX_QUEUE_REFUSED", text, { errorCode: WRONG_LAST_SEQUENCE, stored: "no" });
}
