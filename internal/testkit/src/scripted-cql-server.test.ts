import { Client, type ClientOptions, policies, types } from "cassandra-driver";
import { afterEach, describe, expect, it } from "vitest";
import {
  cell,
  nothingMoreOpen,
  openHandles,
  type Reply,
  reply,
  type ScriptedCqlServer,
  type ScriptedCqlServerOptions,
  type ServerError,
  startScriptedCqlServer,
  waitFor,
} from "./index.ts";

const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function serve(options: ScriptedCqlServerOptions = {}): Promise<ScriptedCqlServer> {
  const server = await startScriptedCqlServer(options);
  open.push(server);
  return server;
}

async function connect(
  server: ScriptedCqlServer,
  options: Pick<ClientOptions, "keyspace" | "credentials"> = {},
): Promise<Client> {
  const client = new Client({
    contactPoints: [server.contactPoint],
    localDataCenter: server.localDataCenter,
    protocolOptions: { port: server.port },
    policies: {
      retry: new policies.retry.FallthroughRetryPolicy(),
      reconnection: new policies.reconnection.ConstantReconnectionPolicy(20),
    },
    socketOptions: { readTimeout: 300 },
    ...options,
  });
  open.push({ close: () => client.shutdown() });
  await client.connect();
  return client;
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail("it was answered"),
    (error: Record<string, unknown>) => error,
  );

const INSERT = "INSERT INTO ks.t (id, v, w) VALUES (?, ?, ?)";

