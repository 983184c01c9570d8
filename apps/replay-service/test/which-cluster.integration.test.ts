import { connectNatsEnqueuer } from "@helix/replayer-nats";
import { type ScriptedCqlServer, waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openNatsQueue } from "../src/queue.ts";
import { insert, Pod, startServers } from "./pod.ts";

let nats: NatsServer;
let servers: { A: ScriptedCqlServer; B: ScriptedCqlServer };
let number = 0;

beforeAll(async () => {
  nats = await startNatsServer();
});
afterAll(() => nats.stop());
beforeEach(async () => {
  servers = await startServers();
  number++;
});
afterEach(() => Promise.all([servers.A.close(), servers.B.close()]));

const names = () => ({ streamName: `queue-${number}`, subjectPrefix: `queue-${number}` });

function podOf(A: ScriptedCqlServer, B: ScriptedCqlServer, env: Readonly<Record<string, string>> = {}): Pod {
  const { streamName, subjectPrefix } = names();
  return new Pod({
    servers: { A, B },
    openQueue: openNatsQueue,
    env: {
      HELIX_NATS_SERVERS: nats.url,
      HELIX_QUEUE_STREAM_NAME: streamName,
      HELIX_QUEUE_SUBJECT_PREFIX: subjectPrefix,
      HELIX_QUEUE_MAX_BYTES: String(2 ** 26),
      ...env,
    },
  });
}

async function enqueue(): Promise<void> {
  await using queue = await connectNatsEnqueuer({ connect: { servers: nats.url }, ...names() });
  await queue.enqueue(insert("A", ["1", "for A"]));
  await queue.enqueue(insert("B", ["2", "for B"]));
}

const replayed = () =>
  waitFor(() => servers.A.requests.length > 0 && servers.B.requests.length > 0, {
    timeoutMs: 10_000,
    describe: "both messages are replayed",
  });

const valuesOf = ({ requests }: ScriptedCqlServer) => requests.map(({ values }) => String(values?.[1]));

/** What is missing where neither cluster is what it should be. */
async function bothMissing(pod: Pod) {
  const { body } = await pod.readyzWhen(
    ({ body: { missing } }) => missing.filter((text) => text.includes("This is not cluster")).length === 2,
  );
  return body;
}

/** Starts and stops it, so that the clusters are recorded. */
async function startRight(): Promise<void> {
  await using pod = podOf(servers.A, servers.B);
  await waitFor(
    () => pod.log.filter(({ message }) => message === "recorded which cluster this is").length === 2,
    { timeoutMs: 10_000, describe: () => `both are recorded:\n${pod.lines.join("")}` },
  );
}

test("a pod with A and B exchanged executes nothing, is not ready, and says why; a right one then replays all", async () => {
  await startRight();
  await enqueue();
  {
    await using pod = podOf(servers.B, servers.A);
    const { missing } = await bothMissing(pod);
    for (const [at, other] of [
      ["A", "B"],
      ["B", "A"],
    ].entries()) {
      expect(missing[at]).toContain(`cluster ${other[0]}: This is not cluster ${other[0]}`);
      expect(missing[at]).toContain(`recorded for ${other[1]}`);
      expect(missing[at]).toContain("HELIX_QUEUE_ACCEPT_CLUSTERS");
    }
    expect(pod.log.filter(({ level }) => level === "error").map(({ message }) => message)).toContain(
      "the configuration of the cluster is refused",
    );
  }
  expect([servers.A.requests, servers.B.requests]).toEqual([[], []]);
  await using _ = podOf(servers.A, servers.B);
  await replayed();
  expect([valuesOf(servers.A), valuesOf(servers.B)]).toEqual([["for A"], ["for B"]]);
});

test("a pod of another environment executes nothing; accepted by its host ids it does", async () => {
  await startRight();
  await enqueue();
  servers.A.identity = "A of another environment";
  servers.B.identity = "B of another environment";
  let order: string;
  {
    await using pod = podOf(servers.A, servers.B);
    const { missing } = await bothMissing(pod);
    order = missing.map((text) => /[AB]=[0-9a-f-]{36}/.exec(text)?.[0]).join(",");
  }
  expect([servers.A.requests, servers.B.requests]).toEqual([[], []]);
  await using _ = podOf(servers.A, servers.B, { HELIX_QUEUE_ACCEPT_CLUSTERS: order });
  await replayed();
  expect([valuesOf(servers.A), valuesOf(servers.B)]).toEqual([["for A"], ["for B"]]);
});

test("one cluster that is another holds up nothing for the other", async () => {
  await startRight();
  await enqueue();
  servers.B.identity = "B of another environment";
  await using pod = podOf(servers.A, servers.B);
  await waitFor(() => servers.A.requests.length > 0, { timeoutMs: 10_000, describe: "A has its message" });
  await pod.readyzWhen(({ body }) => /^cluster B: This is not cluster B/.test(body.missing.join()));
  expect(servers.B.requests).toEqual([]);
});
