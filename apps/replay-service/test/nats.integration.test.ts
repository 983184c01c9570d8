import { connectNatsEnqueuer } from "@helix/replayer-nats";
import { type ScriptedCqlServer, waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { insert, startServers } from "./pod.ts";
import { MAIN, ServiceProcess } from "./service-process.ts";
import { environmentOf } from "./valid-environment.ts";

const TOKEN = "t0ken-canary";

let nats: NatsServer;
let servers: { A: ScriptedCqlServer; B: ScriptedCqlServer };

beforeAll(async () => {
  nats = await startNatsServer({ killable: true, config: { authorization: { token: TOKEN } } });
});
afterAll(() => nats.stop());
beforeEach(async () => {
  servers = await startServers();
});
afterEach(() => Promise.all([servers.A.close(), servers.B.close()]));

function environment(more: Record<string, string> = {}): Record<string, string> {
  return environmentOf(servers, {
    HELIX_NATS_SERVERS: nats.url,
    HELIX_NATS_TOKEN: TOKEN,
    HELIX_QUEUE_MAX_BYTES: String(64 * 1024 ** 2),
    ...more,
  });
}

test("the service replays what an application enqueued, over a restart of NATS, and ends with 0", async () => {
  await using service = new ServiceProcess(MAIN, environment());
  const readyMs = await service.ready();
  process.stdout.write(
    `on NATS: ready after ${readyMs.toFixed()} ms, idle at ${(await service.residentMB()).toFixed()} MB\n`,
  );
  await using enqueuer = await connectNatsEnqueuer({ connect: { servers: nats.url, token: TOKEN } });
  await enqueuer.enqueue(insert("B", ["1", "Alice"]));
  await waitFor(() => servers.B.requests.length === 1, { timeoutMs: 10_000, describe: "B has the write" });
  await nats.kill();
  await waitFor(async () => (await service.get("/readyz")).text.includes("connection to NATS is lost"), {
    timeoutMs: 10_000,
    describe: "the service says that NATS is lost",
  });
  expect((await service.get("/livez")).status).toBe(200);
  await nats.start();
  await service.ready();
  await waitFor(() => enqueuer.enqueue(insert("A", ["2", "Bob"])).then(() => true), {
    timeoutMs: 10_000,
    describe: "the application is connected again",
  });
  await waitFor(() => servers.A.requests.length >= 1, { timeoutMs: 10_000, describe: "A has the write" });
  service.signal("SIGTERM");
  expect(await service.ended).toBe(0);
  expect(service.output).not.toContain(TOKEN);
});

test("the service starts while NATS is away, says so, and stops in order all the same", async () => {
  await nats.kill();
  await using service = new ServiceProcess(MAIN, environment());
  const { parts } = await waitFor(
    async () => {
      const report = JSON.parse((await service.get("/readyz")).text);
      return report.missing.length === 1 && report;
    },
    { timeoutMs: 10_000, describe: () => `only NATS is missing:\n${service.output}` },
  );
  expect(parts.queue).toEqual({ up: false, detail: expect.stringMatching(/refused/i) });
  service.signal("SIGTERM");
  expect(await service.ended).toBe(0);
  await nats.start();
});

test("a stream that is not as configured ends the service with 69, and the log names the field", async () => {
  await using first = new ServiceProcess(
    MAIN,
    environment({ HELIX_QUEUE_STREAM_NAME: "drift", HELIX_QUEUE_SUBJECT_PREFIX: "drift" }),
  );
  await first.ready();
  first.signal("SIGTERM");
  expect(await first.ended).toBe(0);
  const other = {
    HELIX_QUEUE_STREAM_NAME: "drift",
    HELIX_QUEUE_SUBJECT_PREFIX: "drift",
    HELIX_QUEUE_MAX_MSGS: "500",
  };
  await using second = new ServiceProcess(MAIN, environment(other));
  expect(await second.ended).toBe(69);
  const refusal = second.log.find(({ message }) => message === "the queue refuses the service; it stops");
  expect(refusal?.error).toMatchObject({
    code: "HELIX_TOPOLOGY_DRIFT",
    text: expect.stringContaining("max_msgs"),
    differences: expect.arrayContaining([expect.objectContaining({ field: "max_msgs" })]),
  });
});

test("a wrong token ends the service with 69, and is in no line", async () => {
  await using service = new ServiceProcess(MAIN, environment({ HELIX_NATS_TOKEN: "wr0ng-canary" }));
  expect(await service.ended).toBe(69);
  expect(service.output).toContain("NATS does not accept these credentials");
  expect(service.output).not.toContain("wr0ng-canary");
});
