import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AdminRig, type Asked, TOKENS } from "./admin.ts";

let rig: AdminRig;
let before: unknown;
let cursor = "";

async function state(): Promise<unknown> {
  const { control, queue } = rig;
  const stored = ["gates", "rates"].map((key) => control.get(key));
  return [await Promise.all(stored), (await control.list("jobs")).documents, await queue.deadLetters.list()];
}

beforeAll(async () => {
  rig = await AdminRig.start();
  const ids = [await rig.die(), await rig.die()];
  expect(ids).toHaveLength(2);
  cursor = (await rig.ask("/v1/dead-letters?limit=1")).body.cursor;
  await rig.ask("/v1/gates/B/pause", { body: { ...ORDER, revision: 0 } });
  before = await state();
});
// Wrong tokens of the test before are forgotten.
beforeEach(() => rig.clock.advanceNow(60_000));
afterAll(() => rig[Symbol.asyncDispose]());

const ORDER = { by: "ops@example.com", why: "schema change", revision: 1 };
const SECRET = "s3cret-canary";
const json = { "content-type": "application/json" };
const PAUSE = "/v1/gates/B/pause";
const SHOW = "/v1/dead-letters/a.0/values";
const WHO = { by: "ops@example.com", why: "a ticket" };

/** What it is, the request, its status and code, and what the answer names. */
type Row = readonly [
  title: string,
  path: string | (() => string),
  asked: Asked,
  status: number,
  code: string,
  names?: string,
];

const UNAUTHORIZED = [401, "HELIX_API_TOKEN_REFUSED"] as const;
const LACKING = [403, "HELIX_API_RIGHT_MISSING"] as const;
const INVALID = [400, "HELIX_API_REQUEST_INVALID"] as const;
const UNREADABLE = [400, "HELIX_API_REQUEST_UNREADABLE"] as const;
const UNKNOWN = [404, "HELIX_API_PATH_UNKNOWN"] as const;
const METHOD = [405, "HELIX_API_METHOD_REFUSED"] as const;
const NOT_JSON = [415, "HELIX_API_NOT_JSON"] as const;
const FILTER = [400, "HELIX_FILTER_INVALID"] as const;
const CURSOR = [400, "HELIX_CURSOR_INVALID"] as const;
const HOST = [403, "HELIX_API_HOST_REFUSED"] as const;
const ORIGIN = [403, "HELIX_API_ORIGIN_REFUSED"] as const;
const TOO_LARGE = [413, "HELIX_API_BODY_TOO_LARGE"] as const;

