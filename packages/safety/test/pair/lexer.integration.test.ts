import { inspect } from "@helix/safety";
import { createTestKeyspace, RawSession, seededRandom } from "@helix/testkit";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { misreading } from "./compare-readings.ts";
import { CqlTexts, LEXER_SCHEMA } from "./cql-texts.ts";
import { isConditional, serverReading } from "./server-reading.ts";

const KEYSPACE = "lexer";
const TEXTS = Number(process.env.HELIX_LEXER_TEXTS ?? 6_000);
/** Printed with every run; `HELIX_LEXER_SEED` repeats one. */
const SEED = Number(process.env.HELIX_LEXER_SEED ?? Date.now() % 2 ** 31);
const IN_FLIGHT = 64;

const pair = inject("cassandra");
let session: RawSession;

beforeAll(async () => {
  await createTestKeyspace(pair, KEYSPACE);
  session = await RawSession.connect(pair.A, KEYSPACE);
  for (const cql of LEXER_SCHEMA) await session.query(cql);
});

afterAll(() => session?.close());

test(
  "what a server takes is read as the server reads it, or refused, whatever is put into a text",
  async () => {
    const texts = new CqlTexts(seededRandom(SEED));
    const counts = new Map<string, number>();
    const wrong: string[] = [];
    let left = TEXTS;
    const next = () => {
      const text = texts.statement();
      return left % 2 === 0 ? text : texts.mutated(text);
    };
    const readOn = async () => {
      while (left-- > 0) {
        const cql = next();
        const { kind, why } = await compared(cql);
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
        if (why !== undefined) wrong.push(`${why}: ${JSON.stringify(cql)}`);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, readOn));
    const told = KINDS.map((kind) => `${counts.get(kind) ?? 0} ${kind}`).join(", ");
    process.stdout.write(`${TEXTS} texts with HELIX_LEXER_SEED=${SEED}: ${told}\n`);
    expect(wrong).toEqual([]);
    for (const kind of KINDS) expect(counts.get(kind) ?? 0, kind).toBeGreaterThan(TEXTS / 1_000);
  },
  60_000 + TEXTS * 5,
);

const KINDS = [
  "read alike",
  "read alike, conditional",
  "refused by both",
  "refused here alone",
  "refused by the server alone",
] as const;

async function compared(cql: string): Promise<{ kind: (typeof KINDS)[number]; why?: string | undefined }> {
  const inspection = inspect(cql);
  const isUnderstood = inspection.statement !== undefined || inspection.verdict === "read";
  const server = await serverReading(session, cql);
  if (server.kind !== "accepted") {
    return { kind: isUnderstood ? "refused by the server alone" : "refused by both" };
  }
  if (!isUnderstood)
    return { kind: "refused here alone", why: misreading(inspection, server, undefined, KEYSPACE) };
  const hasCondition = inspection.statement === undefined ? false : await isConditional(session, server);
  return {
    kind: hasCondition ? "read alike, conditional" : "read alike",
    why: misreading(inspection, server, hasCondition, KEYSPACE),
  };
}
