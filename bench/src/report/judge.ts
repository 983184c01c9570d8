import { type Spread, spread } from "../measure/spread.ts";
import type { Row } from "./row.ts";

/** What the samples of a row come to. */
export interface Judgement {
  readonly ours: Spread;
  readonly theirs?: Spread | undefined;
  /** Of each round, so that a machine whose speed drifts treats both alike. */
  readonly ratio?: Spread | undefined;
  /** Absent where there is no goal. */
  readonly met?: boolean | undefined;
}

/** The median is what counts. What was not measured is not met. */
export function judge(row: Row): Judgement {
  const hasPeer = row.samples.some(({ theirs }) => theirs !== undefined);
  const ours = spread(row.samples.map((sample) => sample.ours));
  const theirs = hasPeer ? spread(row.samples.map((sample) => sample.theirs ?? Number.NaN)) : undefined;
  const ratio = hasPeer
    ? spread(row.samples.map((sample) => sample.ours / (sample.theirs ?? Number.NaN)))
    : undefined;
  return { ours, theirs, ratio, met: row.goal && reaches(row, (ratio ?? ours).median, 1) };
}

/**
 * Whether a ratio is below half of its goal (above twice of it, where less is better), and was so in every round: other work on the
 * machine makes some rounds bad, but not the best of them.
 */
export function isFarOff(row: Row): boolean {
  const { ratio } = judge(row);
  if (row.goal === undefined || ratio === undefined || row.outOfReach !== undefined) return false;
  return !reaches(row, "atLeast" in row.goal ? ratio.max : ratio.min, 2);
}

function reaches({ goal }: Row, value: number, allowance: number): boolean {
  if (goal === undefined) return true;
  return "atLeast" in goal ? value >= goal.atLeast / allowance : value <= goal.atMost * allowance;
}
