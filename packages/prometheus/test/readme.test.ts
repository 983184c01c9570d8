import { readFileSync } from "node:fs";
import { METRICS, type MetricDescription } from "@helix/core";
import { settle } from "@helix/testkit/manual-clock";
import { expect, it, onTestFinished } from "vitest";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

it("the table of the README names every metric with its unit and labels, and says what it tells", () => {
  const rows = [...read("../README.md").matchAll(/^\| `(helix_\w+)` \| (.+) \| (.+) \| (.+) \|$/gm)];
  expect(rows.map(([, name, unit, labels]) => ({ name, unit, labels }))).toEqual(
    Object.entries<MetricDescription>(METRICS).map(([name, { unit, labels }]) => ({
      name,
      unit,
      labels: labels.join(", ") || "none",
    })),
  );
  for (const [, name, , , tells] of rows) expect(tells?.length, name).toBeGreaterThan(30);
});

it("the sample of the README is the one that runs here", async () => {
  const sample = read("sample.ts").replace("../src/index.ts", "@helix/prometheus");
  const [, shown = ""] = read("../README.md").match(/```ts\n(.*?)```/s) ?? [];
  expect(shown.split("\n").sort()).toEqual(sample.split("\n").sort());

  const { server, worker } = await import("./sample.ts");
  onTestFinished(() => worker.stop());
  await worker.start();
  await settle();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const { port } = server.address() as { port: number };
  const text = await (await fetch(`http://127.0.0.1:${port}`)).text();
  expect(text).toContain('helix_queue_messages{cluster="A",priority="high",result="pending"} 0');
  expect(text).toContain('helix_concurrency_limit{cluster="B"} 128');
  expect(text).toContain('helix_rate_limit{cluster="B"} +Inf');
});
