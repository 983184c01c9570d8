import { setMaxListeners } from "node:events";

/**
 * Calls back once when the signal is aborted; returns what ends that. Any number may wait for one signal: Node 22 takes the
 * eleventh for a leak of memory, and says so on the application's console.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  // Of another kind, such as a polyfill's, nobody counts the listeners.
  if (signal instanceof EventTarget) setMaxListeners(0, signal);
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}
