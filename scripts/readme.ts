/** Writes the tables of options and settings into the READMEs, the description of the admin API, the version and the schema of the chart, and the users of NATS: `npx -y pnpm@12 readme`. */
import { readFileSync, writeFileSync } from "node:fs";
import { CHART_SCHEMA, chartSchemaText } from "./chart-schema.ts";
import { CHART, chartText } from "./chart-version.ts";
import { NATS_USERS, natsUsersText } from "./nats-users.ts";
import { OPEN_API, openApiText } from "./open-api.ts";
import { TABLES, withTable } from "./option-tables.ts";

for (const table of TABLES) {
  writeFileSync(table.readme, withTable(readFileSync(table.readme, "utf8"), table));
}
writeFileSync(OPEN_API, openApiText());
writeFileSync(NATS_USERS, natsUsersText());
writeFileSync(CHART_SCHEMA, chartSchemaText());
writeFileSync(CHART, chartText());
