import { Backoff, type Clock, isHelixError, type Logger } from "@helix/core";
import type { Delivered } from "./nats-message.ts";

/** The next one to get it may have the key; nobody is asked more often than once a minute. */
const BACKOFF = new Backoff({ initialMs: 1000, maxMs: 60_000 });
const TELL_EVERY_MS = 60_000;

/**
 * Messages that are sealed with a key that this process does not have. While keys are changed it may come at any moment, or
 * another pod has it: so they wait, as if their cluster were away.
 */
export class Unopened {
  readonly #options: { readonly clock: Clock; readonly logger: Logger };
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: { readonly clock: Clock; readonly logger: Logger }) {
    this.#options = options;
  }

  /** For how long to hand it back; undefined for what is no such message. */
  delayMs({ content, lane, delivery }: Pick<Delivered, "content" | "lane" | "delivery">): number | undefined {
    const { clock, logger } = this.#options;
    if (content.ok || !isHelixError(content.error, "HELIX_ENVELOPE_KEY_UNKNOWN")) return undefined;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#toldAtMs >= TELL_EVERY_MS) {
      this.#toldAtMs = nowMs;
      const { keyId, message } = content.error;
      logger.error({ lane, keyId }, `messages cannot be opened, and wait: ${message}`);
    }
    return BACKOFF.delayMs(delivery.deliveries);
  }
}
