import { fileURLToPath } from "node:url";
import { freePorts, startFaultProxy, waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { MAIN as SERVICE, ServiceProcess } from "../../../apps/replay-service/test/service-process.ts";
import { fromSource, Program } from "../../embedded-nats/test/program.ts";
import { createShop, untilReplayed, userOnBoth } from "../../embedded-nats/test/shop.ts";

const MAIN = new URL("../src/main.ts", import.meta.url);
const MEASURED = new URL("../src/measured.ts", import.meta.url);

let nats: NatsServer;
beforeAll(async () => {
  nats = await startNatsServer({ killable: true }); // never one that others use: the stream has its usual name
  await createShop(inject("cassandra"));
});
afterAll(() => nats.stop());

/** With the README's configuration, at other addresses. */
function startPod(): ServiceProcess {
  const { A, B } = inject("cassandra");
  return new ServiceProcess(SERVICE, {
    HELIX_CONFIG_FILE: fileURLToPath(new URL("../pod.json", import.meta.url)),
    HELIX_NATS_SERVERS: nats.url,
    HELIX_CLUSTER_A_CONTACT_POINTS: A.contactPoint,
    HELIX_CLUSTER_B_CONTACT_POINTS: B.contactPoint,
    HELIX_HTTP_HOST: "127.0.0.1",
    HELIX_HTTP_PORT: "0",
  });
}

test("an application enqueues what B misses while no pod runs, and the next pod replays it", async () => {
  const { A, B } = inject("cassandra");
  await using first = startPod();
  await first.ready();
  first.signal("SIGTERM");
  expect(await first.ended).toBe(0);

  const [nobody] = await freePorts(1);
  await using application = new Program(fromSource(MAIN, A.contactPoint, `127.0.0.1:${nobody}`, nats.url));
  const id = await application.wrote({ A: "applied", B: "queued" });
  expect(await application.end("SIGTERM")).toBe(0);
  expect(await userOnBoth({ A, B }, id)).toEqual({ A: expect.stringMatching(/^Carol \d+$/), B: undefined });

  await using second = startPod();
  await untilReplayed({ A, B }, id, () => `The pod said:\n${second.output}`);
  second.signal("SIGTERM");
  expect(await second.ended).toBe(0);
});

test("an application says so when a pod has replayed what B missed", async () => {
  const { A, B } = inject("cassandra");
  await using proxy = await startFaultProxy({ target: B });
  proxy.set("refuse");
  await using pod = startPod();
  await pod.ready();
  await using application = new Program(fromSource(MAIN, A.contactPoint, proxy.contactPoint, nats.url));
  const id = await application.wrote({ A: "applied", B: "queued" });
  proxy.set("pass");
  await application.said(`${id} replayed to B`);
  expect(await application.end("SIGTERM")).toBe(0);
});

test("an application that reaches both clusters writes to both", async () => {
  const { A, B } = inject("cassandra");
  await using application = new Program(fromSource(MAIN, A.contactPoint, B.contactPoint, nats.url));
  const id = await application.wrote({ A: "applied", B: "applied" });
  // From the first one on.
  expect(application.output).toMatch(new RegExp(`^${id} `));
  const user = await userOnBoth({ A, B }, id);
  expect(user).toEqual({ A: expect.stringMatching(/^Carol \d+$/), B: user.A });
  expect(await application.end("SIGINT")).toBe(0);
});

test("an application with figures makes its table, and tells Prometheus what became of its writes", async () => {
  const { A, B } = inject("cassandra");
  const [port = 0] = await freePorts(1);
  await using application = new Program(
    fromSource(MEASURED, A.contactPoint, B.contactPoint, nats.url, String(port)),
  );
  const figures = () => fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text());
  await waitFor(
    async () => /^helix_write_total{cluster="B",result="applied"} [1-9]/m.test(await figures().catch(String)),
    { timeoutMs: 30_000, describe: () => `it has written; it said:\n${application.output}` },
  );
  expect(application.output).toMatch(/^\S+ {"A":"applied","B":"applied"}$/m);
  expect(await application.end("SIGTERM")).toBe(0);
});
