import { once } from "node:events";
import { get } from "node:http";
import { connect, Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { connect as connectSecurely } from "node:tls";
import { certificates, waitFor } from "@helix/testkit";
import { settle } from "@helix/testkit/manual-clock";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AdminRig, TOKENS } from "./admin.ts";

let rig: AdminRig;
const sockets: Socket[] = [];
beforeEach(async () => {
  rig = await AdminRig.start();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await rig[Symbol.asyncDispose]();
});

function open(): Socket {
  const socket = connect(rig.port, "127.0.0.1").on("error", () => {});
  sockets.push(socket);
  return socket;
}

/** Everything that is answered to a head, but for the time. */
async function answerTo(head: string): Promise<string> {
  const socket = open();
  socket.write(`${head}\r\nhost: localhost\r\n\r\n`);
  return (await text(socket)).replace(/^Date: .*\r\n/m, "");
}

describe("whoever has no token that is known", () => {
  test("gets one answer, byte for byte: without one, with a wrong one, and where there is nothing", async () => {
    const answers = [
      await answerTo("GET /v1/status HTTP/1.1"),
      await answerTo(`GET /v1/status HTTP/1.1\r\nauthorization: Bearer ${"x".repeat(40)}`),
      await answerTo(`GET /v1/status HTTP/1.1\r\nauthorization: Bearer ${TOKENS.read}x`),
      await answerTo("GET /v1/nothing HTTP/1.1"),
      await answerTo("DELETE / HTTP/1.1"),
      await answerTo("POST /v1/gates/B/pause HTTP/1.1\r\ncontent-length: 100000"),
      await answerTo("GET /v1/%zz HTTP/1.1"),
    ];
    expect(answers[0]).toMatch(/^HTTP\/1.1 401 Unauthorized\r\n/);
    expect(new Set(answers).size).toBe(1);
  });

  test("is answered with 429 after ten times in a minute, whatever it sends then, and others are not", async () => {
    for (let n = 0; n < 10; n++) expect((await rig.ask("/v1/status", { token: "wrong" })).status).toBe(401);
    const waits = await rig.ask("/v1/status", { token: TOKENS.read });
    expect([waits.status, waits.body.error.code]).toEqual([429, "HELIX_API_REFUSED_OFTEN"]);
    expect(waits.headers["retry-after"]).toBe("60");
    if (process.platform === "linux") {
      // All of 127.0.0.0/8 is this machine there.
      const other = get({
        host: "127.0.0.1",
        localAddress: "127.0.0.2",
        port: rig.port,
        path: "/v1/status",
        headers: { authorization: `Bearer ${TOKENS.read}`, connection: "close" },
      });
      const [response] = await once(other, "response");
      response.resume();
      expect(response.statusCode).toBe(200);
    }
    rig.clock.advanceNow(60_000);
    expect((await rig.ask("/v1/status", { token: TOKENS.read })).status).toBe(200);
  });

  test("behind a proxy that is trusted waits alone; what it says of itself, or without such a proxy, counts for nothing", async () => {
    const statusesOf = async (
      env: Record<string, string>,
      headers: (n: number) => Record<string, string>,
    ) => {
      await using proxied = await AdminRig.start(env);
      for (let n = 0; n < 10; n++) await proxied.ask("/v1/status", { token: "wrong", headers: headers(n) });
      const ask = async (address: string) =>
        (await proxied.ask("/v1/status", { headers: { "x-forwarded-for": address } })).status;
      return [await ask("192.0.2.1"), await ask("192.0.2.2")];
    };
    const proxy = { HELIX_ADMIN_TRUSTED_PROXIES: "127.0.0.1,::1" };
    expect(await statusesOf(proxy, () => ({ "x-forwarded-for": "192.0.2.1" }))).toEqual([429, 200]);
    const lying = (n: number) => ({ "x-forwarded-for": `198.51.100.${n}, 192.0.2.1` });
    expect(await statusesOf(proxy, lying)).toEqual([429, 200]);
    expect(await statusesOf({}, lying)).toEqual([429, 429]);
  });
});

