import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { has, run } from "./tools.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const textOf = (file: string) => readFileSync(ROOT + file, "utf8");
const workflows = globSync(".github/workflows/*.yml", { cwd: ROOT });
const all = [...workflows, ...globSync(".github/actions/*/action.yml", { cwd: ROOT })];

describe.each(all)("%s", (file) => {
  test("names each action of others by the hash of a commit, and says which release that is", () => {
    const used = textOf(file).match(/(?<=\buses: ).*/g) ?? [];
    expect(used).not.toEqual([]);
    const pinned = /^(\.\/\S+|[\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/;
    expect(used.filter((one) => !pinned.test(one))).toEqual([]);
  });
});

test.each(workflows)("%s has no rights but those that a job says it needs", (file) => {
  const { permissions, jobs } = parse(textOf(file));
  expect(permissions).toEqual({});
  const silent = Object.entries<object>(jobs).filter(([, job]) => !("permissions" in job));
  expect(silent).toEqual([]);
});

test("whoever publishes, the registry is told of each package where it was built", () => {
  const { steps } = parse(textOf(".github/workflows/release.yml")).jobs.pack;
  const told = steps.find(({ run = "" }) => run.includes("repository.url")).run;
  const folders = /for folder in (.*);/.exec(told)?.[1]?.split(" ") ?? [];
  const published = globSync("{packages,apps}/*/package.json", { cwd: ROOT })
    .filter((file) => JSON.parse(textOf(file)).publishConfig?.provenance)
    .map((file) => file.replace("/package.json", ""));
  expect(globSync(folders, { cwd: ROOT }).sort()).toEqual(published.sort());
});

test.skipIf(!has("actionlint"))("actionlint has nothing against the workflows", () => {
  expect(run("actionlint", ...workflows.map((file) => ROOT + file))).toBe("");
});
