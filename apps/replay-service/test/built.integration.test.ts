import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePorts } from "@helix/testkit";
import { beforeAll, expect, test } from "vitest";
import { startServers } from "./pod.ts";
import { ServiceProcess } from "./service-process.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));
/** As a container has it: the build, found by Node's own rules. */
const BUILT = [fileURLToPath(new URL("../dist/main.js", import.meta.url))];

beforeAll(async () => {
  await run("npx", ["-y", "pnpm@12", "exec", "turbo", "run", "build", "--filter", "@helix/replay-service"], {
    cwd: root,
  });
}, 180_000);

test("the built program runs while NATS is away, and ends with 0 on SIGTERM", async () => {
  const servers = await startServers();
  const [natsPort] = await freePorts(1);
  await using service = new ServiceProcess(BUILT, {
    HELIX_NATS_SERVERS: `127.0.0.1:${natsPort}`,
    HELIX_CLUSTER_A_CONTACT_POINTS: servers.A.contactPoint,
    HELIX_CLUSTER_A_LOCAL_DATA_CENTER: "datacenter1",
    HELIX_CLUSTER_B_CONTACT_POINTS: servers.B.contactPoint,
    HELIX_CLUSTER_B_LOCAL_DATA_CENTER: "datacenter1",
    HELIX_HTTP_HOST: "127.0.0.1",
    HELIX_HTTP_PORT: "0",
  });
  await service.logged("Replay worker started");
  const startMs = performance.now() - service.startedAtMs;
  const residentMiB = await service.residentMiB();
  process.stdout.write(
    `built: the worker runs after ${startMs.toFixed()} ms, at ${residentMiB.toFixed()} MiB\n`,
  );
  const { status, text } = await service.get("/readyz");
  expect(status).toBe(503);
  expect(JSON.parse(text).parts).toMatchObject({ queue: { up: false }, worker: { up: true } });
  service.signal("SIGTERM");
  expect(await service.ended).toBe(0);
  await Promise.all([servers.A.close(), servers.B.close()]);
});

test("the built program refuses a configuration that is wrong with 64", async () => {
  await using service = new ServiceProcess(BUILT, {});
  expect(await service.ended).toBe(64);
  expect(service.output).toContain(
    "5 mistakes in the configuration:\n  HELIX_NATS_SERVERS: expected addresses",
  );
});
