import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ScriptedCqlServer, startFaultProxy, waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServers } from "./pod.ts";
import { MAIN, ServiceProcess } from "./service-process.ts";
import { environmentOf } from "./valid-environment.ts";

const login = { user: "helix", password: "first-canary" };

let folder: string;
let servers: { A: ScriptedCqlServer; B: ScriptedCqlServer };
/** The same one, before and after its password was changed. */
let nats: { first: NatsServer; second: NatsServer };
beforeAll(async () => {
  const withPassword = (password: string) =>
    startNatsServer({ killable: true, config: { authorization: { user: "helix", password } } });
  const [first, second] = await Promise.all([withPassword("first-canary"), withPassword("second-canary")]);
  nats = { first, second };
  servers = await startServers({ B: { credentials: login } });
  folder = await mkdtemp(join(tmpdir(), "helix-pod-secrets-"));
});
afterAll(async () => {
  await Promise.all([nats.first.stop(), nats.second.stop(), servers.A.close(), servers.B.close()]);
  await rm(folder, { recursive: true });
});

test("passwords that were changed are read again from their files, without a restart; until then the pod lives, and says what is refused", {
  timeout: 60_000,
}, async () => {
  const file = join(folder, "password");
  await writeFile(file, "first-canary\n");
  const targetOf = ({ url }: NatsServer) => ({
    host: new URL(url).hostname,
    port: Number(new URL(url).port),
  });
  const proxy = await startFaultProxy({ target: targetOf(nats.first) });
  await using service = new ServiceProcess(
    MAIN,
    environmentOf(servers, {
      HELIX_NATS_SERVERS: `127.0.0.1:${proxy.port}`,
      HELIX_NATS_USER: "helix",
      HELIX_NATS_PASSWORD_FILE: file,
      HELIX_CLUSTER_B_USER: "helix",
      HELIX_CLUSTER_B_PASSWORD_FILE: file,
      HELIX_QUEUE_MAX_BYTES: String(64 * 1024 ** 2),
    }),
  );
  await service.ready();

  login.password = "second-canary";
  await servers.B.setDown();
  await servers.B.setUp();
  await proxy.close();
  await using _ = await startFaultProxy({ target: targetOf(nats.second), port: proxy.port });
  const missing = async (): Promise<string> =>
    JSON.parse((await service.get("/readyz")).text).missing.join("; ");
  await waitFor(async () => /queue: NATS does not accept.*cluster B: .*incorrect/.test(await missing()), {
    timeoutMs: 15_000,
    describe: () => `both refuse the password; it said:\n${service.output}`,
  });
  expect((await service.get("/livez")).status).toBe(200);

  await writeFile(file, "second-canary\n");
  await service.ready();
  service.signal("SIGTERM");
  expect(await service.ended).toBe(0);
  expect(service.output).not.toContain("canary");
});
