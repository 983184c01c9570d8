/**
 * Runs each way once a round, every other round in the opposite order, so that a machine whose speed drifts treats them alike, and
 * what one leaves behind does not always meet the same other. Nothing is collected in between: a full collection throws away the
 * compiled code for classes of which nothing is alive at that moment, and each round would begin like a process that has just started.
 *
 * @param warmUps Rounds that come first and are not counted.
 */
export async function interleaved<Way extends string, T = number>(
  rounds: number,
  ways: Readonly<Record<Way, () => T | Promise<T>>>,
  warmUps = 2,
): Promise<Record<Way, T[]>> {
  const names = Object.keys(ways) as Way[];
  const measured = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Way, T[]>;
  for (let round = -warmUps; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const value = await ways[name]();
      if (round >= 0) measured[name].push(value);
    }
  }
  return measured;
}
