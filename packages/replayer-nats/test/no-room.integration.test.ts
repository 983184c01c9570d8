import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterEach, describe, expect, it } from "vitest";
import { ensureTopology } from "../src/index.ts";
import { failureOf, payloadOf, Rig } from "./rig.ts";

const GIB = 1024 ** 3;

let server: NatsServer;
afterEach(() => server.stop());

async function streamsOf(rig: Rig): Promise<string[]> {
  const { api } = await rig.api();
  const streams = await api.streams.list().next();
  return streams.map(({ config }) => config.name);
}

describe("with less room than the queue needs", () => {
  it("on the server, nothing is made, and the text says what is needed and by which option", async () => {
    server = await startNatsServer({ config: { jetstream: { max_file_store: GIB } } });
    await using rig = new Rig(server);
    const error = await failureOf(ensureTopology(rig.options));
    expect(error).toMatchObject({
      code: "HELIX_TOPOLOGY_NO_ROOM",
      stream: `${rig.streamName}-dead-letters`,
      bytes: GIB,
      allBytes: 3 * GIB + 17 * 1024 ** 2,
      replicas: 1,
    });
    for (const text of [
      `stream ${rig.streamName}-dead-letters`,
      "1,073,741,824 bytes in each of its copies (`replicas` 1)",
      "3,239,051,264",
      "`maxBytes`",
      "`max_file_store`",
    ]) {
      expect(error.message).toContain(text);
    }
    expect(await streamsOf(rig)).toEqual([]);
    const enqueuer = await rig.enqueuer({ enqueueTimeoutMs: 100 });
    expect(await failureOf(enqueuer.enqueue(payloadOf("one")))).toMatchObject({
      code: "HELIX_QUEUE_UNAVAILABLE",
    });
    const queue = await rig.replayer({ maxBytes: GIB / 4 });
    await queue.enqueue(payloadOf("one"));
  });

  it("in the account, the text says what that is", async () => {
    const jetstream = { max_mem: 0, max_file: 100_000_000 };
    const accounts = { tenant: { users: [{ user: "tenant", password: "p" }], jetstream } };
    server = await startNatsServer({ config: { accounts } });
    await using rig = new Rig(server);
    const connect = { servers: server.url, user: "tenant", pass: "p" };
    const error = await failureOf(ensureTopology({ ...rig.options, connect, maxBytes: 30_000_000 }));
    expect(error).toMatchObject({ code: "HELIX_TOPOLOGY_NO_ROOM", stream: rig.streamName });
    expect(error.message).toContain("The account may use 100,000,000 bytes");
    await ensureTopology({ ...rig.options, connect, maxBytes: 20_000_000 });
  });

  it("without the right to delete, what was made is left, and that is said", async () => {
    const publish = ["$JS.API.STREAM.INFO.*", "$JS.API.STREAM.CREATE.*"];
    const users = [
      { user: "all", password: "p" },
      { user: "maker", password: "p", permissions: { publish, subscribe: ["_INBOX.>"] } },
    ];
    server = await startNatsServer({
      config: { authorization: { users }, jetstream: { max_file_store: GIB } },
    });
    await using rig = new Rig(server);
    const connect = { servers: server.url, user: "maker", pass: "p" };
    expect(await failureOf(ensureTopology({ ...rig.options, connect }))).toMatchObject({
      code: "HELIX_TOPOLOGY_NO_ROOM",
    });
    const made = ["state", "clusters", "control"].map((bucket) => `KV_${rig.streamName}-${bucket}`);
    expect(rig.log.filter(({ level }) => level === "warn").map(({ fields }) => fields)).toEqual([
      { streams: made },
    ]);
  });

  it("for the lanes of a queue whose other streams were there before, those stay", async () => {
    server = await startNatsServer({ config: { jetstream: { max_file_store: GIB } } });
    await using rig = new Rig(server);
    const small = { ...rig.options, maxBytes: GIB / 4 };
    await ensureTopology(small);
    const { api } = await rig.api();
    await api.streams.delete(rig.streamName);
    await api.streams.add({ name: "another", subjects: ["another"], max_bytes: (3 * GIB) / 8 });
    expect(await failureOf(ensureTopology(small))).toMatchObject({ code: "HELIX_TOPOLOGY_NO_ROOM" });
    expect(await streamsOf(rig)).toContain(`${rig.streamName}-dead-letters`);
  });
});
