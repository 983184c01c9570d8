import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import "./samples/with-vitest.ts";

it("runs under `node --test` as well, where a queue that keeps its promises passes", async () => {
  const sample = fileURLToPath(new URL("samples/with-node-test.ts", import.meta.url));
  // Node strips types by itself only since 22.18.
  const args = [
    "--experimental-strip-types",
    "--conditions=@helix/source",
    "--test",
    "--test-reporter=tap",
    sample,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout).toMatch(/^# pass 1\d\d$/m);
  expect(stdout).toMatch(/^# fail 0$/m);
}, 60_000);
