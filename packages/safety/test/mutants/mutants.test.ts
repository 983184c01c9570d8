import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as safety from "@helix/safety";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type CorpusLine, readCorpus } from "../corpus/corpus-line.ts";
import { judgeLine } from "../corpus/judge-line.ts";
import { mutants } from "./mutants.ts";

const fromPackage = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path: string) => readFile(fromPackage(path), "utf8");

const ROOM = "decide";

/** What no server of today has beside the corpus. */
const SCHEMA = `
  CREATE TABLE safety.accord (k int PRIMARY KEY, v text) WITH transactional_mode = 'full';
  CREATE TABLE safety.custom (k int PRIMARY KEY, x 'org.example.Type');`;
const LINES = ["INSERT INTO accord (k, v) VALUES (1, 'a')", "INSERT INTO custom (k, x) VALUES (1, 'a')"].map(
  (cql): CorpusLine => ({ id: cql, cql, verdict: "refuse" }),
);

let schema: safety.Schema;
let lines: readonly CorpusLine[];
let copies: string;

beforeAll(async () => {
  schema = safety.readSchema((await read("corpus/schema.cql")) + SCHEMA);
  lines = [...readCorpus(await read("corpus/statements.jsonl")), ...LINES];
  // Within the package, so that it is transformed as the package is.
  copies = await mkdtemp(fromPackage("test/mutants/copies-"));
});

afterAll(() => rm(copies, { recursive: true }));

function wrong(classifier?: Pick<typeof safety, "inspect" | "decide">): string[] {
  return lines.flatMap((line) =>
    judgeLine(line, schema, "safety", classifier).outcome === "right" ? [] : [line.cql],
  );
}

it("the code as it is judges every statement right", () => {
  expect(wrong()).toEqual([]);
});

it.each(mutants.map((mutant, index) => [mutant.name, mutant, `${index}`] as const))(
  "the corpus finds that %s",
  async (_, { file, find, replace, caughtBy }, folder) => {
    const copy = join(copies, folder);
    await mkdir(copy);
    // All but the rooms that are mutated is shared.
    for (const other of await readdir(fromPackage("src"))) {
      if (other !== ROOM) await symlink(fromPackage(`src/${other}`), join(copy, other));
    }
    await cp(fromPackage(`src/${ROOM}`), join(copy, ROOM), { recursive: true });
    const text = await readFile(join(copy, ROOM, file), "utf8");
    expect(text.split(find)).toHaveLength(2);
    await writeFile(
      join(copy, ROOM, file),
      text.replace(find, () => replace),
    );

    const mutated: Pick<typeof safety, "decide"> = await import(join(copy, ROOM, "decide.ts"));
    expect(wrong({ inspect: safety.inspect, decide: mutated.decide })).toContain(caughtBy);
  },
);
