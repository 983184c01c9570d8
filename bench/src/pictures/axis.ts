/** Values, and where they are. */
export interface Axis {
  readonly ticks: readonly number[];
  place(value: number): number;
}

/** From `begin` to `end` on the page. One that is not logarithmic begins at zero, so that heights compare. */
export function axis(values: readonly number[], isLogarithmic: boolean, begin: number, end: number): Axis {
  const top = Math.max(...values);
  const ticks = isLogarithmic ? logarithmic(Math.min(...values), top) : linear(top);
  const scale = isLogarithmic ? Math.log10 : (value: number) => value;
  const [low, high] = [scale(ticks[0] ?? 0), scale(ticks.at(-1) ?? 1)];
  return { ticks, place: (value) => begin + ((scale(value) - low) / (high - low)) * (end - begin) };
}

/** Some four steps of 1, 2 or 5 times a power of ten. */
function linear(top: number): number[] {
  const rough = top / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  return Array.from({ length: Math.ceil(top / step) + 1 }, (_, i) => i * step);
}

function logarithmic(low: number, top: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low) + 1e-9), Math.ceil(Math.log10(top) - 1e-9)];
  return Array.from({ length: Math.max(1, last - first) + 1 }, (_, i) => 10 ** (first + i));
}
