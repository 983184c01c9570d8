import { EventEmitter, once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { toldError } from "@helix/core/internal";
import { MemoryControlStore, MemoryReplayer } from "@helix/replayer-memory";
import { freePorts, waitFor } from "@helix/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { strictJson } from "../test/strict-json.ts";
import { VALID } from "../test/valid-environment.ts";
import type { OpenQueue } from "./queue.ts";
import { type Host, runProcess } from "./run-process.ts";
import { StopSignals } from "./stop-signals.ts";

class FakeHost extends EventEmitter implements Host {
  readonly argv: string[];
  readonly env: Record<string, string>;
  readonly signals = new StopSignals(this);
  readonly version = "v24.0.0";
  readonly exits: number[] = [];
  readonly lines: string[] = [];
  out = "";
  err = "";
  readonly stdout = {
    write: (text: string) => {
      this.out += text;
    },
  };
  readonly stderr = {
    write: (text: string) => {
      this.err += text;
    },
  };

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    super();
    this.argv = ["node", "main.js", ...args];
    this.env = {
      ...VALID,
      HELIX_HTTP_HOST: "127.0.0.1",
      HELIX_HTTP_PORT: "0",
      HELIX_STOP_GRACE_MS: "1000",
      ...env,
    };
  }

  exit(code: number): void {
    this.exits.push(code);
  }

  run(openQueue: OpenQueue): Promise<number> {
    return runProcess(this, this.signals, openQueue, { write: (line) => void this.lines.push(line) });
  }

  get log(): Record<string, unknown>[] {
    return this.lines.map(strictJson);
  }
}

/** Accepts, and closes at once. */
let dead: Server;
let tries = 0;
beforeEach(async () => {
  tries = 0;
  dead = createServer((socket) => {
    tries++;
    socket.destroy();
  }).listen(0, "127.0.0.1");
  await once(dead, "listening");
});
afterEach(() => void dead.close());

/** A service whose clusters are dead and nowhere, and that has started. */
async function started(openQueue: OpenQueue): Promise<{ host: FakeHost; code: Promise<number> }> {
  const [nobodys] = await freePorts(1);
  const host = new FakeHost([], {
    HELIX_CLUSTER_A_CONTACT_POINTS: `127.0.0.1:${(dead.address() as AddressInfo).port}`,
    HELIX_CLUSTER_B_CONTACT_POINTS: `127.0.0.1:${nobodys}`,
  });
  const code = host.run(openQueue);
  await waitFor(() => host.log.some(({ message }) => message === "Replay worker started"), {
    timeoutMs: 5_000,
    describe: "the worker runs",
  });
  return { host, code };
}

const openWith =
  (close: () => Promise<void>): OpenQueue =>
  async () => ({
    queue: new MemoryReplayer(),
    control: new MemoryControlStore(),
    health: () => ({ up: true }),
    close,
  });

const never: OpenQueue = () => expect.fail("nothing is opened");

describe("the exit code", () => {
  test("is 0 after a stop in order, and nothing has exited the process meanwhile", async () => {
    const { host, code } = await started(openWith(async () => {}));
    host.emit("SIGINT");
    expect(await code).toBe(0);
    expect(host.exits).toEqual([]);
  });

  test("is 75 if the grace period ends before the queue is closed", async () => {
    const { host, code } = await started(openWith(() => new Promise(() => {})));
    host.emit("SIGTERM");
    expect(await code).toBe(75);
  });

  test("is 69 if the queue refuses", async () => {
    const host = new FakeHost([]);
    expect(await host.run(() => Promise.reject(toldError("no such right")))).toBe(69);
    expect(host.log.at(-1)).toMatchObject({
      message: "the service has ended, as it is refused",
      error: { text: "no such right" },
    });
  });

  test.each([
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ])("is, for a second %s, %d at once", async (signal, expected) => {
    const { host, code } = await started(openWith(() => new Promise(() => {})));
    host.emit("SIGINT");
    expect(host.exits).toEqual([]);
    host.emit(signal);
    expect(host.exits).toEqual([expected]);
    await code;
  });

  test("is 0 after a signal that came before anything else was loaded", async () => {
    const host = new FakeHost([]);
    host.emit("SIGHUP");
    expect(await host.run(openWith(async () => {}))).toBe(0);
    expect(host.log).toContainEqual(expect.objectContaining({ message: "told to stop", signal: "SIGHUP" }));
    expect(host.exits).toEqual([]);
  });

  test.each(["uncaughtException", "unhandledRejection"])(
    "is 70 at once for an %s, of which the log has the frames and not the words",
    async (event) => {
      const { host, code } = await started(openWith(async () => {}));
      await waitFor(() => tries > 2, { timeoutMs: 5_000, describe: "lines about a cluster are held back" });
      host.emit(event, new TypeError("canary\n    of several lines"));
      expect(host.exits).toEqual([70]);
      const fault = host.log.find(({ message }) => message === "a fault of the service itself; it ends");
      expect(fault).toMatchObject({
        level: "error",
        error: { name: "TypeError", text: "TypeError" },
        frames: expect.arrayContaining([expect.stringContaining("run-process.test.ts")]),
      });
      expect(host.log.at(-1)).toEqual(fault);
      expect(host.lines.join()).not.toContain("canary");
      host.emit("SIGTERM");
      await code;
    },
  );

  test("is 64 for arguments that it does not know, with the usage on standard error", async () => {
    const host = new FakeHost(["--check", "now"]);
    expect(await host.run(never)).toBe(64);
    expect(host.err).toContain("--help");
    expect(host.out).toBe("");
  });
});

test("--help prints the usage and opens nothing", async () => {
  const host = new FakeHost(["--help"]);
  expect(await host.run(never)).toBe(0);
  expect(host.out).toContain("Exit code: 0");
});
