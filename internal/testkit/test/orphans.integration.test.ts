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
import { startCassandraPair, startNatsCluster, waitFor } from "../src/index.ts";
import { findNatsBinary } from "../src/nats/nats-binary.ts";
import type { FetchContext } from "../src/servers/fetched-once.ts";
import { ProviderUnavailableError } from "../src/servers/first-usable.ts";

interface Servers {
  readonly what: string;
  /** Starts them in a process of its own, and says so. */
  readonly program: string;
  /** Only their command lines have it. */
  readonly mark: string;
  readonly count: number;
  start(signal: AbortSignal): Promise<unknown>;
  find(context: FetchContext): Promise<unknown>;
}

const KINDS: readonly Servers[] = [
  {
    what: "a pair of Cassandras",
    program: "start-cassandra.ts",
    mark: "CassandraDaemon",
    count: 2,
    start: (signal) => startCassandraPair({ provider: "processes", signal }),
    find: async (context) => cassandraJars(await findJava(context.env, context.signal), context),
  },
  {
    what: "a cluster of nats-servers",
    program: "start-nats.ts",
    mark: "nats.conf",
    count: 3,
    start: (signal) => startNatsCluster({ provider: "processes", signal }),
    find: (context) => findNatsBinary(undefined, context),
  },
];

/** A machine that has an engine for containers need not have a Java; the promise is about local processes alone. */
const usable = await Promise.all(KINDS.map(canRun));

async function canRun({ find }: Servers): Promise<boolean> {
  try {
    await find({ env: process.env, signal: new AbortController().signal, onProgress: () => {} });
    return true;
  } catch (error) {
    if (error instanceof ProviderUnavailableError) return false;
    throw error;
  }
}

/** Every directory of the servers is in here, and its name is in the command line of every process. */
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "helix-orphans-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function processes(): Promise<string[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-ww", "-o", "args="], { maxBuffer: 1e8 });
  return stdout.split("\n").filter((line) => line.includes(directory));
}

const nothingIsLeft = async () => (await processes()).length === 0 && (await readdir(directory)).length === 0;

for (const [index, kind] of KINDS.entries()) {
  describe.runIf(usable[index])(`${kind.what} as local processes`, () => leavesNothing(kind));
}

function leavesNothing(kind: Servers): void {
  const servers = async () => (await processes()).filter((line) => line.includes(kind.mark));

  function startInChild() {
    const program = fileURLToPath(new URL(kind.program, import.meta.url));
    return spawn(process.execPath, ["--no-warnings", program], {
      env: { ...process.env, TMPDIR: directory },
      stdio: ["ignore", "pipe", "inherit"],
    });
  }

  it("leaves no process and no directory when its parent is killed with SIGKILL", async () => {
    const child = startInChild();
    const [line] = await once(child.stdout, "data");
    expect(String(line)).toContain("started");
    expect(await servers()).toHaveLength(kind.count);
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
      const starting = kind.start(abort.signal);
      starting.catch(() => {});
      await waitFor(async () => (await servers()).length === kind.count, {
        timeoutMs: 30_000,
        describe: "all are there",
      });
      abort.abort(reason);
      await expect(starting).rejects.toBe(reason);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
    expect(await nothingIsLeft()).toBe(true);
  });
}
