import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { waitFor } from "@helix/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const BASE = "node:24-bookworm-slim";
const IMAGE = "helix/replay-service:test";
const BUILD_TIMEOUT_MS = 900_000;

async function docker(...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)("docker", args, { cwd: root, maxBuffer: 2 ** 26 });
  return (stdout + stderr).trimEnd();
}

/** An engine that has no image and can get none is no engine. */
async function isUsable(): Promise<boolean> {
  if ((process.env.HELIX_TESTKIT_PROVIDER ?? "containers") !== "containers") return false;
  const base = docker("image", "inspect", BASE).catch(() => docker("pull", "--quiet", BASE));
  return base.then(
    () => true,
    () => false,
  );
}

const VARIABLES = {
  HELIX_NATS_SERVERS: "127.0.0.1:4222",
  HELIX_CLUSTER_A_CONTACT_POINTS: "127.0.0.1:9042",
  HELIX_CLUSTER_A_LOCAL_DATA_CENTER: "datacenter1",
  HELIX_CLUSTER_B_CONTACT_POINTS: "127.0.0.1:9043",
  HELIX_CLUSTER_B_LOCAL_DATA_CENTER: "datacenter1",
};
const environment = Object.entries(VARIABLES).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
const NO_RIGHTS = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
const once = (...command: string[]) => docker("run", "--rm", ...NO_RIGHTS, ...environment, IMAGE, ...command);

describe.runIf(await isUsable())("the image of the pod", () => {
  beforeAll(
    () => docker("build", "--file", "apps/replay-service/Dockerfile", "--tag", IMAGE, "."),
    BUILD_TIMEOUT_MS,
  );
  const started: string[] = [];
  afterAll(() => started.length > 0 && docker("rm", "--force", ...started));

  test("is smaller than 200 MB, and says what it is, who it runs as and how it is asked for its health", async ({
    annotate,
  }) => {
    const [{ Size, Config }] = JSON.parse(await docker("image", "inspect", IMAGE));
    await annotate(`${(Size / 1e6).toFixed()} MB`);
    expect(Size).toBeLessThan(200e6);
    expect(Config).toMatchObject({
      User: "1000:1000",
      Cmd: ["node", "--max-semi-space-size=16", "/app/apps/replay-service/dist/main.js"],
      Healthcheck: { Test: ["CMD", "node", "-e", expect.stringContaining("/livez")] },
      Labels: {
        "org.opencontainers.image.title": "helix-replay-service",
        "org.opencontainers.image.licenses": "Apache-2.0",
      },
      Env: [expect.stringMatching(/^PATH=/)],
    });
  });

  test("has no shell, no package manager and no test in it, and says of each package which it is", async () => {
    const list = `
      const { readdirSync } = require("node:fs");
      const folders = readdirSync("/", { withFileTypes: true }).filter((entry) => entry.isDirectory());
      for (const { name } of folders.filter(({ name }) => !["dev", "proc", "sys"].includes(name)))
        console.log(readdirSync("/" + name, { recursive: true }).map((file) => name + "/" + file).join("\\n"));`;
    const files = (await once("node", "-e", list)).split("\n");
    expect(files).toEqual(
      expect.arrayContaining([
        "usr/local/bin/helix",
        "var/lib/dpkg/status",
        "app/apps/cli/package.json",
        "app/apps/replay-service/dist/page/index.html",
        "app/packages/worker/package.json",
        "app/node_modules/cassandra-driver/package.json",
      ]),
    );
    expect(
      files.filter((file) => /bin\/(\w*sh|busybox|npm|npx|pnpm|yarn\w*|corepack|apt\S*|dpkg)$/.test(file)),
    ).toEqual([]);
    expect(
      files.filter((file) => /^app\/(apps|packages)\/[^/]+\/(src|test)\/|\.env|\.(pem|key)$/.test(file)),
    ).toEqual([]);
  });

  test("is healthy without a right and with nothing to write to, and ends in order on SIGTERM", async ({
    annotate,
  }) => {
    const id = await docker("run", "--detach", ...NO_RIGHTS, ...environment, IMAGE);
    started.push(id);
    const { State: state } = await waitFor(
      async () => {
        const [container] = JSON.parse(await docker("inspect", id));
        return container.State.Health.Status === "healthy" && container;
      },
      { timeoutMs: 60_000, describe: "it is healthy" },
    );
    const [time = ""] = (await docker("logs", "--timestamps", id)).split(" ", 1);
    await annotate(
      `the first line came ${Date.parse(time) - Date.parse(state.StartedAt)} ms after the start`,
    );
    expect(await docker("exec", id, "node", "-p", "process.pid !== 1 && process.getuid()")).toBe("1000");
    await expect(docker("exec", id, "helix", "status")).rejects.toThrow("There is no connection to NATS");
    await docker("stop", "--time", "30", id);
    expect(await docker("inspect", "--format", "{{.State.ExitCode}}", id)).toBe("0");
    expect(await docker("logs", "--tail", "1", id)).toContain('"inOrder":true');
  });

  test("runs the commands that are in it", async () => {
    expect(await once("helix", "--help")).toContain("Usage: helix");
    expect(await once("replay-service", "--check")).toContain(
      "HELIX_CLUSTER_B_CONTACT_POINTS=127.0.0.1:9043",
    );
  });
});
