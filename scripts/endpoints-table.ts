import { ENDPOINTS, type Endpoint } from "../packages/admin-api/src/index.ts";

/** All requests of the admin API, and the right that each needs. */
export function endpointsTable(): string {
  const rows = Object.values<Endpoint>(ENDPOINTS).map(
    ({ method, path, right, about }) => `| \`${method} ${path}\` | \`${right}\` | ${about} |`,
  );
  return ["| request | right | |", "|---|---|---|", ...rows, ""].join("\n");
}
