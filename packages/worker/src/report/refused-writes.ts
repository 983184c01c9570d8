import type { ErrorReading, ReplayPayload } from "@helix/core";
import { placeOf } from "../decide/held-message.ts";
import { RecentMap } from "../decide/recent-map.ts";

/** Of more the ones that failed longest ago are forgotten. */
const MAX_TEXTS = 100;
/** From then on somebody is told. Milliseconds. */
const TOLD_MS = 60_000;
/** Longer than it takes until what is due is tried. Milliseconds. */
const SLACK_MS = 60_000;

/** Writes of one text. Times are the monotonic clock's. */
export interface Refused {
  readonly tables: readonly string[];
  /** As it was thrown. */
  readonly error: unknown;
  readonly sinceMs: number;
  /** When one of them is to have been tried again: then others have taken it over. */
  readonly untilMs: number;
  readonly isTold: boolean;
}

/**
 * What a cluster refuses for want of something that it may get, such as a column or a right: it waits for as long as that takes, and costs no
 * attempts. What is not tried here any more is forgotten.
 */
export class RefusedWrites {
  readonly #texts = new RecentMap<string, Refused>(MAX_TEXTS);

  /** @param delayMs Until it is tried again. Returns the writes where somebody is to be told of them now. */
  failed(
    { payload, error, delayMs }: { payload: ReplayPayload; error: unknown; delayMs: number },
    { applied, retry, scope }: ErrorReading,
    nowMs: number,
  ): Refused | undefined {
    const isCurable =
      applied === "no" && retry === "later" && (scope === "statement" || scope === "value") && delayMs > 0;
    if (!isCurable) return undefined;
    const { text = "" } = placeOf(payload);
    const known = this.#current(text, nowMs);
    const { sinceMs, isTold } = known ?? { sinceMs: nowMs, isTold: false };
    const isDue = !isTold && nowMs - sinceMs >= TOLD_MS;
    const untilMs = Math.max(known?.untilMs ?? 0, nowMs + delayMs + SLACK_MS);
    const refused = { tables: payload.tables, error, sinceMs, untilMs, isTold: isTold || isDue };
    this.#texts.set(text, refused);
    return isDue ? refused : undefined;
  }

  /** One was applied. Returns the writes of its text where somebody was told of them. */
  applied(payload: ReplayPayload): Refused | undefined {
    if (this.#texts.size === 0) return undefined;
    const { text = "" } = placeOf(payload);
    const known = this.#texts.peek(text);
    this.#texts.delete(text);
    return known?.isTold ? known : undefined;
  }

  /** Those that wait for the longest. */
  longest(nowMs: number): Refused | undefined {
    let longest: Refused | undefined;
    for (const text of this.#texts.keys()) {
      const one = this.#current(text, nowMs);
      if (one !== undefined && one.sinceMs < (longest?.sinceMs ?? Number.POSITIVE_INFINITY)) longest = one;
    }
    return longest;
  }

  #current(text: string, nowMs: number): Refused | undefined {
    const known = this.#texts.peek(text);
    if (known === undefined || nowMs <= known.untilMs) return known;
    this.#texts.delete(text);
    return undefined;
  }
}
