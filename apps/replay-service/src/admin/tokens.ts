import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { INCLUDED, type Right } from "@helix/admin-api";
import type { Clock, Logger } from "@helix/core";
import type { Secret } from "../config/setting.ts";
import { tokensIn } from "./tokens-in.ts";

/** How soon a file that was changed is seen. */
const READ_AGAIN_MS = 1_000;

/** Where the tokens of each right are. */
export type TokenLists = Readonly<Partial<Record<Right, Secret | undefined>>>;

interface Known {
  readonly digest: Buffer;
  readonly rights: readonly Right[];
}

/**
 * Which token has which rights. The lists are read again when somebody comes, at most once a second: what a file says now holds, a token that
 * is too short excepted; of one that cannot be read, what it said last.
 */
export class Tokens {
  readonly #lists: TokenLists;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #key = randomBytes(32);
  readonly #known = new Map<Right, { readonly whole: Buffer; readonly tokens: readonly Known[] }>();
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(lists: TokenLists, context: { readonly clock: Clock; readonly logger: Logger }) {
    this.#lists = lists;
    this.#clock = context.clock;
    this.#logger = context.logger;
  }

  /** Undefined if it is none that is known. Takes the same time for each: all are compared, by digests of one length. */
  rightsOf(token: string): ReadonlySet<Right> | undefined {
    this.#readAgain();
    const given = this.#digest(token);
    const rights = new Set<Right>();
    for (const { tokens } of this.#known.values()) {
      for (const known of tokens) {
        if (timingSafeEqual(given, known.digest)) for (const right of known.rights) rights.add(right);
      }
    }
    return rights.size > 0 ? rights : undefined;
  }

  #readAgain(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#readAtMs < READ_AGAIN_MS) return;
    this.#readAtMs = nowMs;
    for (const [right, read] of Object.entries(this.#lists) as [Right, Secret | undefined][]) {
      if (read !== undefined) this.#readList(right, read);
    }
  }

  #readList(right: Right, read: Secret): void {
    let text: string;
    try {
      text = read();
    } catch (error) {
      this.#logger.warn({ right, error }, "a file of tokens cannot be read; what it said last holds");
      return;
    }
    const whole = this.#digest(text);
    if (this.#known.get(right)?.whole.equals(whole) === true) return;
    const { good, bad } = tokensIn(text);
    if (bad > 0) this.#logger.warn({ right, bad }, "tokens are refused: they are too short, or no tokens");
    const tokens = good.map((token) => ({ digest: this.#digest(token), rights: INCLUDED[right] }));
    this.#known.set(right, { whole, tokens });
  }

  #digest(text: string): Buffer {
    return createHmac("sha256", this.#key).update(text).digest();
  }
}
