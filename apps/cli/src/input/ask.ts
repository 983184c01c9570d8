import { createInterface } from "node:readline/promises";
import type { Writable } from "node:stream";
import type { Host } from "../host.ts";

/** Whether the answer is yes; an end of the input, or an interrupt, is none. */
export async function ask({ stdin, stderr }: Host, question: string): Promise<boolean> {
  const lines = createInterface({ input: stdin, output: stderr as Writable });
  try {
    const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
    const answer = await Promise.race([lines.question(question), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
