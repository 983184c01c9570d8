import { connectNatsEnqueuer, ensureTopology, natsPermissions } from "@helix/replayer-nats";
import { reply, type ScriptedCqlServer, waitFor } from "@helix/testkit";
import { goStreamRequests, type NatsServer, startNatsServer, withDeployedUsers } from "@helix/testkit/nats";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { insert, startServers } from "./pod.ts";
import { MAIN, ServiceProcess } from "./service-process.ts";
import { environmentOf } from "./valid-environment.ts";

const PULL = "$JS.API.CONSUMER.MSG.NEXT.";

const { publish, subscribe } = natsPermissions("worker", { inboxPrefix: "_INBOX_idle" });
const IDLE = { publish: publish.filter((subject) => !subject.startsWith(PULL)), subscribe };
const USERS = withDeployedUsers(
  { user: "admin", password: "p" },
  { user: "idle", password: "p", permissions: IDLE },
);

let nats: NatsServer;
let servers: { A: ScriptedCqlServer; B: ScriptedCqlServer };

beforeEach(async () => {
  nats = await startNatsServer({ killable: true, ...USERS });
  const refusesBad = reply.error({ code: "syntaxError", message: "line 1: no viable alternative" });
  servers = await startServers({
    B: { onPrepare: (query) => (query.includes("bad") ? refusesBad : undefined) },
  });
});
afterEach(() => Promise.all([nats.stop(), servers.A.close(), servers.B.close()]));

function startAs(name: string, more: Readonly<Record<string, string>> = {}): ServiceProcess {
  const login = {
    HELIX_NATS_SERVERS: nats.url,
    HELIX_NATS_USER: name,
    HELIX_NATS_PASSWORD: "p",
    ...(name !== "admin" && { HELIX_NATS_INBOX_PREFIX: `_INBOX_${name}` }),
  };
  return new ServiceProcess(MAIN, environmentOf(servers, { ...login, ...more }));
}

const admin = () => ({ connect: { servers: nats.url, user: "admin", pass: "p" } });

/** Asks the JetStream API. */
async function ask(subject: string, body: object = {}): Promise<object> {
  const connection = await connect(admin().connect);
  try {
    return (await connection.request(subject, JSON.stringify(body))).json<object>();
  } finally {
    await connection.close();
  }
}

async function makeGoStream(): Promise<void> {
  const names = { streamName: "helix-replay", subjectPrefix: "helix.replay" };
  for (const { subject, body } of goStreamRequests(names)) {
    expect(await ask(subject, body)).not.toHaveProperty("error");
  }
}

/** The process has ended with 69: the error that its log gives for it. */
async function refusalOf(service: ServiceProcess): Promise<{ code: string; text: string }> {
  expect(await service.ended).toBe(69);
  const line = service.log.find(({ message }) => message === "the queue refuses the service; it stops");
  return line?.error as { code: string; text: string };
}

/** Resolves when `/readyz` gives this as the reason why the queue is not up. */
async function queueIsDown(service: ServiceProcess, reason: string): Promise<void> {
  let last = "";
  await waitFor(
    async () => {
      last = (await service.get("/readyz")).text;
      return JSON.parse(last).parts.queue.detail?.includes(reason);
    },
    { timeoutMs: 10_000, describe: () => `/readyz says that ${reason}; it says ${last}` },
  );
}

async function stop(service: ServiceProcess): Promise<void> {
  service.signal("SIGTERM");
  expect(await service.ended).toBe(0);
}

describe("at the start the service ends with 69 and the log says why", () => {
  test("if the Go library made the stream, and which settings help", async () => {
    await makeGoStream();
    await using service = startAs("admin");
    const { code, text } = await refusalOf(service);
    expect(code).toBe("HELIX_TOPOLOGY_DRIFT");
    expect(text).toContain(
      "The stream was made by the Go library. Use another `HELIX_QUEUE_STREAM_NAME` and " +
        "`HELIX_QUEUE_SUBJECT_PREFIX`, and drain this one once with `HELIX_QUEUE_ADOPT_GO_STREAM`.",
    );
  });

  test("if the user has not the right, and to what", async () => {
    await using service = startAs("application");
    expect(await refusalOf(service)).toMatchObject({
      code: "HELIX_QUEUE_UNAUTHORIZED",
      text: 'Permissions Violation for Publish to "$JS.API.STREAM.INFO.KV_helix-replay-state"',
    });
  });

  test("if the user may not hear answers, and where", async () => {
    await using service = startAs("application", { HELIX_NATS_INBOX_PREFIX: "_INBOX_other" });
    expect(await refusalOf(service)).toMatchObject({
      code: "HELIX_QUEUE_UNAUTHORIZED",
      text: expect.stringMatching(
        /^Permissions Violation for Subscription to "_INBOX_other\..*Give what this user may subscribe to as `HELIX_NATS_INBOX_PREFIX`$/,
      ),
    });
  });

  test("if nothing is there and it may make nothing", async () => {
    await using service = startAs("worker", { HELIX_QUEUE_PROVISION: "none" });
    expect(await refusalOf(service)).toMatchObject({
      code: "HELIX_TOPOLOGY_MISSING",
      text: "Missing on the server: stream KV_helix-replay-state, stream KV_helix-replay-clusters, stream KV_helix-replay-control, stream helix-replay-dead-letters, stream helix-replay",
    });
  });
});

