import { reply } from "@helix/testkit";
import { expect, test } from "vitest";
import { errorOf, TwoClusters } from "./two-clusters.ts";

const MAX_PREPARED = 20;
const goods = ["a", "b", "c"].map((name) => `SELECT ${name} FROM ks.t WHERE id = ?`);
const bad = (n: number, length = 0) => `SELECT nothing${n} FROM ks.t WHERE id = ? ${" ".repeat(length)}`;

async function clustersWith(maxPrepared: number) {
  return TwoClusters.connected({
    driver: { maxPrepared, socketOptions: { readTimeout: 10_000 } },
    server: {
      onPrepare: (query) =>
        query.includes("nothing") ? reply.error({ code: "invalid", message: "no such column" }) : undefined,
    },
  });
}

const on = { cluster: "A" } as const;

test("more texts than are kept that cannot be prepared cost the others nothing", async () => {
  await using clusters = await clustersWith(MAX_PREPARED);
  const { client, servers } = clusters;
  const executeGoods = async () => {
    for (const query of goods) await client.execute(query, ["1"], on);
  };
  await executeGoods();
  for (let n = 0; n < 3 * MAX_PREPARED; n++) {
    await errorOf(client.execute(bad(n), ["1"], on));
    if (n % 10 === 0) await executeGoods();
  }
  for (const query of goods) expect(servers.A.prepares.filter((text) => text === query)).toHaveLength(1);
});

test("as many texts as are kept are, and the oldest makes room for the next one", async () => {
  await using clusters = await clustersWith(2);
  const { client, servers } = clusters;
  const [a = "", b = "", c = ""] = goods;
  for (const query of [a, b, a, b, c, b, c, a]) await client.execute(query, ["1"], on);
  expect(servers.A.prepares.filter((text) => goods.includes(text))).toEqual([a, b, c, a]);
});

test("texts of a megabyte are kept as far as they are 32 together", async () => {
  await using clusters = await clustersWith(1000);
  const { client, servers } = clusters;
  const large = (n: number) => `${goods[0]} ${" ".repeat(n)}${" ".repeat(2 ** 20)}`;
  for (let n = 0; n < 40; n++) await client.execute(large(n), ["1"], on);
  const before = servers.A.prepares.length;
  await client.execute(large(39), ["1"], on);
  expect(servers.A.prepares).toHaveLength(before);
  await client.execute(large(0), ["1"], on);
  expect(servers.A.prepares).toHaveLength(before + 1);
});
