import type { Clock, Logger } from "@helix/core";
import type { Msg, NatsConnection, Subscription } from "@nats-io/nats-core";
import { newInbox, unsubscribe } from "./inbox.ts";
import type { Link } from "./link.ts";
import { isAtLeast } from "./server-version.ts";
import { bufferOf, headerBytesOf, readDirect, type StoredMessage } from "./stored-message.ts";

/** The first that sends more than one. */
const SINCE = [2, 11, 0] as const;
/** When nothing has come for so long, nobody answers any more. */
const SILENCE_MS = 5000;
/** Status lines of an answer: all were sent, or there was none to send. */
const END = /^NATS\/1\.0 (?:204|404)[ \r]/;

/** Which messages of a stream: from a sequence on, until there are so many, or the last of them exceeds so many bytes. */
export interface Stretch {
  readonly seq: number;
  readonly batch: number;
  readonly max_bytes: number;
}

/**
 * Reads many messages of a stream by one request (NATS ADR-31). Any replica answers, which may be a moment behind the leader:
 * what it sends was stored, but may be gone; and it may not have the last ones yet.
 */
export class DirectGets {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Where it cannot be done; a new connection may be to another server, with other rights. */
  #impossible: NatsConnection | undefined;

  constructor(link: Link, { clock, logger }: { clock: Clock; logger: Logger }) {
    this.#link = link;
    this.#clock = clock;
    this.#logger = logger;
    link.listen({ onChange: () => (this.#impossible = undefined) });
  }

  /**
   * Resolves with the messages in the stream's order, none if there are none; with undefined where the server, the stream or
   * the user's rights do not allow it, or nobody answers. Rejects with HELIX_QUEUE_UNAVAILABLE without a connection.
   */
  async read(stream: string, stretch: Stretch): Promise<StoredMessage[] | undefined> {
    const connection = this.#link.up;
    if (this.#impossible === connection || !isAtLeast(connection.info?.version, SINCE)) return undefined;
    const answer = await this.#ask(connection, stream, stretch);
    if (!(answer instanceof Error)) return answer;
    this.#impossible = connection;
    this.#logger.info({ err: answer }, "messages are read one by one, for want of a right");
    return undefined;
  }

  /** Resolves with an error where there is no right. */
  async #ask(
    connection: NatsConnection,
    stream: string,
    stretch: Stretch,
  ): Promise<StoredMessage[] | undefined | Error> {
    const subject = `$JS.API.DIRECT.GET.${stream}`;
    const inbox = newInbox(this.#link.inboxPrefix);
    const messages: StoredMessage[] = [];
    let bytes = 0;
    let subscription: Subscription | undefined;
    let stopListening = () => {};
    let cancel = () => {};
    try {
      return await new Promise((resolve) => {
        const watch = (before: number) => {
          cancel = this.#clock.setTimer(() => {
            if (messages.length === before) resolve(undefined);
            else watch(messages.length);
          }, SILENCE_MS);
        };
        watch(0);
        stopListening = this.#link.listen({
          onChange: () => resolve(undefined),
          onViolation: (violation) => violation.subject === subject && resolve(violation),
        });
        const callback = (error: Error | null, answer: Msg) => {
          if (error !== null) return resolve(error);
          const block = headerBytesOf(answer);
          // What was stored is compared by its bytes.
          if (block === undefined) return resolve(undefined);
          const read = readDirect(stream, block, bufferOf(answer.data));
          if (read === undefined) {
            return resolve(END.test(block.toString("latin1", 0, 16)) ? messages : undefined);
          }
          const { seq, data, headers } = read.message;
          const last = messages.at(-1)?.seq;
          const isNext = read.after === (last ?? 0) && seq > (last ?? stretch.seq - 1);
          const isEnough = messages.length === stretch.batch || bytes >= stretch.max_bytes;
          // Something is missing, or comes that was not asked for.
          if (!isNext || isEnough) return resolve(undefined);
          messages.push(read.message);
          bytes += data.length + headers.length;
        };
        subscription = connection.subscribe(inbox, { callback });
        connection.publish(subject, JSON.stringify({ ...stretch, next_by_subj: ">" }), { reply: inbox });
      });
    } catch {
      return undefined;
    } finally {
      cancel();
      stopListening();
      unsubscribe(subscription);
    }
  }
}
