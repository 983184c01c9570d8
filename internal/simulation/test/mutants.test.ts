import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { mutants } from "../mutants/index.ts";

const ROOT = new URL("../../../", import.meta.url);

it.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
  "there is one place for: %s",
  async (_, mutant) => {
    const text = await readFile(new URL(mutant.file, ROOT), "utf8");
    expect(text.split(mutant.find)).toHaveLength(2);
    expect(text.replace(mutant.find, () => mutant.replace)).not.toBe(text);
  },
);
