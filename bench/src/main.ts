import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { benches } from "./benches.ts";
import { isFarOff } from "./report/judge.ts";
import { circumstances, record } from "./report/record.ts";
import type { Row, Series } from "./report/row.ts";
import { table } from "./report/table.ts";
import { Servers } from "./servers.ts";

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "string" }, short: { type: "boolean" }, huge: { type: "boolean" } },
});
const isShort = options.short === true;
const unknown = names.filter((name) => !benches.some((bench) => bench.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(", ")}; there are ${benches.map(({ name }) => name).join(", ")}`,
  );
  process.exit(2);
}
const chosen = benches.filter(({ name, short = false, onRequest = false }) =>
  names.length > 0 ? names.includes(name) : isShort ? short : !onRequest,
);

const run = { ...circumstances(), isShort, benches: chosen.map(({ name }) => name) };
console.log(run);
const rows: Row[] = [];
const series: Series[] = [];
const failed: string[] = [];
{
  await using servers = new Servers();
  for (const { name, run: measure } of chosen) {
    const startedAt = performance.now();
    try {
      const findings = await measure({
        isShort,
        isHuge: options.huge === true,
        nats: servers.nats,
        pair: servers.pair,
      });
      rows.push(...findings.rows);
      series.push(...(findings.series ?? []));
    } catch (error) {
      console.error(error);
      failed.push(`${name} ended with an error: ${error}`);
    }
    console.error(`${name}: ${Math.round((performance.now() - startedAt) / 1000)} s`);
  }
}
console.log(`\n${table(rows)}`);
if (options.json !== undefined)
  await writeFile(options.json, `${JSON.stringify(record(run, { rows, series }), null, 1)}\n`);
// As the tests end. A goal that is missed is for people to judge; in the short form what is far off fails the run.
const farOff = isShort ? rows.filter(isFarOff).map(({ id }) => `${id} is below half of its goal`) : [];
const failures = [...failed, ...farOff];
for (const failure of failures) console.log(`failed: bench: ${failure}`);
const judged = rows.filter(({ goal }) => goal !== undefined).length;
console.log(`${judged - farOff.length} passed, ${failures.length} failed`);
process.exit(failures.length > 0 ? 1 : 0);
