import { expect, test } from "vitest";
import { reply, startCqlTap, startScriptedCqlServer, type TappedExecution, withDriver } from "./index.ts";

const INSERT = "INSERT INTO shop.users (id) VALUES (?)";
const UPDATE = "UPDATE shop.users SET name = ? WHERE id = ?";

test("a tap tells what was applied, refused and not answered, by its timestamp, and changes nothing", async () => {
  await using server = await startScriptedCqlServer({
    onRequest: ({ timestamp }) => {
      if (timestamp === 2n) return reply.error({ code: "invalid", message: "slow" });
      return timestamp === 3n ? reply.silence : reply.void;
    },
  });
  const applied: TappedExecution[] = [];
  await using tap = await startCqlTap({ target: server, onApplied: (one) => applied.push({ ...one }) });
  const { contactPoint } = tap;
  await withDriver({ contactPoint, localDataCenter: server.localDataCenter }, async (driver) => {
    const run = (timestamp: number, readTimeout = 5000) =>
      driver.execute(INSERT, ["1"], { prepare: true, timestamp, readTimeout, isIdempotent: false });
    await run(1);
    await expect(run(2)).rejects.toThrow("slow");
    await expect(run(3, 50)).rejects.toThrow();
    await driver.execute("SELECT key FROM system.local");
    const batch = [
      { query: INSERT, params: ["2"] },
      { query: UPDATE, params: ["x", "2"] },
    ];
    await driver.batch(batch, { prepare: true, timestamp: 4 });
  });
  const one = (timestampMicros: bigint, state: TappedExecution["state"]) => ({ timestampMicros, state });
  expect(tap.executions).toEqual([
    one(1n, "applied"),
    one(2n, "refused"),
    one(3n, "unanswered"),
    one(4n, "applied"),
  ]);
  expect(applied).toEqual([one(1n, "applied"), one(4n, "applied")]);
  expect(server.requests.map(({ timestamp }) => timestamp)).toEqual([1n, 2n, 3n, 4n]);
});
