import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);
const HOOK = fileURLToPath(new URL("loaded-modules.ts", import.meta.url));
const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const NODE = ["--conditions=@helix/source", "--import", HOOK, MAIN];

/** What takes long to load, by what its address has in it. */
const HEAVY = {
  nats: "@nats-io/",
  driver: "cassandra-driver",
  operations: "packages/operations/",
  api: "packages/admin-api/",
  zod: "/zod/",
  safety: "packages/safety/",
  completion: "@bomb.sh",
} as const;

/** The heavy ones that a command loads. It may fail: it has connected to nobody by then. */
async function loadedBy(...args: readonly string[]): Promise<string[]> {
  const env = { PATH: process.env.PATH, HELIX_TOKEN: "a-token-of-thirty-two-characters" };
  const { stderr } = await run(process.execPath, [...NODE, ...args], { env }).catch(
    (error: { stderr: string }) => error,
  );
  const loaded: string[] = JSON.parse(/^loaded (.*)$/m.exec(stderr)?.[1] ?? "");
  return Object.entries(HEAVY).flatMap(([name, part]) =>
    loaded.some((url) => url.includes(part)) ? [name] : [],
  );
}

it.each([
  [["--help"], []],
  [["status", "--help"], []],
  [["lint", "package.json"], ["safety"]],
  [["complete", "bash"], ["completion"]],
  [
    ["status", "--url", "http://127.0.0.1:1"],
    ["api", "zod"],
  ],
  [
    ["status", "--nats", "127.0.0.1:1"],
    ["nats", "driver", "operations", "safety"],
  ],
] as const)(
  "`helix %s` loads of what takes long only %s, so that it is there at once",
  async (args, heavy) => {
    expect(await loadedBy(...args)).toEqual(heavy);
  },
);

it.runIf(existsSync("/dev/full"))("an answer for which the disk has no room is no success", async () => {
  const full = await open("/dev/full", "w");
  const child = spawn(process.execPath, ["--conditions=@helix/source", MAIN, "lint", "package.json"], {
    stdio: ["ignore", full.fd, "pipe"],
  });
  const [err, [exit]] = await Promise.all([text(child.stderr as Readable), once(child, "close")]);
  await full.close();
  expect([exit, err]).toEqual([1, expect.stringContaining("helix: the answer could not be written: ENOSPC")]);
});

it("a server that takes a connection and says nothing keeps no command once it has told that", {
  timeout: 20_000,
}, async () => {
  const frozen = createServer().listen(0, "127.0.0.1");
  await once(frozen, "listening");
  const args = ["status", "--nats", `127.0.0.1:${(frozen.address() as AddressInfo).port}`];
  const ended = run(process.execPath, ["--conditions=@helix/source", MAIN, ...args], { timeout: 15_000 });
  await expect(ended).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("There is no connection to NATS: timeout"),
  });
  frozen.close();
});
