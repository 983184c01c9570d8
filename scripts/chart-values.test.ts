import { readdirSync, readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { variableOf } from "../apps/replay-service/src/config/names.ts";
import { settings } from "../apps/replay-service/src/config/schema.ts";
import { CHART_SCHEMA, chartSchemaText } from "./chart-schema.ts";
import { chartText } from "./chart-version.ts";
import { configOf, manifestsIn, podOf } from "./deployed-pod.ts";
import { VALUE_SETS } from "./helm.ts";

const CHART = new URL(".", CHART_SCHEMA);
const read = (path: string) => readFileSync(new URL(path, CHART), "utf8");
const isValid = new Ajv({ strict: false }).compile(JSON.parse(read("values.schema.json")));

test("the chart's values are checked as the pod checks its settings: `npx -y pnpm@12 readme` writes the schema", () => {
  expect(read("values.schema.json")).toBe(chartSchemaText());
});

test("the chart is for the pod of this version: `npx -y pnpm@12 readme` writes it", () => {
  expect(read("Chart.yaml")).toBe(chartText());
});

test.each([{ name: "values.yaml", file: new URL("values.yaml", CHART) }, ...VALUE_SETS])(
  "the schema takes $name",
  ({ file }) => {
    isValid(parse(readFileSync(file, "utf8")));
    expect(isValid.errors).toBe(null);
  },
);

test.each([
  { config: { worker: { batchsize: 1 } } },
  { config: { stop: { graceMs: 1_000 } } },
  { existingSecrets: { nats: { HELIX_NATS_PASSWORD: "password" } } },
  { extraEnv: [{ name: "HELIX_STOP_GRACE_MS", value: "1" }] },
  { extraEnv: [{ name: "HELIX_WORKER_BATCHSIZE", value: "1" }] },
])("the schema refuses %j", (values) => {
  expect(isValid(values)).toBe(false);
});

test("the schema takes the values that the README shows", () => {
  const readme = read("../../README.md");
  const values = parse(/```yaml\n([^`]+)```/.exec(readme)?.[1] ?? "");
  isValid(values);
  expect(isValid.errors).toBe(null);
  expect(values.config.nats.user).toBe("worker");
});

test("each variable that the chart's templates and values name is one of the pod", () => {
  const known = settings().flatMap(({ section, key }) => [
    variableOf(section, key),
    variableOf(section, `${key}File`),
  ]);
  const files = [
    "values.yaml",
    ...readdirSync(new URL("templates", CHART)).map((name) => `templates/${name}`),
  ];
  const named = files.flatMap((file) => read(file).match(/\bHELIX_[A-Z_]+(?!…)\b/g) ?? []);
  expect(named).toContain("HELIX_CONFIG_FILE");
  expect(named.filter((name) => name !== "HELIX_CONFIG_FILE" && !known.includes(name))).toEqual([]);
});

describe("the plain manifests", () => {
  const manifests = manifestsIn(read("../../kubernetes/helix-replay.yaml"));

  test("are a pod that takes its configuration, has the time that it needs to stop, and no token of the cluster", () => {
    const { stop, nats } = configOf(manifests);
    const { terminationGracePeriodSeconds, automountServiceAccountToken } = podOf(manifests);
    expect(nats.servers).toEqual(["nats.helix:4222"]);
    expect(terminationGracePeriodSeconds).toBe(stop.graceMs / 1000 + 10);
    expect(automountServiceAccountToken).toBe(false);
  });

  test("take the absence of figures for a fault and not for an empty queue, and keep one pod at least", () => {
    const [scaler] = manifestsIn(read("../../kubernetes/scaled-object.yaml"));
    const { triggers, minReplicaCount, fallback } = scaler?.spec ?? {};
    expect(triggers?.map(({ metadata }) => metadata.ignoreNullValues)).toEqual(["false"]);
    expect(minReplicaCount).toBeGreaterThan(0);
    expect(fallback?.replicas).toBeGreaterThan(0);
  });
});
