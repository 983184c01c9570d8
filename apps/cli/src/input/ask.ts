import { createInterface } from "node:readline/promises";
import type { Writable } from "node:stream";
import type { Host } from "../host.ts";

/** Whether the answer is yes; an end of the input, or an interrupt, is none. */
export async function ask({ stdin, stderr }: Host, question: string): Promise<boolean> {
  const lines = createInterface({ input: stdin, output: stderr as Writable });
  // Back from Ctrl-Z: Node has paused its reading, with the keys of an interrupt among what it does not read.
  lines.on("SIGCONT", () => lines.resume());
  try {
    const ended = new Promise<undefined>((resolve) => lines.once("close", () => resolve(undefined)));
    const answer = await Promise.race([lines.question(question), ended]);
    // What is said next begins a line of its own.
    if (answer === undefined) stderr.write("\n");
    return /^y(es)?$/i.test(answer?.trim() ?? "");
  } finally {
    lines.close();
  }
}
