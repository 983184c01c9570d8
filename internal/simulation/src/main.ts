import { parseArgs } from "node:util";
import { mutants } from "../mutants/index.ts";
import { runMutants } from "./run/run-mutants.ts";
import { commandFor, shrink } from "./run/shrink.ts";
import { type Report, simulate } from "./run/simulate.ts";
import { Summary } from "./run/summary.ts";
import { describeFault, QUEUES } from "./scenario/faults.ts";
import { BEYOND, scenarioOf } from "./scenario/scenario.ts";

const USAGE = `pnpm simulate [--seeds 200] [--from 0]        many seeds, and a table
pnpm simulate --seed 42 [--only 0,2] [--writes 50] [--trace]
                                              one seed, with some of its faults and writes, and what happened
            … --beyond ttl                            what the code is known not to hold
            … --queue memory|model|nats               one queue for all seeds
pnpm simulate --mutants [--seeds 500] [name]  deliberately broken code, and which check finds it`;

const say = (line: string) => void process.stdout.write(`${line}\n`);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string" },
    from: { type: "string", default: "0" },
    seed: { type: "string" },
    only: { type: "string" },
    writes: { type: "string" },
    beyond: { type: "string", multiple: true, default: [] },
    queue: { type: "string" },
    trace: { type: "boolean", default: false },
    mutants: { type: "boolean", default: false },
    /** For the runs of mutants: one line of JSON, no shrinking, and an end at the first violation. */
    terse: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function count(text: string | undefined, fallback: number, name: string): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  say(`Expected --${name} to be a whole number, got "${text}"\n\n${USAGE}`);
  process.exit(2);
}

const beyond = BEYOND.filter((one) => values.beyond.includes(one));
const queue = QUEUES.find((one) => one === values.queue);
if (values.queue !== undefined && queue === undefined) {
  say(`Expected --queue to be one of ${QUEUES.join(", ")}, got "${values.queue}"\n\n${USAGE}`);
  process.exit(2);
}
const chosen = { beyond, queue };

async function oneSeed(seed: number): Promise<boolean> {
  const only = values.only === undefined ? undefined : values.only.split(",").map(Number);
  const writes = values.writes === undefined ? undefined : count(values.writes, 0, "writes");
  const scenario = scenarioOf(seed, { ...chosen, only, writes });
  const report = await simulate(scenario, { keepLines: values.trace });
  for (const line of report.lines ?? []) say(line);
  for (const fault of scenario.faults) say(describeFault(fault));
  say(`seed ${seed} (${scenario.queue}): ${report.writes} writes, trace ${report.hash}`);
  for (const { check, text, atMs } of report.violations)
    say(`VIOLATED ${check} at ${atMs.toFixed(0)} ms: ${text}`);
  return report.violations.length === 0;
}

async function manySeeds(from: number, seeds: number): Promise<boolean> {
  const summary = new Summary();
  const startedAt = performance.now();
  for (let seed = from; seed < from + seeds; seed++) {
    const report = await simulate(scenarioOf(seed, chosen));
    summary.add(report);
    if (report.violations.length > 0 && values.terse) {
      say(JSON.stringify({ seed, check: report.violations[0]?.check }));
      return false;
    }
    if (report.violations.length > 0) await tell(seed, report);
  }
  if (!values.terse) for (const line of summary.lines(performance.now() - startedAt)) say(line);
  return summary.violations.size === 0;
}

async function tell(seed: number, report: Report): Promise<void> {
  const shrunken = await shrink(seed, report, chosen);
  const [violation] = shrunken.report.violations;
  say(`seed ${seed} VIOLATED ${violation?.check}: ${violation?.text}`);
  for (const fault of shrunken.report.scenario.faults) say(`  ${describeFault(fault)}`);
  say(`  ${commandFor(seed, shrunken, chosen)}`);
}

async function run(): Promise<boolean> {
  if (values.help) {
    say(USAGE);
    return true;
  }
  if (values.mutants) {
    const seeds = count(values.seeds, 500, "seeds");
    return runMutants(mutants, { seeds, only: positionals, say });
  }
  if (values.seed !== undefined) return oneSeed(count(values.seed, 0, "seed"));
  return manySeeds(count(values.from, 0, "from"), count(values.seeds, 200, "seeds"));
}

process.exitCode = (await run()) ? 0 : 1;
