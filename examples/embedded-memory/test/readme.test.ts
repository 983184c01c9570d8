import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

test("the README's program is the one that is compiled and run here", () => {
  const readme = read("../../../README.md");
  const program = read("../src/main.ts");
  expect(program.split("\n").length).toBeGreaterThan(20);
  expect(readme).toContain(`\`\`\`ts\n${program}\`\`\``);
});
