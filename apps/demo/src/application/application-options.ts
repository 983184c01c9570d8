import type { ClusterId } from "@helix/core";

/** What the application is told, as JSON on its command line. */
export interface ApplicationOptions {
  /** Whether a worker is embedded (pattern 2), or pods replay what it only enqueues (pattern 3). */
  readonly replays: boolean;
  readonly clusters: Readonly<
    Record<ClusterId, { readonly contactPoint: string; readonly localDataCenter: string }>
  >;
  readonly natsUrl: string;
  readonly book: string;
  readonly rows: number;
  /** From one call to the next. Milliseconds. */
  readonly intervalMs: number;
}

/** For the queue of the demo: soon, so that nobody has to wait for what a killed process had in hand. */
export const ACK_WAIT_MS = 5000;
/** A temporary directory has no room for the queue's default. */
export const MAX_BYTES = 512 * 1024 ** 2;
