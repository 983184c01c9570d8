import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { helixDashboard } from "../src/dashboard.ts";
import { ROWS } from "../src/rows.ts";

const committed = readFileSync(new URL("../../../deploy/grafana/helix.json", import.meta.url), "utf8");

test("the dashboard that is committed is the one that `npx -y pnpm@12 dashboard` makes", () => {
  expect(JSON.parse(committed)).toEqual(JSON.parse(JSON.stringify(helixDashboard())));
});

test("no two panels of the dashboard lie over each other", () => {
  const { panels = [] } = helixDashboard();
  const taken = new Set<string>();
  for (const { gridPos } of panels) {
    const { x = 0, y = 0, w = 0, h = 0 } = gridPos ?? {};
    expect(x + w).toBeLessThanOrEqual(24);
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        expect(taken.has(`${column} ${line}`), `${column} ${line}`).toBe(false);
        taken.add(`${column} ${line}`);
      }
    }
  }
  expect(panels).toHaveLength(ROWS.length + ROWS.flatMap((row) => row.panels).length);
});
