import net, { type AddressInfo } from "node:net";
import tls from "node:tls";
import {
  certificates,
  nothingMoreOpen,
  openHandles,
  type ScriptedCqlServer,
  startScriptedCqlServer,
  waitFor,
} from "@helix/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DriverOptions, HelixClient } from "../src/index.ts";
import { driverOptions, FakeReplayer } from "./two-clusters.ts";

const { authority, otherAuthority, key, named, addressed, expired, namedByOther } = certificates;

let before = openHandles();
let login: { user: string; password: string };
let A: ScriptedCqlServer;
let B: ScriptedCqlServer;
beforeEach(async () => {
  before = openHandles();
  login = { user: "helix", password: "first" };
  [A, B] = await Promise.all([startScriptedCqlServer(), startScriptedCqlServer({ credentials: login })]);
});
afterEach(async () => {
  await Promise.all([A.close(), B.close()]);
  await nothingMoreOpen(before);
});

/** A client of which B has these options, and why B was not there. */
function clientOf(options: Partial<DriverOptions>): { client: HelixClient; causes: Error[] } {
  const credentials = { username: "helix", password: "first" };
  const clusters = { A: driverOptions(A), B: { ...driverOptions(B), credentials, ...options } };
  const client = new HelixClient({ clusters, replayer: new FakeReplayer() });
  const causes: Error[] = [];
  client.on("cluster:disconnected", ({ cause }) => causes.push(cause as Error));
  return { client, causes };
}

async function connected(client: HelixClient, isIt = true): Promise<void> {
  await waitFor(() => client.clusterStates.B?.connected === isIt, {
    timeoutMs: 8_000,
    describe: `B is ${isIt ? "there" : "lost"}`,
  });
}

async function refused(options: Partial<DriverOptions>): Promise<Error | undefined> {
  const { client, causes } = clientOf(options);
  await client.connect();
  await waitFor(() => causes.length > 0, { timeoutMs: 8_000, describe: "B is not there" });
  await client.close();
  return causes[0];
}

