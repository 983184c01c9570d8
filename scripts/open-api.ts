import { openApiDocument } from "../packages/admin-api/src/index.ts";

/** Where the description of the admin API lies. */
export const OPEN_API = new URL("../apps/replay-service/openapi.json", import.meta.url);

export function openApiText(): string {
  return `${JSON.stringify(openApiDocument(), null, 2)}\n`;
}
