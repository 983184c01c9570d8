/**
 * The service as it is started in production, on a queue in memory that holds what the test gave it: `TEST_PAYLOADS`,
 * `TEST_COPIES` times, with their number for `{copy}`.
 */
import process from "node:process";
import { createPayload } from "@helix/core";
import { MemoryControlStore, MemoryReplayer } from "@helix/replayer-memory";
import type { OpenQueue } from "../src/queue.ts";
import { runProcess } from "../src/run-process.ts";
import { StopSignals } from "../src/stop-signals.ts";

const openQueue: OpenQueue = async () => {
  const queue = new MemoryReplayer();
  const { TEST_PAYLOADS = "[]", TEST_COPIES = "1" } = process.env;
  for (let copy = 0; copy < Number(TEST_COPIES); copy++) {
    for (const input of JSON.parse(TEST_PAYLOADS.replaceAll("{copy}", String(copy))))
      await queue.enqueue(createPayload(input));
  }
  const control = new MemoryControlStore();
  return { queue, control, health: () => ({ up: true }), close: () => queue.close() };
};

process.exit(await runProcess(process, new StopSignals(process), openQueue));
