const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** A number as people read it: `25,916`. */
export function quantity(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 1 : 0 });
}

/** A time as people read it: `0.3 s`, `62 s`, `75 min`, `3.2 h`. */
export function duration(ms: number): string {
  if (ms < 3 * MINUTE_MS) return `${quantity(ms / SECOND_MS)} s`;
  if (ms < 2 * HOUR_MS) return `${quantity(Math.round(ms / MINUTE_MS))} min`;
  return `${(ms / HOUR_MS).toFixed(1)} h`;
}
