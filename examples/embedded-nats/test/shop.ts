import { readFileSync } from "node:fs";
import { onBoth, waitFor } from "@helix/testkit";

type Pair = Parameters<typeof onBoth>[0];

/** What `cqlsh < examples/shop.cql` does, on both clusters. */
export async function createShop(pair: Pair): Promise<void> {
  const statements = readFileSync(new URL("../../shop.cql", import.meta.url), "utf8")
    .trim()
    .split("\n");
  await onBoth(pair, async (driver) => {
    for (const statement of statements) await driver.execute(statement);
  });
}

/** The name of a user and when it was written (microseconds) on each cluster; undefined where there is none. */
export async function userOnBoth(pair: Pair, id: string): Promise<Record<"A" | "B", string | undefined>> {
  const select = "SELECT name, WRITETIME(name) AS written FROM shop.users WHERE id = ?";
  return onBoth(pair, async (driver) => {
    const row = (await driver.execute(select, [id], { prepare: true })).first();
    return row === null ? undefined : `${row.name} ${row.written}`;
  });
}

/** Resolves when B has the user as A has it. What a killed process had in hand comes to the next one after 30 s. */
export async function untilReplayed(pair: Pair, id: string, describe: () => string): Promise<void> {
  await waitFor(
    async () => {
      const { A, B } = await userOnBoth(pair, id);
      return A !== undefined && A === B;
    },
    { timeoutMs: 45_000, describe: () => `user ${id} is replayed to B. ${describe()}` },
  );
}
