import type { Clock } from "@helix/core";
import type { Admin } from "./admin.ts";
import type { DirectGets } from "./direct-gets.ts";
import type { StoredMessage } from "./stored-message.ts";

/** What a page has in memory, besides one message more, and besides the next page, which is fetched meanwhile. */
const PAGE_BYTES = 4 * 1024 * 1024;
const PAGE_MESSAGES = 10_000;
/** Of requests for one message each; so many places at once, fewer where the messages are large. */
const FIRST_WINDOW = 8;
const MOST_IN_WINDOW = 64;

export interface Page {
  readonly messages: readonly StoredMessage[];
  /** When it was asked for; monotonic, milliseconds. */
  readonly asOfMs: number;
}

/**
 * The messages of a stream between two places, page by page, oldest first: many by one request where server, stream and
 * rights allow it, from any replica; what that one does not have, and everything where they do not, from the leader.
 * So nothing of what the leader has is left out; what was deleted a moment ago may come all the same.
 */
export class StreamPages {
  readonly #admin: Admin;
  readonly #direct: DirectGets;
  readonly #clock: Clock;

  constructor(admin: Admin, direct: DirectGets, clock: Clock) {
    this.#admin = admin;
    this.#direct = direct;
    this.#clock = clock;
  }

  /** Rejects as {@link Admin.message} does. */
  async *read(stream: string, from: number, to: number): AsyncGenerator<Page, void, void> {
    let next = from;
    let fetched = this.#fetch(stream, next, to);
    for (;;) {
      const page = await fetched;
      const last = page?.messages.at(-1);
      if (page === undefined || last === undefined) break;
      next = last.seq + 1;
      if (next > to) {
        yield { ...page, messages: page.messages.filter(({ seq }) => seq <= to) };
        return;
      }
      fetched = this.#fetch(stream, next, to);
      yield page;
    }
    yield* this.#oneByOne(stream, next, to);
  }

  async #fetch(stream: string, seq: number, to: number): Promise<Page | undefined> {
    if (seq > to) return undefined;
    const asOfMs = this.#clock.monotonicMs();
    const batch = Math.min(PAGE_MESSAGES, to - seq + 1);
    // Without a connection: the leader's turn, whose failure is told.
    const messages = await this.#direct
      .read(stream, { seq, batch, max_bytes: PAGE_BYTES })
      .catch(() => undefined);
    return messages && { messages, asOfMs };
  }

  async *#oneByOne(stream: string, from: number, to: number): AsyncGenerator<Page, void, void> {
    let size = FIRST_WINDOW;
    for (let next = from; next <= to; ) {
      const places = Array.from({ length: Math.min(size, to - next + 1) }, (_, at) => next + at);
      const asOfMs = this.#clock.monotonicMs();
      const read = await Promise.all(places.map((seq) => this.#admin.message(stream, { seq })));
      const messages = read.filter((message) => message !== undefined);
      next += places.length;
      if (messages.length > 0) {
        yield { messages, asOfMs };
        const largest = Math.max(...messages.map(({ data, headers }) => data.length + headers.length));
        size = Math.max(1, Math.min(2 * size, MOST_IN_WINDOW, Math.floor(PAGE_BYTES / largest)));
        continue;
      }
      // However long the gap is.
      const first = await this.#admin.message(stream, { seq: next, next_by_subj: ">" });
      if (first === undefined || first.seq < next || first.seq > to) return;
      next = first.seq;
    }
  }
}
