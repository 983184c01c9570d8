import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { OPEN_API, openApiText } from "./open-api.ts";

test("the description of the admin API is that of its schemas: `npx -y pnpm@12 readme` writes it", () => {
  expect(readFileSync(OPEN_API, "utf8")).toBe(openApiText());
});
