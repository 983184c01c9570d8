import { freePorts, waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { fromSource, Program } from "./program.ts";
import { createShop, untilReplayed, userOnBoth } from "./shop.ts";

const MAIN = new URL("../src/main.ts", import.meta.url);

let nats: NatsServer;
beforeAll(async () => {
  nats = await startNatsServer({ killable: true }); // never one that others use: the stream has its usual name
  await createShop(inject("cassandra"));
});
afterAll(() => nats.stop());

test("what was queued for a cluster that is away outlives a kill -9, and the next process replays it", async () => {
  const { A, B } = inject("cassandra");
  const [nobody] = await freePorts(1);
  await using first = new Program(fromSource(MAIN, A.contactPoint, `127.0.0.1:${nobody}`, nats.url));
  const id = await first.wrote({ A: "applied", B: "queued" });
  await first.end("SIGKILL");
  expect(await userOnBoth({ A, B }, id)).toEqual({ A: expect.stringMatching(/^Bob \d+$/), B: undefined });

  await using second = new Program(fromSource(MAIN, A.contactPoint, B.contactPoint, nats.url));
  await second.wrote({ A: "applied", B: "applied" });
  await untilReplayed({ A, B }, id, () => `The program said:\n${second.output}`);
  await waitFor(() => second.output.includes("replayed to B\n"), {
    timeoutMs: 10_000,
    describe: () => `it says so; it said:\n${second.output}`,
  });
  expect(await second.end("SIGTERM")).toBe(0);
});
