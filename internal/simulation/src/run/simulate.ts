import { CLUSTERS } from "@helix/core";
import { nuid } from "@nats-io/nats-core";
import { CHECKS } from "../checks/index.ts";
import { STATEMENTS } from "../cluster/statements.ts";
import { schedule } from "../scenario/fault-driver.ts";
import { Person } from "../scenario/person.ts";
import { Random } from "../scenario/random.ts";
import { LONG_RETENTION_MS, type Scenario } from "../scenario/scenario.ts";
import { Tape, type Violation } from "../world/tape.ts";
import { VirtualTime } from "../world/virtual-time.ts";
import { World } from "../world/world.ts";

/** After the last fault everything comes to rest within its retention, and this for the last retry, which is 10 min after another. */
const REST_MARGIN_MS = 900_000;
/** So often a person looks, and so many times helps where nothing else can. */
const LOOK_MS = 60_000;
const MAX_CURES = 1000;
const STOP_LIMIT_MS = 60_000;
const CALL_LIMIT_MS = 1000;

export interface Report {
  readonly scenario: Scenario;
  /** Of the whole trace: the same seed gives the same. */
  readonly hash: string;
  /** Calls that were made. */
  readonly writes: number;
  readonly enqueued: number;
  readonly deadLettered: number;
  /** By kind; what is no matter of time is there as well. */
  readonly faults: readonly string[];
  readonly violations: readonly Violation[];
  readonly virtualMs: number;
  /** The trace, if it was asked for. */
  readonly lines: readonly string[] | undefined;
}

/** Runs a scenario to its end. Two must not run at once: what draws without being given a source is seeded as well. */
export async function simulate(scenario: Scenario, options: { keepLines?: boolean } = {}): Promise<Report> {
  // Draws its start when it is first asked in a process: here, lest the first run's other draws differ from the next's.
  nuid.next();
  const chance = new Random(`jitter ${scenario.seed}`);
  const { random } = Math;
  Math.random = () => chance.next();
  try {
    return await run(scenario, options);
  } finally {
    Math.random = random;
  }
}

async function run(scenario: Scenario, options: { keepLines?: boolean }): Promise<Report> {
  const time = new VirtualTime();
  const tape = new Tape(time, { keepLines: options.keepLines === true });
  const world = new World(scenario, time, tape);
  const checks = CHECKS.map((make) => {
    const check = make(world, (text) => tape.violated(check.name, text));
    if (check.see !== undefined) tape.listen((event) => check.see?.(event));
    return check;
  });
  let enqueued = 0;
  tape.listen((event) => {
    if (event.kind === "enqueue" && event.result === "yes") enqueued++;
  });
  const person = new Person(world);
  const restLimitMs = restLimitOf(scenario);
  await world.start();
  for (const planned of scenario.writes) time.schedule(() => world.write(planned), planned.atMs);
  for (const fault of scenario.faults) schedule(world, fault);
  const endMs = Math.max(0, ...scenario.faults.map(({ atMs, forMs }) => atMs + forMs));
  const lastWriteMs = scenario.writes.at(-1)?.atMs ?? 0;
  await time.runUntil(() => false, Math.max(endMs, lastWriteMs) + 1000);

  const isIdle = () =>
    world.pending === 0 &&
    world.inBackground === 0 &&
    world.writes.every(({ verdict }) => verdict !== "calling");
  const comesToRest = async (): Promise<boolean> => {
    let cures = 0;
    for (let waitedMs = LOOK_MS; !(await time.runUntil(isIdle, LOOK_MS)); waitedMs += LOOK_MS) {
      const isOverdue = waitedMs >= restLimitMs;
      if (await person.isNeeded(isOverdue)) {
        if (++cures > MAX_CURES) return false;
        await world.cure();
        waitedMs = 0;
      } else if (isOverdue) {
        return false;
      }
    }
    return true;
  };
  const rest = async (): Promise<number | undefined> => {
    if (!(await comesToRest())) {
      const calling = world.writes.filter(({ verdict }) => verdict === "calling").length;
      tape.violated(
        "liveness",
        `${world.pending} messages are pending and ${calling} calls have not returned`,
      );
      return undefined;
    }
    // What is on its way back to a worker: confirmations, and callbacks after them.
    await time.runUntil(() => false, 10_000);
    const dead = await world.letters.list();
    for (const check of checks) check.atRest?.({ dead });
    return dead.length;
  };
  // Where the dead letters are full, what has no room among them comes to rest only when it is cured.
  if (scenario.deadLetterCapacity < scenario.writes.length) await world.cure();
  const deadLettered = await rest();
  for (let left = Number.POSITIVE_INFINITY; deadLettered !== undefined && left > 0; ) {
    left = await world.cure();
    if ((await rest()) === undefined) break;
  }

  if (deadLettered !== undefined) await writeOnceMore(world);

  let stopped = false;
  void world.stopAll().then(() => {
    stopped = true;
  });
  if (!(await time.runUntil(() => stopped, STOP_LIMIT_MS)))
    tape.violated("liveness", "a worker does not stop");
  return {
    scenario,
    hash: tape.digest(),
    writes: world.writes.length,
    enqueued,
    deadLettered: deadLettered ?? 0,
    faults: faultsOf(scenario),
    violations: tape.violations,
    virtualMs: time.nowMs,
    lines: tape.lines,
  };
}