const ROWS: readonly Row[] = [
  ["no token", "/v1/status", { token: "" }, ...UNAUTHORIZED],
  ["no token, where there is nothing", "/v1/nothing", { token: "" }, ...UNAUTHORIZED],
  ["no token, for a change", PAUSE, { token: "", body: ORDER }, ...UNAUTHORIZED],
  ["no token, with another method", "/v1/status", { token: "", method: "DELETE" }, ...UNAUTHORIZED],
  ["a wrong token", "/v1/status", { token: "x".repeat(40) }, ...UNAUTHORIZED],
  ["a wrong token, where there is nothing", "/", { token: "x".repeat(40) }, ...UNAUTHORIZED],
  ["half a token", "/v1/status", { token: TOKENS.read.slice(0, 20) }, ...UNAUTHORIZED],
  ["a token and more", "/v1/status", { token: `${TOKENS.read}x` }, ...UNAUTHORIZED],
  ["a token in capitals", "/v1/status", { token: TOKENS.read.toUpperCase() }, ...UNAUTHORIZED],
  ["two tokens", "/v1/status", { token: `${TOKENS.read} ${TOKENS.operate}` }, ...UNAUTHORIZED],
  [
    "a token with another scheme",
    "/v1/status",
    { token: "", headers: { authorization: `Basic ${TOKENS.read}` } },
    ...UNAUTHORIZED,
  ],
  [
    "a token without a scheme",
    "/v1/status",
    { token: "", headers: { authorization: TOKENS.read } },
    ...UNAUTHORIZED,
  ],
  ["a token in the query", `/v1/status?access_token=${TOKENS.read}`, { token: "" }, ...UNAUTHORIZED],
  [
    "a token in a cookie",
    "/v1/status",
    { token: "", headers: { cookie: `token=${TOKENS.read}` } },
    ...UNAUTHORIZED,
  ],

  ["a pause with `read`", PAUSE, { token: TOKENS.read, body: ORDER }, ...LACKING, "operate"],
  [
    "a drain with `values`",
    "/v1/gates/B/drain",
    { token: TOKENS.values, body: ORDER },
    ...LACKING,
    "operate",
  ],
  ["values with `read`", SHOW, { token: TOKENS.read, body: WHO }, ...LACKING, "values"],
  ["values with `operate`", SHOW, { token: TOKENS.operate, body: WHO }, ...LACKING, "values"],
  ["values with `destroy`", SHOW, { token: TOKENS.destroy, body: WHO }, ...LACKING, "values"],
  [
    "a right that is lacking, and a body that is none",
    PAUSE,
    { token: TOKENS.read, body: "{" },
    ...LACKING,
    "operate",
  ],

  ["nothing of that name", "/v1/nothing", {}, ...UNKNOWN],
  ["the root", "/", {}, ...UNKNOWN],
  ["another version", "/v2/status", {}, ...UNKNOWN],
  ["a path in capitals", "/V1/STATUS", {}, ...UNKNOWN],
  ["a slash too many at the end", "/v1/status/", {}, ...UNKNOWN],
  ["a slash too many at the start", "//v1/status", {}, ...UNKNOWN],
  ["a way up", "/v1/gates/../status", {}, ...UNKNOWN],
  ["a way up, encoded", "/v1/%2e%2e/v1/status", {}, ...UNKNOWN],
  ["a way up behind an id", "/v1/dead-letters/..%2f..%2fstatus", {}, ...INVALID, "path.id"],
  ["a path of the file system", "/v1/../../etc/passwd", {}, ...UNKNOWN],
  ["a backslash", "/v1\\status", {}, ...UNKNOWN],
  ["a semicolon", "/v1/status;x=1", {}, ...UNKNOWN],
  ["half an escape", "/v1/%zz", {}, ...UNKNOWN],
  ["bytes that are no UTF-8", "/v1/dead-letters/%ff", {}, ...UNKNOWN],
  ["a null byte", "/v1/status%00", {}, ...UNKNOWN],
  ["the target of a proxy", "http://evil.example/v1/status", {}, ...UNKNOWN],
  ["the probes' path", "/livez", {}, ...UNKNOWN],
  ["the prototype", "/v1/__proto__", {}, ...UNKNOWN],

  ["DELETE of a dead letter", "/v1/dead-letters/a.0", { method: "DELETE", headers: json }, ...METHOD],
  ["DELETE of one, as curl sends it", "/v1/dead-letters/a.0", { method: "DELETE" }, ...METHOD],
  ["PUT of a gate", PAUSE, { method: "PUT", body: ORDER }, ...METHOD],
  ["GET of an order", PAUSE, {}, ...METHOD],
  ["POST of the status", "/v1/status", { body: {} }, ...METHOD],
  ["HEAD of the status", "/v1/status", { method: "HEAD" }, 405, ""],
  ["OPTIONS", PAUSE, { method: "OPTIONS", headers: json }, ...METHOD],
  ["TRACE", "/v1/status", { method: "TRACE", headers: json }, ...METHOD],
  [
    "a method that is replaced in a header",
    "/v1/status",
    { method: "GET", headers: { "x-http-method-override": "DELETE" } },
    200,
    "",
  ],

  ["another host", "/v1/status", { headers: { host: "evil.example" } }, ...HOST],
  [
    "another host that begins like this one",
    "/v1/status",
    { headers: { host: "127.0.0.1.evil.example" } },
    ...HOST,
  ],
  ["another host, and no token", "/v1/status", { token: "", headers: { host: "evil.example" } }, ...HOST],
  ["a foreign page", "/v1/status", { headers: { origin: "http://evil.example" } }, ...ORIGIN],
  ["a page without an origin", PAUSE, { body: ORDER, headers: { origin: "null" } }, ...ORIGIN],
  [
    "a page of another port of this machine",
    PAUSE,
    { body: ORDER, headers: { origin: "http://127.0.0.1:1" } },
    ...ORIGIN,
  ],

  [
    "a form",
    PAUSE,
    { body: "by=ops", headers: { "content-type": "application/x-www-form-urlencoded" } },
    ...NOT_JSON,
  ],
  [
    "plain text",
    PAUSE,
    { body: JSON.stringify(ORDER), headers: { "content-type": "text/plain" } },
    ...NOT_JSON,
  ],
  [
    "JSON in another alphabet",
    PAUSE,
    { body: "{}", headers: { "content-type": "application/json; charset=utf-16" } },
    ...NOT_JSON,
  ],
  [
    "JSON of another kind",
    PAUSE,
    { body: "{}", headers: { "content-type": "application/merge-patch+json" } },
    ...NOT_JSON,
  ],
  ["a compressed body", PAUSE, { body: "{}", headers: { "content-encoding": "gzip" } }, ...NOT_JSON],
  ["no type", PAUSE, { method: "POST", headers: { "idempotency-key": "key-of-the-test" } }, ...NOT_JSON],
  [
    "a question with a body",
    "/v1/status",
    { method: "GET", body: {}, headers: { "content-length": "2" } },
    ...INVALID,
  ],

  ["an empty body", PAUSE, { body: "" }, ...UNREADABLE],
  ["half a body", PAUSE, { body: '{"by":"ops' }, ...UNREADABLE],
  ["a body with more behind it", PAUSE, { body: `${JSON.stringify(ORDER)}{}` }, ...UNREADABLE],
  ["a prototype", PAUSE, { body: '{"__proto__":{"by":"ops"}}' }, ...UNREADABLE],
  ["a body of 65,537 bytes", PAUSE, { body: `{"by":"${"x".repeat(65_528)}"}` }, ...TOO_LARGE],
  ["a body of 10 MB", PAUSE, { body: "x".repeat(10_000_000) }, ...TOO_LARGE],
  [
    "a body that does not say how long it is",
    PAUSE,
    { body: "x".repeat(70_000), headers: { "transfer-encoding": "chunked" } },
    ...TOO_LARGE,
  ],
  ["a body nested 30,000 deep", PAUSE, { body: "[".repeat(30_000) + "]".repeat(30_000) }, ...INVALID, "body"],
  ["an array", PAUSE, { body: [] }, ...INVALID, "body"],
  ["null", PAUSE, { body: "null" }, ...INVALID, "body"],

  ["no person", PAUSE, { body: { ...ORDER, by: undefined } }, ...INVALID, "body.by"],
  ["a person without a name", PAUSE, { body: { ...ORDER, by: "  " } }, ...INVALID, "body.by"],
  ["a person with a long name", PAUSE, { body: { ...ORDER, by: "x".repeat(201) } }, ...INVALID, "body.by"],
  ["no reason for a pause", PAUSE, { body: { ...ORDER, why: undefined } }, ...INVALID, "body.why"],
  ["no reason for a drain", "/v1/gates/A/drain", { body: { ...ORDER, why: "" } }, ...INVALID, "body.why"],
  ["a long reason", PAUSE, { body: { ...ORDER, why: "x".repeat(501) } }, ...INVALID, "body.why"],
  ["no revision", PAUSE, { body: { ...ORDER, revision: undefined } }, ...INVALID, "body.revision"],
  ["a revision as a text", PAUSE, { body: { ...ORDER, revision: "1" } }, ...INVALID, "body.revision"],
  ["a revision below 0", PAUSE, { body: { ...ORDER, revision: -1 } }, ...INVALID, "body.revision"],
  ["a key that is not known", PAUSE, { body: { ...ORDER, [SECRET]: 1 } }, ...INVALID, SECRET],
  ["a key in capitals", PAUSE, { body: { ...ORDER, untilMS: 1 } }, ...INVALID, "untilMS"],
  ["an end that is over", PAUSE, { body: { ...ORDER, untilMs: 1 } }, ...INVALID, "untilMs"],
  ["an end for a resume", "/v1/gates/B/resume", { body: { ...ORDER, untilMs: 9e12 } }, ...INVALID, "untilMs"],
  ["a cluster that there is not", "/v1/gates/C/pause", { body: ORDER }, ...INVALID, "path.cluster"],
  ["a cluster in small letters", "/v1/gates/b/pause", { body: ORDER }, ...INVALID, "path.cluster"],
  [
    "no key of its own for a change",
    PAUSE,
    { body: ORDER, headers: { "idempotency-key": "" } },
    ...INVALID,
    "header.idempotency-key",
  ],
  [
    "a key of a change that is too short",
    PAUSE,
    { body: ORDER, headers: { "idempotency-key": "1" } },
    ...INVALID,
    "header.idempotency-key",
  ],
  [
    "a revision that somebody has changed",
    PAUSE,
    { body: { ...ORDER, revision: 0 } },
    409,
    "HELIX_CONTROL_CONFLICT",
    "schema change",
  ],
  [
    "a revision to come",
    PAUSE,
    { body: { ...ORDER, revision: 7 } },
    409,
    "HELIX_CONTROL_CONFLICT",
    "schema change",
  ],
  [
    "an undrain of what is paused",
    "/v1/gates/B/undrain",
    { body: ORDER },
    409,
    "HELIX_GATE_REFUSED",
    "paused",
  ],

  ["a condition that there is not", "/v1/dead-letters?color=red", {}, ...INVALID, "color"],
  ["a condition twice", "/v1/dead-letters?cluster=A&cluster=B", {}, ...INVALID, "query.cluster"],
  ["a condition without a value", "/v1/dead-letters?table=", {}, ...INVALID, "query.table"],
  [
    "a cluster that there is not, as a condition",
    "/v1/dead-letters?cluster=C",
    {},
    ...INVALID,
    "query.cluster",
  ],
  ["a reason that there is not", "/v1/dead-letters/count?reason=bored", {}, ...INVALID, "query.reason"],
  ["a time that is none", "/v1/dead-letters?diedSinceMs=yesterday", {}, ...INVALID, "query.diedSinceMs"],
  [
    "a time that JavaScript takes for one",
    "/v1/dead-letters?diedSinceMs=0x10",
    {},
    ...INVALID,
    "query.diedSinceMs",
  ],
  ["an age below 0", "/v1/dead-letters?olderThanMs=-1", {}, ...INVALID, "query.olderThanMs"],
  ["neither true nor false", "/v1/dead-letters?redrivenBefore=1", {}, ...INVALID, "query.redrivenBefore"],
  ["an end before the start", "/v1/dead-letters?diedSinceMs=5&diedUntilMs=5", {}, ...FILTER, "diedUntilMs"],
  [
    "younger than old",
    "/v1/dead-letters/groups?olderThanMs=9&youngerThanMs=8",
    {},
    ...FILTER,
    "youngerThanMs",
  ],
  ["a thousand and one ids", `/v1/dead-letters?ids=${"a,".repeat(1_000)}a`, {}, ...INVALID, "query.ids"],
  ["an id without letters among others", "/v1/dead-letters?ids=a,,b", {}, ...INVALID, "query.ids"],
  ["a limit of 0", "/v1/dead-letters?limit=0", {}, ...INVALID, "query.limit"],
  ["a limit of 201", "/v1/dead-letters?limit=201", {}, ...INVALID, "query.limit"],
  ["no limit at all", "/v1/dead-letters?limit=all", {}, ...INVALID, "query.limit"],
  ["a cursor that is none", "/v1/dead-letters?cursor=next", {}, ...CURSOR],
  [
    "a cursor that somebody has changed",
    () => `/v1/dead-letters?cursor=${cursor.replace("after-", "after-9")}`,
    {},
    ...CURSOR,
  ],
  [
    "a cursor of letters, for groups",
    () => `/v1/dead-letters/groups?reason=rejected&cursor=${cursor}`,
    {},
    ...CURSOR,
  ],
  ["a cursor of another filter", () => `/v1/dead-letters?cluster=B&cursor=${cursor}`, {}, ...CURSOR],
  ["a long cursor", `/v1/dead-letters?cursor=${"x".repeat(501)}`, {}, ...INVALID, "query.cursor"],
  ["a question of the status", "/v1/status?verbose=true", {}, ...INVALID, "verbose"],

  ["a rate of nothing", "/v1/rates/B", { body: { ...ORDER, perSecond: 0 } }, ...INVALID, "body.perSecond"],
  ["a rate without a number", "/v1/rates/B", { body: { ...ORDER } }, ...INVALID, "body.perSecond"],
  [
    "a rate above the ceiling",
    "/v1/rates/B",
    { body: { ...ORDER, revision: 0, perSecond: 10_001 } },
    ...INVALID,
    "ceiling",
  ],
  [
    "a rate without a reason",
    "/v1/rates/B",
    { body: { ...ORDER, why: "", perSecond: 1 } },
    ...INVALID,
    "body.why",
  ],
  [
    "a rate with `read`",
    "/v1/rates/B",
    { token: TOKENS.read, body: { ...ORDER, perSecond: 1 } },
    ...LACKING,
    "operate",
  ],
  [
    "a discard with `operate`",
    "/v1/jobs/discard",
    { token: TOKENS.operate, body: { ...WHO, filter: {} } },
    ...LACKING,
    "destroy",
  ],
  ["a job without a filter", "/v1/jobs/discard", { body: { ...WHO, expect: 2 } }, ...INVALID, "all"],
  [
    "a job of an empty filter",
    "/v1/jobs/discard",
    { body: { ...WHO, filter: {}, expect: 2 } },
    ...INVALID,
    "all",
  ],
  [
    "a job of all, and of some",
    "/v1/jobs/discard",
    { body: { ...WHO, filter: { cluster: "B" }, all: true, expect: 2 } },
    ...INVALID,
    "all",
  ],
  [
    "a job of many without a count",
    "/v1/jobs/redrive",
    { body: { ...WHO, filter: { cluster: "B" } } },
    ...INVALID,
    "expect",
  ],
  [
    "a job with another count",
    "/v1/jobs/redrive",
    { body: { ...WHO, filter: { cluster: "B" }, expect: 3 } },
    409,
    "HELIX_JOB_COUNT_DIFFERS",
    "2",
  ],
  [
    "a job without a person",
    "/v1/jobs/redrive",
    { body: { why: "x", filter: { cluster: "B" }, expect: 2 } },
    ...INVALID,
    "body.by",
  ],
  [
    "a job with a condition that there is not",
    "/v1/jobs/redrive",
    { body: { ...WHO, filter: { color: "red" }, expect: 2 } },
    ...INVALID,
    "color",
  ],
  [
    "a job with a filter that finds nothing",
    "/v1/jobs/redrive",
    { body: { ...WHO, filter: { diedSinceMs: 5, diedUntilMs: 5 }, expect: 2 } },
    ...FILTER,
    "diedUntilMs",
  ],
  [
    "a job by force, in its body",
    "/v1/jobs/redrive",
    { body: { ...WHO, filter: { cluster: "B" }, expect: 2, force: true } },
    ...INVALID,
    "force",
  ],
  [
    "a discard in stages",
    "/v1/jobs/discard",
    { body: { ...WHO, filter: { cluster: "B" }, expect: 2, stages: [1] } },
    ...INVALID,
    "stages",
  ],
  [
    "eleven stages",
    "/v1/jobs/redrive",
    { body: { ...WHO, filter: { cluster: "B" }, expect: 2, stages: Array(11).fill(1) } },
    ...INVALID,
    "body.stages",
  ],
  ["a job of another kind", "/v1/jobs/copy", { body: { ...WHO } }, ...METHOD],
  ["a job that there is not", "/v1/jobs/a", {}, 404, "HELIX_JOB_NOT_FOUND"],
  ["a cancel of a job that there is not", "/v1/jobs/a/cancel", { body: WHO }, 404, "HELIX_JOB_NOT_FOUND"],
  ["a job with a wildcard for an id", "/v1/jobs/*", {}, ...INVALID, "path.id"],
  ["a list of jobs from one that there is not", "/v1/jobs?cursor=a", {}, ...CURSOR],
  ["a count for no verb", "/v1/jobs/count", {}, ...INVALID, "query.verb"],

  ["a wildcard for an id", "/v1/dead-letters/*", {}, ...INVALID, "path.id"],
  ["the rest of a subject for an id", "/v1/dead-letters/%3e", {}, ...INVALID, "path.id"],
  ["an id with dots", "/v1/dead-letters/a.b.c.0", {}, ...INVALID, "path.id"],
  ["an id with a line in it", "/v1/dead-letters/a%0a.0", {}, ...INVALID, "path.id"],
  ["a long id", `/v1/dead-letters/${"a".repeat(200)}.0`, {}, ...INVALID, "path.id"],
  ["an id without its life", "/v1/dead-letters/a", {}, ...INVALID, "path.id"],
  ["an id that there is not", "/v1/dead-letters/a.0", {}, 404, "HELIX_DEAD_LETTER_NOT_FOUND"],
  ["values of many", "/v1/dead-letters/*/values", { token: TOKENS.values, body: WHO }, ...INVALID, "path.id"],
  [
    "values of one that there is not",
    SHOW,
    { token: TOKENS.values, body: WHO },
    404,
    "HELIX_DEAD_LETTER_NOT_FOUND",
  ],
  [
    "values of the trash, of one that there is not",
    "/v1/trash/a.0/values",
    { token: TOKENS.values, body: WHO },
    404,
    "HELIX_DEAD_LETTER_NOT_FOUND",
  ],
  [
    "values of the trash without the right",
    "/v1/trash/a.0/values",
    { token: TOKENS.destroy, body: WHO },
    403,
    "HELIX_API_RIGHT_MISSING",
  ],
  [
    "values, and nobody who wants them",
    SHOW,
    { token: TOKENS.values, body: { why: "a ticket" } },
    ...INVALID,
    "body.by",
  ],
  ["values without a reason", SHOW, { token: TOKENS.values, body: { by: "ops" } }, ...INVALID, "body.why"],
  ["values by a question", SHOW, { token: TOKENS.values }, ...METHOD],
];

