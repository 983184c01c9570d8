import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { waitFor } from "@helix/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadPage } from "../src/page/page.ts";
import { AdminRig, TOKENS } from "./admin.ts";
import { startPrefixProxy } from "./page/prefix-proxy.ts";

const SCRIPT = "/page-DW9iUZfd.js";
const FILES: Readonly<Record<string, string>> = {
  "index.html": `<script type="module" src=".${SCRIPT}"></script>`,
  "page-DW9iUZfd.js": `fetch("v1/status");${"// and more\n".repeat(100)}`,
  "page-CTYil5Un.css": "body { color: black }",
  "page.js.map": "{}",
};
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'";

let folder: string;
let rig: AdminRig;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "helix-page-"));
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
  rig = await start();
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function start(): Promise<AdminRig> {
  return AdminRig.start({}, {}, await loadPage(pathToFileURL(`${folder}/`)));
}

interface Options {
  readonly method?: string;
  readonly port?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a browser does, which has no token yet. */
async function get(path: string, { method = "GET", headers = {}, port = rig.port }: Options = {}) {
  const sent = request({ port, path, method, headers, agent: false });
  sent.end();
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    sent.once("response", resolve).on("error", reject),
  );
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) };
}

describe("the page", () => {
  test("is for everybody, from memory, with nothing of anybody else's allowed in it", async () => {
    await rm(join(folder, "index.html"));
    const html = await get("/?from=a-link");
    expect([html.status, String(html.body)]).toEqual([200, FILES["index.html"]]);
    expect(html.headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-cache",
    });
    const script = await get(SCRIPT);
    expect([script.status, String(script.body)]).toEqual([200, FILES["page-DW9iUZfd.js"]]);
    expect(script.headers).toMatchObject({
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "public, max-age=31536000, immutable",
    });
    const style = await get("/page-CTYil5Un.css");
    expect([style.status, style.headers["content-type"]]).toEqual([200, "text/css; charset=utf-8"]);
    for (const { headers } of [html, script, style]) {
      expect(headers).toMatchObject({
        "content-security-policy": CSP,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        vary: "accept-encoding",
      });
    }
  });

  test.each([
    ["br", "gzip, deflate, br, zstd", brotliDecompressSync],
    ["gzip", "gzip, br;q=0", gunzipSync],
    ["gzip", "GZIP;q=0.5", gunzipSync],
    [undefined, "identity, br;q=0.0, zstd", (body: Buffer) => body],
  ])("is sent as %s to a browser that takes %j", async (coding, header, decoded) => {
    const { headers, body } = await get(SCRIPT, { headers: { "accept-encoding": header } });
    expect([headers["content-encoding"], headers["content-length"]]).toEqual([coding, String(body.length)]);
    expect(String(decoded(body))).toBe(FILES["page-DW9iUZfd.js"]);
  });

  test("is not sent again to who has it, and is to who has that of another version", async () => {
    const { headers } = await get("/");
    const again = await get("/", { headers: { "if-none-match": `"other", ${headers.etag}` } });
    expect([again.status, again.body.length, again.headers.etag]).toEqual([304, 0, headers.etag]);
    expect(again.headers["content-security-policy"]).toBe(CSP);
    expect((await get("/", { headers: { "if-none-match": 'W/"other"' } })).status).toBe(200);
  });

  test("has no body for a HEAD", async () => {
    const { status, headers, body } = await get("/", { method: "HEAD" });
    expect([status, headers["content-length"], body.length]).toEqual([
      200,
      String(FILES["index.html"]?.length),
      0,
    ]);
  });

  test.each([
    ["a path that is none of it", "/page.js.map", {}],
    ["its HTML by its name", "/index.html", {}],
    ["a file beside it", "/../package.json", {}],
    ["one with an escape", "/%70age-DW9iUZfd.js", {}],
    ["another method", "/", { method: "POST" }],
    ["a GET with a body", "/", { headers: { "content-length": "1" } }],
    ["what people call favicon", "/favicon.ico", {}],
  ])("leaves %s to whoever has a token", async (_, path, options) => {
    const none = await rig.ask("/v1/nothing", { token: "" });
    const answer = await rig.ask(path, { token: "", ...options });
    expect([answer.status, answer.body]).toEqual([401, none.body]);
  });

  test.each([
    ["host", { host: "evil.example" }, "HELIX_API_HOST_REFUSED"],
    ["origin", { origin: "https://evil.example" }, "HELIX_API_ORIGIN_REFUSED"],
  ])("is refused to a foreign %s as the API is", async (_, headers, code) => {
    const answer = await rig.ask("/", { token: "", headers });
    expect([answer.status, answer.body.error.code]).toEqual([403, code]);
  });

  test("is there for an address that has to wait since its tokens were wrong, and counts as none of them", async () => {
    for (let n = 0; n < 20; n++) await get("/");
    for (let n = 0; n < 10; n++) expect((await rig.ask("/v1/me", { token: "wrong" })).status).toBe(401);
    expect((await rig.ask("/v1/me", { token: "wrong" })).status).toBe(429);
    expect((await get("/")).status).toBe(200);
  });

  test("takes no place of who has a token, and is given up on where nobody reads it", async () => {
    await writeFile(join(folder, "page-large.js"), Buffer.alloc(32 * 1024 * 1024));
    await using large = await start();
    const sockets = Array.from({ length: 12 }, () => {
      const socket = connect(large.port, "127.0.0.1").on("error", () => {});
      socket.pause().write("GET /page-large.js HTTP/1.1\r\nhost: localhost\r\n\r\n");
      return socket;
    });
    await waitFor(() => large.clock.timers === 12, { timeoutMs: 5_000, describe: "all are being answered" });
    expect((await large.ask("/v1/me", { token: TOKENS.read })).status).toBe(200);
    await large.clock.advance(40_000);
    for (const socket of sockets) socket.resume();
    await waitFor(() => sockets.every(({ closed }) => closed), {
      timeoutMs: 5_000,
      describe: "all are closed",
    });
  });

  test("works under a path of a proxy that takes that away: it asks for what lies beside it", async () => {
    await using proxy = await startPrefixProxy("/ops/helix", rig.port);
    const port = Number(new URL(proxy.url).port);
    const page = await get("/ops/helix/", { port });
    const script = /src="([^"]+)"/.exec(String(page.body))?.[1] ?? "";
    const at = new URL(script, proxy.url);
    expect((await get(at.pathname, { port })).status).toBe(200);
    const headers = { authorization: `Bearer ${TOKENS.read}` };
    expect((await get("/ops/helix/v1/me", { port, headers })).status).toBe(200);
  });
});

test("where the page is not built it says in words what to type, and the API answers", async () => {
  await rm(join(folder, "index.html"));
  await using other = await start();
  const { status, headers, body } = await get("/", { port: other.port });
  expect([status, headers["content-type"]]).toEqual([503, "text/plain; charset=utf-8"]);
  expect(String(body)).toContain("npx -y pnpm@12 exec turbo run build --filter @helix/replay-page");
  expect(headers["cache-control"]).toBe("no-store");
  expect((await other.ask("/v1/me")).status).toBe(200);
  await using nowhere = await AdminRig.start({}, {}, await loadPage(new URL("file:///nowhere/")));
  expect((await get("/", { port: nowhere.port })).status).toBe(503);
});
