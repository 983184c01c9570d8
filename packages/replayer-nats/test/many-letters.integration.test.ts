import { redriveDeadLetters, systemClock } from "@helix/core";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import type { NatsConnection } from "@nats-io/nats-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Admin } from "../src/connection/admin.ts";
import { DirectGets } from "../src/connection/direct-gets.ts";
import type { Link } from "../src/connection/link.ts";
import { connectNatsReplayer, ensureTopology, type NatsReplayer, natsPermissions } from "../src/index.ts";
import { blockOf, buried, put } from "./buried.ts";
import { Rig } from "./rig.ts";

const MANY = 3000;
let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

/** How often something is asked of the dead letters' stream from now on. */
async function requestsOf(rig: Rig, kind: "STREAM.MSG" | "DIRECT"): Promise<() => Promise<number>> {
  const { connection } = await rig.api();
  let count = 0;
  const callback = () => void count++;
  connection.subscribe(`$JS.API.${kind}.GET.${rig.streamName}-dead-letters`, { callback });
  await connection.flush();
  return async () => {
    await connection.flush();
    return count;
  };
}

describe("many dead letters", () => {
  it("are read by a few requests, and those of a table found without reading a body", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await buried(rig, MANY);
    const { connection } = await rig.api();
    await put(rig, connection, "broken.0", blockOf({ "Helix-Table": "ks.tenth" }), Buffer.from([0xc1]));
    await put(
      rig,
      connection,
      "long.0",
      blockOf({ "Helix-Table": "ks.tenth,".repeat(50).slice(0, 400) }),
      Buffer.from([0xc1]),
    );
    const [one, many] = [await requestsOf(rig, "STREAM.MSG"), await requestsOf(rig, "DIRECT")];
    const ids: string[] = [];
    for await (const { id } of queue.deadLetters.scan({ table: "ks.tenth" })) ids.push(id);
    expect(ids.sort()).toEqual(
      [...Array.from({ length: MANY / 10 }, (_, n) => `p${n * 10}.0`), "broken.0"].sort(),
    );
    const inTenth = await queue.deadLetters.groups({ table: "ks.tenth" });
    expect(inTenth.map(({ tables, reason, count }) => [tables, reason, count])).toEqual([
      [["ks.tenth"], "rejected", MANY / 10],
      [["ks.tenth"], "undecodable", 1],
    ]);
    expect(await queue.deadLetters.count({ table: "ks.tenth" })).toEqual({
      count: MANY / 10 + 1,
      isExact: true,
    });
    expect(await redriveDeadLetters(queue.deadLetters, { dryRun: true })).toMatchObject({
      redriven: MANY,
      skipped: 2,
    });
    expect([await one(), await many()]).toEqual([0, expect.toSatisfy((requests) => requests < 10)]);
  });

  it("are at least so many where there is no time to count them", async () => {
    await using rig = new Rig(server);
    const { deadLetters } = await rig.replayer();
    await buried(rig, 5100);
    expect(await deadLetters.count({}, { withinMs: 60_000 })).toEqual({ count: 5100, isExact: true });
    const { count, isExact } = await deadLetters.count({}, { withinMs: 1 });
    expect([count > 0, count < 5100, isExact]).toEqual([true, true, false]);
  });

  it.each(["2.12", "2.15"] as const)(
    "are counted and grouped without their bodies, but for those of which nothing else tells, on a server of %s",
    async (version) => {
      await using one = await startNatsServer({ version });
      await using rig = new Rig(one);
      const { deadLetters } = await rig.replayer();
      await buried(rig, 40, 2 ** 19);
      const [byOne, byMany] = [await requestsOf(rig, "STREAM.MSG"), await requestsOf(rig, "DIRECT")];
      expect(await deadLetters.count()).toEqual({ count: 40, isExact: true });
      const groups = await deadLetters.groups({ table: "ks.t" });
      expect(groups.map(({ tables, count }) => [tables, count])).toEqual([[["ks.t"], 36]]);
      expect([await byOne(), await byMany()]).toEqual([0, 0]);
      const { connection } = await rig.api();
      await put(rig, connection, "untold.0", blockOf({}), Buffer.from([0xc1]));
      await deadLetters.discard("p0.0");
      expect((await deadLetters.groups()).map(({ tables, count }) => [tables, count])).toEqual([
        [["ks.t"], 36],
        [["ks.tenth"], 3],
        [[], 1],
      ]);
      expect(await byMany()).toBeGreaterThan(0);
    },
  );

  it("are counted with their bodies where the reader is gone in the middle, or is sent less than it was told, and none is left out", async () => {
    await using rig = new Rig(server);
    await rig.replayer();
    await buried(rig, 6000);
    const other = async (change: (subject: string) => string) =>
      as(
        rig,
        (target, name) =>
          name === "publish" &&
          ((subject: string, ...rest: [never, never]) => target.publish(change(subject), ...rest)),
      );
    let pulls = 0;
    const gone = await other((subject) =>
      subject.includes(".CONSUMER.MSG.NEXT.") && ++pulls > 1 ? `${subject}-gone` : subject,
    );
    expect(await gone.deadLetters.count({}, { withinMs: 60_000 })).toEqual({ count: 6000, isExact: true });
    expect(pulls).toBe(2);
    let heard = 0;
    const deaf = await as(
      rig,
      (target, name) =>
        name === "subscribe" &&
        ((subject: string, { callback }: { callback: (...args: unknown[]) => void }) =>
          target.subscribe(subject, {
            // One of those that come in the middle of a page is lost.
            callback: (error, message) => void (++heard === 100 || callback(error, message)),
          })),
    );
    expect(await deaf.deadLetters.count({}, { withinMs: 60_000 })).toEqual({ count: 6000, isExact: true });
  });

  it.each([
    [
      "the stream does not allow it",
      async (rig: Rig) => {
        const { api } = await rig.api();
        const stream = `${rig.streamName}-dead-letters`;
        const { config } = await api.streams.info(stream);
        await api.streams.update(stream, { ...config, allow_direct: false });
        return undefined;
      },
    ],
    [
      "the server is older",
      async (rig: Rig) =>
        as(rig, (target, name) => name === "info" && { ...target.info, version: "2.10.29" }),
    ],
    [
      "the library does not tell how long a message is",
      async (rig: Rig) =>
        as(
          rig,
          (target, name) =>
            name === "subscribe" &&
            ((subject: string, { callback }: { callback: (...args: unknown[]) => void }) =>
              target.subscribe(subject, {
                callback: (error, { data, headers }) => callback(error, { subject, data, headers }),
              })),
        ),
    ],
  ])("are read one by one where %s", async (_, setUp) => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await buried(rig, 300);
    const reader = (await setUp(rig)) ?? queue;
    const asked = await requestsOf(rig, "STREAM.MSG");
    expect(await reader.deadLetters.list({ table: "ks.tenth" })).toHaveLength(30);
    expect(await asked()).toBe(300);
  });

  it("are read one by one by a user who may not do otherwise, which is said once", async () => {
    const { publish, subscribe } = natsPermissions("worker");
    const permissions = { publish: publish.filter((subject) => !subject.includes(".DIRECT.")), subscribe };
    const users = [
      { user: "all", password: "p" },
      { user: "worker", password: "p", permissions },
    ];
    await using guarded = await startNatsServer({ config: { authorization: { users } } });
    await using rig = new Rig(guarded);
    const as = (user: string) => ({ servers: guarded.url, user, pass: "p" });
    await ensureTopology({ connect: as("all") });
    const options = { connect: as("worker"), provision: "none", logger: rig.logger } as const;
    const { deadLetters } = rig.closing(await connectNatsReplayer(options));
    const { connection } = await rig.api({ ...as("all") });
    for (const id of ["a.0", "b.0"]) await connection.request(`helix.replay.dead.high.B.${id}`);
    for (let n = 0; n < 3; n++) expect(await deadLetters.list()).toHaveLength(2);
    const said = rig.log.filter(({ text }) => text === "messages are read one by one, for want of a right");
    expect(said).toHaveLength(1);
  });

  it.each(["2.12", "2.15"] as const)(
    "are the same, read one by one or all at once, from a server of %s",
    async (version) => {
      await using one = await startNatsServer({ version });
      await using rig = new Rig(one);
      await rig.replayer();
      const { connection } = await rig.api();
      const blocks = [
        "",
        "NATS/1.0\r\n\r\n",
        "NATS/1.0 404 Message Not Found\r\n\r\n",
        "NATS/1.0 204 EOB\r\nNats-Num-Pending: 0\r\nNats-Last-Sequence: 1\r\n\r\n",
        "NATS/1.0\r\na b: c\r\nNats-Sequence: 1\r\nNats-Subject: a\r\nHelix-Table: ks.t\r\n\r\n",
        `NATS/1.0\r\n${"a: b\r\n".repeat(10_000)}\r\n`,
        "NATS/1.0\r\nHelix-Table: é\r\n\r\n",
      ];
      for (const [at, block] of blocks.entries()) {
        const subject = `${rig.subjectPrefix}.dead.high.B.é${at}.0`;
        const headers = block === "" ? {} : { headers: { encode: () => Buffer.from(block) } as never };
        await connection.request(subject, `body ${at}`, { timeout: 5000, ...headers });
      }
      const link = {
        up: connection,
        isUp: true,
        inboxPrefix: "_INBOX",
        listen: () => () => {},
      } as unknown as Link;
      const stream = `${rig.streamName}-dead-letters`;
      const admin = new Admin(link);
      const single = await Promise.all(blocks.map((_, at) => admin.message(stream, { seq: at + 1 })));
      const many = await new DirectGets(link, { clock: systemClock, logger: rig.logger }).read(stream, {
        seq: 1,
        batch: 100,
        max_bytes: 2 ** 20,
      });
      expect(many).toEqual(single);
      expect(many?.map(({ data }) => data.toString())).toEqual(blocks.map((_, at) => `body ${at}`));
    },
  );
});

/** A connection that differs in one thing, as soon as the queue is there. */
async function as(
  rig: Rig,
  other: (target: NatsConnection, name: string | symbol) => unknown,
): Promise<NatsReplayer> {
  const { connection } = await rig.api();
  let isThere = false;
  const different = new Proxy(connection, {
    get: (target, name) => {
      const value = (isThere && other(target, name)) || (Reflect.get(target, name, target) as unknown);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const queue = await rig.replayer({ connect: undefined, connection: different });
  isThere = true;
  return queue;
}
