import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { AdminRig, TOKENS } from "./admin.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const COMMANDS = README.split("\n").filter((line) => line.startsWith("curl ") && line.includes("/v1/"));

/** The words of a line of a shell. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, ...one]) => one.find((word) => word !== undefined) ?? "",
  );
}

test("the commands that the README shows for the admin API do what it says", async () => {
  await using rig = await AdminRig.start();
  for (let n = 0; n < 2; n++) await rig.die();
  const answers: unknown[] = [];
  for (const command of COMMANDS) {
    const words = wordsOf(command).map((word) =>
      word.replace("$auth", `Authorization: Bearer ${TOKENS.destroy}`),
    );
    const after = (flag: string) => words.flatMap((word, at) => (words[at - 1] === flag ? [word] : []));
    const headers = Object.fromEntries(
      after("-H").map((header) => header.split(": ", 2).map((one) => one.toLowerCase())),
    );
    const [body] = after("-d");
    const url = words.find((word) => word.startsWith("http://127.0.0.1:8081/")) ?? "";
    const { status, body: answer } = await rig.ask(url.replace("http://127.0.0.1:8081", ""), {
      headers: { ...headers, authorization: `Bearer ${TOKENS.destroy}` },
      ...(body !== undefined && { body }),
    });
    expect(status, command).toBe(200);
    answers.push(answer);
  }
  expect(answers).toMatchObject([
    { revisions: { gates: 0 } },
    { revision: 1 },
    { total: 1, groups: [{ count: 2 }] },
    { letters: [] },
    { count: 2, isExact: true },
    { job: { verb: "redrive", state: "waiting", expect: 2 } },
  ]);
});
