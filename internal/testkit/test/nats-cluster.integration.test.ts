import { jetstream, jetstreamManager, type StreamInfo } from "@nats-io/jetstream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NatsCluster, startNatsCluster } from "../src/nats/index.ts";
import { waitFor } from "../src/wait-for.ts";
import { connectTo, store, stored } from "./nats-messages.ts";

async function clusterOf(stream: string, urls: readonly string[]): Promise<StreamInfo["cluster"]> {
  const manager = await jetstreamManager(await connectTo(urls), { checkAPI: false });
  return (await manager.streams.info(stream)).cluster;
}

/** An election takes 4 to 10 s. */
function untilStream(
  stream: string,
  urls: readonly string[],
  condition: (cluster: StreamInfo["cluster"]) => boolean,
): Promise<boolean> {
  const describe = `stream ${stream} is as it should be`;
  return waitFor(async () => condition(await clusterOf(stream, urls)), {
    timeoutMs: 30_000,
    describe,
    intervalMs: 100,
  });
}

describe.each(["2.12", "2.15"] as const)("three servers of line %s", (version) => {
  let cluster: NatsCluster;

  beforeAll(async () => {
    cluster = await startNatsCluster({ version });
  });

  afterAll(() => cluster?.stop());

  it("are one JetStream, reached by each of them", async () => {
    const [first, second, third] = cluster.urls;
    await store(await connectTo(`${first}`), "SHARED", 20, 3);
    for (const url of [second, third]) expect(await stored(await connectTo(`${url}`), "SHARED")).toBe(20);
    expect(cluster.version.startsWith(`${version}.`)).toBe(true);
  });

  it("elect another leader when the stream's is killed, which catches up when it is started again", async () => {
    await store(await connectTo(cluster.urls), "LED", 20, 3);
    const first = (await clusterOf("LED", cluster.urls))?.leader;
    const killed = cluster.nodes.find(({ name }) => name === first);
    const others = cluster.urls.filter((url) => url !== killed?.url);
    await killed?.kill();
    await untilStream("LED", others, (now) => now?.leader !== undefined && now.leader !== first);

    await jetstream(await connectTo(others)).publish("LED.more", "x");
    await killed?.start();
    await untilStream("LED", others, (now) => now?.replicas?.every(({ current }) => current) === true);
    expect(await stored(await connectTo(`${killed?.url}`), "LED")).toBe(21);
  });

  it("have every message when all are killed and started one after the other", async () => {
    await store(await connectTo(cluster.urls), "KEPT", 20, 3);
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    for (const node of cluster.nodes) await node.start();
    await cluster.untilHealthy();
    await untilStream("KEPT", cluster.urls, (now) => now?.leader !== undefined);
    expect(await stored(await connectTo(cluster.urls), "KEPT")).toBe(20);
  });
});

it("are never taken from the environment", async () => {
  await expect(startNatsCluster({ provider: "environment" })).rejects.toThrow(
    "environment not used: a cluster is not taken from there",
  );
});

it("are as many as were asked for, three to five", async () => {
  await expect(startNatsCluster({ nodes: 2 })).rejects.toThrow(
    "Expected `nodes` to be an integer from 3 to 5, got `2`",
  );
});
