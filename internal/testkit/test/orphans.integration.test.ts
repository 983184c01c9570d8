import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cassandraJars } from "../src/cassandra/jars.ts";
import { findJava } from "../src/cassandra/java.ts";
import { startCassandraPair, waitFor } from "../src/index.ts";
import { ProviderUnavailableError } from "../src/servers/first-usable.ts";

/** A machine that has an engine for containers need not have a Java; the promise is about local processes alone. */
const usable = await canRunProcesses();

async function canRunProcesses(): Promise<boolean> {
  try {
    const context = { env: process.env, signal: new AbortController().signal, onProgress: () => {} };
    const java = await findJava(process.env, context.signal);
    return (await cassandraJars(java, context)) !== undefined;
  } catch (error) {
    if (error instanceof ProviderUnavailableError) return false;
    throw error;
  }
}

/** Every directory of a pair is in here, and its name is in the command line of every process. */
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "helix-orphans-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function processes(): Promise<string[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-ww", "-o", "args="], { maxBuffer: 1e8 });
  return stdout.split("\n").filter((line) => line.includes(directory) && !line.includes("start-pair.ts"));
}

const servers = async () => (await processes()).filter((line) => line.includes("CassandraDaemon"));

const nothingIsLeft = async () => (await processes()).length === 0 && (await readdir(directory)).length === 0;

function startInChild() {
  const program = fileURLToPath(new URL("start-pair.ts", import.meta.url));
  return spawn(process.execPath, ["--no-warnings", program], {
    env: { ...process.env, TMPDIR: directory },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

describe.runIf(usable)("a pair of local processes", () => {
  it("leaves no process and no directory when its parent is killed with SIGKILL", async () => {
    const child = startInChild();
    const [line] = await once(child.stdout, "data");
    expect(String(line)).toContain("started");
    expect(await servers()).toHaveLength(2);
    child.kill("SIGKILL");
    await waitFor(nothingIsLeft, { timeoutMs: 5_000, describe: "nothing is left" });
  });

  it("leaves nothing when its parent is killed in the middle of the start", async () => {
    const child = startInChild();
    const started = async () => (await servers()).length > 0;
    await waitFor(started, { timeoutMs: 30_000, describe: "a server is there" });
    child.kill("SIGKILL");
    await waitFor(nothingIsLeft, { timeoutMs: 5_000, describe: "nothing is left" });
  });

  it("leaves nothing when the start is aborted", async () => {
    const reason = new Error("given up");
    const abort = new AbortController();
    const before = process.env.TMPDIR;
    process.env.TMPDIR = directory;
    try {
      const starting = startCassandraPair({ provider: "processes", signal: abort.signal });
      starting.catch(() => {});
      await waitFor(async () => (await servers()).length === 2, {
        timeoutMs: 30_000,
        describe: "both are there",
      });
      abort.abort(reason);
      await expect(starting).rejects.toBe(reason);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
    expect(await nothingIsLeft()).toBe(true);
  });
});
