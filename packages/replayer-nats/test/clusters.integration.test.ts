import { type ClusterIdentity, silentLogger } from "@helix/core";
import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failureOf, Rig } from "./rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const of = (...hosts: number[]): ClusterIdentity => ({
  name: "Test Cluster",
  dataCenters: ["datacenter1"],
  hosts: hosts.map(id),
});

const MISTAKEN = { code: "HELIX_CLUSTER_MISTAKEN" };

describe("which cluster is A and which is B", () => {
  it("is recorded by the first worker, without an age, and compared by all others", async () => {
    await using rig = new Rig(server);
    const first = await rig.replayer();
    expect(await first.identities.claim("A", of(1))).toBe("same");
    expect(await first.identities.claim("B", of(2))).toBe("same");
    const second = await rig.replayer();
    expect(await second.identities.claim("A", of(1, 11))).toBe("same");
    expect(await failureOf(second.identities.claim("A", of(2)))).toMatchObject({
      ...MISTAKEN,
      recordedAs: "B",
    });
    expect(await failureOf(second.identities.claim("B", of(3)))).toMatchObject(MISTAKEN);
    const { api } = await rig.api();
    const { config } = await api.streams.info(`KV_${rig.streamName}-clusters`);
    expect(config).toMatchObject({ max_age: 0, max_msgs_per_subject: 1, deny_delete: true });
  });

  it("is decided by one of those who come at once", async () => {
    await using rig = new Rig(server);
    const all = await Promise.all(Array.from({ length: 8 }, () => rig.replayer()));
    const claims = all.flatMap(({ identities }, n) =>
      n % 2 === 0
        ? [identities.claim("A", of(1)), identities.claim("B", of(2))]
        : [identities.claim("A", of(2)), identities.claim("B", of(1))],
    );
    const ends = (await Promise.allSettled(claims)).map((end) =>
      end.status === "fulfilled" ? end.value : end.reason.code,
    );
    const byPod = Array.from({ length: 8 }, (_, n) => [ends[2 * n], ends[2 * n + 1]].join(" "));
    const [even, odd] = [0, 1].map((rest) => new Set(byPod.filter((_, n) => n % 2 === rest)));
    const right = new Set(["same same"]);
    const wrong = new Set(["HELIX_CLUSTER_MISTAKEN HELIX_CLUSTER_MISTAKEN"]);
    expect([even, odd]).toEqual(odd?.has("same same") ? [wrong, right] : [right, wrong]);
  });

  it("is changed by an order that names a node of each", async () => {
    await using rig = new Rig(server);
    const before = await rig.replayer();
    await before.identities.claim("A", of(1));
    await before.identities.claim("B", of(2));
    const { identities } = await rig.replayer({ acceptClusters: [`A=${id(2)}`, `B=${id(1)}`] });
    expect(await identities.claim("A", of(2))).toBe("same");
    expect(await identities.claim("B", of(1))).toBe("same");
    expect(await failureOf(before.identities.claim("A", of(1)))).toMatchObject(MISTAKEN);
  });

  it("is compared by who only enqueues, and recorded by it never", async () => {
    await using rig = new Rig(server);
    const enqueuer = await rig.enqueuer();
    expect(await enqueuer.identities?.claim("A", of(1))).toBe("unknown");
    const queue = await rig.replayer();
    expect(await enqueuer.identities?.claim("A", of(1))).toBe("unknown");
    await queue.identities.claim("A", of(1));
    expect(await enqueuer.identities?.claim("A", of(1, 12))).toBe("same");
    expect(await enqueuer.identities?.claim("B", of(2))).toBe("unknown");
    expect(await failureOf(enqueuer.identities?.claim("B", of(1)) as Promise<unknown>)).toMatchObject(
      MISTAKEN,
    );
  });

  it.each([
    ["all streams are", () => true],
    ["its own stream is", (name: string) => name.endsWith("-clusters")],
  ])(
    "is put back by who has seen it when %s gone, before one that exchanges them comes",
    async (_, isGone) => {
      const lines: string[] = [];
      const logger = { ...silentLogger, warn: (_: object, text: string) => void lines.push(text) };
      await using rig = new Rig(server);
      const queue = await rig.replayer({ logger });
      await queue.identities.claim("A", of(1));
      await queue.identities.claim("B", of(2));
      const { api } = await rig.api();
      for (const { config } of await api.streams.list().next()) {
        if (config.name.includes(rig.streamName) && isGone(config.name))
          await api.streams.delete(config.name);
      }
      // Whatever finds that something is missing.
      await failureOf(queue.identities.claim("A", of(1)));
      const record = () => api.streams.getMessage(`KV_${rig.streamName}-clusters`, { last_by_subj: ">" });
      await waitFor(() => record().catch(() => undefined), {
        timeoutMs: 5_000,
        describe: "the record is back",
      });
      expect(lines).toContain("streams of the queue were gone and are made anew: what they held is lost");
      expect(lines).toContain("the record of which cluster is A and which is B was gone: it is put back");
      const exchanged = await rig.replayer();
      expect(await failureOf(exchanged.identities.claim("A", of(2)))).toMatchObject(MISTAKEN);
      expect(await failureOf(exchanged.identities.claim("B", of(1)))).toMatchObject(MISTAKEN);
      expect(await queue.identities.claim("A", of(1))).toBe("same");
    },
  );

  it.each([
    "null",
    "[]",
    "{",
    '{"A":null}',
    '{"A":{"dataCenters":[],"hosts":[]}}',
    '{"A":{"dataCenters":[],"hosts":[1]}}',
  ])("is not taken from %s, nor written over it without an order", async (bytes) => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const { connection } = await rig.api();
    const subject = `$KV.${rig.streamName}-clusters.known`;
    await connection.request(subject, bytes);
    expect((await failureOf(queue.identities.claim("A", of(1)))).message).toContain("`acceptClusters`");
    const { identities } = await rig.replayer({ acceptClusters: [`A=${id(1)}`] });
    expect(await identities.claim("A", of(1))).toBe("same");
    expect(await queue.identities.claim("A", of(1))).toBe("same");
  });
});
