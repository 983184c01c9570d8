import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { INSTALLS } from "./installs.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const readme = read("README.md");
const programs = ["embedded-memory", "embedded-nats", "dedicated-service"].map((example) =>
  read(`examples/${example}/src/main.ts`),
);

/** The programs and parts of programs that a text shows. */
function samplesOf(text: string): string[] {
  return Array.from(text.matchAll(/^```ts\n(.*?)^```$/gms), ([, sample = ""]) => sample);
}

describe("the README", () => {
  test("shows the first of the programs that are compiled and run here, whole", () => {
    expect(programs[0]?.split("\n").length).toBeGreaterThan(20);
    expect(samplesOf(readme)[0]).toBe(programs[0]);
  });

  test("shows a part of each of the others, word for word", () => {
    for (const [index, program] of programs.entries()) {
      expect(program).toContain(samplesOf(readme)[index] ?? "a sample");
    }
    expect(samplesOf(readme)).toHaveLength(programs.length);
  });

  test("and those of the packages show nothing else where they connect to NATS", () => {
    const all = ["README.md", ...globSync("{packages,apps,examples}/*/README.md", { cwd: root })];
    const samples = all.flatMap((path) => samplesOf(read(path))).filter((one) => one.includes("connectNats"));
    expect(samples.length).toBeGreaterThanOrEqual(2);
    expect(samples.filter((one) => !programs.some((program) => program.includes(one)))).toEqual([]);
  });

  test.each(Object.values(INSTALLS))("says npm install %s", (packages) => {
    expect(readme).toContain(`npm install ${packages}\n`);
  });
});
