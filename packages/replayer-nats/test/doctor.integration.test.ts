import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { natsPermissions } from "../src/index.ts";
import { payloadOf, Rig } from "./rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

describe("an examination of a queue", () => {
  it("finds one copy of each stream and a user who may do everything, where nothing is wrong otherwise", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const { findings, unseen } = await queue.examine();
    expect(unseen).toEqual([]);
    expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(["one-copy", "all-rights"]));
    expect(findings.map(({ where }) => where)).toContain(`stream ${rig.streamName}`);
  });

  it("finds what somebody has changed, what nobody replays, who else reads, and that the trash is nearly full", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const { streamName, subjectPrefix } = rig;
    const connection = rig.closing(await connect({ servers: server.url }));
    const api = await jetstreamManager(connection);
    await Promise.all(
      [1, 2, 3, 4].map((n) => queue.enqueue(payloadOf(`a${n}`, { targetCluster: "A", priority: "high" }))),
    );
    await Promise.all(
      [1, 2, 3, 4].map((n) => queue.enqueue(payloadOf(`b${n}`, { targetCluster: "B", priority: "low" }))),
    );
    await api.streams.update(streamName, { subjects: [`${subjectPrefix}.*.*`], max_age: 3_600_000_000_000 });
    await connection.request(`${subjectPrefix}.high.C`);
    await api.consumers.add(streamName, {
      durable_name: "other",
      filter_subject: `${subjectPrefix}.high.C`,
      ack_policy: "explicit",
    });
    await api.streams.delete(`${streamName}-dead-letters`);
    await api.streams.update(`${streamName}-trash`, { max_msgs: 1 });
    await connection.request(`${subjectPrefix}.trash.high.B.b.0`);
    const { findings } = await queue.examine();
    const found = findings.map(({ code, where, what }) =>
      `${code} ${where} ${/`\w+`/.exec(what)?.[0] ?? ""}`.trim(),
    );
    expect(found).toEqual(
      expect.arrayContaining([
        `drift stream ${streamName} \`subjects\``,
        `drift stream ${streamName} \`max_age\``,
        `nearly-full stream ${streamName}-trash \`max_msgs\``,
        `foreign-consumer stream ${streamName}`,
        `missing stream ${streamName}-dead-letters`,
        `strays stream ${streamName}`,
      ]),
    );
  });

  it("says what it could not see, and sees the rest", async () => {
    const names = { streamName: "guarded", subjectPrefix: "guarded.replay" };
    const { publish, subscribe } = natsPermissions("worker", names);
    const without = publish.filter((subject) => subject !== "$SYS.REQ.USER.INFO");
    const users = [
      { user: "all", password: "p" },
      { user: "pod", password: "p", permissions: { publish: without, subscribe } },
    ];
    await using guarded = await startNatsServer({ config: { authorization: { users } } });
    await using rig = new Rig(guarded);
    const as = (user: string) => ({ ...names, connect: { servers: guarded.url, user, pass: "p" } });
    await rig.replayer(as("all"));
    const queue = await rig.replayer({ ...as("pod"), provision: "none" });
    const { findings, unseen } = await queue.examine();
    expect(unseen.map(({ what }) => what)).toEqual(["the rights of this user"]);
    expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(["one-copy"]));
  });

  it("says that there is no server to look at, and rejects nothing", async () => {
    await using rig = new Rig(server);
    const own = await startNatsServer({ killable: true });
    const queue = await rig.replayer({ connect: { servers: own.url } });
    await own.stop();
    const { findings, unseen } = await queue.examine();
    expect(findings).toEqual([]);
    expect(unseen).toHaveLength(1);
  });
});
