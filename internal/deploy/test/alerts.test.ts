import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { rulesOf, ruleTests } from "./queries.ts";

const cwd = fileURLToPath(new URL("../../../deploy/prometheus", import.meta.url));
const isThere = (program: string) =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));

const alerts = rulesOf().filter(({ alert }) => alert !== undefined);

describe("an alert", () => {
  it.each(alerts)(
    "$alert says how bad it is, what happened, and where to read on",
    ({ labels, annotations }) => {
      expect(labels?.severity).toMatch(/^(warning|critical)$/);
      const { summary, description, runbook_url } = annotations ?? {};
      expect(summary?.length).toBeLessThan(80);
      expect(description?.length).toBeGreaterThan(40);
      expect(runbook_url).toMatch(/^docs\/operating\/runbook\.md#[a-z-]+$/);
    },
  );

  it.each(alerts)("$alert has a test in which it fires, and one in which it does not", ({ alert }) => {
    const cases = ruleTests()
      .flatMap((one) => one.alert_rule_test)
      .filter(({ alertname }) => alertname === alert);
    expect(new Set(cases.map(({ exp_alerts }) => exp_alerts.length > 0))).toEqual(new Set([true, false]));
  });
});

// In CI it is always there; elsewhere it is Debian's package `prometheus`.
describe.skipIf(!isThere("promtool") && process.env.CI === undefined)("promtool", { timeout: 60_000 }, () => {
  const promtool = (...words: string[]) => execFileSync("promtool", words, { cwd, encoding: "utf8" });

  it("takes the rules, and finds each alert firing and silent as its tests say", () => {
    expect(promtool("check", "rules", "alerts.yml")).toMatch(/SUCCESS: \d+ rules found/);
    expect(promtool("test", "rules", "alerts.test.yml")).toContain("SUCCESS");
  });

  it("takes the configuration for docker compose", () => {
    expect(promtool("check", "config", "--syntax-only", "prometheus.yml")).toContain("SUCCESS");
    expect(readFileSync(`${cwd}/prometheus.yml`, "utf8")).toContain("alerts.yml");
  });
});
