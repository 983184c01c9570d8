import { readFile, writeFile } from "node:fs/promises";
import type { Series } from "../report/row.ts";
import { chart } from "./chart.ts";

// Of what `pnpm bench --json FILE` has written.
const [file = "bench/results.json"] = process.argv.slice(2);
const { series, rows } = JSON.parse(await readFile(file, "utf8")) as { series: Series[]; rows: object[] };
if (series.length === 0) throw new Error(`${file} has ${rows.length} rows and nothing to draw`);
for (const one of series) {
  const picture = new URL(`../../../docs/bench-${one.id}.svg`, import.meta.url);
  await writeFile(picture, chart(one));
  console.log(picture.pathname);
}
