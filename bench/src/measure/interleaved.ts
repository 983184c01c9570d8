/** Rounds that come first and are not counted. */
const WARM_UPS = 2;

/**
 * Runs each way once a round, every other round in the opposite order, so that a machine whose speed drifts treats them alike, and
 * what one leaves behind does not always meet the same other.
 */
export async function interleaved<Way extends string, T = number>(
  rounds: number,
  ways: Readonly<Record<Way, () => T | Promise<T>>>,
): Promise<Record<Way, T[]>> {
  const names = Object.keys(ways) as Way[];
  const measured = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Way, T[]>;
  for (let round = -WARM_UPS; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      globalThis.gc?.();
      const value = await ways[name]();
      if (round >= 0) measured[name].push(value);
    }
  }
  return measured;
}
