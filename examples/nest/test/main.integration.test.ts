import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { waitFor } from "@helix/testkit";
import { beforeAll, expect, inject, test } from "vitest";
import { Program } from "../../embedded-nats/test/program.ts";
import { createShop, userOnBoth } from "../../embedded-nats/test/shop.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));

// Its decorators are compiled, as those of any application of Nest are.
beforeAll(async () => {
  await promisify(execFile)("npx", ["-y", "pnpm@12", "run", "compile"], { cwd: folder });
  await createShop(inject("cassandra"));
});

test("the application writes a user to both clusters, reads it, is healthy, and ends in good order", async () => {
  const { A, B } = inject("cassandra");
  const main = ["--conditions=@helix/source", `${folder}dist/main.js`, A.contactPoint, B.contactPoint, "0"];
  await using program = new Program(main);
  const [, url = ""] = await waitFor(() => program.output.match(/^listening on (\S+)$/m), {
    timeoutMs: 40_000,
    describe: () => `the application listens; it said:\n${program.output}`,
  });
  const user = { id: `nest-${Date.now()}`, name: "Alice" };
  const headers = { "content-type": "application/json" };
  const written = await fetch(`${url}/users`, { method: "POST", headers, body: JSON.stringify(user) });
  expect(await written.json()).toEqual({ A: "applied", B: "applied" });
  expect(await (await fetch(`${url}/users/${user.id}`)).json()).toEqual(user);
  expect((await fetch(`${url}/users/nobody`)).status).toBe(404);
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: "ok" });
  const onBoth = await userOnBoth({ A, B }, user.id);
  expect(onBoth.A).toMatch(/^Alice \d+$/);
  expect(onBoth.B).toBe(onBoth.A);
  expect(await program.end("SIGTERM")).toBe(0);
});
