import type { Spread } from "../measure/spread.ts";
import { isFarOff, judge } from "./judge.ts";
import type { Goal, Row } from "./row.ts";

const HEAD = ["row", "ours", "theirs", "unit", "ratio (min to max)", "goal", "met"];

/** The rows as a table in Markdown, and below it in words what each one is. */
export function table(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  const written = lines.map(
    (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`,
  );
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [written[0], rule, ...written.slice(1), "", ...rows.map(inWords)].join("\n");
}

function cells(row: Row): string[] {
  const { ours, theirs, ratio, met } = judge(row);
  return [
    row.id,
    // Without a peer the spread is that of the figure itself.
    ratio === undefined ? withSpread(ours) : figure(ours.median),
    theirs === undefined ? "" : figure(theirs.median),
    row.unit,
    ratio === undefined ? "" : withSpread(ratio),
    goalText(row.goal),
    met === undefined ? "" : met ? "yes" : isFarOff(row) ? "NO" : "no",
  ];
}

function inWords({ id, what, against, note, outOfReach, samples }: Row): string {
  const rounds = samples.length === 1 ? "one round" : `${samples.length} rounds`;
  const peer = against === undefined ? "" : `, against ${against}`;
  const remarks = [note, outOfReach].filter((remark) => remark !== undefined).map((remark) => `. ${remark}`);
  return `- ${id}: ${what}${peer}; ${rounds}${remarks.join("")}`;
}

function withSpread({ min, median, max }: Spread): string {
  return min === max ? figure(median) : `${figure(median)} (${figure(min)} to ${figure(max)})`;
}

function goalText(goal: Goal | undefined): string {
  if (goal === undefined) return "";
  return "atLeast" in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`;
}

/** Three digits that count. */
function figure(value: number): string {
  if (!Number.isFinite(value)) return "not measured";
  const places = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en-US", {
    minimumFractionDigits: Math.min(places, 2),
    maximumFractionDigits: Math.min(places, 4),
  });
}
