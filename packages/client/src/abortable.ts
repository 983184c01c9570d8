import { onAbort } from "@helix/core/internal";

/**
 * The promise, or the signal's reason if that comes first: the driver cannot be aborted, only not
 * waited for. What the promise comes to afterwards is ignored.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    const end = onAbort(signal, abort);
    promise.then(
      (value) => {
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
  });
}
