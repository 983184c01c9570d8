import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { waitFor } from "@helix/testkit";
import { afterEach, describe, expect, test } from "vitest";
import { ServiceRefusedError } from "../src/service.ts";
import { TOKEN_VARIABLES, TOKENS } from "./admin.ts";
import { inMemory, insert, Pod, type PodOptions, startServers } from "./pod.ts";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(env: Record<string, string> = TOKEN_VARIABLES, options: Partial<PodOptions> = {}) {
  const servers = await startServers();
  open.push(() => Promise.all([servers.A.close(), servers.B.close()]));
  const pod = new Pod({ servers, env, ...options });
  open.push(() => pod.stop().catch(() => {}));
  return { pod, servers };
}

async function adminOf(pod: Pod): Promise<(path: string, body?: object) => Promise<Response>> {
  const started = await waitFor(() => pod.log.find(({ adminPort }) => adminPort !== undefined), {
    timeoutMs: 5_000,
    describe: "the admin API answers",
  });
  let keys = 0;
  return (path, body) =>
    fetch(`http://127.0.0.1:${started.adminPort}${path}`, {
      headers: {
        authorization: `Bearer ${TOKENS.operate}`,
        ...(body && { "content-type": "application/json", "idempotency-key": `key-${++keys}-of-the-test` }),
      },
      ...(body && { method: "POST", body: JSON.stringify(body) }),
    });
}

const order = { by: "ops@example.com", why: "schema change", revision: 0 };

describe("a pod without a token", () => {
  test("has no admin API, and says so in one line", async () => {
    const { pod } = await start({});
    await pod.readyzWhen(({ body }) => body.allUp);
    expect((await pod.get("/v1/status")).status).toBe(404);
    const lines = pod.log.filter(({ message }) => String(message).includes("admin API"));
    expect(lines).toMatchObject([{ level: "info", message: "there is no admin API, since it has no token" }]);
  });
});

describe("a pod with a token", () => {
  test("replays nothing to a cluster that is paused by its admin API, until it is resumed; each order is in the log", async () => {
    const { pod, servers } = await start();
    const admin = await adminOf(pod);
    await pod.readyzWhen(({ body }) => body.allUp);
    const paused = (await (await admin("/v1/gates/B/pause", order)).json()) as { revision: number };
    await waitFor(() => pod.log.some(({ message }) => /paused/.test(String(message))), {
      timeoutMs: 5_000,
      describe: "it is obeyed",
    });
    await pod.queue.enqueue(insert("B", ["1", "Alice"]));
    const { clusters } = (await (await admin("/v1/status")).json()) as {
      clusters: { B: { sentence: string } };
    };
    expect(clusters.B.sentence).toContain("paused by ops@example.com, schema change; 1 waiting");
    expect(servers.B.requests).toEqual([]);
    await admin("/v1/gates/B/resume", { ...order, ...paused });
    await waitFor(() => servers.B.requests.length === 1, { timeoutMs: 5_000, describe: "B has the write" });
    const audited = pod.log.flatMap(({ audit }) => (audit === undefined ? [] : [audit]));
    expect(audited).toMatchObject([
      { verb: "pause", subject: { cluster: "B" }, by: order.by, why: order.why },
      { verb: "resume", subject: { cluster: "B" }, by: order.by, why: order.why },
    ]);
    for (const token of Object.values(TOKENS)) expect(pod.lines.join()).not.toContain(token);
  });

  test("serves the page of its operators, unless it is told not to", async () => {
    const [on, off] = [await start(), await start({ ...TOKEN_VARIABLES, HELIX_ADMIN_PAGE: "false" })];
    const typeOf = async ({ pod }: typeof on) => {
      await adminOf(pod);
      const port = pod.log.find(({ adminPort }) => adminPort !== undefined)?.adminPort;
      return (await fetch(`http://127.0.0.1:${port}/`)).headers.get("content-type");
    };
    // In words, where it is not built.
    expect(await typeOf(on)).toMatch(/^text\/(html|plain); charset=utf-8$/);
    expect(await typeOf(off)).toBe("application/json; charset=utf-8");
  });

  test("answers while its queue is being opened, with 503 where that is needed", async () => {
    let finish = () => {};
    const opening = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { pod } = await start(TOKEN_VARIABLES, {
      openQueue: async (config, context) => {
        await opening;
        return inMemory(pod.queue, pod.control)(config, context);
      },
    });
    const admin = await adminOf(pod);
    expect((await admin("/v1/status")).status).toBe(503);
    finish();
    await pod.readyzWhen(({ body }) => body.allUp);
    expect((await admin("/v1/status")).status).toBe(200);
  });

  test("answers its probes while its admin API has fifty connections, and closes them when it stops", async () => {
    const { pod } = await start();
    await adminOf(pod);
    const port = Number(pod.log.find(({ adminPort }) => adminPort !== undefined)?.adminPort);
    const sockets = Array.from({ length: 60 }, () => connect(port, "127.0.0.1").on("error", () => {}));
    open.push(async () => {
      for (const socket of sockets) socket.destroy();
    });
    await waitFor(() => sockets.filter(({ closed }) => closed).length === 10, {
      timeoutMs: 5_000,
      describe: "ten are closed",
    });
    await pod.readyzWhen(({ body }) => body.allUp);
    expect((await pod.get("/livez")).status).toBe(200);
    expect(await pod.stop()).toEqual({ inOrder: true });
    await waitFor(() => sockets.every(({ closed }) => closed), {
      timeoutMs: 5_000,
      describe: "all are closed",
    });
  });

  test("refuses to start where the port of its admin API is taken, and leaves nothing", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    open.push(async () => void taken.close());
    await waitFor(() => taken.listening, { timeoutMs: 5_000, describe: "the port is taken" });
    const { port } = taken.address() as AddressInfo;
    const { pod } = await start({ ...TOKEN_VARIABLES, HELIX_ADMIN_PORT: String(port) });
    await expect(pod.ended).rejects.toThrow(ServiceRefusedError);
    expect(pod.log.map(({ message }) => message)).toEqual([
      "the admin API cannot listen; the service does not start",
    ]);
  });
});
