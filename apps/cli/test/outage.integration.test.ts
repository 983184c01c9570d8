import { createPayload, type PayloadInput } from "@helix/core";
import {
  connectNatsEnqueuer,
  ensureTopology,
  type NatsEnqueuer,
  natsPermissions,
} from "@helix/replayer-nats";
import { type ScriptedCqlServer, waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TOKEN_VARIABLES, TOKENS } from "../../replay-service/test/admin.ts";
import { startServers } from "../../replay-service/test/pod.ts";
import { MAIN, ServiceProcess } from "../../replay-service/test/service-process.ts";
import { environmentOf } from "../../replay-service/test/valid-environment.ts";
import { type Said, typed } from "./rig.ts";

const QUEUE = { HELIX_QUEUE_MAX_BYTES: String(16 * 1024 ** 2) };
const PATIENCE = { timeoutMs: 20_000 };

let nats: NatsServer;
let servers: { A: ScriptedCqlServer; B: ScriptedCqlServer };
let pod: ServiceProcess;
let application: NatsEnqueuer;
let url: string;

const userOf = (name: "application" | "worker" | "operator" | "provisioner") => {
  const { publish, subscribe } = natsPermissions(name, { inboxPrefix: `_INBOX_${name}` });
  return { user: name, password: "p", permissions: { publish, subscribe } };
};
const linkOf = (name: string) => ({
  servers: nats.url,
  user: name,
  pass: "p",
  inboxPrefix: `_INBOX_${name}`,
});

beforeAll(async () => {
  const users = [userOf("application"), userOf("worker"), userOf("operator"), userOf("provisioner")];
  [nats, servers] = await Promise.all([
    startNatsServer({ config: { authorization: { users } } }),
    startServers(),
  ]);
  await ensureTopology({ connect: linkOf("provisioner"), maxBytes: 16 * 1024 ** 2 });
  pod = new ServiceProcess(
    MAIN,
    environmentOf(servers, { ...variablesOf("worker"), ...TOKEN_VARIABLES, HELIX_QUEUE_PROVISION: "none" }),
  );
  await pod.ready();
  const { adminPort } = await pod.logged("the admin API answers");
  url = `http://127.0.0.1:${adminPort}`;
  application = await connectNatsEnqueuer({ connect: linkOf("application") });
});
afterAll(async () => {
  await application.close();
  await pod[Symbol.asyncDispose]();
  await Promise.all([nats.stop(), servers.A.close(), servers.B.close()]);
});

function variablesOf(user: string): Record<string, string> {
  return {
    HELIX_NATS_SERVERS: nats.url,
    HELIX_NATS_USER: user,
    HELIX_NATS_PASSWORD: "p",
    HELIX_NATS_INBOX_PREFIX: `_INBOX_${user}`,
    ...QUEUE,
  };
}

/** Straight from NATS, with the rights of an operator; or by the pod. */
const WAYS = {
  nats: (line: string) => typed(line, { env: variablesOf("operator") }),
  pod: (line: string) => typed(`${line} --url ${url}`, { env: { HELIX_TOKEN: TOKENS.destroy } }),
} satisfies Record<string, (line: string) => Promise<Said>>;

async function dataOf(way: keyof typeof WAYS, line: string) {
  const { out, err } = await WAYS[way](`${line} --json`);
  if (out === "") throw new Error(err);
  return JSON.parse(out);
}

/** How often the pod has stopped replaying by order. */
const obeyed = () => pod.log.filter(({ message }) => message === "Replay to a cluster is paused").length;

let writes = 0;
async function write(count: number, more: Partial<PayloadInput> = {}): Promise<void> {
  for (let n = 0; n < count; n++) {
    await application.enqueue(
      createPayload({
        id: `w${writes++}`,
        targetCluster: "B",
        operation: {
          kind: "statement",
          query: "INSERT INTO shop.users (id, name) VALUES (?, ?)",
          params: ["1", "canary"],
        },
        tables: ["shop.users"],
        timestampMicros: 1n,
        ...more,
      }),
    );
  }
}

const waitingFor = async (way: keyof typeof WAYS) => (await dataOf(way, "status")).clusters.B.depth;
const untilNothingWaits = (way: keyof typeof WAYS) =>
  waitFor(async () => (await waitingFor(way)) === 0, { ...PATIENCE, describe: "nothing waits" });

