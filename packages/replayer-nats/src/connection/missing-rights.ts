import { type Clock, type HelixError, helixError, type Logger } from "@helix/core";
import type { Link } from "./link.ts";

/**
 * What has no answer that could say no: asking for messages, and telling what became of them; and what messages are handed
 * back for without end: reading records, and writing them.
 */
const UNANSWERED = [
  "$JS.API.CONSUMER.MSG.NEXT.",
  "$JS.ACK.",
  "$JS.API.STREAM.MSG.GET.KV_",
  "$JS.API.STREAM.PURGE.KV_",
  "$KV.",
];
/** All are tried again sooner than this. */
const FORGET_AFTER_MS = 60_000;

/**
 * Remembers that the server refused what nobody waits for: without it a worker that may not ask for messages looks
 * like one that has nothing to do. Forgotten with the connection, since rights change with a new one, and when it
 * has not happened again for a minute.
 */
export class MissingRights {
  readonly #clock: Clock;
  #last: { readonly error: HelixError; readonly atMs: number } | undefined;

  constructor(link: Link, { clock, logger }: { clock: Clock; logger: Logger }) {
    this.#clock = clock;
    link.listen({
      onChange: () => {
        this.#last = undefined;
      },
      onViolation: (violation) => {
        const { operation, subject, message } = violation;
        if (!UNANSWERED.some((prefix) => subject.startsWith(prefix))) return;
        const fields = { operation, subject, stored: "no" } as const;
        const error = helixError("HELIX_QUEUE_UNAUTHORIZED", message, fields, { cause: violation });
        this.#last = { error, atMs: clock.monotonicMs() };
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