/** What nobody can prove ends with its retention, by clocks that may have been set. */
function restLimitOf({ faults }: Scenario): number {
  const steps = faults.map((fault) => (fault.kind === "clock-step" ? Math.abs(fault.byMs) : 0));
  return LONG_RETENTION_MS + REST_MARGIN_MS + steps.reduce((sum, stepMs) => sum + stepMs, 0);
}

function faultsOf(scenario: Scenario): string[] {
  const { mode, faults, writes, callbacks, deadLetterCapacity, queueCapacity, maxAgeMs } = scenario;
  return [
    ...faults.map(({ kind }) => kind),
    ...writes.flatMap(({ poison }) => (poison === undefined ? [] : `poison (${poison.how})`)),
    ...(writes.some(({ isHeld }) => isHeld) ? ["held writes"] : []),
    ...(writes.some(({ wait }) => wait === "first") ? ["writes in the background"] : []),
    ...(maxAgeMs < LONG_RETENTION_MS && mode === "service" ? ["short retention"] : []),
    ...(callbacks === "none" ? [] : [`callbacks that ${callbacks}`]),
    ...(deadLetterCapacity < writes.length ? ["few dead letters"] : []),
    ...(queueCapacity < writes.length ? ["small queue"] : []),
  ];
}

/** All is well, so what is written now reaches both clusters at once, from every application. */
async function writeOnceMore(world: World): Promise<void> {
  const { time, tape, scenario, writes } = world;
  const before = writes.length;
  for (let app = 0; app < scenario.apps; app++) {
    const params = [`last${app}`, "v", "w"];
    const operation = { kind: "statement", query: STATEMENTS[0].insert, params } as const;
    const number = scenario.writes.length + app;
    world.write({
      number,
      atMs: time.nowMs,
      app,
      operation,
      priority: "high",
      poison: undefined,
      isHeld: false,
      isTie: false,
      wait: "both",
    });
  }
  await time.runUntil(() => false, CALL_LIMIT_MS);
  if (writes.length - before < scenario.apps)
    tape.violated("recovery", "an application does not write any more");
  for (const { number, verdict, reports } of writes.slice(before)) {
    const isOnBoth = CLUSTERS.every((cluster) => reports[cluster]?.applied === "yes");
    if (!isOnBoth)
      tape.violated("recovery", `write ${number} (${verdict}) does not reach both clusters at once`);
  }
}
