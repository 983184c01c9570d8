/** Writes the tables of options and settings into the READMEs: `npx -y pnpm@12 readme`. */
import { readFileSync, writeFileSync } from "node:fs";
import { TABLES, withTable } from "./option-tables.ts";

for (const table of TABLES) {
  writeFileSync(table.readme, withTable(readFileSync(table.readme, "utf8"), table));
}