describe.each<[keyof typeof WAYS, keyof typeof WAYS]>([
  ["nats", "pod"],
  ["pod", "nats"],
])("an outage that is operated by %s, and seen by %s", (mine, other) => {
  it("is drained, seen, slowed down and opened again", async () => {
    const [before, orders] = [servers.B.requests.length, obeyed()];
    const drained = await WAYS[mine](`drain B --reason "new disks" --until 90m`);
    expect([drained.exit, drained.out]).toEqual([
      0,
      expect.stringContaining("B: drained by anna, new disks, until"),
    ]);
    await waitFor(() => obeyed() > orders, { ...PATIENCE, describe: "the pod has heard of it" });
    await write(20);
    await waitFor(async () => (await waitingFor(other)) === 20, {
      ...PATIENCE,
      describe: "all of them wait",
    });
    const seen = await WAYS[other]("status");
    expect(seen.out).toMatch(/^high\.B +20 /m);
    expect((await WAYS[other]("pause B --reason mine")).exit).toBe(1);
    expect((await WAYS[mine](`rate B 1000 --reason carefully --until 1h`)).exit).toBe(0);
    expect((await WAYS[other]("rate")).out).toContain("B: 1,000/s at most over all pods, by anna: carefully");
    expect((await WAYS[mine](`undrain B --reason "they are in"`)).exit).toBe(0);
    await untilNothingWaits(other);
    expect(servers.B.requests.length - before).toBe(20);
    expect((await WAYS[mine]("rate B none --reason done")).out).toContain("B: any rate");
  });

  it("has its dead letters looked into, redriven by a pod, discarded and restored", async () => {
    await write(12, { disposition: "hold" });
    await waitFor(async () => (await dataOf(other, "dead groups")).groups[0]?.count === 12, {
      ...PATIENCE,
      describe: "all of them are dead",
    });
    const listed = await dataOf(mine, "dead list --cause held --table shop.users");
    expect(await dataOf(other, "dead list --cause held --table shop.users")).toEqual(listed);
    const [{ id }] = listed.letters;
    expect(await dataOf(mine, `dead show ${id}`)).toEqual(await dataOf(other, `dead show ${id}`));
    expect((await WAYS[mine](`dead redrive --all --reason checked --expect 11 --yes`)).exit).toBe(2);
    const discarded = await dataOf(mine, `dead discard ${id} --reason "a test row" --yes`);
    expect(discarded.job).toMatchObject({ state: "done", by: "anna", counts: { done: 1 } });
    expect((await dataOf(other, "dead trash list")).letters).toMatchObject([
      { id, discarded: { why: "a test row" } },
    ]);
    expect((await dataOf(other, `dead restore ${id} --reason oops --yes`)).job.state).toBe("done");
    const before = servers.B.requests.length;
    const redriven = await WAYS[mine](`dead redrive --cause held --reason checked --expect 12 --yes`);
    expect([redriven.exit, redriven.out]).toEqual([0, expect.stringMatching(/^done +12 of 12$/m)]);
    await untilNothingWaits(other);
    expect(servers.B.requests.length - before).toBe(12);
    const { jobs } = await dataOf(other, "jobs list");
    expect(jobs.slice(0, 3).map((job: { verb: string; state: string }) => [job.verb, job.state])).toEqual([
      ["redrive", "done"],
      ["restore", "done"],
      ["discard", "done"],
    ]);
  });

  it("is told what can be lost", async () => {
    const { exit, out } = await WAYS[mine]("doctor");
    expect([exit, out]).toEqual([1, expect.stringContaining("one-copy")]);
  });
});

it("whoever has not the rights is told which, and nothing changes", async () => {
  const spectator = await typed(`pause B --reason x --url ${url}`, { env: { HELIX_TOKEN: TOKENS.read } });
  expect([spectator.exit, spectator.err]).toEqual([1, expect.stringContaining("needed: operate")]);
  const setUp = await typed("setup", {
    env: { ...variablesOf("operator"), HELIX_QUEUE_STREAM_NAME: "other" },
  });
  expect(setUp.exit).toBe(1);
  expect((await dataOf("nats", "status")).clusters.B.gate.state).toBe("open");
});

it("what was bound is shown to whoever may see it, says why, and is written down", async () => {
  await write(1, { disposition: "hold" });
  const [{ id }] = await waitFor(
    async () => {
      const { letters } = await dataOf("pod", "dead list");
      return letters.length > 0 && letters;
    },
    { ...PATIENCE, describe: "it is dead" },
  );
  const show = (token: string) =>
    typed(`dead show ${id} --values --reason "a customer asks" --url ${url}`, {
      env: { HELIX_TOKEN: token },
    });
  expect((await show(TOKENS.destroy)).err).toContain("needed: values");
  expect((await show(TOKENS.values)).out).toContain('["1","canary"]');
  expect(pod.output).toContain("a customer asks");
  expect(pod.output).not.toContain("canary");
});
