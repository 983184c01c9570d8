import { type ClusterId, clusterOf } from "../cluster.ts";
import { integer, readOptions } from "../options/index.ts";
import type { DeadLetterReason } from "./dead-letters.ts";
import type { WholeFacts } from "./letter-facts.ts";

/** Dead letters that have the same cluster, tables, reason and code of their last failure. */
export interface LetterGroup {
  readonly cluster: ClusterId;
  /** All that each of them writes to, as `keyspace.table`, sorted; none where they cannot be decoded. */
  readonly tables: readonly string[];
  readonly reason: DeadLetterReason;
  /** Absent where the failure had none. */
  readonly errorCode?: string | undefined;
  /** At least 1. */
  readonly count: number;
  /** How many of them have died again after a redrive. */
  readonly redrivenBefore: number;
  /** When the first of them died, and the last. Milliseconds since 1970. */
  readonly firstDiedAtMs: number;
  readonly lastDiedAtMs: number;
  /** The id of one of them. */
  readonly sampleId: string;
}

/** How many dead letters a filter finds. */
export interface LetterCount {
  readonly count: number;
  /** Whether that is all: otherwise time was up, and there are at least so many. */
  readonly isExact: boolean;
}

export interface CountOptions {
  /** For how long it may look, roughly. Milliseconds, at least 1. @default 1_000 */
  readonly withinMs?: number | undefined;
}

/** @throws TypeError, RangeError for a time that cannot be. */
export function readCount(options: unknown): { readonly withinMs: number } {
  return readOptions<{ withinMs: number }>(
    "count",
    { withinMs: integer({ min: 1, fallback: 1000 }) },
    options,
  );
}

type Mutable = { -readonly [K in keyof LetterGroup]: LetterGroup[K] };

/** Counts dead letters by what they have in common, by their facts alone. */
export class LetterGroups {
  readonly #groups = new Map<string, Mutable>();

  add({ id, lane, reason, deadAtMs, toldError, life, tables }: WholeFacts): void {
    const cluster = clusterOf(lane);
    const errorCode = toldError?.code;
    const sorted = tables.length > 1 ? [...tables].sort() : tables;
    const key = `${cluster}\n${sorted.join("\n")}\n\n${reason}\n${errorCode ?? "\n"}`;
    const isAgain = life > 0 ? 1 : 0;
    const group = this.#groups.get(key);
    if (group === undefined) {
      this.#groups.set(key, {
        cluster,
        tables: sorted,
        reason,
        ...(errorCode !== undefined && { errorCode }),
        count: 1,
        redrivenBefore: isAgain,
        firstDiedAtMs: deadAtMs,
        lastDiedAtMs: deadAtMs,
        sampleId: id,
      });
      return;
    }
    group.count++;
    group.redrivenBefore += isAgain;
    group.firstDiedAtMs = Math.min(group.firstDiedAtMs, deadAtMs);
    group.lastDiedAtMs = Math.max(group.lastDiedAtMs, deadAtMs);
  }

  /** The largest first; of those of a size, the one that was found first. */
  list(): LetterGroup[] {
    return [...this.#groups.values()].sort((one, other) => other.count - one.count);
  }
}