/** TLS in front of B: the server that speaks it, and where it listens. */
async function terminate(options: tls.TlsOptions): Promise<[tls.Server, string[]]> {
  const terminator = tls.createServer(options, (socket) => {
    const upstream = net.connect(B.port, B.host);
    socket.pipe(upstream).pipe(socket);
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      one.on("error", () => {}).on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => terminator.listen(0, "127.0.0.1", resolve));
  return [terminator, [`127.0.0.1:${(terminator.address() as AddressInfo).port}`]];
}

describe("a password that is a function", () => {
  test("is asked for at each connection, so that it may change while the client runs", async () => {
    let password = "first";
    const { client } = clientOf({ credentials: { username: "helix", password: () => password } });
    await client.connect({ waitFor: "all" });
    login.password = "second";
    password = "second";
    await B.setDown();
    await connected(client, false);
    await B.setUp();
    await connected(client);
    await client.close();
  });

  test.each<[string, () => string, RegExp]>([
    ["throws", () => expect.fail("no such file"), /no such file/],
    ["has nothing", () => undefined as never, /Expected `credentials.password\(\)` to be a text/],
  ])("and %s is a cause, and not the end of the process", async (_, password, text) => {
    expect((await refused({ credentials: { username: "helix", password } }))?.message).toMatch(text);
  });

  test("is not waited for: a password that is a text stays what it was, and is refused", async () => {
    login.password = "second";
    expect((await refused({}))?.message).toMatch(/incorrect/);
  });
});

describe("certificates that name a host, where the driver connects to an address,", () => {
  let terminator: tls.Server;
  let contactPoints: string[];
  beforeEach(async () => {
    [terminator, contactPoints] = await terminate({ key, cert: named });
  });
  afterEach(() => new Promise((resolve) => terminator.close(resolve)));

  const present = (options: tls.TlsOptions) => terminator.setSecureContext({ key, ...options });

  async function lostAndThereAgain(client: HelixClient): Promise<void> {
    await B.setDown();
    await connected(client, false);
    await B.setUp();
    await connected(client);
  }

  test.each<[string, tls.ConnectionOptions]>([
    ["`servername`", { servername: "b.example" }],
    [
      "`checkServerIdentity`",
      { checkServerIdentity: (_, peer) => tls.checkServerIdentity("b.example", peer) },
    ],
  ])("are accepted with %s, after an outage as well", async (_, sslOptions) => {
    const { client } = clientOf({ contactPoints, sslOptions: { ca: authority, ...sslOptions } });
    await client.connect({ waitFor: "all" });
    await lostAndThereAgain(client);
    await client.close();
  });

  test("need no name if they name the address", async () => {
    present({ cert: addressed });
    const { client } = clientOf({ contactPoints, sslOptions: { ca: authority } });
    await client.connect({ waitFor: "all" });
    await client.close();
  });

  const servername = "b.example";
  test.each<[string, string, tls.ConnectionOptions, RegExp]>([
    ["without a name", named, { ca: authority }, /IP: 127\.0\.0\.1 is not in the cert's list/],
    ["for another name", named, { ca: authority, servername: "other.example" }, /Host: other\.example/],
    ["that nobody vouches for", named, { servername }, /unable to verify/],
    ["of another authority", namedByOther, { ca: authority, servername }, /unable to verify/],
    ["that have expired", expired, { ca: authority, servername }, /certificate has expired/],
    [
      "also where `rejectUnauthorized` is undefined",
      namedByOther,
      { ca: authority, servername, rejectUnauthorized: undefined as never },
      /unable to verify/,
    ],
  ])("are refused %s, and the cause says why", async (_, cert, sslOptions, text) => {
    present({ cert });
    expect((await refused({ contactPoints, sslOptions }))?.message).toMatch(text);
  });

  test("may be replaced, and their authority as well, while the client runs: its getters are asked at each connection", async () => {
    let ca: string = authority;
    const sslOptions = {
      servername,
      get ca() {
        return ca;
      },
    };
    const { client } = clientOf({ contactPoints, sslOptions });
    await client.connect({ waitFor: "all" });
    present({ cert: namedByOther });
    ca = otherAuthority;
    await lostAndThereAgain(client);
    await client.close();
  });

  test("that cannot be read for a moment are a cause, and are asked for again", async () => {
    let isThere = false;
    const sslOptions = {
      servername,
      get ca() {
        if (!isThere) throw new Error("no such file");
        return authority;
      },
    };
    const { client, causes } = clientOf({ contactPoints, sslOptions });
    await client.connect();
    await waitFor(() => causes.length > 0, { timeoutMs: 8_000, describe: "B is not there" });
    expect(causes[0]?.message).toMatch("no such file");
    isThere = true;
    await connected(client);
    await client.close();
  });
});

describe("certificates that a cluster wants of its clients", () => {
  let terminator: tls.Server;
  let contactPoints: string[];
  beforeEach(async () => {
    const asking = { requestCert: true, rejectUnauthorized: true, ca: authority };
    [terminator, contactPoints] = await terminate({ key, cert: addressed, ...asking });
  });
  afterEach(() => new Promise((resolve) => terminator.close(resolve)));

  test("are accepted", async () => {
    const sslOptions = { ca: authority, key, cert: certificates.client };
    const { client } = clientOf({ contactPoints, sslOptions });
    await client.connect({ waitFor: "all" });
    await client.close();
  });

  test("are missed by a client that has none, and the cause says so", async () => {
    const cause = await refused({ contactPoints, sslOptions: { ca: authority } });
    expect(cause?.message).toMatch(/alert certificate required/);
  });

  test.each([4, 0x42])("end no process while the protocol is negotiated down from %i", async (maxVersion) => {
    const sslOptions = { ca: authority, key, cert: certificates.client };
    const { client } = clientOf({ contactPoints, sslOptions, protocolOptions: { maxVersion } });
    await client.connect({ waitFor: "all" });
    await client.close();
  });
});
