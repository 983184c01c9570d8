import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { Screen } from "./screen.ts";

function printed(show: (screen: Screen) => void): string {
  let text = "";
  const out = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  show(new Screen(out as unknown as NodeJS.WriteStream));
  return text;
}

test("what is said is wrapped at 80 columns, under where it began", () => {
  const words = Array.from({ length: 40 }, (_, n) => `word${n}`).join(" ");
  const lines = printed((screen) => screen.say(words))
    .trimEnd()
    .split("\n");
  expect(lines.length).toBeGreaterThan(3);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(lines[0]).toMatch(/^ {3}0\.0 s {2}word0 /);
  for (const line of lines.slice(1)) expect(line).toMatch(/^ {10}word/);
  expect(
    lines
      .join(" ")
      .match(/word\d+/g)
      ?.join(" "),
  ).toBe(words);
});

test("what is printed stays as it is", () => {
  const text = `${"x".repeat(60)} ${"y".repeat(60)}`;
  expect(printed((screen) => screen.print(text))).toBe(`${text}\n`);
});
