import type { Comparison } from "./compare.ts";
import type { Tally } from "./tally.ts";

/** Whether the promise held: no caller saw an error, nothing is missing, nothing differs. */
export function isGood(tally: Tally, comparison: Comparison): boolean {
  return (
    tally.errors === 0 &&
    tally.deadLettered === 0 &&
    tally.replayed === tally.queued &&
    comparison.differences === 0
  );
}

/** What the figures come to, in a sentence. */
export function conclusion(tally: Tally, comparison: Comparison): string {
  if (!isGood(tally, comparison)) return "NOT as promised: see the figures above.";
  if (tally.queued === 0) {
    return "Nothing differs, but the outage was over before a write was queued: try a longer one.";
  }
  return "Zero differences: cluster B missed writes, no caller noticed, and every cell is equal.";
}

/** The table at the end. */
export function verdictTable(tally: Tally, comparison: Comparison): string {
  const rows: [string, string][] = [
    ["writes accepted", count(tally.accepted)],
    ["callers' errors", count(tally.errors)],
    ["slowest call", `${(tally.slowestCallMs / 1000).toFixed(2)} s`],
    ["queued", count(tally.queued)],
    ["replayed", count(tally.replayed)],
    ["dead-lettered", count(tally.deadLettered)],
    ["longest replay lag", `${(tally.longestLagMs / 1000).toFixed(1)} s`],
    ["rows compared (values and WRITETIME)", count(comparison.rows)],
    ["differences", count(comparison.differences)],
  ];
  const left = Math.max(...rows.map(([name]) => name.length));
  const right = Math.max(...rows.map(([, value]) => value.length));
  const rule = `  ${"─".repeat(left + right + 3)}`;
  const lines = rows.map(([name, value]) => `  ${name.padEnd(left)}   ${value.padStart(right)}`);
  return [rule, ...lines, rule].join("\n");
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
