import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Program, waitFor } from "./index.ts";

const eventually = (condition: () => unknown, describe: string) =>
  waitFor(condition, { timeoutMs: 10_000, describe });

const appending = (what: string) => [
  "--eval",
  `require("node:fs").appendFileSync("notes", "${what}"); setInterval(() => {}, 1000)`,
];

test("a program is killed and run again in the directory that it had", async () => {
  await using program = await Program.open();
  const notes = path.join(program.directory, "notes");
  const has = (text: string) => () => existsSync(notes) && readFileSync(notes, "utf8") === text;
  expect(program.ended).toBeUndefined();
  program.run({ args: appending("a") });
  await eventually(has("a"), "it has run");
  expect(() => program.run({ args: [] })).toThrow("runs already");
  await program.kill();
  await program.kill();
  expect(program.ended).toBe("SIGKILL");
  program.run({ args: appending("b") });
  await eventually(has("ab"), "it has run again");
  expect(program.ended).toBeUndefined();
});

test("a program that ends tells its exit code and what it wrote, and sees no environment but its own", async () => {
  await using program = await Program.open();
  const args = ["--eval", "console.log(Object.keys(process.env).join()); process.exit(7)"];
  program.run({ args, env: { ONLY: "this", PATH: process.env.PATH } });
  await eventually(() => program.ended !== undefined, "it ends");
  expect(program.ended).toBe(7);
  const names = (await program.tail()).split(",");
  expect(names).toContain("ONLY");
  expect(names).not.toContain("HOME");
});

test("nothing is left of a program that is closed while it runs, and it cannot be run again", async () => {
  const program = await Program.open();
  const { directory } = program;
  program.run({ args: appending("a") });
  await eventually(() => existsSync(path.join(directory, "notes")), "it runs");
  await program.close();
  await program.close();
  expect(program.ended).toBe("SIGKILL");
  expect(existsSync(directory)).toBe(false);
  expect(() => program.run({ args: [] })).toThrow("closed");
});
