import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { type Asked, answerJson, FakePod } from "./fake-pod.ts";
import { Rig, type Said, type TypedOptions, typed } from "./rig.ts";

const TOKEN = "a-token-of-thirty-two-characters-canary";
const folder = mkdtempSync(join(tmpdir(), "helix-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const status = async () => JSON.parse((await new Rig().type("status --json")).out);

/** Types it against a pod that answers so. */
async function against(
  answer: Parameters<typeof FakePod.start>[0],
  line: string,
  options: TypedOptions = { env: { HELIX_TOKEN: TOKEN } },
): Promise<Said & { readonly asked: readonly Asked[] }> {
  await using pod = await FakePod.start(answer);
  return { ...(await typed(`${line} --url ${pod.url}`, options)), asked: pod.asked };
}

describe("a pod is asked", () => {
  it("in the words of its API, with the token of the environment, and told as NATS itself", async () => {
    const seen = await status();
    const { exit, out, asked } = await against((_, response) => answerJson(response, seen), "status --json");
    expect([exit, JSON.parse(out)]).toEqual([0, seen]);
    expect(asked).toMatchObject([
      { method: "GET", path: "/v1/status", headers: { authorization: `Bearer ${TOKEN}` } },
    ]);
  });

  it("with the token of a file, whose line may have an end", async () => {
    const seen = await status();
    const tokenFile = file("token", `${TOKEN}\n`);
    for (const [line, env] of [
      [`status --token-file ${tokenFile}`, { HELIX_TOKEN: "another" }],
      ["status", { HELIX_TOKEN_FILE: tokenFile }],
    ] as const) {
      const { asked } = await against((_, response) => answerJson(response, seen), line, { env });
      expect(asked[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    }
  });

  it("for letters with the conditions of the filter", async () => {
    const { asked } = await against(
      (_, response) => answerJson(response, { letters: [] }),
      "dead list --id a.0 b.1 --cluster B --cause too-old --no-redriven-before --limit 7",
    );
    const { searchParams } = new URL(asked[0]?.path ?? "", "http://x");
    expect(Object.fromEntries(searchParams)).toEqual({
      ids: "a.0,b.1",
      cluster: "B",
      reason: "too-old",
      redrivenBefore: "false",
      limit: "7",
    });
  });

  it("for the values of what was discarded where that lies, with who asks and why", async () => {
    const letter = {
      id: "a.0",
      cluster: "B",
      priority: "high",
      reason: "rejected",
      attempts: 1,
      diedAtMs: 1,
      bytes: 1,
    };
    const shown = { letter, statements: [{ query: "INSERT INTO t (a) VALUES (?)", params: ["Alice"] }] };
    const { exit, out, asked } = await against(
      (_, response) => answerJson(response, shown),
      "dead trash show a.0 --values --reason ticket",
    );
    expect([exit, asked[0]?.path, asked[0]?.body]).toEqual([
      0,
      "/v1/trash/a.0/values",
      { by: "anna", why: "ticket" },
    ]);
    expect(out).toContain('["Alice"]');
  });

  it("once more, with the same key, where the answer to a change was lost", async () => {
    const seen = await status();
    seen.revisions.gates = 7;
    let orders = 0;
    const { exit, asked } = await against(({ method }, response) => {
      if (method === "GET") answerJson(response, seen);
      else if (++orders === 1) response.socket?.destroy();
      else answerJson(response, { revision: 8 });
    }, "pause B --reason disks");
    expect(exit).toBe(0);
    const posts = asked.filter(({ method }) => method === "POST");
    expect(posts.map(({ path, body }) => [path, body])).toEqual(
      Array(2).fill(["/v1/gates/B/pause", { by: "anna", why: "disks", revision: 7 }]),
    );
    expect(posts[0]?.headers["idempotency-key"]).toMatch(/^[a-z0-9-]{8,64}$/);
    expect(posts[1]?.headers["idempotency-key"]).toBe(posts[0]?.headers["idempotency-key"]);
  });
});

describe("what a pod answers that it should not", () => {
  it.each<[string, Parameters<typeof FakePod.start>[0], number, string]>([
    ["no JSON", (_, response) => response.end("<html>"), 1, "not as described"],
    ["other JSON", (_, response) => answerJson(response, { clusters: {} }), 1, "not as described"],
    [
      "an error of somebody else's",
      (_, response) => answerJson(response, { oops: 1 }, 502),
      1,
      "answered with 502",
    ],
    ["nothing", (_, response) => response.socket?.destroy(), 1, "cannot be asked"],
    [
      "a refusal of the token",
      (_, response) =>
        answerJson(response, { error: { code: "HELIX_API_TOKEN_REFUSED", message: "No token." } }, 401),
      1,
      "No token.",
    ],
    [
      "a right that is missing",
      (_, response) =>
        answerJson(
          response,
          { error: { code: "HELIX_API_RIGHT_MISSING", message: "Not you.", right: "read" } },
          403,
        ),
      1,
      "needed: read",
    ],
    [
      "that it was asked wrongly",
      (_, response) =>
        answerJson(
          response,
          {
            error: {
              code: "HELIX_API_REQUEST_INVALID",
              message: "No.",
              issues: [{ path: "limit", message: "odd" }],
            },
          },
          400,
        ),
      2,
      "limit: odd",
    ],
    [
      "another address",
      (_, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
      1,
      "answered with 302",
    ],
  ])("is told: %s", async (_, answer, code, text) => {
    const { exit, err, out } = await against(answer, "status");
    expect({ exit, out }).toEqual({ exit: code, out: "" });
    expect(err).toContain(text);
    expect(err).not.toContain(TOKEN);
  });

  it.each([
    ["status", "has not answered within 40 s; ask another pod, or NATS itself"],
    [
      "jobs cancel some --reason why",
      "has not answered within 40 s; what was ordered may be done all the same",
    ],
  ])("is told of a pod that hangs, at `helix %s`", async (line, text) => {
    vi.spyOn(AbortSignal, "timeout").mockImplementation(() => AbortSignal.abort());
    const { exit, err } = await against(() => {}, line);
    expect([exit, err]).toEqual([1, expect.stringContaining(text)]);
  });

  it("is told where nobody listens", async () => {
    const { exit, err } = await typed("status --url http://127.0.0.1:1", { env: { HELIX_TOKEN: TOKEN } });
    expect([exit, err]).toEqual([
      1,
      expect.stringMatching(/http:\/\/127\.0\.0\.1:1 cannot be asked: .*ECONNREFUSED/),
    ]);
  });

  it("is told to programs with its code", async () => {
    const refusal = { code: "HELIX_API_BUSY", message: "Ten requests are being answered." };
    const { out } = await against(
      (_, response) => answerJson(response, { error: refusal }, 503),
      "status --json",
    );
    expect(JSON.parse(out)).toEqual({ error: refusal });
  });
});

describe("whom to ask", () => {
  const empty = file("empty", "");
  const odd = file("odd", "two words");
  const config = file("config.json", '{"nats": 1}');
  const noJson = file("no.json", "canary{");
  it.each<[string, Record<string, string>, string]>([
    ["status", {}, "Expected to know whom to ask"],
    ["status --url http://a --nats b", {}, "one of --url and --nats"],
    ["status --url ftp://a", {}, "the address of a pod's admin API"],
    ["status --url nonsense", {}, "the address of a pod's admin API"],
    ["status --url http://127.0.0.1:1/?x=1", {}, "the address of a pod's admin API"],
    ["status --url https://anna:canary@pod", {}, "without user and password"],
    [
      "status --url http://pod:8081",
      { HELIX_TOKEN: TOKEN },
      "Without TLS whoever can read what is sent to pod has the token",
    ],
    ["status --url http://127.0.0.1:1", {}, "Expected to have a token"],
    ["status --url http://127.0.0.1:1", { HELIX_TOKEN: "canary two" }, "one word of ASCII"],
    [`status --url http://127.0.0.1:1 --token-file ${empty}`, {}, "is empty"],
    [`status --url http://127.0.0.1:1 --token-file ${odd}`, {}, "one word of ASCII"],
    ["status --url http://127.0.0.1:1 --token-file /nowhere", {}, "a file that can be read"],
    ["status --url https://127.0.0.1:1 --ca /nowhere", { HELIX_TOKEN: TOKEN }, "a file that can be read"],
    ["status --nats user:canary@a", {}, "without user and password"],
    ["status --nats http://a", {}, "an address such as"],
    ["status --nats a --stream no/such", {}, "HELIX_QUEUE_STREAM_NAME: expected"],
    ["status --nats a --creds /nowhere", {}, "a file that can be read"],
    ["status --nats a", { HELIX_QUEUE_REPLICAS: "two" }, "HELIX_QUEUE_REPLICAS: expected"],
    [
      "status --nats a",
      { HELIX_NATS_USER: "u", HELIX_NATS_TOKEN: "canary" },
      "one of `user`, `token` and `credsFile`",
    ],
    ["status --nats a", { HELIX_NATS_PASSWORD: "canary" }, "`user` to be given together with `pass`"],
    ["status --nats a", { HELIX_NATS_TOKEN: "canary", HELIX_NATS_TOKEN_FILE: odd }, "given alone"],
    [`status --nats a --config ${config}`, {}, "the configuration of a pod"],
    [`status --nats a --config ${noJson}`, {}, "the configuration of a pod"],
  ])("`helix %s` with %j ends with 2, and quotes no secret", async (line, env, text) => {
    const { exit, err, out } = await typed(line, { env });
    expect({ exit, out }).toEqual({ exit: 2, out: "" });
    expect(err).toContain(text);
    expect(err).not.toContain("canary");
  });
});
