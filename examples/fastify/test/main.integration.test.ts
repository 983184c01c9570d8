import { waitFor } from "@helix/testkit";
import { beforeAll, expect, inject, test } from "vitest";
import { fromSource, Program } from "../../embedded-nats/test/program.ts";
import { createShop, userOnBoth } from "../../embedded-nats/test/shop.ts";

const MAIN = new URL("../src/main.ts", import.meta.url);

beforeAll(() => createShop(inject("cassandra")));

test("the server writes a user to both clusters, reads it, and ends in good order", async () => {
  const { A, B } = inject("cassandra");
  await using program = new Program(fromSource(MAIN, A.contactPoint, B.contactPoint, "0"));
  const [, url = ""] = await waitFor(() => program.output.match(/^listening on (\S+)$/m), {
    timeoutMs: 40_000,
    describe: () => `the server listens; it said:\n${program.output}`,
  });
  const user = { id: `fastify-${Date.now()}`, name: "Alice" };
  const headers = { "content-type": "application/json" };
  const written = await fetch(`${url}/users`, { method: "POST", headers, body: JSON.stringify(user) });
  expect(await written.json()).toEqual({ A: "applied", B: "applied" });
  expect(await (await fetch(`${url}/users/${user.id}`)).json()).toEqual(user);
  expect((await fetch(`${url}/users/nobody`)).status).toBe(404);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  const onBoth = await userOnBoth({ A, B }, user.id);
  expect(onBoth.A).toMatch(/^Alice \d+$/);
  expect(onBoth.B).toBe(onBoth.A);
  expect(await program.end("SIGTERM")).toBe(0);
});