test("a stream that the Go library made is drained if it is told so", async () => {
  await makeGoStream();
  await using enqueuer = await connectNatsEnqueuer(admin());
  await enqueuer.enqueue(insert("A", ["1", "Alice"]));
  await using service = startAs("admin", { HELIX_QUEUE_ADOPT_GO_STREAM: "true" });
  await waitFor(() => servers.A.requests.length === 1, { timeoutMs: 10_000, describe: "A has the write" });
  await stop(service);
});

test("with `provision: none` the rights of a worker are enough for all that a pod does", async () => {
  await ensureTopology(admin());
  await using service = startAs("worker", { HELIX_QUEUE_PROVISION: "none" });
  await service.ready();
  await using enqueuer = await connectNatsEnqueuer(admin());
  await enqueuer.enqueue(insert("B", ["1", "Alice"]));
  const { operation, ...rest } = insert("B", ["2", "Bob"]);
  await enqueuer.enqueue({ ...rest, operation: { ...operation, query: "INSERT bad" } as typeof operation });
  await waitFor(() => servers.B.requests.length === 1, { timeoutMs: 10_000, describe: "B has the write" });
  await service.logged("A message became a dead letter");
  await stop(service);
  expect(await ask("$JS.API.STREAM.INFO.helix-replay")).toMatchObject({ state: { messages: 0 } });
  expect(await ask("$JS.API.STREAM.INFO.helix-replay-dead-letters")).toMatchObject({
    state: { messages: 1 },
  });
  const warnings = service.log.filter(({ level }) => level === "warn" || level === "error");
  expect(warnings.map(({ message }) => message)).toEqual(["A message became a dead letter"]);
});

describe("a service that runs says in /readyz and in the log", () => {
  test("that the stream is not as configured, if NATS came later, and works once it is", async () => {
    await ensureTopology({ ...admin(), maxMsgs: 500 });
    await nats.kill();
    await using service = startAs("admin");
    await service.logged("NATS is not there yet; connecting in the background");
    await nats.start();
    await queueIsDown(service, "stream helix-replay: `max_msgs` is 500, expected 1000000");
    const line = await service.logged("the queue is not ready; it is looked at again");
    expect(line.error).toMatchObject({ code: "HELIX_TOPOLOGY_DRIFT" });
    await ensureTopology({ ...admin(), provision: "update" });
    await service.ready();
    await stop(service);
  });

  test("that a consumer was deleted which it may not make, and works once it is there", async () => {
    await ensureTopology(admin());
    await using service = startAs("worker", { HELIX_QUEUE_PROVISION: "none" });
    await service.ready();
    await ask("$JS.API.CONSUMER.DELETE.helix-replay.helix-worker-high-B");
    await queueIsDown(service, "Missing on the server: consumer helix-worker-high-B");
    const line = await service.logged("the queue is not ready; it is looked at again");
    expect(line.error).toMatchObject({ code: "HELIX_TOPOLOGY_MISSING" });
    await ensureTopology(admin());
    await service.ready();
    await stop(service);
  });

  test("that it may not ask for messages", async () => {
    await ensureTopology(admin());
    await using service = startAs("idle", { HELIX_QUEUE_PROVISION: "none" });
    await queueIsDown(
      service,
      'Permissions Violation for Publish to "$JS.API.CONSUMER.MSG.NEXT.helix-replay.helix-worker-',
    );
    const line = await service.logged("the worker lacks a right that it cannot work without");
    expect(line.error).toMatchObject({ code: "HELIX_QUEUE_UNAUTHORIZED" });
    await stop(service);
  });
});
