import { RecentMap } from "./recent-map.ts";

const MAX_TABLES = 1000;
/** A failure between two applications is none of the table's. Milliseconds. */
const UNSERVED_MS = 10_000;

/** Tables of a cluster of which nothing is applied any more that was tried. What is forgotten is taken for served. */
export class UnservedTables {
  readonly #sinceMs = new RecentMap<string, number>(MAX_TABLES);

  /** An execution failed that may be the table's fault. */
  failed(table: string, nowMs: number): void {
    if (this.#sinceMs.use(table) === undefined) this.#sinceMs.set(table, nowMs);
  }

  /** Whether there are none, as nearly always. */
  get isEmpty(): boolean {
    return this.#sinceMs.size === 0;
  }

  /** One was applied. Returns for how long none was before, if it is served again. */
  applied(table: string, nowMs: number): number | undefined {
    const sinceMs = this.#sinceMs.peek(table);
    if (sinceMs === undefined) return undefined;
    this.#sinceMs.delete(table);
    return nowMs - sinceMs < UNSERVED_MS ? undefined : nowMs - sinceMs;
  }
}
