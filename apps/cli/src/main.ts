#!/usr/bin/env node
import { constants, userInfo } from "node:os";
import process from "node:process";
import { EXIT } from "./failures.ts";
import { run } from "./run.ts";

process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  // Whoever reads it, such as `head`, has enough.
  if (code === "EPIPE") process.exit();
  process.stderr.write(`helix: the answer could not be written: ${message}\n`);
  process.exit(EXIT.failed);
});
process.stderr.on("error", () => process.exit(EXIT.failed));

/** By Ctrl-C, by `kill` or `timeout`, by a terminal that is closed. */
const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const exit = await run({
  argv: process.argv.slice(2),
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  user: () => userInfo().username,
  onInterrupt(listener) {
    const release = () => {
      for (const signal of INTERRUPTS) process.off(signal, interrupted);
    };
    const interrupted = (signal: (typeof INTERRUPTS)[number]) => {
      release();
      listener(128 + constants.signals[signal]);
    };
    for (const signal of INTERRUPTS) process.on(signal, interrupted);
    return release;
  },
});
// What was interrupted may wait for an answer still.
if (exit > 128) process.exit(exit);
process.exitCode = exit;
// Of a server that takes connections and says nothing, the NATS client leaves the socket open, which would keep the command for ever.
if (exit !== EXIT.ok) setTimeout(() => process.exit(), 1_000).unref();
