/** Writes the table of settings into the README: `npx -y pnpm@12 run readme`. */
import { readFileSync, writeFileSync } from "node:fs";
import { settingsTable } from "../src/config/describe-config.ts";

const readme = new URL("../README.md", import.meta.url);
const text = readFileSync(readme, "utf8");
const table = /^\| variable \|.*\n(?:\|.*\n)*/m;
writeFileSync(readme, text.replace(table, settingsTable));