describe("a wrong request is answered clearly, and changes nothing:", () => {
  test.each(ROWS.map((row) => ({ title: row[0], row })))("$title", async ({ row }) => {
    const [, path, asked, status, code, names = ""] = row;
    const answer = await rig.ask(typeof path === "string" ? path : path(), asked);
    expect([answer.status, answer.body?.error?.code ?? ""]).toEqual([status, code]);
    expect(await state()).toEqual(before);
    if (code === "") return;
    expect(answer.body.error.message).toMatch(/^[A-Z`].*\.?$/);
    expect(JSON.stringify(answer.body)).toContain(names);
    expect(answer.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    if (status === 405) expect(answer.headers.allow).toMatch(/^(GET|POST)$/);
  });

  test("there are more than eighty of them", () => {
    expect(ROWS.length).toBeGreaterThan(80);
  });

  test.each([
    ["no HTTP", "hello\r\n\r\n", 400],
    ["a head of 9 KB", `GET /v1/status HTTP/1.1\r\nhost: localhost\r\nx: ${"x".repeat(9_000)}\r\n\r\n`, 431],
    ["no host", "GET /v1/status HTTP/1.1\r\n\r\n", 400],
    ["no host, as old programs have none", "GET /v1/status HTTP/1.0\r\n\r\n", 403],
    [
      "two lengths",
      "POST /v1/status HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
      400,
    ],
    [
      "a length and pieces",
      "POST /v1/status HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
      400,
    ],
    ["a tunnel", "CONNECT evil.example:443 HTTP/1.1\r\nhost: localhost\r\n\r\n", undefined],
  ])("%s", async (_, head, status) => {
    const socket = connect(rig.port, "127.0.0.1");
    socket.write(head);
    const answer = await text(socket);
    expect(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]).toBe(status?.toString());
    expect(await state()).toEqual(before);
  });

  test("a cursor of the day before", async () => {
    rig.clock.advanceNow(86_400_001);
    const { status, body } = await rig.ask(`/v1/dead-letters?limit=1&cursor=${cursor}`);
    expect([status, body.error.code]).toEqual([400, "HELIX_CURSOR_INVALID"]);
    expect(body.error.message).toContain("older than a day");
  });

  test("no token, no body and no value of theirs is in a log line or a record", () => {
    const told = JSON.stringify([rig.lines, rig.records]);
    expect(rig.lines.length).toBeGreaterThan(10);
    for (const secret of [...Object.values(TOKENS), "x".repeat(20), SECRET, "Alice"])
      expect(told).not.toContain(secret);
  });
});
