import { setTimeout as after } from "node:timers/promises";

/** What `waitFor` waits with. */
export interface WaitForOptions {
  /** How long to wait in all. Milliseconds. */
  readonly timeoutMs: number;
  /**
   * What is waited for, for the error: "node A answers CQL". Called when time is up, so it may tell the last
   * state.
   */
  readonly describe: string | (() => string);
  /** Between two looks. Milliseconds. @default 10 */
  readonly intervalMs?: number | undefined;
  /** Ends the wait with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Resolves with the first truthy value of `condition`. A condition that throws or rejects is not met
 * yet; what it threw last becomes the `cause` of the error. Rejects when the deadline has passed, even
 * if the condition itself hangs, or with the signal's reason.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitForOptions,
): Promise<Exclude<T, false | null | undefined | 0 | "">> {
  const { timeoutMs, describe, intervalMs = 10, signal } = options;
  signal?.throwIfAborted();
  const over = new AbortController();
  const end = () => over.abort();
  // Not counted among what keeps the process alive, which is what some conditions look at.
  const timer = setTimeout(end, timeoutMs).unref();
  signal?.addEventListener("abort", end, { once: true });
  const ended = new Promise<void>((resolve) => over.signal.addEventListener("abort", () => resolve()));
  let last: unknown;
  try {
    while (!over.signal.aborted) {
      try {
        const value = await Promise.race([condition(), ended]);
        if (value) return value as Exclude<T, false | null | undefined | 0 | "">;
        last = undefined;
      } catch (error) {
        last = error;
      }
      await after(intervalMs, undefined, { signal: over.signal }).catch(() => {});
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
  signal?.throwIfAborted();
  const what = typeof describe === "string" ? describe : describe();
  throw new Error(`Waited ${timeoutMs} ms in vain until ${what}`, { cause: last });
}
