import type { Clock } from "@helix/core";
import type { Msg, NatsConnection, Subscription } from "@nats-io/nats-core";
import { newInbox, unsubscribe } from "./inbox.ts";
import type { Link } from "./link.ts";
import { isAtLeast } from "./server-version.ts";
import { readDirect, type StoredMessage } from "./stored-message.ts";

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
  /** Where it cannot be done; a new connection may be to another server, with other rights. */
  #impossible: NatsConnection | undefined;

  constructor(link: Link, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
    link.listen({ onChange: () => (this.#impossible = undefined) });
  }

  /**
   * Resolves with the messages in the stream's order, none if there are none; with undefined where the server, the stream or
   * the user's rights do not allow it, or nobody answers. Rejects with HELIX_QUEUE_UNAVAILABLE without a connection.
   */
  async read(stream: string, stretch: Stretch): Promise<StoredMessage[] | undefined> {
    const connection = this.#link.up;
    if (this.#impossible === connection || !isAtLeast(connection.info?.version, SINCE)) return undefined;
    const subject = `$JS.API.DIRECT.GET.${stream}`;
    const inbox = newInbox(this.#link.inboxPrefix);
    const messages: StoredMessage[] = [];
    let subscription: Subscription | undefined;
    let stopListening = () => {};
    let cancel = () => {};
    const outcome = await new Promise<"done" | "not now" | "impossible">((resolve) => {
      const watch = () => {
        cancel();
        cancel = this.#clock.setTimer(() => resolve("not now"), SILENCE_MS);
      };
      watch();
      stopListening = this.#link.listen({
        onChange: () => resolve("not now"),
        onViolation: (violation) => violation.subject === subject && resolve("impossible"),
      });
      try {
        subscription = connection.subscribe(inbox, {
          callback: (error, answer) => {
            if (error !== null) return resolve("impossible");
            watch();
            const block = headerBlockOf(answer);
            const read = readDirect(
              stream,
              block,
              Buffer.from(answer.data.buffer, answer.data.byteOffset, answer.data.length),
            );
            if (read === undefined)
              return resolve(END.test(block.toString("latin1", 0, 16)) ? "done" : "not now");
            if (read.after !== (messages.at(-1)?.seq ?? 0)) return resolve("not now");
            messages.push(read.message);
          },
        });
        connection.publish(subject, JSON.stringify({ ...stretch, next_by_subj: ">" }), { reply: inbox });
      } catch {
        resolve("not now");
      }
    });
    cancel();
    stopListening();
    unsubscribe(subscription);
    if (outcome === "impossible") this.#impossible = connection;
    return outcome === "done" ? messages : undefined;
  }
}

/** As they came: the client's library would read them, see {@link StoredMessage}. Its type does not say that it knows their size. */
function headerBlockOf(message: Msg): Buffer {
  const { data, subject, reply, size } = message as Msg & { size?: () => number };
  const length = (size?.call(message) ?? 0) - data.length - subject.length - (reply?.length ?? 0);
  return Buffer.from(data.buffer, data.byteOffset - Math.max(0, length), Math.max(0, length));
}
