import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const cwd = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => JSON.parse(readFileSync(`${cwd}/${path}`, "utf8"));

// pnpm installs what the project of a command depends on, and with it always what the root does.
test("whichever command is the first one on a fresh clone, all that any other needs is installed with it", () => {
  const folders = ["packages/*", "internal/*", "apps/*", "examples/*", "bench"];
  const names = folders
    .flatMap((folder) => globSync(`${folder}/package.json`, { cwd }))
    .map((path) => read(path).name);
  expect(names.length).toBeGreaterThan(20);
  expect(read("package.json").devDependencies).toMatchObject(
    Object.fromEntries(names.map((name) => [name, "workspace:*"])),
  );
});
