import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureTopology } from "../src/index.ts";
import { failureOf, idOf, payloadOf, Receiver, Rig } from "./rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const STRAYS = ["dead.x", "foo.bar", "high.C"];

/** Both streams with the wildcards that an older version gave them. */
async function widen(rig: Rig): Promise<void> {
  const { api } = await rig.api();
  const before = { "": "*.*", "-dead-letters": "dead.*.*.*.*" };
  for (const [suffix, subject] of Object.entries(before)) {
    const name = `${rig.streamName}${suffix}`;
    const { config } = await api.streams.info(name);
    await api.streams.update(name, { ...config, subjects: [`${rig.subjectPrefix}.${subject}`] });
  }
}

async function subjectsOf(rig: Rig, suffix = ""): Promise<string[]> {
  const { api } = await rig.api();
  const { subjects } = (await api.streams.info(`${rig.streamName}${suffix}`)).config;
  return subjects.map((subject) => subject.slice(rig.subjectPrefix.length + 1));
}

const warned = ({ log }: Rig) => log.filter(({ level }) => level === "warn").map(({ text }) => text);

describe("a stream", () => {
  it("takes its four lanes and dead letters of the four, and nothing else below its prefix", async () => {
    await using rig = new Rig(server);
    await ensureTopology(rig.options);
    const { connection } = await rig.api();
    for (const subject of [...STRAYS, "high", "high.A.x", "dead.high.C.a.0", "dead.high.A.a.0.x"]) {
      expect(await failureOf(connection.request(`${rig.subjectPrefix}.${subject}`, "x"))).toMatchObject({
        message: expect.stringContaining("no responders"),
      });
    }
    expect(await subjectsOf(rig)).toEqual(["high.A", "low.A", "high.B", "low.B"]);
    expect(await subjectsOf(rig, "-dead-letters")).toEqual(
      ["high.A", "low.A", "high.B", "low.B"].map((lane) => `dead.${lane}.*.*`),
    );
  });

  it("that an older version made is taken as it is, and narrowed by order alone", async () => {
    await using rig = new Rig(server);
    const options = { ...rig.options, maxBytes: 2 ** 26 };
    await ensureTopology(options);
    await widen(rig);
    const queue = await rig.replayer({ provision: "create" });
    expect(queue.health.isReady).toBe(true);
    await rig.replayer({ provision: "none" });
    expect(await subjectsOf(rig)).toEqual(["*.*"]);
    expect(warned(rig).filter((text) => text.includes("narrows it"))).toHaveLength(4);
    await queue.enqueue(payloadOf("before"));
    const { connection } = await rig.api();
    await connection.request(`${rig.subjectPrefix}.high.C`, "stray");
    expect((await ensureTopology({ ...options, provision: "update" })).updated).toEqual([
      `stream ${rig.streamName}-dead-letters`,
      `stream ${rig.streamName}`,
    ]);
    expect(await subjectsOf(rig)).toEqual(["high.A", "low.A", "high.B", "low.B"]);
    expect(await ensureTopology({ ...options, provision: "update" })).toEqual({ created: [], updated: [] });
    // A pod of the older version that is told to update has widened it again: both go on.
    await widen(rig);
    await queue.enqueue(payloadOf("after"));
    expect((await rig.replayer()).health.isReady).toBe(true);
    const receiver = new Receiver(queue);
    expect([idOf(await receiver.next()), idOf(await receiver.next())]).toEqual(["before", "after"]);
    expect((await queue.strays.list()).map(({ subject }) => subject)).toEqual([
      `${rig.subjectPrefix}.high.C`,
    ]);
  });
});

describe("messages in no lane", () => {
  it("are counted, warned of once, listed and discarded, and what is in a lane is not", async () => {
    await using rig = new Rig(server);
    await ensureTopology({ ...rig.options, maxBytes: 2 ** 26 });
    await widen(rig);
    const { connection } = await rig.api();
    for (const subject of STRAYS)
      await connection.request(`${rig.subjectPrefix}.${subject}`, `in ${subject}`);
    const gauges: unknown[] = [];
    const metrics = {
      increment() {},
      observe() {},
      gauge: (name: string, _: object, value: number) => gauges.push([name, value]),
    };
    const queue = await rig.replayer({ metrics });
    await queue.enqueue(payloadOf("ours"));
    await queue.depths();
    expect(await queue.strays.count()).toBe(3);
    const text = "the stream holds messages that are in no lane";
    expect(rig.log.filter((line) => line.text === text)).toMatchObject([
      { level: "warn", fields: { stream: rig.streamName, count: 3 } },
    ]);
    expect(gauges).toContainEqual(["helix_stray_messages", 3]);
    const listed = await queue.strays.list();
    expect(listed.map(({ subject, data }) => [subject, Buffer.from(data).toString()]).sort()).toEqual(
      STRAYS.map((subject) => [`${rig.subjectPrefix}.${subject}`, `in ${subject}`]).sort(),
    );
    expect(await queue.strays.list({ limit: 2 })).toHaveLength(2);
    for (const sequence of [4, 99, 0, -1, 1.5]) {
      expect(await failureOf(queue.strays.discard(sequence))).toMatchObject({
        code: "HELIX_STRAY_NOT_FOUND",
        sequence,
      });
    }
    for (const { sequence } of listed) await queue.strays.discard(sequence);
    expect(await queue.strays.count()).toBe(0);
    expect(gauges.at(-1)).toEqual(["helix_stray_messages", 0]);
    expect(idOf(await new Receiver(queue).next())).toBe("ours");
  });
});
