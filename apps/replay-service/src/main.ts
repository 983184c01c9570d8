#!/usr/bin/env node
import process from "node:process";
import { openNatsQueue } from "./queue.ts";
import { runProcess } from "./run-process.ts";

process.exit(await runProcess(process, openNatsQueue));
