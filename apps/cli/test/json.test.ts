import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ENDPOINTS } from "@helix/admin-api";
import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { Rig } from "./rig.ts";

const { answer: group } = ENDPOINTS.deadLetterGroups;
const { job } = ENDPOINTS.job.answer.shape;
const gate = z.object({
  state: z.enum(["open", "drained", "paused"]),
  by: z.string().optional(),
  why: z.string().optional(),
  sinceMs: z.number().optional(),
  untilMs: z.number().optional(),
});
const rate = z.object({
  perSecond: z.number(),
  by: z.string(),
  why: z.string(),
  sinceMs: z.number(),
  untilMs: z.number().optional(),
});
const ordered = z.object({
  verb: z.string(),
  cluster: z.enum(["A", "B"]),
  revision: z.int(),
  before: gate,
  after: gate,
});
const work = z.object({ verb: z.string(), count: z.int(), ...group.shape, job: job.nullable() });
const rates = z.object({ revision: z.int(), rates: z.object({ A: rate.nullable(), B: rate.nullable() }) });
const refused = z.object({
  error: z.object({ code: z.string(), message: z.string(), type: z.array(z.string()).optional() }),
});
const linted = z.object({
  statements: z.int(),
  verdicts: z.record(z.string(), z.int()),
  findings: z.array(
    z.object({
      file: z.string(),
      line: z.int(),
      column: z.int(),
      verdict: z.enum(["refuse", "depends"]),
      construct: z.string(),
      why: z.string(),
      cure: z.string().optional(),
    }),
  ),
  withoutSchema: z.int(),
});

const folder = mkdtempSync(join(tmpdir(), "helix-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));
const cql = join(folder, "a.cql");
writeFileSync(
  cql,
  "USE shop;\nUPDATE t SET n = n + 1\n  WHERE k = 1 IF v = 2;\nINSERT INTO t (k) VALUES (1)",
);

let rig: Rig;
let pod: AsyncDisposable;
beforeEach(async () => {
  rig = new Rig();
  await rig.write("waits");
  await rig.bury(2, { reason: "rejected", error: Object.assign(new Error("no column"), { code: "0x2200" }) });
  pod = rig.startPod();
});
afterEach(() => pod[Symbol.asyncDispose]());

/** What every verb prints for programs: all that is described, and nothing else. */
const VERBS: readonly (readonly [line: string, schema: z.ZodType, exit?: number])[] = [
  ["status", ENDPOINTS.status.answer],
  ["pause B --reason x --until 1h", ordered],
  ["drain A --reason x", ordered],
  ["resume B --reason x", ordered],
  ["undrain A --reason x", ordered],
  ["rate", rates],
  ["rate B 10 --reason x --until 1h", rates],
  ["rate B none --reason x", rates],
  ["dead list", ENDPOINTS.deadLetters.answer],
  ["dead list --limit 1", ENDPOINTS.deadLetters.answer],
  ["dead groups", group],
  ["dead groups --limit 1", group],
  ["dead show shop-users-0.0", ENDPOINTS.deadLetter.answer],
  ["dead show shop-users-0.0 --values --reason x", refused, 2],
  ["dead redrive --all --reason x --dry-run", work],
  ["dead redrive --all --reason x --expect 2 --yes", work],
  ["dead redrive --all --reason x --expect 2 --yes --stages 1 --per-second 5 --detach", work],
  ["dead discard --all --reason x --expect 2 --yes", work],
  ["dead restore shop-users-0.0 --reason x", refused, 2],
  ["dead trash list", ENDPOINTS.trash.answer],
  ["dead trash groups", group],
  ["dead trash show shop-users-0.0", refused, 1],
  ["dead trash show shop-users-0.0 --values --reason x", refused, 2],
  ["dead trash empty --all --reason x", work],
  ["jobs list", z.object({ jobs: z.array(job) })],
  ["jobs show 0123456789abcdef0123", refused, 1],
  ["doctor", ENDPOINTS.doctor.answer, 1],
  ["setup", z.object({ created: z.array(z.string()), updated: z.array(z.string()) })],
  [`lint ${cql}`, linted, 1],
  ["statsu", refused, 2],
];

it.each(VERBS.map(([line, schema, code = 0]) => ({ line, schema, code })))(
  "`helix $line --json` is as described",
  async ({ line, schema, code }) => {
    const { exit, out } = await rig.type(`${line} --json`);
    const json = JSON.parse(out);
    expect(schema.parse(json)).toEqual(json);
    expect(exit).toBe(code);
  },
);

it("with --watch each answer is a line", async () => {
  let looks = 0;
  const interrupt: ((exit: number) => void)[] = [];
  const { exit, out } = await rig.type("status --watch --json", {
    onInterrupt: (listener) => interrupt.push(listener),
    onOutput: () => {
      if (++looks === 1) for (const listener of interrupt) listener(130);
    },
  });
  expect(exit).toBe(0);
  const [line = "", ...rest] = out.split("\n");
  expect(ENDPOINTS.status.answer.parse(JSON.parse(line)).clusters.B.name).toBe("north");
  expect(rest).toEqual([""]);
});

it("no verb shows what was bound", async () => {
  for (const [line] of VERBS) {
    const { out, err } = await rig.type(line);
    expect(out + err).not.toContain("canary");
  }
});
