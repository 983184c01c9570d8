import type { Logger } from "@helix/core";
import type { InFlight } from "../session/in-flight.ts";

/** What the values of all that are watched may come to; one that is more is watched alone. */
const MOST_BYTES = 64 * 1024 * 1024;

export interface BackgroundOptions {
  /** How many are watched at most. */
  readonly limit: number;
  /** What a close waits for. */
  readonly inFlight: InFlight;
  readonly logger: Logger;
}

/**
 * Writes whose call has returned while one cluster had not answered. Each is watched until that cluster has applied it,
 * or it is queued, or it is told that it is not: `secondaryTimeoutMs` and the time that the queue takes. Where there is no
 * room for one more, its call waits for both clusters, so that nothing is forgotten and callers feel what is too much.
 */
export class Background {
  readonly #options: BackgroundOptions;
  #size = 0;
  #bytes = 0;

  constructor(options: BackgroundOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#size;
  }

  /** @param bytes Of its values. */
  hasRoomFor(bytes: number): boolean {
    const fits = this.#bytes + bytes <= MOST_BYTES || this.#size === 0;
    return this.#size < this.#options.limit && fits;
  }

  /** Its end, and what it rejects with, is no longer the caller's business. */
  watch(write: Promise<unknown>, bytes: number): void {
    const { inFlight, logger } = this.#options;
    this.#size++;
    this.#bytes += bytes;
    void inFlight.track(async () => {
      try {
        await write;
      } catch (err) {
        logger.error({ err }, "a cluster missed a write that had returned, and it could not be queued");
      } finally {
        this.#size--;
        this.#bytes -= bytes;
      }
    });
  }
}
