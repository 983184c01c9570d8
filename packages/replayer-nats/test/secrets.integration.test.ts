import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificates, type FaultProxy, startFaultProxy, waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectNatsEnqueuer, type NatsConnectOptions, type NatsEnqueuer } from "../src/index.ts";
import { addressOf } from "./rig.ts";

const { authority, otherAuthority, key, client, clientByOther } = certificates;

/** A server that shows this certificate, and asks for one where it is given an authority of clients. */
function serving(cert: string, more: { clientsOf?: string; authorization?: object } = {}) {
  const { clientsOf, authorization } = more;
  const verification = clientsOf === undefined ? {} : { verify: true, ca_file: "clients.pem" };
  return startNatsServer({
    killable: true,
    config: {
      tls: { cert_file: "cert.pem", key_file: "key.pem", ...verification },
      ...(authorization && { authorization }),
    },
    files: { "cert.pem": cert, "key.pem": key, ...(clientsOf && { "clients.pem": clientsOf }) },
  });
}

/** What a log line says of an error, which is the error itself only where that is short. */
function textOf(fields: object): string | undefined {
  const { err } = fields as { err?: { text?: string; message?: string } };
  return err?.text ?? err?.message;
}

/** What an attempt came to: `connected`, or why not. */
async function outcomeOf(connect: NatsConnectOptions): Promise<string> {
  let outcome = "connected";
  const warn = (fields: object) => {
    outcome = textOf(fields) ?? "a warning";
  };
  const logger = { debug: () => {}, info: () => {}, warn, error: warn };
  await using _ = await connectNatsEnqueuer({ connect, logger });
  return outcome;
}

describe("the certificate of a server", () => {
  let named: NatsServer;
  let addressed: NatsServer;
  /** In front of them: what is dialled is 127.0.0.1, wherever they are. */
  let proxies: { named: FaultProxy; addressed: FaultProxy };
  beforeAll(async () => {
    [named, addressed] = await Promise.all([serving(certificates.named), serving(certificates.addressed)]);
    proxies = {
      named: await startFaultProxy({ target: addressOf(named) }),
      addressed: await startFaultProxy({ target: addressOf(addressed) }),
    };
  });
  afterAll(() =>
    Promise.all([proxies.named.close(), proxies.addressed.close(), named.stop(), addressed.stop()]),
  );

  test("is compared with `tls.serverName`, if it names a host and the server is dialled by address", async () => {
    const servers = `127.0.0.1:${proxies.named.port}`;
    const tls = { ca: authority, serverName: "b.example" };
    expect(await outcomeOf({ servers, tls })).toBe("connected");
    const other = { ca: authority, serverName: "other.example" };
    expect(await outcomeOf({ servers, tls: other })).toMatch(/Host: other\.example\. is not in the cert/);
  });

  test("is compared with the address itself where no name is given", async () => {
    const tls = { ca: authority };
    expect(await outcomeOf({ servers: `127.0.0.1:${proxies.addressed.port}`, tls })).toBe("connected");
    expect(await outcomeOf({ servers: `127.0.0.1:${proxies.named.port}`, tls })).toMatch(
      /IP: 127\.0\.0\.1 is not in the cert's list.*`tls\.serverName`/,
    );
  });
});

