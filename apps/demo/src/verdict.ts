import type { Comparison } from "./compare.ts";
import type { Screen } from "./screen.ts";
import type { Tally } from "./tally.ts";

/** A line of the table at the end. */
export interface Figure {
  readonly name: string;
  readonly value: string;
  /** Whether a promise is broken by it. @default false */
  readonly isBroken?: boolean;
}

export function count(name: string, value: number, isBroken = false): Figure {
  return { name, value: value.toLocaleString("en-US"), isBroken };
}

/** A number that must be 0. */
export function none(name: string, value: number): Figure {
  return count(name, value, value !== 0);
}

export function seconds(name: string, valueMs: number | undefined, digits = 1): Figure {
  return { name, value: valueMs === undefined ? "—" : `${(valueMs / 1000).toFixed(digits)} s` };
}

/** What the callers saw. */
export function callFigures(tally: Tally): Figure[] {
  return [
    count("writes accepted", tally.accepted),
    none("callers' errors", tally.errors),
    seconds("slowest call", tally.slowestCallMs, 2),
  ];
}

/**
 * What became of the queue. As many must be replayed as were queued, but for those that calls may have queued which
 * did not live to tell: at most `untold`.
 */
export function replayFigures(tally: Tally, untold = 0): Figure[] {
  const surplus = tally.replayed - tally.queued;
  return [
    count("queued", tally.queued),
    count("replayed", tally.replayed, surplus < 0 || surplus > untold),
    none("dead-lettered", tally.deadLettered),
    seconds("longest replay lag", tally.longestLagMs),
  ];
}

/** What is in the clusters. */
export function comparisonFigures(comparison: Comparison): Figure[] {
  return [
    count("rows compared (values and WRITETIME)", comparison.rows),
    none("differences", comparison.differences),
  ];
}

/** Whether all promises held. */
export function isGood(figures: readonly Figure[]): boolean {
  return figures.every(({ isBroken }) => isBroken !== true);
}

/** What the figures come to, in a sentence. */
export function conclusion(figures: readonly Figure[], tally: Tally): string {
  if (!isGood(figures)) return "NOT as promised: see the figures that are marked.";
  if (tally.queued === 0) {
    return "Nothing differs, but the outage was over before a write was queued: try a longer one.";
  }
  return "Zero differences: cluster B missed writes, no caller noticed, and every cell is equal.";
}

export function verdictTable(figures: readonly Figure[]): string {
  const left = Math.max(...figures.map(({ name }) => name.length));
  const right = Math.max(...figures.map(({ value }) => value.length));
  const rule = `  ${"─".repeat(left + right + 3)}`;
  const lines = figures.map(
    ({ name, value, isBroken }) =>
      `  ${name.padEnd(left)}   ${value.padStart(right)}${isBroken === true ? "  ✗" : ""}`,
  );
  return [rule, ...lines, rule].join("\n");
}

/** Prints the end of the story; returns whether the promises held. */
export function pronounce(
  screen: Screen,
  figures: readonly Figure[],
  tally: Tally,
  comparison: Comparison,
): boolean {
  screen.print(verdictTable(figures));
  for (const example of comparison.examples) screen.print(`  ${example}`);
  if (tally.firstError !== undefined) screen.print(`  first error of a caller: ${String(tally.firstError)}`);
  screen.paragraph(conclusion(figures, tally));
  return isGood(figures);
}
