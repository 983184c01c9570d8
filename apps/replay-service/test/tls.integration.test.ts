import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectNatsEnqueuer } from "@helix/replayer-nats";
import { certificates, type ScriptedCqlServer, waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insert, startServers } from "./pod.ts";
import { MAIN, ServiceProcess } from "./service-process.ts";
import { TlsTerminator } from "./tls-terminator.ts";
import { environmentOf } from "./valid-environment.ts";

const { authority, otherAuthority, key, named, expired, client } = certificates;

/** NATS and cluster B, which show the same certificate and want one of their clients. */
interface Servers {
  readonly nats: NatsServer;
  readonly B: TlsTerminator;
}

let folder: string;
let clusters: { A: ScriptedCqlServer; B: ScriptedCqlServer };
let good: Servers;
let old: Servers;

async function serving(cert: string): Promise<Servers> {
  const files = { "cert.pem": cert, "key.pem": key, "clients.pem": authority };
  const tls = { cert_file: "cert.pem", key_file: "key.pem", ca_file: "clients.pem", verify: true };
  const nats = await startNatsServer({ killable: true, config: { tls }, files });
  const asking = { requestCert: true, rejectUnauthorized: true, ca: authority };
  return { nats, B: await TlsTerminator.start(clusters.B, { key, cert, ...asking }) };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "helix-tls-"));
  const files = { authority, otherAuthority, key, client };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
  clusters = await startServers();
  [good, old] = await Promise.all([serving(named), serving(expired)]);
});
afterAll(() =>
  Promise.all([
    ...[good, old].flatMap(({ nats, B }) => [nats.stop(), B.close()]),
    clusters.A.close(),
    clusters.B.close(),
    rm(folder, { recursive: true }),
  ]),
);

type TlsSetting = "CA_FILE" | "CERT_FILE" | "KEY_FILE" | "SERVER_NAME";

const RIGHT: Readonly<Record<TlsSetting, string>> = {
  CA_FILE: "authority",
  CERT_FILE: "client",
  KEY_FILE: "key",
  SERVER_NAME: "b.example",
};

/** A pod that has these settings for NATS and for cluster B alike; an empty one is not given. */
function start(servers: Servers, wrong: Partial<typeof RIGHT> = {}): ServiceProcess {
  const settings = Object.entries({ ...RIGHT, ...wrong }).flatMap(([name, value]) => {
    const given = name === "SERVER_NAME" || value === "" ? value : join(folder, value);
    return ["HELIX_NATS_TLS_", "HELIX_CLUSTER_B_TLS_"].map((link): [string, string] => [link + name, given]);
  });
  const { contactPoint } = servers.B;
  const env = { HELIX_NATS_SERVERS: servers.nats.url, ...Object.fromEntries(settings) };
  return new ServiceProcess(MAIN, environmentOf({ A: clusters.A, B: { contactPoint } }, env));
}

test("a pod works where NATS and a cluster speak TLS and want its certificate", async () => {
  await using pod = start(good);
  await pod.ready();
  const tls = { ca: authority, cert: client, key, serverName: "b.example" };
  await using application = await connectNatsEnqueuer({ connect: { servers: good.nats.url, tls } });
  await application.enqueue(insert("B", ["1", "Alice"]));
  await waitFor(() => clusters.B.requests.length === 1, { timeoutMs: 10_000, describe: "B has the write" });
  pod.signal("SIGTERM");
  expect(await pod.ended).toBe(0);
});

// What NATS has against a certificate is asked for once a minute, and the first time may be in vain on a busy machine.
describe("a pod says in /readyz what is wrong with a certificate", { timeout: 120_000 }, () => {
  test.each<[string, () => Servers, Partial<typeof RIGHT>, RegExp, RegExp]>([
    [
      "that names another host",
      () => good,
      { SERVER_NAME: "other.example" },
      /Host: other\.example\. is not in the cert's altnames: DNS:b\.example.*HELIX_NATS_TLS_SERVER_NAME/,
      /Host: other\.example\. is not in the cert's altnames: DNS:b\.example.*HELIX_CLUSTER_B_TLS_SERVER_NAME/,
    ],
    [
      "that an authority it does not trust has signed",
      () => good,
      { CA_FILE: "otherAuthority" },
      /certificate.*HELIX_…_TLS_CA_FILE/,
      /certificate.*HELIX_…_TLS_CA_FILE/,
    ],
    ["that has expired", () => old, {}, /certificate has expired/, /certificate has expired/],
    [
      "that it lacks itself",
      () => good,
      { CERT_FILE: "", KEY_FILE: "" },
      /NATS refuses the certificate of this client, or that there is none.*HELIX_…_TLS_CERT_FILE/,
      /alert certificate required.*HELIX_…_TLS_CERT_FILE/,
    ],
  ])("%s", async (_, servers, wrong, ofNats, ofCluster) => {
    await using pod = start(servers(), wrong);
    let said = { queue: "", B: "" };
    let isAway: boolean | undefined;
    await waitFor(
      async () => {
        const { parts } = JSON.parse((await pod.get("/readyz")).text);
        said = { queue: parts.queue.detail, B: parts["cluster B"].detail };
        isAway = parts["cluster B"].isAway;
        return ofNats.test(said.queue) && ofCluster.test(said.B);
      },
      {
        timeoutMs: 100_000,
        describe: () => `/readyz says ${ofNats} and ${ofCluster}; it says ${JSON.stringify(said)}`,
      },
    );
    // What has expired is for others to cure, and no mistake that a rolling update should stop at.
    expect(isAway).toBe(Object.keys(wrong).length === 0);
    pod.signal("SIGTERM");
    expect(await pod.ended).toBe(0);
  });
});
