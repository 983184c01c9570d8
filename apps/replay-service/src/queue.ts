import type { Logger, ReplayQueue } from "@helix/core";
import type { ServiceConfig } from "./config/schema.ts";
import type { PartHealth } from "./readiness.ts";

/** A queue that is open, though perhaps without a connection yet. */
export interface OpenedQueue {
  readonly queue: ReplayQueue;
  health(): PartHealth;
  /** Sends what is settled, then closes the connection. Twice is safe. */
  close(): Promise<void>;
}

/**
 * Opens the queue. Whatever may pass (no server, no leader) it waits for in the background, and `health` tells; it
 * rejects with what only a person can cure, such as streams that are not as configured.
 */
export type OpenQueue = (config: ServiceConfig, context: { readonly logger: Logger }) => Promise<OpenedQueue>;
