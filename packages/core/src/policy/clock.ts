import { onAbort } from "./on-abort.ts";

/** Time as everything here sees it, so that tests and simulations can supply their own. */
export interface Clock {
  /** Milliseconds since 1970. May jump: for ages that outlive the process. */
  wallMs(): number;
  /** Milliseconds since some start. Never goes back: for durations. */
  monotonicMs(): number;
  /** Calls back once after the delay; returns what cancels it. Twice is safe. */
  setTimer(callback: () => void, delayMs: number): () => void;
}

/** The machine's own clocks. A timer keeps the process alive until it fires or is cancelled. */
export const systemClock: Clock = Object.freeze({
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer: (callback: () => void, delayMs: number) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
});

/**
 * Resolves after the delay, or at once when the signal is aborted: it cuts the wait short, it does not
 * reject, since what follows a wait in a loop is always a look at the state.
 */
export function wait(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      cancel();
      end?.();
      resolve();
    };
    const cancel = clock.setTimer(done, delayMs);
    const end = signal && onAbort(signal, done);
  });
}
