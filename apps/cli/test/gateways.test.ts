import { afterEach, describe, expect, it, vi } from "vitest";
import { type Asked, answerJson, FakePod } from "./fake-pod.ts";
import { Rig, type Said, type TypedOptions, typed } from "./rig.ts";

const env = { HELIX_TOKEN: "a-token-of-thirty-two-characters-here" };
const ID = "0123456789abcdef0123";
const CHANGE = "; what was ordered may be done all the same";

afterEach(() => vi.restoreAllMocks());

type Response = Parameters<typeof answerJson>[0];

const html = (response: Response, status: number) =>
  response.writeHead(status, { "content-type": "text/html" }).end("<html>load balancer</html>");
const refusal = (response: Response, status: number, code: string, message: string) =>
  answerJson(response, { error: { code, message } }, status);

const rig = new Rig();
const status = JSON.parse((await rig.type("status --json")).out);
const job = {
  id: ID,
  verb: "redrive",
  filter: {},
  force: false,
  by: "anna",
  why: "x",
  expect: 2,
  state: "running",
  counts: { done: 0, failed: 0, skipped: 0, needsForce: 0, vanished: 0 },
  errors: {},
  failures: [],
  createdAtMs: 1,
};
const done = { ...job, state: "done", counts: { ...job.counts, done: 2 }, endedAtMs: 2 };

/** What a request for one thing is answered with, one after the other; the last one for good. */
type Answers = readonly ((response: Response) => unknown)[];

async function against(
  of: (asked: Asked) => Answers,
  line: string,
  options: TypedOptions = { env },
): Promise<Said & { readonly asked: readonly Asked[] }> {
  const turns = new Map<string, number>();
  await using pod = await FakePod.start((asked, response) => {
    const key = `${asked.method} ${asked.path}`;
    const turn = turns.get(key) ?? 0;
    turns.set(key, turn + 1);
    const answers = of(asked);
    answers[Math.min(turn, answers.length - 1)]?.(response);
  });
  return { ...(await typed(`${line} --url ${pod.url}`, options)), asked: pod.asked };
}

const seen = (response: Response) => answerJson(response, status);
const ordered = (response: Response) => answerJson(response, { revision: 8 });

describe("an order", () => {
  it.each([502, 503, 504])(
    "that a load balancer has answered with %i is given once more by its key, to whatever pod",
    async (code) => {
      const { exit, asked } = await against(
        ({ method }) => (method === "GET" ? [seen] : [(response) => html(response, code), ordered]),
        "pause B --reason x",
      );
      const keys = asked.flatMap(({ headers }) => headers["idempotency-key"] ?? []);
      expect([exit, keys.length, new Set(keys).size]).toEqual([0, 2, 1]);
    },
  );

  it.each<[string, (response: Response) => unknown, string]>([
    ["502 for good", (response) => html(response, 502), "has answered with 502, and is no pod"],
    ["a page", (response) => html(response, 200), "is not as described"],
    ["nothing", (response) => response.socket?.destroy(), "without an answer"],
  ])("that is answered with %s may be done all the same, and is told so", async (_, answer, words) => {
    const { exit, err } = await against(
      ({ method }) => (method === "GET" ? [seen] : [answer]),
      "pause B --reason x",
    );
    expect(exit).toBe(1);
    expect(err).toContain(words);
    expect(err).toContain(CHANGE);
  });

  it("of a load balancer that refuses it was not done, and a question is none", async () => {
    const of = ({ method }: Asked): Answers =>
      method === "GET" ? [seen] : [(response) => html(response, 403)];
    const { err } = await against(of, "pause B --reason x");
    expect(err).toContain("has answered with 403, and is no pod");
    expect(err).not.toContain(CHANGE);
    const question = await against(() => [(response) => html(response, 502)], "status");
    expect([question.exit, question.err.includes(CHANGE)]).toEqual([1, false]);
  });

  it.each([
    ["pause B --reason x --until 90m", "north: paused (open again in 90 min)\n"],
    ["rate B 5 --reason x", "A: any rate\nnorth: 5/s at most over all pods, by anna: x\n"],
  ])("`helix %s` that is done is no failure where it cannot be seen afterwards", async (line, text) => {
    const { exit, out, err } = await against(
      ({ method }) => (method === "GET" ? [seen, (response) => html(response, 502)] : [ordered]),
      line,
    );
    expect([exit, out]).toEqual([0, text]);
    expect(err).toContain("It is ordered. How it is now could not be read: ");
  });
});

