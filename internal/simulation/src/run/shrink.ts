import { type Scenario, type ScenarioOptions, scenarioOf } from "../scenario/scenario.ts";
import { type Report, simulate } from "./simulate.ts";

export interface Shrunken {
  readonly report: Report;
  /** Which of the seed's faults are left, by their place. */
  readonly only: readonly number[];
  readonly writes: number;
}

/** The fewest faults, then the fewest writes, with which the first violation's check still fails. */
export async function shrink(
  seed: number,
  failed: Report,
  options: ScenarioOptions = {},
  run: (scenario: Scenario) => Promise<Report> = simulate,
): Promise<Shrunken> {
  const check = failed.violations[0]?.check;
  const all = scenarioOf(seed, options);
  let best: Shrunken = {
    report: failed,
    only: all.faults.map((_, index) => index),
    writes: all.writes.length,
  };
  const tryOut = async (only: readonly number[], writes: number): Promise<boolean> => {
    const scenario: Scenario = scenarioOf(seed, { ...options, only, writes });
    const report = await run(scenario);
    const isBad = report.violations.some((violation) => violation.check === check);
    if (isBad) best = { report, only, writes };
    return isBad;
  };
  for (const fault of [...best.only]) {
    await tryOut(
      best.only.filter((one) => one !== fault),
      best.writes,
    );
  }
  for (let step = Math.floor(best.writes / 2); step >= 1; ) {
    if (best.writes <= step || !(await tryOut(best.only, best.writes - step))) step = Math.floor(step / 2);
  }
  return best;
}

/** The command that runs it again. */
export function commandFor(
  seed: number,
  { only, writes }: Shrunken,
  { beyond = [], queue }: ScenarioOptions = {},
): string {
  const more = beyond.map((one) => ` --beyond ${one}`).join("") + (queue ? ` --queue ${queue}` : "");
  return `pnpm simulate --seed ${seed} --only ${only.join(",") || "none"} --writes ${writes}${more} --trace`;
}
