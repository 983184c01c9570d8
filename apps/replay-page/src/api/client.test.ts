import { ENDPOINTS, type Endpoint } from "@helix/admin-api";
import { expect, test, vi } from "vitest";
import { Client, PARTS, PATHS } from "./client.ts";
import { Refusal } from "./refusal.ts";

const answer = (status: number, body: unknown) =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), { status });

function setUp(fetch: () => Promise<Response>) {
  const spied = vi.fn<typeof globalThis.fetch>(fetch);
  const onStranger = vi.fn<(why: string) => void>();
  return { fetch: spied, onStranger, client: new Client({ token: "secret", fetch: spied, onStranger }) };
}

test.each(Object.entries(PATHS))("`%s` goes to where the API has it, by a relative address", (name, path) => {
  const endpoint: Endpoint = ENDPOINTS[name as keyof typeof PATHS];
  expect(path).toBe(`${endpoint.method} ${endpoint.path.slice(1)}`);
});

test.each(Object.entries(PARTS))("what is expected of `%s` is in every answer of a pod", (name, parts) => {
  const { shape } = ENDPOINTS[name as keyof typeof PATHS].answer;
  expect(Object.keys(shape)).toEqual(expect.arrayContaining(Object.keys(parts)));
});

test("a change is sent with its key and the token in headers, and neither is in the address", async () => {
  const { client, fetch } = setUp(async () => answer(200, { revision: 8 }));
  const body = { by: "ops", why: "schema change", revision: 7 };
  expect(await client.ask("pause", { params: { cluster: "B" }, body, key: "key-of-it" })).toEqual({
    revision: 8,
  });
  expect(fetch).toHaveBeenCalledWith(
    "v1/gates/B/pause",
    expect.objectContaining({
      method: "POST",
      headers: {
        authorization: "Bearer secret",
        "content-type": "application/json",
        "idempotency-key": "key-of-it",
      },
      body: JSON.stringify(body),
    }),
  );
});

test("a filter goes into the address as the API reads it, and whatever an id has in it stays an id", async () => {
  const { client, fetch } = setUp(async () => answer(200, { letters: [], letter: {} }));
  await client.ask("deadLetters", { query: { table: "shop.a&b", ids: ["a.0", "b.0"], cursor: undefined } });
  await client.ask("deadLetter", { params: { id: "../status?x" } });
  expect(fetch.mock.calls.map(([address]) => address)).toEqual([
    "v1/dead-letters?table=shop.a%26b&ids=a.0%2Cb.0",
    "v1/dead-letters/..%2Fstatus%3Fx",
  ]);
});

const told = (code: string, more: object = {}) => ({ error: { code, message: "It is so", ...more } });

test.each<[string, () => Promise<Response>, Partial<Refusal>]>([
  [
    "nothing answers",
    () => Promise.reject(new TypeError()),
    { status: 0, message: "The pod does not answer." },
  ],
  [
    "an answer breaks off",
    async () => ({ status: 200, json: () => Promise.reject(new TypeError()) }) as never,
    { status: 0, message: "The pod does not answer." },
  ],
  [
    "a proxy answers",
    async () => answer(502, "<html>"),
    { status: 502, message: "It was answered with 502, and not by a pod." },
  ],
  [
    "a proxy wants a login",
    async () => answer(401, "<html>"),
    { status: 401, message: "It was answered with 401, and not by a pod." },
  ],
  [
    "something else answers",
    async () => answer(200, "<html>"),
    { message: "What was answered is not from a pod." },
  ],
  [
    "something else answers what could be one",
    async () => answer(200, { clusters: {}, pods: null }),
    { message: "What was answered is not as expected: is the pod of another version than this page?" },
  ],
  [
    "something else answers what has another form",
    async () => answer(200, { clusters: {}, pods: {}, warnings: [], revisions: {}, unread: [] }),
    { code: "HELIX_PAGE_UNEXPECTED" },
  ],
  ["null is answered", async () => answer(200, "null"), { message: "What was answered is not from a pod." }],
  ["an error is none", async () => answer(500, { error: "no" }), { status: 500, code: undefined }],
  ["a pod refuses", async () => answer(409, told("HELIX_JOB_ENDED")), { message: "It is so." }],
  [
    "there are other letters by now",
    async () => answer(409, told("HELIX_JOB_COUNT_DIFFERS", { count: 3 })),
    { count: 3 },
  ],
  [
    "somebody was faster",
    async () => answer(409, told("HELIX_CONTROL_CONFLICT", { current: { revision: 9 } })),
    { current: { revision: 9 } },
  ],
  [
    "a right is missing",
    async () => answer(403, told("HELIX_API_RIGHT_MISSING", { right: "destroy" })),
    { message: "This token has not the right “destroy”." },
  ],
  [
    "what was sent is wrong",
    async () =>
      answer(
        400,
        told("HELIX_API_REQUEST_INVALID", {
          issues: [{ path: "query.table", message: "Expected a string" }],
        }),
      ),
    { message: "It is so. query.table: Expected a string." },
  ],
])("where %s it is refused in words", async (_, fetch, expected) => {
  const { client, onStranger } = setUp(fetch);
  const refusal = await client.ask("status").catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(Refusal);
  expect(refusal).toMatchObject(expected);
  expect(onStranger).not.toHaveBeenCalled();
});

test("a token that is not known any more is told to whoever can ask for another", async () => {
  const { client, onStranger } = setUp(async () => answer(401, told("HELIX_API_TOKEN_REFUSED")));
  await expect(client.ask("status")).rejects.toMatchObject({ status: 401 });
  expect(onStranger).toHaveBeenCalledExactlyOnceWith("The pod does not know this token, or not any more.");
});

test("a token is tried by one request, and sent no more once it is refused", async () => {
  const { client, fetch, onStranger } = setUp(async () => answer(401, told("HELIX_API_TOKEN_REFUSED")));
  const asked = [client.ask("status"), client.ask("jobs"), client.ask("me")];
  const refused = await Promise.allSettled(asked);
  await client.ask("status").catch(() => {});
  expect(refused.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect([fetch.mock.calls.length, onStranger.mock.calls.length]).toEqual([1, 1]);
});

test("the first request that fails otherwise holds up no other", async () => {
  let isUp = false;
  const { client } = setUp(async () => (isUp ? answer(200, { jobs: [] }) : answer(502, "")));
  const asked = [client.ask("status"), client.ask("jobs")];
  isUp = true;
  expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
});

test("what nobody waits for any more is no failure of the pod", async () => {
  const left = new AbortController();
  const { client } = setUp(async () => {
    left.abort(new Error("left"));
    throw new TypeError();
  });
  await expect(client.ask("status", { signal: left.signal })).rejects.toThrow("left");
});
