import { randomBytes } from "node:crypto";
import { type Clock, isHelixError, type Logger } from "@helix/core";
import type { Msg, NatsConnection, Subscription } from "@nats-io/nats-core";
import { deliveryOf, type Source } from "../lanes/ack-subject.ts";
import type { Admin } from "./admin.ts";
import { newInbox, unsubscribe } from "./inbox.ts";
import type { Link } from "./link.ts";
import { headerBytesOf, type StoredMessage } from "./stored-message.ts";
import type { Page, StreamPages } from "./stream-pages.ts";

/** What a page has in memory, besides the next one. */
const PAGE_BYTES = 4 * 1024 * 1024;
const PAGE_MESSAGES = 5000;
/** When nothing has come for so long, nobody answers any more. */
const SILENCE_MS = 5000;
/** The server forgets a reader that has not asked for so long. Nanoseconds. */
const FORGOTTEN_AFTER = 10_000_000_000;
const NO_DATA = Buffer.alloc(0);

interface Pulled {
  readonly messages: readonly StoredMessage[];
  readonly asOfMs: number;
  /** The number that the reader's last one has among all that it got. */
  readonly last: number;
}

/**
 * The messages of a stream between two places without their bodies, page by page, oldest first: by a reader that the server makes
 * and forgets again. What that does not give (it may not be made, or the replica that it reads from is behind) comes with its body, by
 * {@link StreamPages}.
 */
export class StreamHeaders {
  readonly #link: Link;
  readonly #admin: Admin;
  readonly #pages: StreamPages;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Where it cannot be done; a new connection may have other rights. */
  #impossible: NatsConnection | undefined;

  constructor(
    link: Link,
    admin: Admin,
    pages: StreamPages,
    { clock, logger }: { clock: Clock; logger: Logger },
  ) {
    this.#link = link;
    this.#admin = admin;
    this.#pages = pages;
    this.#clock = clock;
    this.#logger = logger;
    link.listen({ onChange: () => (this.#impossible = undefined) });
  }

  /** Rejects as {@link StreamPages.read} does. */
  async *read(stream: string, from: number, to: number): AsyncGenerator<Page, void, void> {
    let next = from;
    const consumer = from <= to ? await this.#reader(stream, from) : undefined;
    let pulling = consumer === undefined ? undefined : this.#pull({ stream, consumer }, 0);
    while (consumer !== undefined && pulling !== undefined) {
      const { messages, asOfMs, last } = await pulling;
      const end = messages.at(-1);
      if (end === undefined) break;
      next = end.seq + 1;
      const isOver = next > to;
      pulling = isOver ? undefined : this.#pull({ stream, consumer }, last);
      yield { messages: isOver ? messages.filter(({ seq }) => seq <= to) : messages, asOfMs };
    }
    yield* this.#pages.read(stream, next, to);
  }

  /** Undefined where none can be made. */
  async #reader(stream: string, from: number): Promise<string | undefined> {
    const connection = this.#link.up;
    if (this.#impossible === connection) return undefined;
    const name = `look-${randomBytes(8).toString("hex")}`;
    const config = {
      name,
      ack_policy: "none",
      deliver_policy: "by_start_sequence",
      opt_start_seq: from,
      headers_only: true,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: FORGOTTEN_AFTER,
    } as const;
    try {
      await this.#admin.request((api) => api.consumers.add(stream, config));
      return name;
    } catch (error) {
      if (isHelixError(error, "HELIX_QUEUE_UNAUTHORIZED")) this.#forbidden(connection, error);
      return undefined;
    }
  }

  /**
   * As many as there are, up to a page; none where something is amiss: then the rest comes otherwise.
   *
   * @param before The number of the last one of the page before.
   */
  async #pull(source: Source, before: number): Promise<Pulled> {
    const messages: StoredMessage[] = [];
    const asOfMs = this.#clock.monotonicMs();
    const connection = this.#link.up;
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${source.stream}.${source.consumer}`;
    let reply: string | undefined;
    let subscription: Subscription | undefined;
    let stopListening = () => {};
    let cancel = () => {};
    try {
      await new Promise<void>((resolve) => {
        const watch = (had: number) => {
          cancel = this.#clock.setTimer(() => {
            if (messages.length === had) resolve();
            else watch(messages.length);
          }, SILENCE_MS);
        };
        watch(0);
        stopListening = this.#link.listen({
          onChange: () => resolve(),
          onViolation: (violation) => {
            if (violation.subject !== subject) return;
            this.#forbidden(connection, violation);
            resolve();
          },
        });
        const callback = (error: Error | null, answer: Msg) => {
          const message = error === null ? messageIn(answer, source) : undefined;
          if (message === undefined) return resolve();
          reply = answer.reply;
          if (messages.push(message) === PAGE_MESSAGES) resolve();
        };
        const inbox = newInbox(this.#link.inboxPrefix);
        subscription = connection.subscribe(inbox, { callback });
        const request = { batch: PAGE_MESSAGES, max_bytes: PAGE_BYTES, no_wait: true };
        connection.publish(subject, JSON.stringify(request), { reply: inbox });
      });
    } catch {
      // Without a connection: what there is, and then the leader's turn, whose failure is told.
    } finally {
      cancel();
      stopListening();
      unsubscribe(subscription);
    }
    const last = numberIn(reply) ?? before;
    // Otherwise some have been lost on the way.
    const isWhole = last - before === messages.length;
    return { messages: isWhole ? messages : [], asOfMs, last };
  }

  #forbidden(connection: NatsConnection, err: unknown): void {
    this.#impossible = connection;
    this.#logger.info({ err }, "dead letters are counted with their bodies, for want of a right");
  }
}

/** Undefined for whatever is no message of that reader, a status line for one, or comes without its headers. */
function messageIn(answer: Msg, source: Source): StoredMessage | undefined {
  const delivery = deliveryOf(answer.reply, source);
  const headers = delivery && headerBytesOf(answer);
  // The server always writes the size of the body there.
  if (delivery === undefined || headers === undefined || headers.length === 0) return undefined;
  const { streamSequence: seq, storedAtMs } = delivery;
  return { subject: answer.subject, seq, storedAt: "", storedAtMs, headers, data: NO_DATA };
}

/** How many its reader has had, in the reply subject of its last message; see {@link deliveryOf}. */
function numberIn(reply: string | undefined): number | undefined {
  const parts = reply?.split(".");
  return parts && Number(parts[parts.length === 9 ? 6 : 8]);
}
