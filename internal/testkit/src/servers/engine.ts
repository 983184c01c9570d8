import process from "node:process";
import { findDockerEngine } from "./docker-engine.ts";

/*
 * For CI: whether the tests can run in containers on this machine. Ends with 0 where an engine has the images or gets them; says why not
 * otherwise, and ends with 1.
 */
const say = (line: string) => process.stdout.write(`${line}\n`);
const context = { onProgress: say, signal: new AbortController().signal };
try {
  for (const image of ["cassandra:5.0", "nats:2.12-alpine"]) await findDockerEngine(image, context);
} catch (error) {
  say((error as Error).message);
  process.exit(1);
}
process.exit(0);