it("an answer that never ends is given up as late, and not asked for again", async () => {
  const late = new AbortController();
  vi.spyOn(AbortSignal, "timeout").mockReturnValue(late.signal);
  const begin = (response: Response) =>
    response.writeHead(200, { "content-length": 100 }).write("{", () => setTimeout(() => late.abort(), 50));
  const { exit, err, asked } = await against(() => [begin], "status");
  expect([exit, asked.length, err]).toEqual([
    1,
    1,
    expect.stringContaining("has not answered within 40 s; ask another pod"),
  ]);
});

describe("a job that is waited for", () => {
  const SHOW = `jobs show ${ID} --follow`;
  const running = (response: Response) => answerJson(response, { job });
  const ended = (response: Response) => answerJson(response, { job: done });

  it.each<[string, (response: Response) => unknown]>([
    ["is too busy", (response) => refusal(response, 503, "HELIX_API_BUSY", "Ten requests.")],
    ["has no queue", (response) => refusal(response, 503, "HELIX_QUEUE_UNAVAILABLE", "No NATS.")],
    ["is behind a proxy that says 502", (response) => html(response, 502)],
    ["goes in the middle", (response) => response.socket?.destroy()],
  ])("is waited for while a pod %s", async (_, failing) => {
    const { exit, err } = await against(() => [running, failing, failing, ended], SHOW);
    expect(exit).toBe(0);
    expect(err.match(/The job goes on, and is asked for again/g)).toHaveLength(1);
  });

  it("is told to go on, and how to look after it, where the token is not known any more", async () => {
    const revoked = (response: Response) => refusal(response, 401, "HELIX_API_TOKEN_REFUSED", "No token.");
    const { exit, err } = await against(() => [running, revoked], SHOW);
    expect(exit).toBe(1);
    expect(err).toMatch(
      /No token\. The job goes on all the same\nType helix jobs show .* --follow --url http/,
    );
  });

  it("is told to be gone where it is", async () => {
    const gone = (response: Response) => refusal(response, 404, "HELIX_JOB_NOT_FOUND", "There is no job.");
    const { exit, err } = await against(() => [running, gone], SHOW);
    expect([exit, err]).toEqual([1, "helix: There is no job.\n"]);
  });

  it.each(["jobs show", "status --watch"])("hangs nobody who interrupts it, at `helix %s`", async (verb) => {
    const interrupts: ((exit: number) => void)[] = [];
    const options = { env, onInterrupt: (one: (exit: number) => void) => void interrupts.push(one) };
    const line = verb === "jobs show" ? SHOW : `${verb} --every 1`;
    const first = verb === "jobs show" ? running : seen;
    const hang = () => interrupts[0]?.(130);
    const { exit } = await against(() => [first, hang], line, options);
    expect(exit).toBe(verb === "jobs show" ? 130 : 0);
  });
});

it("how fast a job goes is told by what is done while somebody looks", async () => {
  const half = (response: Response) =>
    answerJson(response, { job: { ...job, expect: 2000, counts: { ...job.counts, done: 1000 } } });
  const ended = (response: Response) => answerJson(response, { job: done });
  const { err } = await against(() => [half, half, half, half, half, ended], `jobs show ${ID} --follow`, {
    env,
    isTTY: true,
  });
  expect(err).toContain("1,000 of 2,000  50 %");
  expect(err).not.toMatch(/\d\/s/);
});