// Each waits for the client library's timeout of 5 s.
describe.concurrent("a server that wants a certificate of its clients", { timeout: 30_000 }, () => {
  let server: NatsServer;
  let lenient: NatsServer;
  beforeAll(async () => {
    [server, lenient] = await Promise.all([
      serving(certificates.named, { clientsOf: authority }),
      serving(certificates.named),
    ]);
  });
  afterAll(() => Promise.all([server.stop(), lenient.stop()]));

  const tls = { ca: authority, serverName: "b.example" };
  test.each<[string, object, string | RegExp]>([
    ["has a client that shows one", { key, cert: client }, "connected"],
    [
      "says so to a client that has none",
      {},
      /refuses the certificate of this client, or that there is none \(/,
    ],
    [
      "says what it has against one of another authority",
      { key, cert: clientByOther },
      /refuses the certificate of this client.*\(/,
    ],
  ])("%s", async (_, certificate, outcome) => {
    expect(await outcomeOf({ servers: server.url, tls: { ...tls, ...certificate } })).toEqual(
      outcome instanceof RegExp ? expect.stringMatching(outcome) : outcome,
    );
  });

  test("says so as well to one that was connected before it wanted any", async () => {
    const proxy = await startFaultProxy({ target: addressOf(lenient) });
    const warned: unknown[] = [];
    const warn = (fields: object, text: string) => void warned.push([text, textOf(fields)]);
    const logger = { debug: () => {}, info: () => {}, warn, error: warn };
    await using _ = await connectNatsEnqueuer({
      connect: { servers: `127.0.0.1:${proxy.port}`, tls },
      logger,
    });
    await proxy.close();
    await using __ = await startFaultProxy({ target: addressOf(server), port: proxy.port });
    const told = ["NATS is still away", expect.stringMatching(/refuses the certificate of this client/)];
    await waitFor(() => warned.length > 1, { timeoutMs: 15_000, describe: "it is told" });
    expect(warned).toContainEqual(told);
  });
});

test("a password is in no CONNECT where an address says tls:// and the server has none", async () => {
  const server = await startNatsServer({ killable: true });
  const sent: string[] = [];
  await using proxy = await startFaultProxy({
    target: addressOf(server),
    observe: () => ({ request: (bytes) => void sent.push(String(bytes)), answer: () => {} }),
  });
  const outcome = await outcomeOf({ servers: `tls://127.0.0.1:${proxy.port}`, user: "u", pass: "canary" });
  expect(outcome).toMatch(/does not support 'tls'/);
  expect(sent.join()).not.toContain("canary");
  const plain = await outcomeOf({ servers: `nats://127.0.0.1:${proxy.port}`, user: "u", pass: "canary" });
  expect([plain, sent.join()]).toEqual(["connected", expect.stringContaining("canary")]);
  await server.stop();
});

describe("what is secret is read at each connect:", () => {
  const folder = mkdtemp(join(tmpdir(), "helix-secrets-"));
  afterAll(async () => rm(await folder, { recursive: true }));

  /** An enqueuer at an address where `first` is replaced by `second` while `rotate` is called. */
  async function over(
    first: NatsServer,
    second: NatsServer,
    connect: Omit<NatsConnectOptions, "servers">,
    rotate: () => Promise<unknown>,
  ): Promise<void> {
    const proxy = await startFaultProxy({ target: addressOf(first) });
    const servers = `127.0.0.1:${proxy.port}`;
    const isUp: boolean[] = [];
    await using enqueuer: NatsEnqueuer = await connectNatsEnqueuer({ connect: { servers, ...connect } });
    enqueuer.on("queue:connected", () => isUp.push(true));
    enqueuer.on("queue:disconnected", () => isUp.push(false));
    await proxy.close();
    await waitFor(() => isUp.at(-1) === false, { timeoutMs: 5_000, describe: "it is lost" });
    await rotate();
    await using _ = await startFaultProxy({ target: addressOf(second), port: proxy.port });
    await waitFor(() => isUp.at(-1), { timeoutMs: 10_000, describe: "it is there again" });
  }

  test("a password that a function has, and the files of TLS", { timeout: 30_000 }, async () => {
    const login = (password: string) => ({ authorization: { user: "helix", password } });
    const [first, second] = await Promise.all([
      serving(certificates.named, login("first")),
      serving(certificates.namedByOther, login("second")),
    ]);
    const caFile = join(await folder, "ca.pem");
    await writeFile(caFile, authority);
    let password = "first";
    const connect = { user: "helix", pass: () => password, tls: { caFile, serverName: "b.example" } };
    await over(first, second, connect, () => {
      password = "second";
      return writeFile(caFile, otherAuthority);
    });
    await Promise.all([first.stop(), second.stop()]);
  });
});