describe("a scripted CQL server", () => {
  it("lets in who knows the password, and tells who does not as a real server does", async () => {
    const server = await serve({ credentials: { user: "helix", password: "right" } });
    const login = (password: string) => connect(server, { credentials: { username: "helix", password } });
    const client = await login("right");
    await client.execute("SELECT v FROM ks.t");
    const error = await failure(login("wrong"));
    const [inner] = Object.values(error.innerErrors as object);
    expect(inner.name).toBe("AuthenticationError");
    expect(inner.message).toContain("Provided username helix and/or password are incorrect");
  });

  it("hands a prepared statement to the handler, as the unmodified driver has encoded it", async () => {
    const server = await serve({ types: () => ["int", "text", "text"] });
    const client = await connect(server);
    await client.execute(INSERT, [7, null, undefined], {
      prepare: true,
      timestamp: types.Long.fromString("1700000000000001"),
      consistency: types.consistencies.quorum,
    });
    expect(server.prepares).toEqual([INSERT]);
    expect(server.requests).toEqual([
      {
        kind: "execute",
        query: INSERT,
        statements: [{ query: INSERT, values: [cell.int(7), null, undefined] }],
        values: [cell.int(7), null, undefined],
        timestamp: 1_700_000_000_000_001n,
        consistency: types.consistencies.quorum,
        pageSize: 5_000,
        attempt: 1,
      },
    ]);
  });

  it("hands over an unprepared statement, its names where they were sent", async () => {
    const server = await serve();
    const client = await connect(server);
    await client.execute("SELECT 1");
    await client.execute("SELECT :a", { a: "x" });
    expect(server.requests.map(({ kind, statements }) => ({ kind, statements }))).toEqual([
      { kind: "query", statements: [{ query: "SELECT 1", values: [] }] },
      { kind: "query", statements: [{ query: "SELECT :a", values: [cell.text("x")], names: ["a"] }] },
    ]);
  });

  it.each([
    ["logged", {}],
    ["unlogged", { logged: false }],
    ["counter", { counter: true }],
  ] as const)("hands over a %s batch of prepared statements", async (batchType, options) => {
    const server = await serve();
    const client = await connect(server);
    const queries = ["a", "b"].map((value) => ({ query: "UPDATE t SET v = ?", params: [value] }));
    await client.batch(queries, { ...options, prepare: true, timestamp: types.Long.fromNumber(5) });
    expect(server.requests).toMatchObject([
      {
        kind: "batch",
        batchType,
        timestamp: 5n,
        statements: queries.map(({ query, params }) => ({ query, values: params.map(cell.text) })),
      },
    ]);
  });

  it("counts how often it has seen a text, so that a script can fail the first time only", async () => {
    const server = await serve({
      onRequest: ({ attempt }) => (attempt === 1 ? reply.error({ code: "overloaded" }) : reply.void),
    });
    const client = await connect(server);
    await failure(client.execute("UPDATE a"));
    await client.execute("UPDATE a");
    await failure(client.execute("UPDATE b"));
    expect(server.requests.map(({ query, attempt }) => [query, attempt])).toEqual([
      ["UPDATE a", 1],
      ["UPDATE a", 2],
      ["UPDATE b", 1],
    ]);
  });

  it("answers rows, which the driver decodes by their types", async () => {
    const columns = [
      { name: "id", type: "int" },
      { name: "tags", type: { set: "text" } },
      { name: "pair", type: { map: ["text", "int"] } },
      { name: "both", type: { tuple: ["int", "text"] } },
      { name: "at", type: { udt: { keyspace: "ks", name: "place", fields: [{ name: "x", type: "int" }] } } },
      { name: "n", type: "bigint" },
    ] as const;
    const sized = (value: Buffer) => [cell.int(value.length), value];
    const map = Buffer.concat([cell.int(1), ...sized(cell.text("k")), ...sized(cell.int(2))]);
    const tuple = Buffer.concat([...sized(cell.int(3)), ...sized(cell.text("t"))]);
    const udt = Buffer.concat(sized(cell.int(4)));
    const row = [cell.int(1), cell.collection([cell.text("a"), cell.text("b")]), map, tuple, udt, null];
    const client = await connect(await serve({ onRequest: () => reply.rows(columns, [row]) }));
    const found = (await client.execute("SELECT *", [], { prepare: true })).first();
    expect({ ...found, both: found.get("both").values() }).toEqual({
      id: 1,
      tags: ["a", "b"],
      pair: { k: 2 },
      both: [3, "t"],
      at: { x: 4 },
      n: null,
    });
  });

  const replicas = { received: 1, blockFor: 2 };
  const errors: [ServerError, Record<string, unknown>][] = [
    [
      { code: "serverError", message: "boom" },
      { code: 0x0000, message: "boom" },
    ],
    [{ code: "protocolError" }, { code: 0x000a }],
    [{ code: "overloaded" }, { code: 0x1001 }],
    [{ code: "isBootstrapping" }, { code: 0x1002 }],
    [{ code: "truncateError" }, { code: 0x1003 }],
    [
      { code: "unavailable", consistency: 6, required: 2, alive: 1 },
      { code: 0x1000, consistencies: 6, required: 2, alive: 1 },
    ],
    [
      { code: "writeTimeout", writeType: "BATCH_LOG", ...replicas },
      { code: 0x1100, writeType: "BATCH_LOG", ...replicas },
    ],
    [
      { code: "writeFailure", writeType: "SIMPLE", failures: 1, ...replicas },
      { code: 0x1500, writeType: "SIMPLE", failures: 1, ...replicas },
    ],
    [
      { code: "readTimeout", dataPresent: true, ...replicas },
      { code: 0x1200, isDataPresent: 1, ...replicas },
    ],
    [
      { code: "readFailure", dataPresent: false, failures: 1, ...replicas },
      { code: 0x1300, isDataPresent: 0, failures: 1, ...replicas },
    ],
    [
      { code: "functionFailure", keyspace: "ks", functionName: "f", argTypes: ["int"] },
      { code: 0x1400, keyspace: "ks", functionName: "f", argTypes: ["int"] },
    ],
    [{ code: "cdcWriteFailure" }, { code: 0x1600 }],
    [{ code: "syntaxError" }, { code: 0x2000 }],
    [{ code: "unauthorized" }, { code: 0x2100 }],
    [
      { code: "invalid", message: "table nope does not exist" },
      { code: 0x2200, message: "table nope does not exist" },
    ],
    [{ code: "configError" }, { code: 0x2300 }],
    [
      { code: "alreadyExists", keyspace: "ks", table: "t" },
      { code: 0x2400, keyspace: "ks", table: "t" },
    ],
    [{ code: 0x1700 }, { code: 0x1700 }],
  ];

  it.each(errors.map(([error, fields]) => ({ error, fields })))(
    "answers the error $error.code, which the driver reads with all its fields",
    async ({ error, fields }) => {
      const client = await connect(await serve({ onRequest: () => reply.error(error) }));
      const seen = await failure(client.execute("UPDATE t", [], { isIdempotent: false }));
      // The driver tells of a server that is not available for requests only in what it wraps.
      const [inner] = Object.values((seen.innerErrors as Record<string, unknown>) ?? {});
      expect(inner ?? seen).toMatchObject(fields);
    },
  );

  it("may refuse to prepare", async () => {
    const client = await connect(await serve({ onPrepare: () => reply.error({ code: "syntaxError" }) }));
    expect(await failure(client.execute("SELEC ?", ["x"], { prepare: true }))).toMatchObject({
      code: 0x2000,
    });
  });

  it("prepares again what it was told to forget, and the driver then executes it", async () => {
    const server = await serve();
    const client = await connect(server);
    await client.execute("UPDATE t SET v = ?", ["a"], { prepare: true });
    server.forgetPrepared();
    await client.execute("UPDATE t SET v = ?", ["b"], { prepare: true });
    expect(server.prepares).toHaveLength(2);
    expect(server.requests.map(({ values }) => values[0]?.toString())).toEqual(["a", "b"]);
  });

  it("loses the answer of a request that it has applied: the client cannot tell", async () => {
    const applied: string[] = [];
    const answers: Reply[] = [reply.silence, reply.close];
    const server = await serve({
      onRequest: ({ query }) => {
        applied.push(query);
        return answers.shift() ?? reply.void;
      },
    });
    const client = await connect(server);
    const silent = await failure(client.execute("UPDATE a"));
    const closed = await failure(client.execute("UPDATE b"));
    expect([silent.name, closed.message]).toEqual(["OperationTimedOutError", "Socket was closed"]);
    expect(applied).toEqual(["UPDATE a", "UPDATE b"]);
  });

  it("answers late without holding up what comes after", async () => {
    const onRequest = ({ query }: { query: string }) =>
      query === "UPDATE slow" ? reply.after(100, reply.void) : reply.void;
    const client = await connect(await serve({ onRequest }));
    const order: string[] = [];
    await Promise.all(
      ["UPDATE slow", "UPDATE fast"].map((query) => client.execute(query).then(() => order.push(query))),
    );
    expect(order).toEqual(["UPDATE fast", "UPDATE slow"]);
  });

  it("answers a server error that names the fault of a script that throws", async () => {
    const client = await connect(
      await serve({
        onRequest: () => {
          throw new Error("a mistake");
        },
      }),
    );
    expect(await failure(client.execute("UPDATE t"))).toMatchObject({
      code: 0,
      message: "The script failed: Error: a mistake",
    });
  });

  it("refuses connections while it is down, and serves the same client on the same port when it is up", async () => {
    const server = await serve();
    const client = await connect(server);
    const { port } = server;
    await server.setDown();
    expect(server.connections).toBe(0);
    const refused = async () => (await failure(client.execute("UPDATE t"))).name === "NoHostAvailableError";
    await waitFor(refused, { timeoutMs: 4_000, describe: "the client knows of no host" });
    await server.setUp();
    await waitFor(() => client.execute("UPDATE t"), { timeoutMs: 4_000, describe: "the client is back" });
    expect(server.port).toBe(port);
  });

  it("keeps connections while it is paused, and answers what has piled up when it is resumed", async () => {
    const server = await serve();
    const client = await connect(server);
    server.pause();
    expect(await failure(client.execute("UPDATE lost"))).toMatchObject({ name: "OperationTimedOutError" });
    const waiting = client.execute("UPDATE late");
    server.resume();
    await waiting;
    expect(server.requests.map(({ query }) => query)).toEqual(["UPDATE lost", "UPDATE late"]);
  });

  it("lets a client use a keyspace", async () => {
    const client = await connect(await serve(), { keyspace: "ks" });
    expect(client.keyspace).toBe("ks");
  });

  it("is one of several nodes, of which the driver uses the others when one is down", async () => {
    const second = await serve({ host: "127.0.0.2" });
    const first = await serve({ port: second.port, peers: ["127.0.0.2"] });
    const client = await connect(first);
    await first.setDown();
    await waitFor(() => client.execute("UPDATE t"), {
      timeoutMs: 4_000,
      describe: "the second has answered",
    });
    expect(second.requests).toHaveLength(1);
  });

  it("leaves no socket, listener or timer behind", async () => {
    const before = openHandles();
    const server = await startScriptedCqlServer({ onRequest: () => reply.after(60_000, reply.void) });
    const client = new Client({
      contactPoints: [server.contactPoint],
      localDataCenter: server.localDataCenter,
      socketOptions: { readTimeout: 100 },
    });
    await client.connect();
    await failure(client.execute("UPDATE t"));
    expect(openHandles().sockets).toBeGreaterThan(before.sockets);
    await client.shutdown();
    await server.close();
    await nothingMoreOpen(before);
  });
});
