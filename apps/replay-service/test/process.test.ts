import {
  type CqlRequest,
  freePorts,
  type Reply,
  reply,
  type ScriptedCqlServer,
  waitFor,
} from "@helix/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startServers } from "./pod.ts";
import { MAIN, MEMORY_MAIN, ServiceProcess } from "./service-process.ts";
import { environmentOf } from "./valid-environment.ts";

const CANARY = "canary-4711";

let servers: { A: ScriptedCqlServer; B: ScriptedCqlServer };
let onRequest: (request: CqlRequest) => Reply = () => reply.void;

beforeEach(async () => {
  onRequest = () => reply.void;
  const types = (query: string) => (query.includes("amount") ? (["int"] as const) : []);
  servers = await startServers({
    A: { onRequest: (request) => onRequest(request), types },
    B: {
      onRequest: (request) => onRequest(request),
      types,
      credentials: { user: "helix", password: CANARY },
    },
  });
});
afterEach(() => Promise.all([servers.A.close(), servers.B.close()]));

function environment(more: Record<string, string> = {}): Record<string, string> {
  return environmentOf(servers, {
    HELIX_NATS_SERVERS: "127.0.0.1:4222",
    HELIX_NATS_TOKEN: CANARY,
    HELIX_CLUSTER_B_USER: "helix",
    HELIX_CLUSTER_B_PASSWORD: CANARY,
    HELIX_LOG_LEVEL: "debug",
    ...more,
  });
}

const statement = (query: string, ...params: unknown[]) => ({
  targetCluster: "B",
  operation: { kind: "statement", query, params },
  timestampMicros: 1_700_000_000_000_000,
});

/** Starting Node takes its time where others are busy. */
const timeout = 30_000;

describe("the process", { timeout }, () => {
  test("is ready soon, is small while idle, and ends with 0 on SIGTERM", async () => {
    await using service = new ServiceProcess(MEMORY_MAIN, environment());
    const readyMs = await service.ready();
    const residentMB = await service.residentMB();
    process.stdout.write(`ready after ${readyMs.toFixed()} ms, idle at ${residentMB.toFixed()} MB\n`);
    expect(residentMB).toBeLessThan(150);
    expect((await service.get("/livez")).status).toBe(200);
    service.signal("SIGTERM");
    expect(await service.ended).toBe(0);
    expect(service.log.at(-1)).toMatchObject({ message: "the service has stopped", inOrder: true });
  });

  test.each(["SIGTERM", "SIGINT", "SIGHUP"])(
    "ends with 0 on %s in the moment from which it listens, before which it has loaded nothing",
    async (signal) => {
      const first = `const { on } = process;
        process.on = (event, listener) => {
          on.call(process, event, listener);
          if (event !== "${signal}") return process;
          console.log(JSON.stringify({ message: "listens", loaded: Object.keys(Module._cache).length }));
          process.kill(process.pid, "${signal}");
          return process;
        };`;
      const preload = `data:text/javascript,import Module from "node:module";${encodeURIComponent(first)}`;
      await using service = new ServiceProcess(["--import", preload, ...MAIN], environment());
      expect(await service.ended).toBe(0);
      expect(service.log).toEqual(
        expect.arrayContaining([
          { message: "listens", loaded: 0 },
          expect.objectContaining({ message: "told to stop", signal }),
        ]),
      );
    },
  );

  test("opens no inspector on SIGUSR1", async () => {
    await using service = new ServiceProcess(MEMORY_MAIN, environment());
    await service.ready();
    service.signal("SIGUSR1");
    service.signal("SIGTERM");
    expect(await service.ended).toBe(0);
    expect(service.output).not.toContain("Debugger");
  });

  test("ends at once on a second signal, with 128 and its number", async () => {
    onRequest = () => reply.silence;
    const payloads = JSON.stringify([statement("INSERT INTO shop.users (id) VALUES (?)", "1")]);
    await using service = new ServiceProcess(MEMORY_MAIN, environment({ TEST_PAYLOADS: payloads }));
    await waitFor(() => servers.B.requests.length === 1, { timeoutMs: 10_000, describe: "B has the write" });
    service.signal("SIGTERM");
    await service.logged("told to stop");
    service.signal("SIGTERM");
    expect(await service.ended).toBe(143);
  });

  test.each(["pause", "destroy"] as const)(
    "is not held up by whoever reads its log and comes to a halt (%s), and ends in time",
    async (how) => {
      const lanes = (["A", "B"] as const).flatMap((targetCluster) =>
        ["high", "low"].map((priority) => ({
          ...statement(`INSERT INTO shop.t{copy}${"x".repeat(900)} (id) VALUES (?)`, "1"),
          targetCluster,
          priority,
          disposition: "hold",
        })),
      );
      // More than a pipe holds.
      const more = { TEST_PAYLOADS: JSON.stringify(lanes), TEST_COPIES: "100" };
      const [port] = await freePorts(1);
      const env = environment({ ...more, HELIX_HTTP_PORT: String(port) });
      await using service = new ServiceProcess(MEMORY_MAIN, env);
      service.stopReading(how);
      const isReady = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200;
      await waitFor(() => isReady().catch(() => false), { timeoutMs: 20_000, describe: "it is ready" });
      service.signal("SIGTERM");
      expect(await service.exited).toBe(0);
      if (how === "destroy") return;
      service.readOn();
      await service.ended;
      // More than Node and the system take from a pipe that nobody reads.
      expect(service.output.length).toBeGreaterThan(2 ** 16);
    },
  );

  test("names every mistake on standard error, ends with 64 and starts nothing", async () => {
    const env = environment({ HELIX_HTTP_PORT: "http", HELIX_NATS_TOKENS: CANARY });
    await using service = new ServiceProcess(MEMORY_MAIN, env);
    expect(await service.ended).toBe(64);
    expect(service.output).toBe(
      "2 mistakes in the configuration:\n" +
        '  HELIX_HTTP_PORT: expected an integer, 0 to 65535, got "http"\n' +
        "  HELIX_NATS_TOKENS: no such variable; did you mean HELIX_NATS_TOKEN?\n",
    );
  });

  test("prints the effective configuration with --check, and ends with 0", async () => {
    await using service = new ServiceProcess([...MEMORY_MAIN, "--check"], environment());
    expect(await service.ended).toBe(0);
    expect(service.output).toContain("HELIX_LOG_LEVEL=debug  # environment\n");
    expect(service.output).not.toContain(CANARY);
  });

  test("refuses arguments that it does not know with 64, and repeats no value of theirs", async () => {
    const args = [`--token=${CANARY}`, "--check", CANARY];
    await using service = new ServiceProcess([...MEMORY_MAIN, ...args], environment());
    expect(await service.ended).toBe(64);
    expect(service.output).toContain(
      "Expected one argument at most, of those below, got --token, --check, a value\n\nThe Helix",
    );
    expect(service.output).not.toContain(CANARY);
  });
});