test("a body that is too large is refused before it is sent", async () => {
  const socket = open();
  socket.write(
    "POST /v1/gates/B/pause HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n" +
      `authorization: Bearer ${TOKENS.operate}\r\ncontent-length: 65537\r\n\r\n`,
  );
  expect(await text(socket)).toContain("HELIX_API_BODY_TOO_LARGE");
});

describe("an answer that does not come", () => {
  test("ends after 30 s with an error, and a change that is repeated then is made", async () => {
    const get = vi.spyOn(rig.control, "get").mockReturnValue(new Promise(() => {}));
    const change = {
      body: { by: "ops", why: "test", revision: 0 },
      headers: { "idempotency-key": "key-of-the-change" },
    };
    const asked = rig.ask("/v1/gates/B/pause", change);
    await waitFor(() => get.mock.calls.length > 0, { timeoutMs: 5_000, describe: "it is being made" });
    await rig.clock.advance(30_000);
    const { status, body } = await asked;
    expect([status, body.error.code]).toEqual([504, "HELIX_API_TIMEOUT"]);
    get.mockRestore();
    expect((await rig.ask("/v1/gates/B/pause", change)).status).toBe(200);
  });

  test("holds one of ten places: an eleventh request is told to come again, and may when one is done", async () => {
    let finish = (_: { count: number; isExact: boolean }) => {};
    const answer = new Promise<{ count: number; isExact: boolean }>((resolve) => {
      finish = resolve;
    });
    const count = vi.spyOn(rig.queue.deadLetters, "count").mockReturnValue(answer);
    const ten = Array.from({ length: 10 }, () => rig.ask("/v1/dead-letters/count"));
    await waitFor(() => count.mock.calls.length === 10, { timeoutMs: 5_000, describe: "ten are inside" });
    const eleventh = await rig.ask("/v1/status");
    expect([eleventh.status, eleventh.body.error.code]).toEqual([503, "HELIX_API_BUSY"]);
    // Strangers hear nothing of it.
    expect((await rig.ask("/v1/status", { token: "wrong" })).status).toBe(401);
    finish({ count: 1, isExact: true });
    expect((await Promise.all(ten)).map(({ status }) => status)).toEqual(Array(10).fill(200));
    await waitFor(async () => (await rig.ask("/v1/status")).status === 200, {
      timeoutMs: 5_000,
      describe: "there is a place",
    });
  });
});

test("of more than a hundred requests within a second the rest are told to come again, and may a second later", async () => {
  const statuses = async (count: number) => {
    const answered: number[] = [];
    for (let n = 0; n < count; n++) answered.push((await rig.ask("/v1/me")).status);
    return answered;
  };
  expect(await statuses(101)).toEqual([...Array<number>(100).fill(200), 503]);
  // Strangers hear nothing of it.
  expect((await rig.ask("/v1/me", { token: "wrong" })).status).toBe(401);
  rig.clock.advanceNow(1_000);
  expect(await statuses(1)).toEqual([200]);
});

test("pages of letters are read one after the other, however many are asked for, and one that hangs ends", async () => {
  const { deadLetters } = rig.queue;
  const page = deadLetters.page.bind(deadLetters);
  let [reading, most] = [0, 0];
  const spy = vi.spyOn(deadLetters, "page").mockImplementation(async (...asked) => {
    most = Math.max(most, ++reading);
    await settle();
    return page(...asked).finally(() => reading--);
  });
  const eight = await Promise.all(Array.from({ length: 8 }, () => rig.ask("/v1/dead-letters")));
  expect([eight.map(({ status }) => status), most]).toEqual([Array(8).fill(200), 1]);
  spy.mockReturnValueOnce(new Promise(() => {}));
  const hangs = rig.ask("/v1/dead-letters");
  await waitFor(() => spy.mock.calls.length === 9, { timeoutMs: 5_000, describe: "it hangs" });
  await rig.clock.advance(30_000);
  expect((await hangs).status).toBe(504);
  expect((await rig.ask("/v1/dead-letters")).status).toBe(200);
});

