import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { INSTALLS } from "./installs.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
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

  test.each(Object.values(INSTALLS))("says npm install %s", (packages) => {
    expect(readme).toContain(`npm install ${packages}\n`);
  });
});
