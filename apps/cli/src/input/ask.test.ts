import { PassThrough } from "node:stream";
import { afterEach, expect, it, vi } from "vitest";
import type { Host } from "../host.ts";
import { ask } from "./ask.ts";

const CTRL_C = "\u0003";
const CTRL_Z = "\u001a";

afterEach(() => {
  vi.restoreAllMocks();
});

function terminal() {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stderr = Object.assign(new PassThrough(), { isTTY: true });
  let shown = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
  });
  const host = { stdin, stderr } as Pick<Host, "stdin" | "stderr"> as Host;
  return { stdin, answer: ask(host, "Sure? "), shown: () => shown };
}

it.each([
  ["y", true],
  [CTRL_C, false],
])("a question that was left by Ctrl-Z hears %j when it is back", async (typed, isYes) => {
  const stopped = vi.spyOn(process, "kill").mockReturnValue(true);
  const { stdin, answer } = terminal();
  stdin.write(CTRL_Z);
  await vi.waitFor(() => expect(stopped).toHaveBeenCalledWith(process.pid, "SIGTSTP"));
  process.emit("SIGCONT", "SIGCONT");
  stdin.write(`${typed}\r`);
  expect(await answer).toBe(isYes);
});

it("an interrupt ends the line of the question", async () => {
  const { stdin, answer, shown } = terminal();
  stdin.write(CTRL_C);
  expect([await answer, shown().at(-1)]).toEqual([false, "\n"]);
});
