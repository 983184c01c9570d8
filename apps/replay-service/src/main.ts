#!/usr/bin/env node
import process from "node:process";
import { StopSignals } from "./stop-signals.ts";

// The rest is loaded afterwards, which takes longer than all that Node itself needs to start.
const signals = new StopSignals(process);
const [{ openNatsQueue }, { runProcess }] = await Promise.all([
  import("./queue.ts"),
  import("./run-process.ts"),
]);
process.exit(await runProcess(process, signals, openNatsQueue));
