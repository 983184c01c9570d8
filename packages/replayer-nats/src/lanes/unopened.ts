import { Backoff, type Clock, isHelixError, type Logger } from "@helix/core";
import type { Delivered } from "./nats-message.ts";

/** The next one to get it may have the key; nobody is asked more often than once a minute. */
const BACKOFF = new Backoff({ initialMs: 1000, maxMs: 60_000 });
const TELL_EVERY_MS = 60_000;
/** Each comes again sooner. */
const OVER_AFTER_MS = 120_000;

/**
 * Messages that are sealed with a key that this process does not have. While keys are changed it may come at any moment, or
 * another pod has it: so they wait, as if their cluster were away.
 */
export class Unopened {
  readonly #options: { readonly clock: Clock; readonly logger: Logger };
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #last: { readonly warning: string; readonly atMs: number } | undefined;

  constructor(options: { readonly clock: Clock; readonly logger: Logger }) {
    this.#options = options;
  }

  /** What somebody has to look after; undefined when none has come for two minutes. */
  get warning(): string | undefined {
    const { warning, atMs = 0 } = this.#last ?? {};
    return this.#options.clock.monotonicMs() - atMs < OVER_AFTER_MS ? warning : undefined;
  }

  /** For how long to hand it back; undefined for what is no such message. */
  delayMs({ content, lane, delivery }: Pick<Delivered, "content" | "lane" | "delivery">): number | undefined {
    const { clock, logger } = this.#options;
    if (content.ok || !isHelixError(content.error, "HELIX_ENVELOPE_KEY_UNKNOWN")) return undefined;
    const nowMs = clock.monotonicMs();
    const { keyId, message } = content.error;
    const warning = `messages cannot be opened, and wait: ${message}`;
    this.#last = { warning, atMs: nowMs };
    if (nowMs - this.#toldAtMs >= TELL_EVERY_MS) {
      this.#toldAtMs = nowMs;
      logger.error({ lane, keyId }, warning);
    }
    return BACKOFF.delayMs(delivery.deliveries);
  }
}
