import { isIPv6 } from "node:net";
import type { Clock } from "@helix/core";

const WINDOW_MS = 60_000;
const MOST_REFUSALS = 10;
/** Of those beyond, the one that came first is forgotten. */
const MOST_ADDRESSES = 10_000;

/** Counts wrong tokens: after ten within a minute an address waits for the end of that minute. Others are not concerned. */
export class RefusedAddresses {
  readonly #clock: Clock;
  readonly #windows = new Map<string, { readonly fromMs: number; refusals: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long it has to wait; undefined if it may try. Milliseconds. */
  waitMs(address: string): number | undefined {
    const window = this.#windowOf(keyOf(address));
    if (window === undefined || window.refusals < MOST_REFUSALS) return undefined;
    return window.fromMs + WINDOW_MS - this.#clock.monotonicMs();
  }

  refused(address: string): void {
    const key = keyOf(address);
    const window = this.#windowOf(key);
    if (window !== undefined) {
      window.refusals++;
      return;
    }
    this.#windows.set(key, { fromMs: this.#clock.monotonicMs(), refusals: 1 });
    if (this.#windows.size <= MOST_ADDRESSES) return;
    for (const first of this.#windows.keys()) {
      this.#windows.delete(first);
      break;
    }
  }

  #windowOf(key: string) {
    const window = this.#windows.get(key);
    if (window === undefined || this.#clock.monotonicMs() - window.fromMs < WINDOW_MS) return window;
    this.#windows.delete(key);
    return undefined;
  }
}

/** Of version 6 the network: whoever has one address of it has all. */
function keyOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [head = "", tail] = address.split("%", 1)[0]?.split("::") ?? [];
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<string>(zeros).fill("0"), ...after].slice(0, 4).join(":");
}
