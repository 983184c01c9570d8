import type { Series } from "../report/row.ts";
import { type Axis, axis } from "./axis.ts";

const WIDTH = 640;
const HEIGHT = 320;
/** Around the plot: for the title and the marks above, and for the labels of the axes. */
const EDGE = { top: 56, right: 40, bottom: 48, left: 84 };

/** As plain as possible: it has to be legible on white and on black, since it is shown on both. */
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 13px; font-weight: 600; }
  .grid { stroke: #d0d7de; }
  .mark { stroke: #8c959f; stroke-dasharray: 4 3; }
  .line { fill: none; stroke-width: 2; }
  .line0 { stroke: #0969da; } .dot0 { fill: #0969da; }
  .line1 { stroke: #9a6700; stroke-dasharray: 6 4; } .dot1 { fill: #9a6700; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .grid { stroke: #30363d; }
    .line0 { stroke: #58a6ff; } .dot0 { fill: #58a6ff; }
    .line1 { stroke: #d29922; } .dot1 { fill: #d29922; }
  }
`;

/** An SVG without scripts or fonts of its own. */
export function chart({ title, x: xLabel, y: yLabel, logarithmic = {}, lines, marks = [] }: Series): string {
  const points = lines.flatMap((line) => line.points).filter((point) => point.every(Number.isFinite));
  const x = axis(
    points.map(([value]) => value),
    logarithmic.x === true,
    EDGE.left,
    WIDTH - EDGE.right,
  );
  const y = axis(
    points.map(([, value]) => value),
    logarithmic.y === true,
    HEIGHT - EDGE.bottom,
    EDGE.top,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    text(EDGE.left, 16, title, "start", "title"),
    ...grid(x, y),
    text((EDGE.left + WIDTH - EDGE.right) / 2, HEIGHT - 10, xLabel, "middle"),
    `<g transform="translate(14 ${(EDGE.top + HEIGHT - EDGE.bottom) / 2}) rotate(-90)">${text(0, 0, yLabel, "middle")}</g>`,
    ...marks.flatMap(({ x: value, label }) => [
      `<line class="mark" x1="${at(x, value)}" x2="${at(x, value)}" y1="${EDGE.top - 4}" y2="${HEIGHT - EDGE.bottom}"/>`,
      text(at(x, value), EDGE.top - 8, label, "middle"),
    ]),
    ...lines.flatMap((line, i) => drawn(line, i, x, y)),
    ...(lines.length > 1 ? lines.map((line, i) => legend(line.name, i)) : []),
    "</svg>\n",
  ].join("\n");
}

function grid(x: Axis, y: Axis): string[] {
  return [
    ...y.ticks.flatMap((value) => [
      `<line class="grid" x1="${EDGE.left}" x2="${WIDTH - EDGE.right}" y1="${at(y, value)}" y2="${at(y, value)}"/>`,
      text(EDGE.left - 6, at(y, value) + 4, number(value), "end"),
    ]),
    ...x.ticks.map((value) => text(at(x, value), HEIGHT - EDGE.bottom + 18, number(value), "middle")),
  ];
}

function drawn({ points }: Series["lines"][number], i: number, x: Axis, y: Axis): string[] {
  const places = points
    .filter((point) => point.every(Number.isFinite))
    .map(([a, b]) => [at(x, a), at(y, b)] as const);
  const dots =
    places.length > 20 ? [] : places.map(([a, b]) => `<circle class="dot${i}" cx="${a}" cy="${b}" r="3"/>`);
  return [
    `<polyline class="line line${i}" points="${places.map((place) => place.join(",")).join(" ")}"/>`,
    ...dots,
  ];
}

function legend(name: string, i: number): string {
  const top = EDGE.top - 22;
  const left = EDGE.left + i * 220;
  return `<line class="line line${i}" x1="${left}" x2="${left + 24}" y1="${top}" y2="${top}"/>${text(left + 30, top + 4, name, "start")}`;
}

function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end", name = ""): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}"${name && ` class="${name}"`}>${escaped(content)}</text>`;
}

function at(of: Axis, value: number): number {
  return Math.round(of.place(value) * 10) / 10;
}

function number(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 4 });
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
