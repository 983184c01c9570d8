import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const path = (of: string) => fileURLToPath(new URL(of, import.meta.url));

test("the pod's file is taken as it stands", async () => {
  const args = ["--conditions=@helix/source", path("../../../apps/replay-service/src/main.ts"), "--check"];
  const env = { PATH: process.env.PATH, HELIX_CONFIG_FILE: path("../pod.json") };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  expect(stdout).toContain("HELIX_CLUSTER_B_CONTACT_POINTS=127.0.0.1:9043  # ");
});
