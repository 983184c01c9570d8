#!/usr/bin/env node
import { userInfo } from "node:os";
import process from "node:process";
import { run } from "./run.ts";

// Whoever reads it, such as `head`, has enough.
process.stdout.on("error", () => process.exit());

process.exitCode = await run({
  argv: process.argv.slice(2),
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  user: () => userInfo().username,
  onInterrupt(listener) {
    process.once("SIGINT", listener);
    return () => process.off("SIGINT", listener);
  },
});
