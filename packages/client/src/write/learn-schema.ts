import { CLUSTERS, type Clock, type ClusterId } from "@helix/core";
import { onAbort } from "@helix/core/internal";
import { requestTimeout } from "../session/outstanding.ts";

/** Asks a cluster; rejects where it does not say. */
export type LoadSchema = (signal: AbortSignal) => Promise<void>;

export interface LearnOptions<T> {
  readonly load: Readonly<Record<ClusterId, LoadSchema>>;
  /** What is known now, if it is enough. */
  readonly look: () => T | undefined;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Each ends the waiting, with its reason. */
  readonly signals: readonly (AbortSignal | undefined)[];
}

/** What was learnt; or, where that is not enough, why each cluster that did not say has not. */
export type Learnt<T> =
  | { readonly found: T }
  | { readonly found: undefined; readonly failures: Readonly<Partial<Record<ClusterId, unknown>>> };

/**
 * Asks both clusters and waits for the first that says enough; for the other one where it does not. Rejects with the
 * reason of a signal. Leaves no timer and no listener, and what is still being read is told that nobody waits.
 */
export function learnSchema<T>(options: LearnOptions<T>): Promise<Learnt<T>> {
  const { load, look, clock, timeoutMs, signals } = options;
  return new Promise((resolve, reject) => {
    const ended = new AbortController();
    const failures: Partial<Record<ClusterId, unknown>> = {};
    const waiting = new Set<ClusterId>(CLUSTERS);
    const cleanups: (() => void)[] = [];
    const end = (settle: () => void) => {
      if (ended.signal.aborted) return;
      ended.abort();
      for (const cleanup of cleanups) cleanup();
      settle();
    };
    const said = (cluster: ClusterId) => {
      if (ended.signal.aborted) return;
      waiting.delete(cluster);
      let found: T | undefined;
      try {
        found = look();
      } catch (error) {
        end(() => reject(error));
        return;
      }
      if (found !== undefined) end(() => resolve({ found }));
      else if (waiting.size === 0) end(() => resolve({ found: undefined, failures }));
    };
    cleanups.push(
      clock.setTimer(() => {
        for (const cluster of waiting) failures[cluster] = requestTimeout(timeoutMs);
        end(() => resolve({ found: undefined, failures }));
      }, timeoutMs),
    );
    for (const signal of signals) {
      const giveUp = () => end(() => reject(signal?.reason));
      if (signal !== undefined) cleanups.push(onAbort(signal, giveUp));
      if (signal?.aborted) giveUp();
    }
    if (ended.signal.aborted) return;
    for (const cluster of CLUSTERS) {
      const ask = async () => load[cluster](ended.signal);
      ask().then(
        () => said(cluster),
        (error: unknown) => {
          failures[cluster] = error;
          said(cluster);
        },
      );
    }
  });
}