test("neither a bound value nor a password is in anything that it says, in its whole life", {
  timeout,
}, async () => {
  // As Cassandra does it, the value is in the text of the refusal.
  onRequest = ({ query }) => {
    if (query.includes("serverError")) return reply.error({ code: "serverError", message: `bad ${CANARY}` });
    if (query.includes("overloaded")) return reply.error({ code: "overloaded", message: `busy ${CANARY}` });
    return reply.error({ code: "invalid", message: `Unable to make int from '${CANARY}'` });
  };
  for (const table of ["a", "b", "encoded", "invalid", "servererror"]) {
    servers.B.schema.set(`shop.${table}`, { columns: { name: "text", amount: "int" } });
  }
  const insert = (table: string, column: string) => `INSERT INTO shop.${table} (${column}) VALUES (?)`;
  const batch = [
    { query: insert("a", "amount"), params: [CANARY] },
    { query: insert("b", "amount"), params: [CANARY] },
  ];
  const payloads = JSON.stringify([
    statement(insert("invalid", "name"), CANARY),
    statement(insert("serverError", "name"), CANARY),
    // No value of its column: the encoder of the driver would quote it.
    statement(insert("encoded", "amount"), CANARY),
    { ...statement(""), operation: { kind: "batch", batchType: "logged", statements: batch } },
  ]);
  await using service = new ServiceProcess(MEMORY_MAIN, environment({ TEST_PAYLOADS: payloads }));
  await service.ready();
  const dead = () => service.log.filter(({ message }) => message === "A message became a dead letter");
  await waitFor(() => dead().length === 3, { timeoutMs: 10_000, describe: () => service.output });
  await waitFor(() => servers.B.requests.some(({ query }) => query.includes("serverError")), {
    timeoutMs: 10_000,
    describe: "what is tried again was tried",
  });
  const answers = [await service.get("/readyz"), await service.get("/livez")];
  service.signal("SIGTERM");
  expect(await service.ended).toBe(0);
  const sent = servers.B.requests.flatMap(({ statements }) =>
    statements.map(({ values }) => String(values[0])),
  );
  expect(sent).toContain(CANARY);
  const texts = dead().map(({ error }) => (error as { text: string }).text);
  const misfit = "as int: it is a string that is no whole decimal number";
  expect(texts.sort()).toEqual([
    `Cannot bind \`params[0]\` ${misfit}`,
    `Cannot bind \`statements[0].params[0]\` ${misfit}`,
    "ResponseError 0x2200 (invalid)",
  ]);
  expect(JSON.stringify(answers) + service.output).not.toContain(CANARY);
});
