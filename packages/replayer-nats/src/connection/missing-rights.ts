import { type Clock, type HelixError, helixError, type Logger } from "@helix/core";
import { unheardText } from "./inbox.ts";
import type { Link } from "./link.ts";

/**
 * What has no answer that could say no, beside whatever the queue subscribes to, where answers come to: asking for messages, and telling what became of them; and what messages are handed
 * back for without end: reading records, and writing them.
 */
const UNANSWERED = [
  "$JS.API.CONSUMER.MSG.NEXT.",
  "$JS.ACK.",
  "$JS.API.STREAM.MSG.GET.KV_",
  "$JS.API.STREAM.PURGE.KV_",
  "$KV.",
];
/** All are tried again sooner than this; and so often each is told. */
const FORGET_AFTER_MS = 60_000;
const INBOX = "inbox";

/**
 * Remembers that the server refused what nobody waits for: without it a worker that may not ask for messages looks
 * like one that has nothing to do. Forgotten with the connection, since rights change with a new one, and when it
 * has not happened again for a minute.
 */
export class MissingRights {
  readonly #clock: Clock;
  /** What was told last, by what it was about, and when. */
  readonly #told = new Map<string, number>();
  #last: { readonly error: HelixError; readonly atMs: number } | undefined;

  constructor(
    link: Pick<Link, "listen" | "inboxPrefix">,
    { clock, logger }: { clock: Clock; logger: Logger },
  ) {
    this.#clock = clock;
    link.listen({
      onChange: () => {
        this.#last = undefined;
        this.#told.clear();
      },
      onViolation: (violation) => {
        const { operation, subject, message } = violation;
        const isUnheard = operation === "subscription" && subject.startsWith(`${link.inboxPrefix}.`);
        const about = isUnheard ? INBOX : UNANSWERED.find((prefix) => subject.startsWith(prefix));
        if (about === undefined) return;
        const text = isUnheard ? unheardText(message, link.inboxPrefix) : message;
        const fields = { operation, subject, stored: "no" } as const;
        const error = helixError("HELIX_QUEUE_UNAUTHORIZED", text, fields, { cause: violation });
        const nowMs = clock.monotonicMs();
        this.#last = { error, atMs: nowMs };
        if (nowMs - (this.#told.get(about) ?? Number.NEGATIVE_INFINITY) < FORGET_AFTER_MS) return;
        this.#told.set(about, nowMs);
        logger.error({ err: error }, "the worker lacks a right that it cannot work without");
      },
    });
  }

  /** The refusal; undefined if there is none that matters still. */
  get cause(): HelixError | undefined {
    if (this.#last === undefined || this.#clock.monotonicMs() - this.#last.atMs > FORGET_AFTER_MS)
      return undefined;
    return this.#last.error;
  }
}
