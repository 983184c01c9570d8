import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { waitFor } from "@helix/testkit";
import type { NatsReplayer } from "../src/index.ts";
import type { Rig } from "./rig.ts";

/**
 * Runs a worker in a process of its own, and another one when it has died, until the lanes are empty. Returns how many were
 * killed, and what they printed line by line: what was executed.
 */
export async function untilEmpty(
  queue: NatsReplayer,
  { streamName, subjectPrefix, server: { url } }: Rig,
  program: URL,
  ...args: string[]
): Promise<{ deaths: number; executed: string[] }> {
  const all = ["--conditions=@helix/source", fileURLToPath(program), url, streamName, subjectPrefix, ...args];
  const executed: string[] = [];
  let deaths = 0;
  while (!(await isEmpty(queue))) {
    const child = spawn(process.execPath, all, { stdio: ["ignore", "pipe", "inherit"] });
    const printed = text(child.stdout);
    const exited = once(child, "exit");
    const emptied = waitFor(() => isEmpty(queue), {
      timeoutMs: 30_000,
      intervalMs: 200,
      describe: "the lanes are empty",
    });
    await Promise.race([exited, emptied]);
    if (child.signalCode === "SIGKILL") deaths++;
    child.kill("SIGTERM");
    await exited;
    executed.push(...(await printed).split("\n").filter((line) => line !== ""));
  }
  return { deaths, executed };
}

async function isEmpty(queue: NatsReplayer): Promise<boolean> {
  return (await queue.depths()).every(({ pending, inFlight, delayed }) => pending + inFlight + delayed === 0);
}
