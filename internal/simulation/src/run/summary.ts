import type { Report } from "./simulate.ts";

/** Totals over many reports, as the table at the end has them. */
export class Summary {
  #seeds = 0;
  #writes = 0;
  #enqueued = 0;
  #deadLettered = 0;
  #virtualMs = 0;
  readonly #faults = new Map<string, number>();
  readonly #violations = new Map<string, number>();

  add({ writes, enqueued, deadLettered, virtualMs, faults, violations }: Report): void {
    this.#seeds++;
    this.#writes += writes;
    this.#enqueued += enqueued;
    this.#deadLettered += deadLettered;
    this.#virtualMs += virtualMs;
    for (const kind of faults) this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + 1);
    for (const check of new Set(violations.map((one) => one.check))) {
      this.#violations.set(check, (this.#violations.get(check) ?? 0) + 1);
    }
  }

  /** Seeds with a violation, by check. */
  get violations(): ReadonlyMap<string, number> {
    return this.#violations;
  }

  /** @param elapsedMs Real time that all of it took. */
  lines(elapsedMs: number): string[] {
    const perMinute = Math.round((this.#writes / elapsedMs) * 60_000);
    const rows: [string, string | number][] = [
      ["seeds", this.#seeds],
      ["writes", this.#writes],
      ["messages", this.#enqueued],
      ["dead letters", this.#deadLettered],
      ["virtual hours", Math.round(this.#virtualMs / 3_600_000)],
      ["writes per minute", perMinute],
      ...[...this.#faults].sort().map(([kind, count]): [string, number] => [`fault: ${kind}`, count]),
      ...[...this.#violations].map(([check, count]): [string, number] => [`VIOLATED: ${check}`, count]),
    ];
    if (this.#violations.size === 0) rows.push(["violations", 0]);
    return table(["", ""], rows);
  }
}

/** Rows in columns. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const all = head.some((title) => title !== "") ? [head, ...rows] : rows;
  const widths = head.map((_, column) => Math.max(...all.map((row) => String(row[column] ?? "").length)));
  return all.map((row) =>
    row
      .map((cell, column) =>
        typeof cell === "number"
          ? String(cell).padStart(widths[column] ?? 0)
          : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
}
