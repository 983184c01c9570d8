import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { has } from "../../../scripts/tools.ts";
import { scalerQuery } from "./queries.ts";

const PODS = ["a", "b"];
const CLUSTERS = ["A", "B"];

const series = (name: string, labels: string, value: number) => ({
  series: `${name}{namespace="helix",job="helix-replay",${labels}}`,
  values: `${value}x3`,
});

/** Both pods tell of the whole queue, one of them a little later: a thousand messages wait in each lane. */
const WAITING = PODS.flatMap((pod, at) =>
  CLUSTERS.flatMap((cluster) =>
    ["high", "low"].map((priority) =>
      series(
        "helix_queue_messages",
        `pod="${pod}",cluster="${cluster}",priority="${priority}",result="pending"`,
        1_000 - 100 * at,
      ),
    ),
  ),
);

/** Who has suspended the replay to B, and to which clusters it is paused. */
function gates(suspendedBy: readonly string[], paused: readonly string[]) {
  return PODS.flatMap((pod) =>
    CLUSTERS.flatMap((cluster) => {
      const labels = `pod="${pod}",cluster="${cluster}"`;
      const isSuspended = cluster === "B" && suspendedBy.includes(pod);
      return [
        series("helix_replay_breaker_open", labels, Number(isSuspended)),
        series("helix_paused", labels, Number(paused.includes(cluster))),
      ];
    }),
  );
}

// Where this has to pass it is there.
describe.skipIf(!has("promtool") && process.env.CI === undefined)("the scaler", () => {
  test.each([
    ["counts what waits once, however many pods tell of it", [...WAITING, ...gates([], [])], 4_000],
    ["leaves out what waits for a cluster that no pod reaches", [...WAITING, ...gates(PODS, [])], 2_000],
    ["counts what waits for a cluster that one pod reaches", [...WAITING, ...gates(["a"], [])], 4_000],
    ["leaves out what somebody has paused", [...WAITING, ...gates([], ["A"])], 2_000],
    ["has no answer, and not zero, where nobody tells of the queue", gates([], []), undefined],
  ])("%s", (_, input_series, value) => {
    const folder = mkdtempSync(join(tmpdir(), "helix-scaler-"));
    const exp_samples = value === undefined ? [] : [{ labels: "wanted", value }];
    const rules = { groups: [{ name: "scaler", rules: [{ record: "wanted", expr: scalerQuery() }] }] };
    const promql_expr_test = [{ expr: "wanted", eval_time: "2m", exp_samples }];
    const tests = [{ interval: "1m", input_series, promql_expr_test }];
    writeFileSync(join(folder, "rules.yml"), stringify(rules));
    writeFileSync(join(folder, "tests.yml"), stringify({ rule_files: ["rules.yml"], tests }));
    const options = { cwd: folder, encoding: "utf8" } as const;
    expect(execFileSync("promtool", ["test", "rules", "tests.yml"], options)).toContain("SUCCESS");
    rmSync(folder, { recursive: true });
  });
});
