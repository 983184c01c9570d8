import { onAbort } from "@helix/core/internal";

/** Resolves when the signal is aborted, or at once if it is. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else onAbort(signal, resolve);
  });
}
