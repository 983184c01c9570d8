import { describeFault } from "./faults.ts";
import { scenarioOf } from "./scenario.ts";
import { simulate } from "./simulate.ts";

const [from, n] = [Number(process.argv[2] ?? 0), Number(process.argv[3] ?? 1)];
const t0 = performance.now();
let writes = 0,
  enq = 0,
  dead = 0,
  bad = 0;
for (let seed = from; seed < from + n; seed++) {
  const report = await simulate(scenarioOf(seed), { keepLines: n === 1 });
  writes += report.writes;
  enq += report.enqueued;
  dead += report.deadLettered;
  if (n === 1) {
    const fs = await import("node:fs");
    fs.writeFileSync("/tmp/h6.trace", (report.lines ?? []).join("\n"));
    console.log(
      report.hash,
      report.scenario.mode,
      report.virtualMs,
      report.scenario.faults.map(describeFault),
    );
  }
  if (report.violations.length) {
    bad++;
    console.log(
      seed,
      report.scenario.mode,
      report.faults.join(","),
      report.violations.length,
      report.violations[0],
    );
  }
}
const s = (performance.now() - t0) / 1000;
console.log({ writes, enq, dead, bad, perMin: Math.round((writes / s) * 60), s });