test("whoever sends a request and goes, or does not go, gives up its place", async () => {
  vi.spyOn(rig.queue.deadLetters, "count").mockReturnValue(new Promise(() => {}));
  const before = rig.clock.timers;
  const ten = Array.from({ length: 10 }, open);
  for (const socket of ten) {
    socket.write(
      `GET /v1/dead-letters/count HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${TOKENS.read}\r\n\r\n`,
    );
  }
  // Each has a limit for its place, and one for its answer.
  await waitFor(() => rig.clock.timers === before + 20, { timeoutMs: 5_000, describe: "ten are inside" });
  expect((await rig.ask("/v1/status")).status).toBe(503);
  for (const socket of ten.slice(0, 5)) socket.destroy();
  await waitFor(async () => (await rig.ask("/v1/status")).status === 200, {
    timeoutMs: 5_000,
    describe: "there is a place",
  });
  for (const socket of ten.slice(5)) socket.pause();
  await rig.clock.advance(40_000);
  await waitFor(() => rig.clock.timers === before, { timeoutMs: 5_000, describe: "nobody is inside" });
});

test("whoever sends a head slowly is closed after 5 s, and of a body after 10 s, so that others have the place", {
  timeout: 20_000,
}, async () => {
  const fromMs = performance.now();
  const closedAfterMs = async (sent: string) => {
    const socket = open().resume();
    socket.write(sent);
    await once(socket, "close");
    return performance.now() - fromMs;
  };
  const [head, body] = await Promise.all([
    closedAfterMs("GET /v1/status HTTP/1.1\r\nhost: localhost\r\n"),
    closedAfterMs(
      "POST /v1/gates/B/pause HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n" +
        `idempotency-key: key-of-the-test\r\nauthorization: Bearer ${TOKENS.operate}\r\ncontent-length: 60\r\n\r\n{`,
    ),
  ]);
  expect(head).toBeLessThan(8_000);
  expect(body).toBeLessThan(13_000);
});

test("of more than fifty connections the last is closed, until one of the others is", async () => {
  const fifty = Array.from({ length: 50 }, open);
  await Promise.all(fifty.map((socket) => once(socket, "connect")));
  const last = open();
  await once(last, "close");
  fifty[0]?.destroy();
  await waitFor(
    () =>
      rig.ask("/v1/status").then(
        ({ status }) => status === 200,
        () => false,
      ),
    {
      timeoutMs: 5_000,
      describe: "a connection is taken",
    },
  );
});

test("a connection that cannot be taken is told, however often, and ends nothing", async () => {
  const listen = vi.spyOn(Server.prototype, "listen");
  await using other = await AdminRig.start();
  const [server] = listen.mock.contexts as Server[];
  listen.mockRestore();
  for (let n = 0; n < 2; n++) server?.emit("error", new Error("accept EMFILE"));
  expect((await other.ask("/v1/status")).status).toBe(200);
  expect(other.lines.map(({ level, message }) => [level, message])).toEqual(
    Array(2).fill(["warn", "the admin API cannot take a connection"]),
  );
});

test("with a certificate it speaks TLS alone, with a new one when its files are replaced, and with the last that was good", async () => {
  await using secure = await AdminRig.start(
    { HELIX_ADMIN_TLS_CERT_FILE: "/tls/crt", HELIX_ADMIN_TLS_KEY_FILE: "/tls/key" },
    { "/tls/crt": certificates.addressed, "/tls/key": certificates.key },
  );
  await expect(secure.ask("/v1/status")).rejects.toThrow();
  const nameOf = async () => {
    const socket = connectSecurely({ port: secure.port, host: "127.0.0.1", rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const { subjectaltname } = socket.getPeerCertificate();
    socket.destroy();
    return subjectaltname;
  };
  expect(await nameOf()).toBe("IP Address:127.0.0.1");
  secure.files["/tls/crt"] = certificates.named;
  await secure.clock.advance(10_000);
  expect(await nameOf()).toBe("DNS:b.example");
  secure.files["/tls/crt"] = "broken";
  await secure.clock.advance(10_000);
  expect(await nameOf()).toBe("DNS:b.example");
  expect(secure.lines).toMatchObject([
    { level: "warn", message: "the certificate of the admin API cannot be read; the one before holds" },
  ]);
});
