import { quantity } from "../words.ts";

type Points = readonly (number | null)[];

const WIDTH = 120;
const HEIGHT = 28;
/** A quarter of an hour, a point every ten seconds. */
const MOST_POINTS = 90;

interface SparklineProps {
  /** Messages per second, the newest last; null where it is not known. */
  readonly in: Points;
  readonly out: Points;
}

/** What went in and out of a lane within the last quarter of an hour, on one scale. */
export function Sparkline({ in: into, out }: SparklineProps) {
  const most = Math.max(1, ...known(into), ...known(out));
  return (
    <svg
      class="sparkline"
      role="img"
      aria-label={`In: ${rangeOf(into)}. Out: ${rangeOf(out)}.`}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
    >
      <path class="in" d={pathOf(into, most)} />
      <path class="out" d={pathOf(out, most)} />
    </svg>
  );
}

/** A line for each run of points that are known. */
export function pathOf(points: Points, most: number): string {
  const shown = points.slice(-MOST_POINTS);
  const step = WIDTH / (MOST_POINTS - 1);
  let isDrawing = false;
  return shown
    .map((point, index) => {
      if (point === null) {
        isDrawing = false;
        return "";
      }
      const x = WIDTH - (shown.length - 1 - index) * step;
      const y = 1 + (HEIGHT - 2) * (1 - point / most);
      const verb = isDrawing ? "L" : "M";
      isDrawing = true;
      return `${verb}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}

function rangeOf(points: Points): string {
  const all = known(points);
  if (all.length === 0) return "not known";
  return `${quantity(Math.min(...all))} to ${quantity(Math.max(...all))} per second`;
}

function known(points: Points): number[] {
  return points.filter((point) => point !== null);
}
